import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { call } from '../command.ts'

it('a right answer that is longer than any molecule fails its row, the others make pairs', async () => {
  const root = mkdtempSync(join(tmpdir(), 'make-source-'))
  const path = join(root, 'rows.jsonl')
  const answer = (smiles: string): string => `<|answer_start|>${smiles}<|answer_end|>`
  const rows = ['C'.repeat(10_000_000), 'CCO'].map((smiles, i) => ({
    id: `r${i}`,
    prompt: 'Name an alcohol.',
    chosen: answer(smiles),
    rejected: answer('CC'),
    solution: 'formula_eval!:!C2H6O!:!molecule-formula',
  }))
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const { code, stderr } = await call('make-pairs', [
    '--from',
    path,
    '--output',
    join(root, 'p.jsonl'),
    '--n',
    '1',
    '--kinds',
    'format_break',
  ])
  expect(code).toBe(4)
  expect(stderr).toContain(`rows.jsonl:1: a right answer of 10000000 characters, at most 10000 are read`)
  expect(stderr).not.toContain('a bug in chemherm')
})
