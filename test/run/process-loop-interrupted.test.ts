import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { run, temporaryFolder } from './bin.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
afterEach(() => {
  vi.restoreAllMocks()
})

/** Calls of the model, and the one before which a Ctrl-C comes. */
const model = { calls: 0, ctrlC: Number.POSITIVE_INFINITY }

/** A Ctrl-C as the run hears it: what it listens with is called. */
function watchModel(): void {
  const on = vi.spyOn(process, 'on')
  const { create } = ort.InferenceSession
  vi.spyOn(ort.InferenceSession, 'create').mockImplementation(async (...given: unknown[]) => {
    const session = await (create as (...given: unknown[]) => Promise<ort.InferenceSession>)(...given)
    const compute = session.run.bind(session) as (...given: unknown[]) => Promise<ort.InferenceSession.ReturnType>
    session.run = async (...feeds: unknown[]) => {
      if (++model.calls === model.ctrlC)
        on.mock.calls
          .filter(([name]) => name === 'SIGINT')
          .at(-1)![1]()
      return compute(...feeds)
    }
    return session
  })
}

const go = async (name: string) => {
  model.calls = 0
  watchModel()
  const done = await run('run-process', [
    ...['--generate', '--device', 'cpu', '--limit', '1', '--step-separator', '<|think_end|>', '--max-new-tokens', '40'],
    ...['--output-dir', join(folder.path, name)],
  ])
  vi.restoreAllMocks()
  return done
}
const file = (name: string): string =>
  readFileSync(join(folder.path, name, 'demo-policy-dpo/demo-prompts/trajectories.jsonl'), 'utf8')

it('a Ctrl-C while the last rationale is written: the step is chosen with its rationale when the run goes on', async () => {
  expect(await go('whole')).toMatchObject({ code: 0 })
  const { calls } = model
  expect(calls).toBeGreaterThan(40)
  for (const back of [2, 3, 4, 6, 10, 20]) {
    model.ctrlC = calls - back
    expect(await go('cut'), `${back} calls before the end`).toMatchObject({ code: 130 })
  }
  model.ctrlC = Number.POSITIVE_INFINITY
  expect(await go('cut')).toMatchObject({ code: 0 })
  expect(file('cut')).toBe(file('whole'))
})
