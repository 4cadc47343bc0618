import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { type ScoredRow, type ScoreOptions, scoreCompletions } from '../../src/index.ts'
import { openScoring, type Scoring, scoreRows } from '../../src/library/engine.ts'
import { packagePath } from '../../src/package.ts'

const CPU: ScoreOptions = { device: 'cpu' }
const pairs = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Record<string, unknown>)

type Cells = Readonly<Record<string, string>>
/** transformers' scores of the embedded pairs, by id. */
function expectedOf(name: string): ReadonlyMap<string, Cells> {
  const [header, ...lines] = readFileSync(join(import.meta.dirname, '../data/demo', name), 'utf8')
    .trim()
    .split('\n')
  const columns = header!.split(',')
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i]!, cell])))
  return new Map(rows.map((row) => [row.id!, row]))
}
async function collect(rows: AsyncIterable<ScoredRow>): Promise<ScoredRow[]> {
  const all: ScoredRow[] = []
  for await (const row of rows) all.push(row)
  return all
}
const scoresOf = (rows: readonly ScoredRow[]): (number | null)[] =>
  rows.flatMap(({ completions }) => completions.map(({ score }) => score))

it('scores the embedded pairs as transformers does', async () => {
  const expected = expectedOf('expected-rm.csv')
  const got = await collect(scoreCompletions(null, pairs.slice(0, 60), CPU))
  expect(got.map(({ id }) => id)).toEqual(pairs.slice(0, 60).map(({ id }) => id))
  for (const { id, completions } of got) {
    const want = expected.get(id!)!
    expect(completions.map(({ role, index }) => [role, index])).toEqual([
      ['chosen', 0],
      ['rejected', 0],
    ])
    for (const { role, score, promptTokens, completionTokens } of completions) {
      expect(Math.abs(score! - Number(want[`${role}_score`])), `${id} ${role}`).toBeLessThan(1e-4)
      expect(promptTokens! + completionTokens!, `${id} ${role}`).toBe(Number(want[`${role}_tokens`]))
    }
  }
})

it('scores with a policy and its reference as transformers does, and without one', async () => {
  const expected = expectedOf('expected-dpo.csv')
  const got = await collect(scoreCompletions(null, pairs.slice(0, 24), { ...CPU, kind: 'dpo', beta: 0.5 }))
  for (const { id, completions } of got)
    for (const { role, score, columns } of completions) {
      const want = expected.get(id!)!
      const tokens = Number(want[`${role}_count`])
      const [policy, reference] = [Number(want[`${role}_policy_sum`]), Number(want[`${role}_ref_sum`])]
      expect(columns.policy_tokens).toBe(tokens)
      expect(Math.abs(columns.policy_logprob! - policy)).toBeLessThan(1e-4 * tokens)
      expect(Math.abs(columns.reference_logprob! - reference)).toBeLessThan(1e-4 * tokens)
      expect(score).toBe(0.5 * (columns.policy_logprob! - columns.reference_logprob!))
    }
  const policy = packagePath('src/embedded/demo/demo-policy-dpo')
  const alone = await collect(scoreCompletions(policy, pairs.slice(0, 2), { ...CPU, kind: 'dpo', refFreeType: 'sum' }))
  expect(alone[0]!.completions[0]!.columns.reference_logprob).toBeNull()
  expect(alone[0]!.completions[0]!.score).toBe(alone[0]!.completions[0]!.columns.policy_logprob)
})

it('gives the steps of a process reward model, and the raw outputs of a head where they are asked for', async () => {
  const row = { prompt: 'SMILES of ethanol?', completions: ['It has an OH.. It is CCO'] }
  const heads = (name: string): string => packagePath('test/data/heads', name)
  const options = { ...CPU, stepSeparator: '. ', stepAggregate: 'product' } as const
  const [process] = await collect(scoreCompletions(heads('qwen2-prm'), [row], options))
  const { steps, score, columns } = process!.completions[0]!
  expect(steps).toHaveLength(2)
  expect(score).toBe(steps![0]! * steps![1]!)
  expect(columns).toMatchObject({ steps: 2, step_min: Math.min(...steps!), step_last: steps![1] })
  expect(columns).not.toHaveProperty('step_probabilities')
  const [kept] = await collect(scoreCompletions(heads('urm'), [row], { ...CPU, rawOutputs: true }))
  expect(kept!.completions[0]!.steps).toBeNull()
  const own = kept!.completions[0]!.columns
  const parts = [0, 1, 2, 3, 4].map((i) => own[`head_attribute_${i}`]! * own[`head_weight_${i}`]!)
  expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(kept!.completions[0]!.score!, 4)
})

it('the window, the batch and the form of the rows move no score', async () => {
  const rows = pairs.slice(0, 12)
  async function* stream(): AsyncGenerator<unknown> {
    for (const row of rows) yield row
  }
  const whole = scoresOf(await collect(scoreCompletions(null, rows, CPU)))
  const small = scoresOf(await collect(scoreCompletions(null, stream(), { ...CPU, window: 1, batchSize: 1 })))
  expect(small.length).toBe(24)
  for (const [i, score] of small.entries())
    expect(Math.abs(score! - whole[i]!)).toBeLessThan(2e-5 + 1e-5 * Math.abs(whole[i]!))
})

it('groups and single conversations come back in their order; a bad row comes back with its failure', async () => {
  const got = await collect(
    scoreCompletions(
      null,
      [
        { prompt: 'Name C2H6O.', completions: ['ethanol', 'methanol', 'ethanol'] },
        { id: 'odd', prompt: 'x', chosen: 3, rejected: 'y' },
        'no row',
        {
          id: 'm',
          messages: [
            { role: 'user', content: 'hi' },
            { role: 'assistant', content: 'CCO' },
          ],
        },
      ],
      CPU,
    ),
  )
  expect(got.map(({ id, failure, completions }) => [id, failure?.reason ?? null, completions.length])).toEqual([
    ['1', null, 3],
    ['odd', 'wrong_type', 0],
    [null, 'not_an_object', 0],
    ['m', null, 1],
  ])
  const [first, second, third] = got[0]!.completions
  expect(third!.score).toBe(first!.score)
  expect(second!.score).not.toBe(first!.score)
  expect(got[1]!.failure!.where).toBe('row 2')
})

it('what is too long has a reason and no score, and does not disturb the others', async () => {
  const rows = [{ prompt: 'p', chosen: 'CCO', rejected: 'C'.repeat(400) }]
  const [row] = await collect(scoreCompletions(null, rows, { ...CPU, maxLength: 60 }))
  expect(row!.completions.map(({ score, scoreReason }) => [score === null, scoreReason])).toEqual([
    [false, null],
    [true, 'too_long'],
  ])
  const [cut] = await collect(scoreCompletions(null, rows, { ...CPU, maxLength: 60, truncation: 'left' }))
  expect(cut!.completions.map(({ truncated }) => truncated)).toEqual([false, true])
  await expect(collect(scoreCompletions(null, rows, { ...CPU, maxLength: 60, truncation: 'error' }))).rejects.toThrow()
})

it('a note says which device computes and why', async () => {
  const notes: string[] = []
  await collect(scoreCompletions(null, [], { ...CPU, onNote: (note) => notes.push(note) }))
  expect(notes).toEqual(['device cpu: asked for'])
})

/** The demo with counters around opening and releasing. */
async function counted(options: ScoreOptions): Promise<{ scoring: Scoring; open: () => number; opened: () => number }> {
  const scoring = await openScoring(null, { ...CPU, ...options })
  let [open, opened] = [0, 0]
  const subjects = scoring.subjects.map((subject) => ({
    ...subject,
    async open() {
      const runner = await subject.open()
      open++
      opened++
      return {
        info: runner.info,
        run: (...args: Parameters<typeof runner.run>) => runner.run(...args),
        async release() {
          open--
          await runner.release()
        },
      }
    },
  }))
  return { scoring: { ...scoring, subjects }, open: () => open, opened: () => opened }
}

it('opens each model once, reads no further than it must, and closes at the end or when the loop is left', async () => {
  let read = 0
  let closed = false
  function* rows(): Generator<unknown> {
    try {
      for (const row of pairs) {
        read++
        yield row
      }
    } finally {
      closed = true
    }
  }
  const { scoring, open, opened } = await counted({ kind: 'dpo', window: 4 })
  for await (const { id } of scoreRows(rows(), scoring)) {
    expect(id).toBe(pairs[0]!.id)
    expect([open(), opened()]).toEqual([2, 2])
    break
  }
  expect([read, closed, open(), opened()]).toEqual([2, true, 0, 2])
  await collect(scoreRows(pairs.slice(0, 5), scoring))
  expect([open(), opened()]).toEqual([0, 4])
  await collect(scoreRows([{ id: 'bad' }], scoring))
  expect(opened()).toBe(4)
})

it('closes when the rows or a signal end it', async () => {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const { scoring, open } = await counted({ window: 2, signal: abort.signal })
  async function* failing(): AsyncGenerator<unknown> {
    yield pairs[0]
    yield pairs[1]
    throw new Error('the source broke')
  }
  await expect(collect(scoreRows(failing(), scoring))).rejects.toThrow('the source broke')
  expect(open()).toBe(0)
  const done: ScoredRow[] = []
  const stopped = async (): Promise<void> => {
    for await (const row of scoreRows(pairs, scoring)) if (done.push(row) === 3) abort.abort(new Error('enough'))
  }
  await expect(stopped()).rejects.toThrow('enough')
  expect([done.length, open()]).toEqual([3, 0])
})

it.each<[string, unknown, unknown, string]>([
  ['a misspelt option', [], { chatTemplat: 'raw' }, 'scoreCompletions: chatTemplat'],
  ['a wrong type', [], { maxLength: '12' }, 'scoreCompletions: maxLength'],
  ['a wrong choice', [], { dtype: 'fp64' }, 'scoreCompletions: dtype'],
  ['a wrong window', [], { window: 0 }, 'scoreCompletions: window'],
  ['a reference for a reward model', [], { refModel: 'a/b' }, 'scoreCompletions: refModel'],
  ['a head of a policy', [], { kind: 'dpo', head: 0 }, 'scoreCompletions: head'],
  ['a path for rows', 'pairs.jsonl', {}, 'scoreCompletions: rows'],
  ['no rows', null, {}, 'scoreCompletions: rows'],
])('refuses %s', async (_, rows, options, where) => {
  const error: unknown = await collect(
    scoreCompletions(null, rows as unknown[], { device: 'cpu', ...(options as ScoreOptions) }),
  ).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UsageError)
  expect((error as UsageError).where).toBe(where)
})

it('reads the keys that are named, and says how rows were read', async () => {
  const wide = { prompt: 'Hi', q: 'Name an alcohol.', chosen: 'C', best: 'CCO', rejected: 'N', worst: 'CCN', id: 'i', key: 'k', subset: 's', kind: 't' } // biome-ignore format: one line says it
  const one = async (record: object, options: ScoreOptions = {}) =>
    (await collect(scoreCompletions(null, [record], { ...CPU, ...options })))[0]!
  const plain = await one({ prompt: wide.q, chosen: wide.best, rejected: wide.worst, id: 'k', subset: 't' })
  const base = await one(wide)
  for (const [option, key, changed] of [
    ['promptColumn', 'q', ({ row }: ScoredRow) => row!.prompt],
    ['chosenColumn', 'best', ({ row }: ScoredRow) => row!.completions[0]!.text],
    ['rejectedColumn', 'worst', ({ row }: ScoredRow) => row!.completions[1]!.text],
    ['idColumn', 'key', ({ id }: ScoredRow) => id],
    ['subsetColumn', 'kind', ({ row }: ScoredRow) => row!.subset],
  ] as const) {
    const got = await one(wide, { [option]: key })
    expect([option, changed(got)]).toEqual([option, changed(plain)])
    expect(changed(got)).not.toEqual(changed(base))
  }
  const names = {
    promptColumn: 'q',
    chosenColumn: 'best',
    rejectedColumn: 'worst',
    idColumn: 'key',
    subsetColumn: 'kind',
  }
  expect(scoresOf([await one(wide, names)])).toEqual(scoresOf([plain]))
  const notes: string[] = []
  await one({ question: wide.q, chosen: 'CCO', rejected: 'CCN' }, { onNote: (note) => notes.push(note) })
  expect(notes).toContain('no column "prompt": the prompt is "question" (1 row)')
  await expect(one(wide, { promptColumn: 'promt' })).rejects.toThrow('no record has the column "promt"')
  await expect(one(wide, { chosenColumn: 'rejected' })).rejects.toThrow(UsageError)
  await expect(one(wide, { idColumn: '' })).rejects.toThrow(UsageError)
})
