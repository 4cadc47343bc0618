#!/usr/bin/env node
// What `--verify-steps` decides on the hand-labelled steps: a confusion table, precision and recall, by split and kind of claim.
// npx tsx scripts/bench/claims.ts [FILE] [--misses]
import { readFileSync } from 'node:fs'
import type { ClaimOutcome } from '../../src/chem/claims/claim.ts'
import { verifySteps } from '../../src/chem/claims/verify.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'

interface Row {
  readonly id: string
  readonly split: string
  readonly prompt?: string
  readonly steps: readonly string[]
  readonly labels: readonly ClaimOutcome[]
  readonly kinds: readonly (readonly string[])[]
}
const files = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const showMisses = process.argv.includes('--misses')
const text = readFileSync(files[0] ?? 'test/data/steps/labelled.jsonl', 'utf8')
const rows = text
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Row)
const mols = await Toolkit.load()
const OUTCOMES: readonly ClaimOutcome[] = ['pass', 'fail', 'unverifiable']
for (const split of [...new Set(rows.map((row) => row.split))]) {
  const table = new Map<string, number>()
  for (const row of rows.filter((one) => one.split === split)) {
    for (const { step, verdict, claims, reason } of verifySteps(
      { steps: row.steps, prompt: row.prompt ?? null },
      mols,
    )) {
      const label = row.labels[step]!
      table.set(`${label} ${verdict}`, (table.get(`${label} ${verdict}`) ?? 0) + 1)
      if (showMisses && label !== verdict) {
        console.log(`${row.id}.${step} ${label} → ${verdict}: ${row.steps[step]}`)
        for (const claim of claims)
          console.log(`    ${claim.kind} ${claim.outcome} [${claim.text}] ${claim.computed} ${claim.reason}`)
        if (reason !== null) console.log(`    ${reason}`)
      }
    }
  }
  const cell = (label: string, verdict: string): number => table.get(`${label} ${verdict}`) ?? 0
  console.log(`\n${split}\nlabel \\ verdict  ${OUTCOMES.join('  ')}`)
  for (const label of OUTCOMES)
    console.log(`${label.padEnd(16)} ${OUTCOMES.map((v) => String(cell(label, v)).padStart(v.length)).join('  ')}`)
  for (const verdict of ['pass', 'fail'] as const) {
    const decided = OUTCOMES.reduce((n, label) => n + cell(label, verdict), 0)
    const labelled = OUTCOMES.reduce((n, v) => n + cell(verdict, v), 0)
    console.log(
      `${verdict}: precision ${cell(verdict, verdict)}/${decided}, recall ${cell(verdict, verdict)}/${labelled}`,
    )
  }
}
