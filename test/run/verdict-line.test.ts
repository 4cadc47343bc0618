import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { run, temporaryFolder } from './bin.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** The line about the verifier of a run on two rows. */
async function verdictLine(name: string, more: object, ...flags: string[]): Promise<string> {
  const data = join(folder.path, `${name}.jsonl`)
  const rows = ['C', 'N'].map((x) => ({
    prompt: `Name ${x}`,
    chosen: `<think>t</think><answer>${x}CO</answer>`,
    rejected: '<answer>O</answer>',
    ...more,
  }))
  writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'))
  const args = ['--dataset', data, '--output-dir', join(folder.path, name), '--device', 'cpu', '--resamples', '100']
  const { code, stdout } = await run('run-rm', [...args, ...flags])
  expect(code).toBe(0)
  return stdout.split('\n').find((line) => line.startsWith('verifier: '))!
}
const solution = 'str_eval!:!CCO!:!name'

it('says that no row has a solution', async () => {
  expect(await verdictLine('bare', {})).toBe(
    'verifier: 0 pass, 0 fail, 4 unverifiable (no row has a solution) of 4 completions',
  )
})
it('says why nothing passes: here the format, not the chemistry', async () => {
  expect(await verdictLine('format', { solution })).toBe(
    'verifier: 0 pass, 4 fail (format_failed 4), 0 unverifiable of 4 completions; in no pair do both model and verifier prefer a side',
  )
})
it('gives no reasons where some pass', async () => {
  expect(await verdictLine('loose', { solution }, '--extraction', 'loose')).toMatch(
    /^verifier: 1 pass, 3 fail, 0 unverifiable of 4 completions; it prefers chosen in the only pair that it decides \(1 tie\): accuracy and agreement are one measurement there$/,
  )
})
it('says that agreement leaves out ties of the model', async () => {
  // what tells the answers apart is cut away in the first row
  const long = (x: string) => ({
    chosen: `${'N'.repeat(400)}<answer>${x}</answer>`,
    rejected: `${'N'.repeat(400)}<answer>O</answer>`,
  })
  const data = join(folder.path, 'even.jsonl')
  const rows = [
    { prompt: 'Name it', ...long('CCO'), solution },
    { prompt: 'Name it', chosen: '<answer>CCO</answer>', rejected: '<answer>O</answer>', solution },
  ]
  writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'))
  const flags = ['--extraction', 'loose', '--max-length', '100', '--truncation', 'right', '--resamples', '100']
  const args = ['--dataset', data, '--output-dir', join(folder.path, 'even'), '--device', 'cpu', ...flags]
  expect((await run('run-rm', args)).stdout).toContain(
    'it prefers chosen in all 2 pairs: accuracy and agreement are one measurement, but that agreement leaves out 1 tie of the model',
  )
})

it('from 2,000 completions on says when the statistics begin', async () => {
  for (const [count, said] of [
    [1999, []],
    [2000, ['run-verify: computing the statistics of 2,000 completions, and writing the files']],
  ] as const) {
    const data = join(folder.path, `row-of-${count}.jsonl`)
    writeFileSync(data, JSON.stringify({ prompt: 'Name C', completions: Array(count).fill('none'), solution }))
    const args = ['--dataset', data, '--output-dir', join(folder.path, `${count}`), '--resamples', '100']
    const { code, stderr } = await run('run-verify', args)
    expect(code).toBe(0)
    expect(stderr.split('\n').filter((line) => line.includes('computing'))).toEqual(said)
  }
})
