import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Analysis, analyse } from '../../analysis/analyze.ts'
import { readRewardBenchScores } from '../../analysis/rewardbench.ts'
import { readRun } from '../../analysis/run-folders.ts'
import type { Run } from '../../analysis/runs.ts'
import { agreement } from '../../src/agreement/agreement.ts'
import { markdownTable } from '../../src/agreement/tables.ts'
import { packagePath } from '../../src/package.ts'
import { demoPairs, rmScores } from '../agreement/demo.ts'
import { call } from '../command.ts'
import { writeRun } from './fixture.ts'

const settings = { seed: 0, resamples: 200 }
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chemherm-lost-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** One pair: margin (null = not scored), and where it belongs. */
interface Pair {
  readonly id?: string
  readonly margin: number | null
  readonly subset?: string
  readonly cluster?: string
  /** Verifiable rewards of chosen and rejected; '' = none. */
  readonly rewards?: readonly [number | '', number | '']
}
let made = 0
async function runOf(model: string, pairs: readonly Pair[]): Promise<Run> {
  const path = join(folder, String(made++), model, 'data')
  mkdirSync(path, { recursive: true })
  const rows = pairs.map((pair, i) => ({
    id: `r${i}`,
    subset: 's',
    cluster: `p${i}`,
    rewards: [1, 0] as const,
    ...pair,
  }))
  const scores = rows.flatMap(({ id, subset, margin, rewards }) => [
    `${id},${subset},chosen,0,${margin ?? ''},${rewards[0]}`,
    `${id},${subset},rejected,0,${margin === null ? '' : 0},${rewards[1]}`,
  ])
  writeFileSync(join(path, 'scores.csv'), `id,subset,role,index,score,verifiable_reward\n${scores.join('\n')}\n`)
  const lines = rows.map(
    ({ id, subset, margin, cluster }) =>
      `${id},${subset},0,${margin ?? ''},${margin === null ? '' : 0},${margin ?? ''},${cluster},9,7`,
  )
  writeFileSync(
    join(path, 'pairs.csv'),
    `id,subset,rejected_index,chosen_score,rejected_score,margin,cluster,chosen_chars,rejected_chars\n${lines.join('\n')}\n`,
  )
  return readRun({ model, dataset: 'data', path })
}
const table = ({ csv }: Analysis, name: string): Record<string, unknown>[] =>
  (csv[name]?.rows ?? []).map((row) => Object.fromEntries(csv[name]!.columns.map((c, i) => [c, row[i]])))
const board = (analysis: Analysis): Record<string, Record<string, unknown>> =>
  Object.fromEntries(table(analysis, 'leaderboard.csv').map((row) => [row.scorer, row]))
const notes = (analysis: Analysis): string => analysis.tables.find((t) => t.name === 'leaderboard')!.notes.join('\n')
/** won of n pairs, in an order that depends on the seed. */
const margins = (won: number, n: number, shift = 0): Pair[] =>
  Array.from({ length: n }, (_, i) => ({ margin: (i + shift) % n < won ? 1 + (i % 7) / 10 : -1 - (i % 5) / 10 }))
const lose = (pairs: readonly Pair[], lost: (i: number) => boolean): Pair[] =>
  pairs.map((pair, i) => (lost(i) ? { ...pair, margin: null } : pair))

describe('the leaderboard', () => {
  it('ranks on the pairs that all scored, and says what each lost and what it has on its own', async () => {
    // b loses the 20 pairs that a loses: on the other 80 they are equal
    const a = margins(70, 100)
    const runs = [
      await runOf('a', a),
      await runOf(
        'b',
        lose(a, (i) => i >= 80),
      ),
    ]
    const analysis = analyse('data', runs, settings)
    expect(board(analysis)).toMatchObject({
      // the longer text wins every pair
      'null:longest': { rank: 1, half: 1, n: 80 },
      a: { rank: 2, half: 70 / 80, n: 80, missing: 0, own_n: 100, own_half: 0.7 },
      b: { rank: 2, half: 70 / 80, n: 80, missing: 20, own_n: 80, own_half: 70 / 80 },
    })
    expect(notes(analysis)).toContain('on the 80 pairs that every ranked model scored, of 100')
    expect(notes(analysis)).toContain('a: all scored; 70.0 % on the 100 it scored.')
    const subsets = markdownTable(analysis.tables.find((t) => t.name === 'subsets')!)
    expect(subsets).toMatch(/\| b \| 87\.5 .* \| 80 \| 20 \|/)
    expect(subsets).toContain('Pairs of b: s 80 (20 not scored).')
    // on other pairs, nothing is best
    expect(subsets).not.toContain('**87.5')
    expect(table(analysis, 'subsets.csv').filter((row) => row.level === 'subset')).toMatchObject([
      { scorer: 'a', n: 100, missing: 0, half: 0.7 },
      { scorer: 'b', n: 80, missing: 20, half: 70 / 80 },
    ])
  })
  it('says which run costs the others how many pairs, in rows that it lacks and in scores', async () => {
    // of 100 pairs b has the first 90, and no score for 5 of them; c has no score for one of those 5 and for 2 more
    const a = margins(70, 100)
    const runs = [
      await runOf('a', a),
      await runOf('b', lose(a, (i) => i < 5).slice(0, 90)),
      await runOf(
        'c',
        lose(a, (i) => i === 4 || i === 50 || i === 51),
      ),
    ]
    const analysis = analyse('data', runs, settings)
    // b alone: 10 rows and 4 scores; c alone: 2 scores; the pair that both lack is neither's
    expect(board(analysis)).toMatchObject({
      a: { costs_others: 0 },
      b: { costs_others: 14 },
      c: { costs_others: 2 },
      'null:longest': { costs_others: null },
    })
    const without = (name: string) =>
      analyse(
        'data',
        runs.filter(({ model }) => model !== name),
        settings,
      )
    const n = Number(board(analysis).a!.n)
    expect([n, board(without('b')).a!.n, board(without('c')).a!.n]).toEqual([83, 83 + 14, 83 + 2])
    expect(notes(analysis)).toMatch(/b costs the others 14 pairs: .*c costs the others 2 pairs: /s)
    expect(analysis.screen).toContain('b costs the others 14 pairs')
    expect(notes(analysis)).not.toContain('a costs')
  })
  it('has the number format of each run, and marks quantised ones', async () => {
    const of = async (model: string, ...dtypes: string[]): Promise<Run> => ({
      ...(await runOf(model, margins(70, 100))),
      manifest: { models: dtypes.map((dtype) => ({ dtype })) },
    })
    const runs = [
      await of('plain', 'fp32'),
      await of('small', 'q8'),
      await of('two', 'fp16', 'q4'),
      await runOf('unknown', margins(60, 100)),
    ]
    const analysis = analyse('data', runs, settings)
    expect(board(analysis)).toMatchObject({
      plain: { dtype: 'fp32' },
      small: { dtype: 'q8' },
      two: { dtype: 'fp16 + q4' },
      unknown: { dtype: null },
      'null:random': { dtype: null },
    })
    expect(notes(analysis)).toContain('Quantised, which moves scores: small [q8], two [fp16 + q4].')
    for (const text of [analysis.screen, ...analysis.tables.map(markdownTable), analysis.plots['plots/subsets.svg']!])
      expect(text).toMatch(/small \\?\[q8\\?\]/)
    expect(analysis.screen).not.toMatch(/plain \[/)
  })
  it('leaves out a scorer that lost nearly all, with the reason, and ranks the others on what they share', async () => {
    const [a, b] = [margins(70, 100), margins(60, 100, 3)]
    const runs = [
      await runOf('a', a),
      await runOf('b', b),
      await runOf(
        'tiny',
        lose(margins(100, 100), (i) => i >= 3),
      ),
      await runOf(
        'nothing',
        lose(a, () => true),
      ),
    ]
    const analysis = analyse('data', runs, settings)
    expect(board(analysis)).toMatchObject({
      a: { rank: expect.any(Number), half: 0.7, n: 100, reason: null },
      b: { half: 0.6, n: 100 },
      tiny: { rank: null, half: null, n: 0, missing: 97, own_n: 3, own_half: 1 },
      nothing: { rank: null, half: null, missing: 100, own_n: 0, own_half: null },
    })
    expect(board(analysis).tiny!.reason).toBe('not ranked: scored 3 of 100 pairs, under half of the 100 of another')
    expect(notes(analysis)).toContain(
      'tiny: not ranked: scored 3 of 100 pairs, under half of the 100 of another; 100.0 % on the 3 it scored.',
    )
    // the ensemble is of those that are ranked
    expect(board(analysis)['ensemble:mean of 2']).toMatchObject({ n: 100, missing: 0 })
    expect(notes(analysis)).toContain('Ensembles: a, b.')
    expect(analysis.screen).toMatch(/^tiny +– +– +/m)
    // the paired test of a and tiny is on the three pairs
    expect(table(analysis, 'paired-tests.csv').find((t) => t.a === 'a' && t.b === 'tiny')).toMatchObject({
      n: 3,
      missing: 97,
    })
  })
  it('leaves out the one with fewest pairs where no pair is scored by all', async () => {
    const a = margins(70, 100)
    const runs = [
      await runOf('a', a),
      await runOf(
        'first',
        lose(a, (i) => i >= 55),
      ),
      await runOf(
        'last',
        lose(a, (i) => i < 49),
      ),
      await runOf(
        'middle',
        lose(a, (i) => i >= 49 && i < 55),
      ),
    ]
    const found = board(analyse('data', runs, settings))
    // first and last share 49 … 54, which middle lost: last has 51 pairs, first 55, middle 94
    expect(found.last!.reason).toBe('not ranked: scored 51 of 100 pairs, none of which all others scored')
    expect(found.first).toMatchObject({ rank: expect.any(Number), n: 49, half: 1 })
    expect(found.middle).toMatchObject({ n: 49, missing: 6 })
  })
  it('ranks a model that lost most pairs where there is none that has more', async () => {
    const analysis = analyse(
      'data',
      [
        await runOf(
          'a',
          lose(margins(70, 100), (i) => i >= 30),
        ),
      ],
      settings,
    )
    expect(board(analysis).a).toMatchObject({ rank: expect.any(Number), n: 30, missing: 70, half: 1 })
    const nothing = analyse(
      'data',
      [
        await runOf(
          'a',
          lose(margins(7, 10), () => true),
        ),
      ],
      settings,
    )
    expect(board(nothing).a).toMatchObject({ rank: null, half: null, missing: 10 })
    expect(board(nothing).a!.reason).toBe('not ranked: there is no pair that all models scored')
    expect(nothing.screen).toBe('data: no model has scored a pair; there is nothing to rank.')
    expect(analysis.screen).toContain('rank')
  })
  it('is not cut to the pairs of a run of few rows', async () => {
    const a = margins(70, 100)
    const runs = [await runOf('a', a), await runOf('b', margins(60, 100, 3)), await runOf('limited', a.slice(0, 10))]
    const analysis = analyse('data', runs, settings)
    expect(board(analysis).a).toMatchObject({ n: 100, half: 0.7 })
    expect(board(analysis).limited).toMatchObject({ rank: null, half: null, own_n: 10, own_half: 1 })
    expect(board(analysis).limited!.reason).toBe("not ranked: has 10 pairs, under half of the others'")
  })
  it('has ensembles beside a scorer whose score is constant, and says that it is in none', async () => {
    const constant = margins(0, 40).map(() => ({ margin: 0 }))
    const analysis = analyse(
      'data',
      [await runOf('a', margins(30, 40)), await runOf('b', margins(20, 40, 1)), await runOf('flat', constant)],
      settings,
    )
    expect(board(analysis)['ensemble:mean of 2']).toMatchObject({ missing: 0, n: 40, rank: expect.any(Number) })
    expect(board(analysis).flat).toMatchObject({ half: 0.5, strict: 0, tie_rate: 1 })
    expect(notes(analysis)).toContain('Not in an ensemble, since the score is constant: flat.')
  })
  it('says of a run without any score that it has none, not that its score is constant', async () => {
    const none = margins(0, 40).map(() => ({ margin: null }))
    const analysis = analyse('data', [await runOf('a', margins(30, 40)), await runOf('none', none)], settings)
    const said = notes(analysis)
    expect(said).toContain('Without a single score, and so in no ensemble: none (score_reason in scores.csv says why).')
    expect(said).not.toContain('constant')
  })
  it('gives null:random the value that the run’s own agreement.csv has, whatever the seed of analyze', async () => {
    const demo = demoPairs(rmScores())
    const path = await writeRun(join(folder, 'demo'), 'demo-reward-model', demo)
    const run = await readRun({ model: 'demo-reward-model', dataset: 'pairs', path })
    const own = agreement(demo.pairs, demo.completions, { resamples: 100 }).statistics.find(
      (s) => s.scope === 'null:random' && s.statistic === 'accuracy_half',
    )!
    for (const seed of [0, 7]) {
      const found = board(analyse('pairs', [run], { seed, resamples: 100 }))['null:random']!
      expect(found.half).toBe(own.value)
      expect(found.n).toBe(own.n)
    }
  })
  it('does not rank the longer text where a file has no texts to measure', () => {
    const path = join(folder, 'no-texts.json')
    writeFileSync(
      path,
      JSON.stringify({
        model: 'm',
        subset: ['s', 's'],
        id: ['a', 'b'],
        scores_chosen: [1, 2],
        scores_rejected: [0, 3],
      }),
    )
    const found = board(analyse('rb', [readRewardBenchScores(path, 'rb')], settings))
    expect(found['null:longest']).toMatchObject({ rank: null, half: null })
    expect(found['null:longest']!.reason).toContain('lengths of some pairs are not known')
  })
})

describe('every completion', () => {
  it('of a score file with several pairs an id counts once: the same chosen text is one completion, another is another', () => {
    const path = join(folder, 'several.json')
    writeFileSync(
      path,
      JSON.stringify({
        model: 'm',
        subset: ['s', 's', 's'],
        id: ['a', 'a', 'a'],
        text_chosen: ['x', 'x', 'y'],
        text_rejected: ['p', 'q', 'r'],
        scores_chosen: [5, 5, 1],
        scores_rejected: [0, 2, 4],
      }),
    )
    const run = readRewardBenchScores(path, 'rb')
    expect(run.completions.n).toBe(5)
    const rows = table(analyse('rb', [run], settings), 'distribution.csv').filter((row) => row.subset === 'all')
    expect(rows).toMatchObject([
      { group: 'chosen', n: 2, mean: 3 },
      { group: 'rejected', n: 3, mean: 2 },
    ])
  })
})

describe('tests of two scorers', () => {
  it('find nothing between a scorer and itself', async () => {
    const rows = margins(30, 50)
    const [accuracy, auroc] = table(
      analyse('data', [await runOf('a', rows), await runOf('again', rows)], settings),
      'paired-tests.csv',
    )
    expect(accuracy).toMatchObject({ difference: 0, p: 1, p_holm: 1, mcnemar_p: 1, ci_low: null })
    expect(auroc).toMatchObject({ difference: 0, p: 1, p_holm: 1, ci_low: null })
    expect(auroc!.ci_method).toBe('none: no variation between prompts')
  })
  it('do not depend on the order of rows', async () => {
    const both = [margins(60, 90), margins(45, 90, 4)].map((rows) =>
      rows.map((row, i) => ({ ...row, id: `r${i}`, cluster: `p${i >> 1}`, subset: ['x', 'y', 'z'][i % 3]! })),
    )
    const shuffled = (rows: readonly Pair[]): Pair[] => rows.map((_, i) => rows[(i * 37 + 11) % rows.length]!)
    // sums in another order: equal but for rounding
    const rounded = (value: unknown): unknown =>
      typeof value !== 'number' ? value : Math.abs(value) < 1e-20 ? 0 : Number(value.toPrecision(10))
    const numbers = async (change: (rows: readonly Pair[]) => readonly Pair[]) => {
      const analysis = analyse(
        'data',
        [await runOf('a', change(both[0]!)), await runOf('b', change(both[1]!))],
        settings,
      )
      const of = (name: string, columns: readonly string[]) =>
        table(analysis, name).map((row) => columns.map((c) => rounded(row[c])))
      return [
        of('paired-tests.csv', ['a', 'b', 'n', 'clusters', 'difference', 'mcnemar_p', 'p', 'p_holm', 'p_bh']),
        of('heterogeneity.csv', ['scorer', 'cochran_q', 'df', 'k', 'p', 'p_bh']),
        of('leaderboard.csv', ['rank', 'scorer', 'half', 'n']),
        of('scorer-agreement.csv', ['a', 'b', 'agreement_rate', 'kappa', 'spearman', 'error_consistency']),
      ]
    }
    expect(await numbers(shuffled)).toEqual(await numbers((rows) => rows))
  })
  it('take the verdicts of the run that has them, and say where neither has', async () => {
    const bare = (rows: readonly Pair[]): Pair[] => rows.map((row) => ({ ...row, rewards: ['', ''] }))
    const [a, b] = [margins(30, 50), margins(20, 50, 2)]
    const one = analyse('data', [await runOf('a', a), await runOf('b', bare(b))], settings)
    expect(table(one, 'paired-tests.csv')[1]).toMatchObject({ statistic: 'auroc', n: 100, clusters: 50, reason: null })
    const none = analyse('data', [await runOf('a', bare(a)), await runOf('b', bare(b))], settings)
    expect(table(none, 'paired-tests.csv')[1]).toMatchObject({
      n: 0,
      missing: 100,
      p: null,
      reason: 'no_completion_scored_and_verified_by_both',
    })
  })
  it('never count more prompts than rows, and have a reason where they have no value', async () => {
    const runs = [
      await runOf('a', margins(3, 4)),
      await runOf(
        'b',
        lose(margins(2, 4), (i) => i > 0),
      ),
      await runOf(
        'c',
        lose(margins(2, 4), (i) => i === 0),
      ),
    ]
    const analysis = analyse('data', runs, settings)
    for (const name of ['leaderboard.csv', 'subsets.csv', 'paired-tests.csv'])
      for (const row of table(analysis, name)) {
        expect(row.clusters as number).toBeLessThanOrEqual(row.n as number)
        const absent = 'difference' in row ? row.difference === null || row.p === null : row.half === null
        expect(absent, JSON.stringify(row)).toBe(row.reason !== null)
      }
    for (const row of table(analysis, 'scorer-agreement.csv'))
      expect([row.agreement_rate, row.spearman, row.error_consistency].includes(null)).toBe(row.reason !== null)
  })
})

describe('heterogeneity', () => {
  it('sees subsets at 0 and 100 %: χ² by hand', async () => {
    const rows = [
      ...Array.from({ length: 10 }, () => ({ margin: 1, subset: 'all won' })),
      ...Array.from({ length: 10 }, () => ({ margin: -1, subset: 'all lost' })),
      ...Array.from({ length: 20 }, (_, i) => ({ margin: i % 2 === 0 ? 1 : -1, subset: 'half' })),
      ...Array.from({ length: 5 }, () => ({ margin: null, subset: 'not scored' })),
    ]
    const [row] = table(analyse('data', [await runOf('a', rows)], settings), 'heterogeneity.csv')
    // 20 of 40 won; expected 5 + 5, 5 + 5, 10 + 10: (5²/5)·4 = 20
    expect(row).toMatchObject({ scorer: 'a', df: 2, k: 3, left_out: 1, left_out_subsets: 'not scored', reason: null })
    expect(row!.cochran_q).toBeCloseTo(20, 12)
    expect(row!.i_squared).toBeCloseTo(0.9, 12)
    // P(χ²₂ ≥ 20) = e⁻¹⁰
    expect((row!.p as number) / Math.exp(-10)).toBeCloseTo(1, 12)
    expect(row!.p_bh).toBe(row!.p)
  })
  it('has a reason where there is one subset, or every pair is won', async () => {
    const won = Array.from({ length: 10 }, (_, i) => ({ margin: 1, subset: i < 5 ? 'x' : 'y' }))
    const rows = table(analyse('data', [await runOf('a', won)], settings), 'heterogeneity.csv')
    expect(rows[0]).toMatchObject({ cochran_q: null, p: null, k: 2, reason: 'no_variation' })
    const one = table(analyse('data', [await runOf('a', margins(5, 9))], settings), 'heterogeneity.csv')
    expect(one[0]).toMatchObject({ cochran_q: null, p: null, k: 1, left_out: 0, reason: 'fewer_than_two_subsets' })
  })
})

describe('reference-free against reference', () => {
  it('is tested by subset, adjusted over the subsets, all pairs for itself', async () => {
    const rows = (won: readonly number[]) =>
      won.flatMap((n, s) => Array.from({ length: 20 }, (_, i) => ({ margin: i < n ? 1 : -1, subset: 'xyz'[s]! })))
    const runs = [await runOf('p__vs__r', rows([20, 10, 10])), await runOf('p__ref-free', rows([8, 10, 12]))]
    const [all, ...subsets] = table(analyse('data', runs, settings), 'ref-free.csv')
    // x: 12 pairs that only the reference wins: 2·2⁻¹²; z: 2 the other way: ½; all: 12 against 2 of 14
    expect(subsets.map((row) => row.p)).toEqual([2 ** -11, 1, 0.5])
    expect(subsets.map((row) => row.p_holm)).toEqual([3 * 2 ** -11, 1, 1])
    expect(all!.p).toBeCloseTo((2 * (1 + 14 + 91)) / 2 ** 14, 12)
    expect(all!.p_holm).toBe(all!.p)
    expect(all!.test).toBe('sign_flip')
  })
})

describe('analyze on the cases', () => {
  const run = async (name: string) => {
    const copy = join(folder, `case ${name}`)
    cpSync(packagePath(`test/data/analysis/cases/${name}`), copy, { recursive: true })
    const { code, stdout } = await call('analyze', ['--output-dir', copy, '--quiet'])
    expect(code).toBe(0)
    const read = (dataset: string, file: string): Record<string, string>[] =>
      parse(readFileSync(join(copy, 'analysis', dataset, file)), { columns: true })
    return { stdout, read, copy }
  }
  it('leaderboard-lost: equal on the pairs that both scored', async () => {
    const { stdout, read, copy } = await run('leaderboard-lost')
    const rows = read('lost', 'leaderboard.csv').filter((row) => row.kind === 'rm')
    expect(rows).toMatchObject([
      { scorer: 'full', half: '0.8', n: '75', missing: '0' },
      { scorer: 'skips', half: '0.8', n: '75', missing: '25' },
    ])
    expect(rows[0]!.rank).toBe(rows[1]!.rank)
    expect(stdout).toContain('75 pairs that every ranked model scored, of 100')
    const subsets = readFileSync(join(copy, 'analysis/lost/tables/subsets.md'), 'utf8')
    expect(subsets).toMatch(/\| skips \|.*\| 75 \| 25 \|/)
  })
  it('dupchosen: each completion once', async () => {
    const { read } = await run('dupchosen')
    expect(read('dupchosen', 'distribution.csv')[0]).toMatchObject({ group: 'chosen', n: '20', mean: '5' })
    expect(Number(read('dupchosen', 'separation.csv')[0]!.cohen_d)).toBeCloseTo(0.34, 2)
    expect(read('dupchosen', 'lengths.csv')[0]).toMatchObject({ side: 'chosen', n: '20', pairs: '28' })
  })
})
