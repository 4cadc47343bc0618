import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { run, temporaryFolder } from './bin.ts'

/** A Ctrl-C that comes when it has been listened for so many times. */
const ctrlC = vi.hoisted(() => ({ at: Number.POSITIVE_INFINITY, asked: 0 }))
vi.mock('../../src/cli/interrupt.ts', () => ({
  watchInterrupt: () => {
    ctrlC.asked = 0
    return { stopped: () => ++ctrlC.asked >= ctrlC.at, dispose: () => {} }
  },
}))
const folder = temporaryFolder()
afterAll(() => folder.remove())

const go = (name: string) =>
  run('run-process', [
    ...['--generate', '--device', 'cpu', '--limit', '1', '--step-separator', '<|think_end|>', '--max-new-tokens', '40'],
    ...['--output-dir', join(folder.path, name)],
  ])
const file = (name: string): string =>
  readFileSync(join(folder.path, name, 'demo-policy-dpo/demo-prompts/trajectories.jsonl'), 'utf8')

it('a Ctrl-C while the last rationale is written: the step is chosen with its rationale when the run goes on', async () => {
  expect(await go('whole')).toMatchObject({ code: 0 })
  const polls = ctrlC.asked
  for (const back of [4, 5, 6, 8, 12, 20]) {
    ctrlC.at = polls - back
    expect(await go('cut')).toMatchObject({ code: 130 })
  }
  ctrlC.at = Number.POSITIVE_INFINITY
  expect(await go('cut')).toMatchObject({ code: 0 })
  expect(file('cut')).toBe(file('whole'))
})
