import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { ClaimOutcome } from '../../../src/chem/claims/claim.ts'
import { verifySteps } from '../../../src/chem/claims/verify.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

interface Row {
  readonly id: string
  readonly prompt?: string
  readonly steps: readonly string[]
  readonly labels: readonly ClaimOutcome[]
  readonly candidates?: readonly string[]
  readonly candidate_labels?: readonly ClaimOutcome[]
}
const linesOf = (file: string): string[] => readFileSync(`test/data/steps/${file}`, 'utf8').split('\n').filter(Boolean)
const rows = linesOf('blind.jsonl').map((line) => JSON.parse(line) as Row)

/** Statements that a person decides and we do not: a known divergence. None of them is decided wrongly. */
const MISSED = linesOf('blind-missed.txt')

it('decides no step of the second labeller wrongly, and misses only those that are written down', async () => {
  const mols = await Toolkit.load()
  const missed: string[] = []
  const wrong: string[] = []
  for (const row of rows) {
    const { steps, candidates = [], prompt = null } = row
    for (const { step, candidate, verdict } of verifySteps({ steps, candidates, prompt }, mols)) {
      const label = candidate === null ? row.labels[step]! : row.candidate_labels![candidate]!
      const text = candidate === null ? steps[step] : candidates[candidate]
      if (verdict !== label) (verdict === 'unverifiable' ? missed : wrong).push(`${row.id}: ${text}`)
    }
  }
  expect(wrong).toEqual([])
  expect(missed).toEqual(MISSED)
})

it('a piece of a longer SMILES is not judged as a molecule, unless the text calls it one', async () => {
  const mols = await Toolkit.load()
  const prompt = 'List the functional groups of CC(=O)Oc1ccccc1C(=O)O.'
  const verdictOf = (...steps: string[]) => verifySteps({ steps, prompt }, mols).at(-1)!
  const piece = verdictOf('CC(=O)O is the ester.')
  expect(piece.verdict).toBe('unverifiable')
  expect(piece.claims.map(({ reason }) => reason)).toEqual(['CC(=O)O may be a part of CC(=O)Oc1ccccc1C(=O)O'])
  expect(verdictOf('Hydrolysis gives CC(=O)O, an ester.').verdict).toBe('fail')
  expect(verdictOf('Acetic acid (CC(=O)O) is an ester.').verdict).toBe('fail')
  expect(verifySteps({ steps: ['CC(=O)O is the ester.'] }, mols)[0]!.verdict).toBe('fail')
})
