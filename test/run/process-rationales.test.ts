import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { manifestOf, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** run-process --filter-rationales on the goldens of test/data/process. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const data = (name: string): string => packagePath('test/data/process', name)
const linesOf = <T>(text: string): T[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)

interface With {
  readonly start?: number
  readonly decayed_sum_with: number
  readonly keep: boolean
}
interface Filtered {
  readonly id: string
  readonly empty: boolean
  readonly following_ids?: readonly number[]
  readonly start_without?: number
  readonly decayed_sum_without: number
  readonly 'rationale-first': With
  readonly 'rationale-last': With
}
const { filter, summary } = JSON.parse(gunzipSync(readFileSync(data('expected.json.gz'))).toString('utf8')) as {
  readonly filter: readonly Filtered[]
  readonly summary: Readonly<Record<string, { readonly count: number; readonly of: number }>>
}

const go = (name: string, ...args: string[]) =>
  run('run-process', ['--device', 'cpu', '--output-dir', join(folder.path, name), ...args])

describe.each(['rationale-first', 'rationale-last'] as const)('--layout %s', (layout) => {
  const at = (): string => join(folder.path, layout, 'demo-policy-dpo/filter')

  it('sums and decisions are those of the goldens', async () => {
    const done = await go(layout, '--filter-rationales', data('filter.jsonl'), '--layout', layout)
    expect(done).toMatchObject({ code: 0 })
    const rows = readCsv(at(), 'filter.csv')
    expect(rows.map(({ id }) => id)).toEqual(filter.map(({ id }) => id))
    for (const [i, want] of filter.entries()) {
      const got = rows[i]!
      const { decayed_sum_with: sum, keep, start } = want[layout]
      if (want.empty) {
        expect(got).toMatchObject({ with: '0', without: '0', keep: '0', reason: expect.stringMatching(/^empty_/) })
        continue
      }
      expect(Math.abs(Number(got.with) - sum)).toBeLessThan(2e-4)
      expect(Math.abs(Number(got.without) - want.decayed_sum_without)).toBeLessThan(2e-4)
      expect(got).toMatchObject({
        keep: keep ? '1' : '0',
        reason: '',
        tokens: String(want.following_ids!.length),
        context_tokens_with: String(start),
        context_tokens_without: String(want.start_without),
      })
    }
  })

  it('what is kept is counted', () => {
    const { count, of } = summary[`filter/${layout}/kept`]!
    const { rationales } = readJson<{ rationales: { overall: { strict: number; n: number; missing: number } } }>(
      at(),
      'summary.json',
    )
    expect(rationales.overall).toMatchObject({ strict: count / of, n: of, missing: 2 })
    const line = readCsv(at(), 'agreement.csv').find(({ statistic }) => statistic === 'rationale_keep_rate')!
    expect(Number(line.value)).toBe(count / of)
    expect(manifestOf(at()).warnings).toContainEqual(expect.stringContaining('2 rows have no rationale'))
  })
})

it('annotated texts are checked as RATIONALYST checks them, without a model', async () => {
  const done = await go('precheck', '--filter-rationales', data('precheck.jsonl'))
  expect(done).toMatchObject({ code: 0 })
  const at = join(folder.path, 'precheck/no-model/precheck')
  const rows = readCsv(at, 'precheck.csv')
  const triples = linesOf<Record<string, unknown>>(readFileSync(join(at, 'triples.jsonl'), 'utf8'))
  const all = linesOf<{
    readonly id: string
    readonly expected: {
      readonly edit_distance: number
      readonly similarity: number | null
      readonly pass: boolean
      readonly triples: readonly object[]
    }
  }>(readFileSync(data('precheck.jsonl'), 'utf8'))
  expect(rows).toHaveLength(all.length)
  for (const [i, { id, expected }] of all.entries()) {
    expect(rows[i]).toMatchObject({
      id,
      edit_distance: String(expected.edit_distance),
      similarity: expected.similarity === null ? '' : String(expected.similarity),
      pass: expected.pass ? '1' : '0',
      triples: String(expected.triples.length),
    })
    const own = triples.filter((triple) => String(triple.id).startsWith(`${id}/`))
    expect(own).toEqual(expected.triples.map((triple) => expect.objectContaining(triple)))
  }
})

it('the triples are rows of the filter', async () => {
  const triples = join(folder.path, 'precheck/no-model/precheck/triples.jsonl')
  expect(await go('triples', '--filter-rationales', triples)).toMatchObject({ code: 0 })
  expect(readCsv(join(folder.path, 'triples/demo-policy-dpo/triples'), 'filter.csv')).toHaveLength(7)
})

it.each([
  ['--layout none', ['--layout', 'none'], 2, 'leaves the rationale out'],
  ['steps in place of rationales', ['--filter-rationales', data('rows.jsonl')], 3, 'holds candidates for a next step'],
])('%s is refused', async (_, args, code, message) => {
  const done = await go(
    'refused',
    ...(args.includes('--filter-rationales') ? [] : ['--filter-rationales', data('filter.jsonl')]),
    ...args,
  )
  expect(done).toMatchObject({ code, stdout: '' })
  expect(done.stderr).toContain(message)
})

it('a row that is too long is not judged, and listed', async () => {
  const done = await go('long', '--filter-rationales', data('filter.jsonl'), '--max-length', '90', '--limit', '3')
  expect(done).toMatchObject({ code: 4 })
  const rows = readCsv(join(folder.path, 'long/demo-policy-dpo/filter'), 'filter.csv')
  expect(rows[0]).toMatchObject({ with: '', keep: '', reason: 'too_long' })
})
