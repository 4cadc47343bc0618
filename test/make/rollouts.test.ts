import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tanimoto } from '../../src/index.ts'
import { newFolder } from '../cli/effects/shown.ts'
import { call } from '../command.ts'
import { outputFile } from './molecules.ts'
import { rowsOf } from './read-rows.ts'

const wrap = (answer: string, thought = 't'): string =>
  `<|think_start|>${thought}<|think_end|><|answer_start|>${answer}<|answer_end|>`

function groups(rows: readonly { completions: readonly string[]; solution: string }[]): string {
  const path = join(newFolder(), 'groups.jsonl')
  writeFileSync(
    path,
    rows.map((row, i) => `${JSON.stringify({ id: `g${i}`, prompt: `question ${i}`, ...row })}\n`).join(''),
  )
  return path
}
const PRODUCT = 'product_eval!:!CCOC(C)=O!:!reaction-prediction'

it('a pass against a fail per prompt, equal molecules once', async () => {
  const from = groups([
    {
      // two spellings of one right molecule, two of one wrong one, and one without format
      completions: [wrap('CCOC(C)=O'), wrap('CC(=O)OCC', 'tt'), wrap('CCCO'), wrap('OCCC', 'ttt'), 'CCOC(C)=O'],
      solution: PRODUCT,
    },
    { completions: [wrap('CCCC'), wrap('CCCCC')], solution: PRODUCT },
  ])
  const output = outputFile()
  const { code, stdout } = await call('make-pairs', ['--from', from, '--no-balance', '--output', output])
  expect(code).toBe(0)
  const rows = rowsOf(output)
  // 1 right × (1 wrong molecule + 1 without format)
  expect(rows.length).toBe(2)
  expect(new Set(rows.map(({ prompt }) => prompt))).toEqual(new Set(['question 0']))
  for (const row of rows)
    expect(row).toMatchObject({ chosen_reward: 1, rejected_reward: 0, margin: 1, reject_kind: 'rollout' })
  const [far] = rows.filter(({ distance }) => distance !== null)
  expect(far!.distance).toBeCloseTo(1 - (await tanimoto('CCOC(C)=O', 'CCCO')), 12)
  expect(stdout).toMatch(/rollout +same_answer +2/)
  expect(stdout).toMatch(/rollout +one_verdict_alone +1/)
})

it('says what lacks where there is no pair, with exit 4', async () => {
  const from = groups([{ completions: [wrap('CCN'), wrap('CCCN')], solution: PRODUCT }])
  const { code, stderr } = await call('make-pairs', ['--from', from, '--output', outputFile()])
  expect([code, stderr]).toEqual([
    4,
    expect.stringContaining('no pair: no prompt has a right answer and another wrong'),
  ])
})

it('with partial credit the margin is the difference of the rewards', async () => {
  const from = groups([{ completions: [wrap('CCOC(C)=O'), wrap('CCOC(=O)CC'), wrap('N')], solution: PRODUCT }])
  const output = outputFile()
  await call('make-pairs', ['--from', from, '--soft', '--min-margin', '0.2', '--no-balance', '--output', output])
  const rows = rowsOf(output)
  const margins = rows.map(({ chosen_reward, rejected_reward, margin }) => [margin, chosen_reward - rejected_reward])
  expect(rows.length).toBeGreaterThan(1)
  for (const [margin, difference] of margins) {
    expect(margin).toBe(difference)
    expect(margin).toBeGreaterThanOrEqual(0.2)
  }
})

it('lengths are balanced by choosing', async () => {
  // the right answer is the longer text in all groups but a few
  const rows = Array.from({ length: 40 }, (_, i) => ({
    completions: [wrap('CCOC(C)=O', 'a long thought'.repeat(i % 5 === 0 ? 0 : 3)), wrap('CCCO', 'a thought')],
    solution: PRODUCT,
  }))
  const output = outputFile()
  const { stdout } = await call('make-pairs', ['--from', groups(rows), '--output', output])
  const made = rowsOf(output)
  const longer = made.filter(({ chosen, rejected }) => chosen.length > rejected.length).length
  expect(Math.abs(2 * longer - made.length)).toBeLessThanOrEqual(2)
  expect(stdout).toContain('length_balance')
  const all = outputFile()
  await call('make-pairs', ['--from', groups(rows), '--no-balance', '--output', all])
  expect(rowsOf(all).length).toBe(40)
})
