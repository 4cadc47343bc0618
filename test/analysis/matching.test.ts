import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { placeDataSets, replacedRuns, withRecord } from '../../analysis/analysis-folder.ts'
import { analyse } from '../../analysis/analyze.ts'
import { dataNames, dataSetsOf } from '../../analysis/data-sets.ts'
import { PackedKeys } from '../../analysis/key-list.ts'
import { matchKeys } from '../../analysis/matching.ts'
import { readRewardBenchFiles } from '../../analysis/rewardbench.ts'
import { findRuns, readRun } from '../../analysis/run-folders.ts'
import { twinsOf } from '../../analysis/run-identity.ts'
import { fingerprint, kindOf, type Run } from '../../analysis/runs.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-matching-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const settings = { seed: 0, resamples: 200 }

interface Row {
  readonly id: string
  readonly prompt: string | null
  /** Names of the two completions; null = the run has no hashes of them. */
  readonly texts?: string
  readonly margin: number
}
const hex = (text: string): string => (fingerprint(text) * 8).toString(16).padStart(16, '0').slice(-16)
/** Writes a run folder by hand: what an earlier version or another tool may leave. */
function folder(
  out: string,
  model: string,
  dataset: string,
  rows: readonly Row[],
  manifest: object | null = null,
): void {
  const path = join(out, model, dataset)
  mkdirSync(path, { recursive: true })
  const cell = (text: string | null | undefined): string => (text ? hex(text) : '')
  const pairs = rows.map(({ id, prompt, texts, margin }) =>
    [
      id,
      's',
      0,
      margin,
      0,
      margin,
      cell(prompt),
      cell(texts && `${texts} chosen`),
      cell(texts && `${texts} rejected`),
    ].join(),
  )
  const scores = rows.flatMap(({ id, prompt, texts, margin }) =>
    (['chosen', 'rejected'] as const).map((role) =>
      [id, 's', role, 0, role === 'chosen' ? margin : 0, '', cell(prompt), cell(texts && `${texts} ${role}`)].join(),
    ),
  )
  const pairHead = 'id,subset,rejected_index,chosen_score,rejected_score,margin,cluster,chosen_hash,rejected_hash'
  writeFileSync(join(path, 'pairs.csv'), [pairHead, ...pairs, ''].join('\n'))
  const head = 'id,subset,role,index,score,verifiable_reward,cluster,completion_hash'
  writeFileSync(join(path, 'scores.csv'), [head, ...scores, ''].join('\n'))
  if (manifest !== null) writeFileSync(join(path, 'run.json'), JSON.stringify(manifest))
}
const rowsOf = (prompt: string, margins: readonly number[], texts?: string): Row[] =>
  margins.map((margin, i) => ({
    id: String(i + 1),
    prompt: `${prompt} ${i}`,
    ...(texts !== undefined && { texts: `${texts} ${i}` }),
    margin,
  }))
const manifestOf = (weights: string, data: string, bin = 'run-rm', roles = ['rm']) => ({
  config: { bin },
  identity: { weights: roles.map((role) => ({ role, sha256: `${weights} ${role}` })), data_sha256: data },
  models: roles.map((role) => ({ role, weights_sha256: `${weights} ${role}` })),
  dataset: { sha256: data },
})
const outputDir = (): string => {
  const path = join(root, String(count++))
  mkdirSync(path)
  return path
}
const read = (out: string): Promise<Run[]> => Promise.all(findRuns(out).map(readRun))
const table = (analysis: ReturnType<typeof analyse>, name: string): Record<string, unknown>[] =>
  (analysis.csv[name]?.rows ?? []).map((row) =>
    Object.fromEntries(analysis.csv[name]!.columns.map((column, i) => [column, row[i]])),
  )

describe('rows of two runs', () => {
  it('are one row where id and prompt are, whatever their numbers', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('p', [1, 1, 1, -1]))
    // row 3 has another prompt under the same number; row 4 stands first
    const other = rowsOf('p', [-1, -1, -1, -1])
    folder(out, 'b', 'pairs', [other[3]!, other[0]!, other[1]!, { ...other[2]!, prompt: 'q' }])
    const analysis = analyse('pairs', await read(out), settings)
    expect(analysis.aligned.pairs.n).toBe(3)
    expect(analysis.unlike).toEqual({ a: 1, b: 1 })
    // rows 1, 2 and 4: a wins 2 of 3, b none
    expect(table(analysis, 'leaderboard.csv').find((r) => r.scorer === 'a')).toMatchObject({ n: 3, half: 2 / 3 })
    const said = '1 pair left out: the same id, another prompt or other completions'
    for (const scorer of ['a', 'b'])
      expect(table(analysis, 'leaderboard.csv').find((r) => r.scorer === scorer)!.reason).toContain(said)
    expect(table(analysis, 'paired-tests.csv')[0]!.reason).toContain(said)
    expect(table(analysis, 'leaderboard.csv').find((r) => r.scorer === 'null:constant')!.reason ?? '').not.toContain(
      said,
    )
    expect(analysis.screen).toContain(`a: ${said}.`)
    // of b's own four pairs nothing is lost where b stands alone
    expect(table(analysis, 'lengths.csv').length).toBeGreaterThan(0)
  })

  it('are not one where the completions are others', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('p', [1, 1], 'first'))
    folder(out, 'b', 'pairs', [rowsOf('p', [1, 1], 'first')[0]!, rowsOf('p', [1, 1], 'second')[1]!])
    const analysis = analyse('pairs', await read(out), settings)
    expect([...analysis.aligned.pairs.key]).toEqual(['1\u00000\u00000'])
    expect(analysis.unlike).toEqual({ a: 1, b: 1 })
  })

  it('are matched by what both know: a run without a hash is matched by the id', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('p', [1, 1], 't'))
    folder(out, 'b', 'pairs', rowsOf('p', [1, 1]))
    folder(out, 'c', 'pairs', [
      { id: '1', prompt: null, margin: 1 },
      { id: '2', prompt: null, margin: 1 },
    ])
    const analysis = analyse('pairs', await read(out), settings)
    expect(analysis.aligned.pairs.n).toBe(2)
    expect(analysis.unlike).toEqual({ a: 0, b: 0, c: 0 })
  })

  it('drift by those alone that are the same', async () => {
    const out = outputDir()
    folder(out, 'm@fp32', 'pairs', rowsOf('p', [1, 2, 3], 't'))
    folder(out, 'm@bf16', 'pairs', [...rowsOf('p', [1, 2], 't'), { ...rowsOf('p', [9, 9, 9], 'u')[2]! }])
    const [row] = table(analyse('pairs', await read(out), settings), 'drift.csv')
    expect(row).toMatchObject({ pairs: 2, completions: 4, largest_difference: 0 })
  })
})

/** With the keys as arrays. */
const matched = (tables: Parameters<typeof matchKeys>[0]) => {
  const { keys, ...counts } = matchKeys(tables)
  return { ...counts, keys: keys.map((list) => [...list]) }
}

describe('keys', () => {
  const texts = (...prompt: number[]) => ({ prompt: Float64Array.from(prompt) })
  it('stay as they are where rows agree, and part where they do not', () => {
    const { keys, unlike, unlikeTwo } = matched([
      { key: ['1', '2', '3'], texts: texts(10, 20, 30) },
      { key: ['3', '2', '4'], texts: texts(30, 21, 40) },
      { key: ['2'], texts: texts(21) },
    ])
    expect(keys[0]).toEqual(['1', '2', '3'])
    expect(keys[1]![0]).toBe('3')
    expect(keys[1]![2]).toBe('4')
    expect(keys[1]![1]).not.toBe('2')
    expect(keys[2]).toEqual([keys[1]![1]])
    expect(unlike).toEqual([1, 1, 1])
    expect(unlikeTwo).toEqual([
      [0, 1, 1],
      [1, 0, 0],
      [1, 0, 0],
    ])
  })
  it('of a run that knows nothing fit one row, and none where there are two', () => {
    const known = { key: ['1', '2'], texts: texts(10, 20) }
    const other = { key: ['1', '2'], texts: texts(10, 21) }
    const { keys, unlikeTwo } = matched([{ key: ['1', '2'] }, known, other])
    expect(keys[0]![0]).toBe('1')
    expect([keys[1]![1], keys[2]![1]]).not.toContain(keys[0]![1])
    expect(unlikeTwo[0]).toEqual([0, 1, 1])
  })
  it('of runs that know different things are the same only where nothing contradicts', () => {
    const prompt = { key: ['1'], texts: { prompt: Float64Array.of(10) } }
    const text = (chosen: number) => ({ key: ['1'], texts: { chosen: Float64Array.of(chosen) } })
    expect(matched([prompt, text(5), text(5)]).keys).toEqual([['1'], ['1'], ['1']])
    const { keys } = matched([prompt, text(5), text(6)])
    expect(keys[1]).toEqual(keys[0])
    expect(keys[2]).not.toEqual(keys[0])
  })
  it('of tables that are alike are those of the first; a hash or a key that differs is seen', () => {
    const [key, ids] = [['1', '2', '3'], PackedKeys.of(['1', '2', '3'])]
    const nothing = { unlike: [0, 0], unlikeTwo: [[0, 0], [0, 0]] } // biome-ignore format: two tables
    expect(
      matched([
        { key, texts: texts(1, Number.NaN, 3) },
        { key: ids, texts: texts(1, Number.NaN, 3) },
      ]),
    ).toEqual({
      ...nothing,
      keys: [key, key],
    })
    expect(matched([{ key: ids, texts: texts(1, 2, 3) }, { key: ids, texts: texts(1, 2, 4) }]).unlike).toEqual([1, 1]) // biome-ignore format: two tables
    expect(
      matched([
        { key: ids, texts: texts(1, 2, 3) },
        { key: ['1', '2', '4'], texts: texts(1, 2, 4) },
      ]),
    ).toEqual({
      ...nothing,
      keys: [key, ['1', '2', '4']],
    })
    // an id that stands twice, with another text
    const twice = { key: ['1', '1'], texts: texts(1, 2) }
    expect(matched([twice, twice]).unlike).toEqual([2, 2])
  })
  it('of an id that a run has twice do not count as another run’s', () => {
    expect(matched([{ key: ['1', '1'], texts: texts(1, 2) }]).unlike).toEqual([0])
  })
  it('are found in a million rows of two runs', () => {
    const n = 500_000
    const key = Array.from({ length: n }, (_, i) => String(i))
    const hashes = Float64Array.from(key, (_, i) => i)
    const other = hashes.map((h, i) => (i % 1000 === 0 ? h + 0.5 : h))
    const { unlike } = matched([
      { key, texts: { prompt: hashes } },
      { key, texts: { prompt: other } },
    ])
    expect(unlike).toEqual([500, 500])
  })
})

describe('data sets', () => {
  const sets = async (out: string) =>
    dataSetsOf(await read(out)).map(({ name, sha256, runs, notes }) => ({
      name,
      sha256,
      runs: runs.map(({ where, model }) => `${where.slice(out.length + 1)}: ${model}`),
      notes,
    }))
  const [x, y] = ['ab12cd34'.padEnd(64, '0'), 'ef56ab78'.padEnd(64, '0')] as const

  it('are told by the hash of the data, not by the folder', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('x', [1, 1]), manifestOf('a', x))
    folder(out, 'a', `pairs~${y.slice(0, 8)}`, rowsOf('y', [1, 1]), manifestOf('a', y))
    folder(out, 'b', 'pairs', rowsOf('y', [1, 1]), manifestOf('b', y))
    folder(out, 'b', `pairs~${x.slice(0, 8)}`, rowsOf('x', [1, 1]), manifestOf('b', x))
    expect(await sets(out)).toEqual([
      { name: 'pairs', sha256: x, runs: ['a/pairs: a', `b/pairs~${x.slice(0, 8)}: b`], notes: [] },
      { name: 'pairs', sha256: y, runs: [`a/pairs~${y.slice(0, 8)}: a`, 'b/pairs: b'], notes: [] },
    ])
  })

  it('of two names and the same bytes are one; a model in both has two names', async () => {
    const out = outputDir()
    folder(out, 'a', 'one', rowsOf('x', [1, 1]), manifestOf('a', x))
    folder(out, 'a', 'two', rowsOf('x', [1, 1]), manifestOf('a', x))
    folder(out, 'b', 'two', rowsOf('x', [1, 1]), manifestOf('b', x))
    const [set, none] = await sets(out)
    expect(none).toBeUndefined()
    expect(set).toMatchObject({ name: 'one', runs: ['a/one: a [one]', 'a/two: a [two]', 'b/two: b'] })
    expect(set!.notes[0]).toContain('one and two hold the same data (SHA-256 ab12cd34…)')
  })

  it('without a hash are those whose rows meet', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('x', [1, 1]))
    folder(out, 'b', 'pairs', rowsOf('x', [1, 1, 1]))
    folder(out, 'c', 'pairs', rowsOf('y', [1, 1]))
    const found = await sets(out)
    expect(found.map(({ runs }) => runs)).toEqual([['a/pairs: a', 'b/pairs: b'], ['c/pairs: c']])
    expect(found[1]!.notes[0]).toContain('c/pairs: no row (id and prompt) in common with other runs on pairs')
  })

  it('are joined by a run whose rows are those of both', async () => {
    const out = outputDir()
    const [first, second] = [rowsOf('x', [1, 1]), rowsOf('y', [1, 1, 1, 1]).slice(2)]
    folder(out, 'a', 'pairs', first)
    folder(out, 'b', 'pairs', second)
    folder(out, 'c', 'pairs', [...first, ...second])
    expect((await sets(out)).map(({ runs }) => runs)).toEqual([['a/pairs: a', 'b/pairs: b', 'c/pairs: c']])
  })

  it('take a run without a hash in where its rows are, by id and prompt', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('x', [1, 1]), manifestOf('a', x))
    folder(out, 'b', 'pairs', rowsOf('y', [1, 1]), manifestOf('b', y))
    folder(out, 'c', 'pairs', rowsOf('y', [1, 1]))
    folder(out, 'd', 'pairs', rowsOf('z', [1, 1]))
    const found = await sets(out)
    expect(found.map(({ sha256, runs }) => [sha256, ...runs])).toEqual([
      [x, 'a/pairs: a'],
      [y, 'b/pairs: b', 'c/pairs: c'],
      [null, 'd/pairs: d'],
    ])
  })

  it('are called by the folder’s name, with and without the digits', () => {
    expect(dataNames(`pairs~${x.slice(0, 8)}`, x)).toEqual(['pairs~ab12cd34', 'pairs', 'pairs~ab12cd34'])
    expect(dataNames('pairs', x)).toEqual(['pairs', 'pairs', 'pairs~ab12cd34'])
    expect(dataNames('pairs~ab12cd34', null)).toEqual(['pairs~ab12cd34'])
  })

  it('have a folder each, the same one the next time, whatever their order', async () => {
    const out = outputDir()
    folder(out, 'a', 'pairs', rowsOf('x', [1, 1]), manifestOf('a', x))
    folder(out, 'b', 'pairs', rowsOf('y', [1, 1]), manifestOf('b', y))
    folder(out, 'c', 'pairs', rowsOf('z', [1, 1]))
    folder(out, 'd', 'pairs', rowsOf('u', [1, 1]))
    const found = dataSetsOf(await read(out))
    const placed = placeDataSets(out, found)
    expect(placed.map(({ name }) => name).slice(0, 2)).toEqual(['pairs', `pairs~${y.slice(0, 8)}`])
    expect(new Set(placed.map(({ name }) => name)).size).toBe(4)
    expect(placed[1]!.remarks[0]).toContain('is of other data of the same name')
    for (const one of placed) {
      mkdirSync(one.path, { recursive: true })
      await withRecord(one, { settings, unlike: {} }, async () => {
        writeFileSync(join(one.path, 'leaderboard.csv'), '')
        writeFileSync(join(one.path, 'ref-free.csv'), '')
        return ['leaderboard.csv', 'ref-free.csv']
      })
    }
    const again = placeDataSets(out, [found[1]!, found[0]!, ...found.slice(2)])
    expect(again.map(({ name }) => name)).toEqual([1, 0, 2, 3].map((i) => placed[i]!.name))
    // the data set that took the plain name is gone: the other keeps its own
    rmSync(join(out, 'a'), { recursive: true })
    const rest = dataSetsOf(await read(out))
    expect(placeDataSets(out, rest)[0]).toMatchObject({ name: `pairs~${y.slice(0, 8)}` })
    expect(placeDataSets(out, rest)[0]!.remarks[0]).toContain('is the analysis of other data (SHA-256 ab12cd34…)')
    // of a later analysis with fewer files and runs nothing is left over, and that is said
    const fewer = { ...placed[0]!, set: { ...found[0]!, runs: [{ ...found[0]!.runs[0]!, model: 'e' }] } }
    expect(replacedRuns(fewer)).toBe(`replaces the analysis in ${fewer.path}, which had a too`)
    await withRecord(fewer, { settings, unlike: {} }, async () => ['leaderboard.csv'])
    expect(placed[0]!.path).not.toBe('')
    const left = await import('node:fs').then(({ readdirSync }) => readdirSync(fewer.path).sort())
    expect(left).toEqual(['analysis.json', 'leaderboard.csv'])
  })
})

describe('what a run is', () => {
  it('says run.json, then the folder’s name without the digits of a hash', () => {
    const of = (model: string, manifest: unknown = null) => kindOf({ model, manifest })
    expect(of('verifiable~12ab34cd')).toBe('verifier')
    expect(of('p__ref-free~12ab34cd')).toBe('dpo-ref-free')
    expect(of('p__vs__r~12ab34cd')).toBe('dpo')
    expect(of('verifiable', manifestOf('w', 'd'))).toBe('rm')
    expect(of('mine', manifestOf('w', 'd', 'run-verify', []))).toBe('verifier')
    expect(of('mine', manifestOf('w', 'd', 'run-dpo', ['policy', 'reference']))).toBe('dpo')
    expect(of('mine', manifestOf('w', 'd', 'run-dpo', ['policy']))).toBe('dpo-ref-free')
  })
  it('is compared with its own policy without reference, by the weights', async () => {
    const out = outputDir()
    folder(out, 'p__vs__r', 'pairs', rowsOf('x', [1, 1]), manifestOf('w', 'd', 'run-dpo', ['policy', 'reference']))
    folder(out, 'p__ref-free', 'pairs', rowsOf('x', [1, 1]), manifestOf('other', 'd', 'run-dpo', ['policy']))
    folder(out, 'p__ref-free~12ab34cd', 'pairs', rowsOf('x', [1, 1]), manifestOf('w', 'd', 'run-dpo', ['policy']))
    const deltas = table(analyse('pairs', await read(out), settings), 'ref-free.csv')
    expect(new Set(deltas.map((d) => d.ref_free))).toEqual(new Set(['p__ref-free~12ab34cd']))
  })
  it('is no twin of a name with digits, whose weights are others', () => {
    const run = (model: string) => ({ model, manifest: null }) as Run
    expect(twinsOf([run('m@bf16'), run('m@fp32')])).toHaveLength(1)
    expect(twinsOf([run('m@bf16'), run('m@fp32~12ab34cd')])).toEqual([])
  })
})

it('score files of RewardBench with one id and two prompts are not paired', () => {
  const path = (name: string, prompts: readonly string[]) => {
    const file = join(root, name)
    const line = (prompt: string, i: number) =>
      JSON.stringify({ prompt, scores_chosen: 1, scores_rejected: 0, id: i, subset: 's' })
    writeFileSync(file, prompts.map(line).join('\n'))
    return file
  }
  const files = [path('a_outputs.jsonl', ['p', 'q']), path('b_outputs.jsonl', ['p', 'r'])]
  const analysis = analyse('rewardbench', readRewardBenchFiles(files, 'rewardbench'), settings)
  expect(analysis.aligned.pairs.n).toBe(1)
  expect(Object.values(analysis.unlike)).toEqual([1, 1])
})
