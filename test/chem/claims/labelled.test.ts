import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { ClaimOutcome } from '../../../src/chem/claims/claim.ts'
import { verifySteps } from '../../../src/chem/claims/verify.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

interface Row {
  readonly id: string
  readonly split: string
  readonly prompt?: string
  readonly steps: readonly string[]
  readonly labels: readonly ClaimOutcome[]
  readonly kinds: readonly (readonly string[])[]
}
const rows = readFileSync('test/data/steps/labelled.jsonl', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Row)

/** Statements that a person decides and we do not: a known divergence. None of them is decided wrongly. */
const MISSED = readFileSync('test/data/steps/missed.txt', 'utf8').split('\n').filter(Boolean)

it('decides no labelled step wrongly, and misses only those that are written down', async () => {
  const mols = await Toolkit.load()
  const missed: string[] = []
  const wrong: string[] = []
  let steps = 0
  for (const row of rows) {
    for (const { step, verdict } of verifySteps({ steps: row.steps, prompt: row.prompt ?? null }, mols)) {
      steps++
      const label = row.labels[step]!
      if (verdict === label) continue
      ;(verdict === 'unverifiable' ? missed : wrong).push(`${row.id}.${step}: ${row.steps[step]}`)
    }
  }
  expect(wrong).toEqual([])
  expect(missed).toEqual(MISSED)
  expect(steps).toBeGreaterThanOrEqual(300)
})

it('finds the claim of the labelled kind in a decided step', async () => {
  const mols = await Toolkit.load()
  const other: string[] = []
  for (const row of rows)
    for (const { step, verdict, claims } of verifySteps({ steps: row.steps, prompt: row.prompt ?? null }, mols)) {
      if (verdict === 'unverifiable') continue
      const kinds = new Set<string>(claims.filter(({ outcome }) => outcome !== 'unverifiable').map(({ kind }) => kind))
      if (!row.kinds[step]!.every((kind) => kinds.has(kind)))
        other.push(`${row.id}.${step} ${[...kinds]}: ${row.steps[step]}`)
    }
  expect(other).toEqual([])
})

it('the labels are balanced, and every row has one for each step', () => {
  for (const row of rows) expect(row.labels.length).toBe(row.steps.length)
  const labels = rows.flatMap((row) => row.labels)
  for (const label of ['pass', 'fail', 'unverifiable'] as const)
    expect(labels.filter((one) => one === label).length).toBeGreaterThan(100)
})
