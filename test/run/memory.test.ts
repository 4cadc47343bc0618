import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { QUICK, readCsv, readJson, run, temporaryFolder } from './bin.ts'

const folder = temporaryFolder()
afterAll(folder.remove)
afterEach(() => vi.restoreAllMocks())

/** ONNX Runtime as it would be on a device whose memory holds so many tokens of one run. */
function memoryOf(tokens: number): void {
  const create = ort.InferenceSession.create.bind(ort.InferenceSession) as (
    ...args: unknown[]
  ) => Promise<ort.InferenceSession>
  vi.spyOn(ort.InferenceSession, 'create').mockImplementation((async (...args: unknown[]) => {
    const session = await create(...args)
    const whole = session.run.bind(session) as (...args: unknown[]) => Promise<ort.InferenceSession.ReturnType>
    Object.assign(session, {
      run: async (feeds: Record<string, ort.Tensor>, ...rest: unknown[]) => {
        const asked = feeds.ids?.size ?? 0
        if (asked > tokens)
          throw new Error(
            `[ONNXRuntimeError] : 1 : FAIL : bfc_arena.cc:376 Failed to allocate memory for requested buffer of size ${asked}`,
          )
        return whole(feeds, ...rest)
      },
    })
    return session
  }) as never)
}

interface Work {
  readonly halved: number
  readonly mostTokens: number | null
  readonly measured: number
}
const workOf = (path: string): readonly Work[] =>
  readJson<{ models: { work: Work }[] }>(path, 'run.json').models.map(({ work }) => work)

describe.each([
  ['run-rm', ['score']],
  ['run-dpo', ['policy_logprob', 'reference_logprob']],
] as const)('%s where memory runs out', (bin, columns) => {
  const place = (name: string): string => join(folder.path, `${bin}-${name}`)
  const argsOf = (name: string, ...more: string[]): string[] => [
    ...[...QUICK, '--limit', '40', '--name', 'model', '--output-dir', place(name)],
    ...more,
  ]
  const results = (name: string): string => join(place(name), 'model', 'demo-pairs')

  it('halves its batches, says so, and scores everything as it would have', async () => {
    expect((await run(bin, argsOf('whole'))).code).toBe(0)
    memoryOf(400)
    const done = await run(bin, argsOf('short'))
    expect(done.code).toBe(0)
    expect(done.stderr).toMatch(
      /memory ran out in a batch of \d+ completions \(\d+ tokens\)\. It is halved and repeated/,
    )
    expect(done.stderr).toMatch(/no batch has more than \d+ tokens from here on \(--batch-tokens \d+ begins there\)/)
    for (const work of workOf(results('short'))) {
      expect(work.halved).toBeGreaterThan(0)
      expect(work.mostTokens).toBeLessThanOrEqual(400)
    }
    for (const work of workOf(results('whole'))) expect(work).toMatchObject({ halved: 0, mostTokens: null })
    const { warnings } = readJson<{ warnings: string[] }>(results('short'), 'run.json')
    expect(warnings.some((line) => line.includes('memory ran out'))).toBe(true)
    const [short, whole] = [readCsv(results('short'), 'scores.csv'), readCsv(results('whole'), 'scores.csv')]
    expect(short).toHaveLength(whole.length)
    short.forEach((row, i) => {
      for (const column of columns) {
        const [got, want] = [Number(row[column]), Number(whole[i]![column])]
        expect(Math.abs(got - want)).toBeLessThanOrEqual(2e-5 * Number(row.completion_tokens) + 1e-5 * Math.abs(want))
      }
    })
  })

  it('leaves unscored what does not fit alone: reason in the files, exit code 4', async () => {
    memoryOf(120)
    const done = await run(bin, argsOf('tiny'))
    expect(done.code).toBe(4)
    const rows = readCsv(results('tiny'), 'scores.csv')
    const lost = rows.filter(({ score_reason }) => score_reason === 'out_of_memory')
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length).toBeLessThan(rows.length)
    for (const row of rows) {
      const tokens = Number(row.prompt_tokens) + Number(row.completion_tokens)
      expect(row.score === '', `${tokens} tokens`).toBe(tokens > 120)
    }
    const failures = readCsv(results('tiny'), 'failures.csv')
    expect(failures.filter(({ reason }) => reason === 'out_of_memory')).toHaveLength(lost.length)
    expect(failures.find(({ reason }) => reason === 'out_of_memory')!.message).toContain('alone do not fit in memory')
  })

  it('is measured again when the memory is there: nothing of it is kept as a score', async () => {
    const done = await run(bin, argsOf('tiny'))
    expect(done.code).toBe(0)
    expect(readCsv(results('tiny'), 'scores.csv').every(({ score }) => score !== '')).toBe(true)
  })
})

describe('the plan', () => {
  const argsOf = (name: string, ...more: string[]): string[] => [
    ...more,
    ...[...QUICK, '--limit', '10', '--name', 'model', '--output-dir', join(folder.path, name)],
  ]
  const results = (name: string): string => join(folder.path, name, 'model', 'demo-pairs')
  interface Said {
    readonly plan: { readonly batchTokens: number }
    readonly memory: Readonly<Record<string, number | string | null>>
  }
  const saidOf = (name: string): Said => readJson<Said>(results(name), 'run.json')
  /** Embedded weights and an eighth of a usual batch. */
  const little = (): void => {
    vi.spyOn(process, 'availableMemory').mockReturnValue(7e6)
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(0)
  }

  it('says what is expected and what came of it', async () => {
    const { stderr } = await run('run-rm', argsOf('said'))
    expect(stderr).toMatch(
      /batches of up to 1024 tokens; estimated memory: weights \d+ MiB, a batch \d+ MiB; [\d,]+ MiB are free on this/,
    )
    expect(stderr).toMatch(/peak memory of this process: [\d,]+ MiB/)
    const { memory } = saidOf('said')
    expect(memory.weights_bytes).toBeGreaterThan(1e6)
    expect(memory.batch_bytes).toBeGreaterThan(1e5)
    expect(memory.free_bytes).toBeGreaterThan(1e7)
    expect(memory.peak_rss_bytes).toBeGreaterThan(5e7)
  })
  it('has smaller batches where memory is short, and says so', async () => {
    little()
    const { stderr, code } = await run('run-rm', argsOf('less'))
    expect(code).toBe(0)
    const { batchTokens } = saidOf('less').plan
    expect(batchTokens).toBeLessThan(1024)
    expect(stderr).toContain(
      `batches have ${batchTokens} tokens in place of 1024, so that they fit in the 7 MiB that are free on this machine`,
    )
    expect(saidOf('less').memory).toMatchObject({ free_bytes: 7e6, free_of: 'this machine' })
    const [less, usual] = [readCsv(results('less'), 'scores.csv'), readCsv(results('said'), 'scores.csv')]
    less.forEach(({ score }, i) => {
      expect(Math.abs(Number(score) - Number(usual[i]!.score))).toBeLessThanOrEqual(
        2e-5 + 1e-5 * Math.abs(Number(score)),
      )
    })
  })
  it('has those of --batch-tokens all the same', async () => {
    little()
    const { stderr } = await run('run-rm', argsOf('asked', '--batch-tokens', '1024'))
    expect(saidOf('asked').plan.batchTokens).toBe(1024)
    expect(stderr).not.toContain('in place of')
    expect(stderr).toContain('what does not fit is halved and repeated')
  })
})
