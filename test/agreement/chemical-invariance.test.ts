import { describe, expect, it } from 'vitest'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { INVARIANCE_STATISTICS } from '../../src/agreement/codebook/invariance.ts'
import { asMoved, type MovedCompletion, type MovedGroup, movedGroups } from '../../src/agreement/invariance/moves.ts'
import { invarianceStatistics } from '../../src/agreement/invariance/statistics.ts'
import { prng } from '../../src/prng.ts'
import { VARIANT_COLUMNS } from '../../src/report/scores.ts'
import type { CompletionGroup, Statistic } from '../../src/types.ts'
import { groupOfParts } from './group-data.ts'

const SETTINGS = { seed: 0, resamples: 400 }
const FAMILIES: Readonly<Record<string, string>> = {
  order: 'spelling',
  kekule: 'spelling',
  fence: 'format',
  swap: 'molecule',
  ch2: 'molecule',
}
const one = (transformation: string, same: boolean, score: number | null, reward: number | null): MovedCompletion => ({
  transformation,
  family: FAMILIES[transformation] ?? null,
  same,
  score,
  reward,
})
const group = (cluster: string, ...completions: MovedCompletion[]): MovedGroup => asMoved(cluster, completions)
const line = (lines: readonly Statistic[], statistic: string, subset = 'all'): Statistic =>
  lines.find((one) => one.statistic === statistic && one.subset === subset)!

/** Groups whose scores are drawn; few values, so that ties are many, and some absent. */
function drawnGroups(n: number, seed: number): MovedGroup[] {
  const random = prng(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const score = (): number | null => pick([-1, -0.5, 0, 0.5, 1, 2, null])
  return Array.from({ length: n }, (_, g) =>
    group(
      `prompt ${Math.floor(g / 2)}`,
      one('original', true, score() ?? 0.25, pick([1, 1, 0.5, null])),
      ...Array.from({ length: Math.floor(random() * 4) }, () => one(pick(['order', 'kekule', 'fence']), true, score(), pick([1, 0, null]))),
      ...Array.from({ length: Math.floor(random() * 4) }, () => one(pick(['swap', 'ch2']), false, score(), pick([1, 0, 0, null]))),
    ),
  ) // biome-ignore format: one line each
}

// ── every number, written down again as it is defined ───────────────────────────────────────────────────────────────

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length
const sd = (values: readonly number[]): number => {
  const m = mean(values)!
  return Math.sqrt(values.reduce((sum, v) => sum + (v - m) * (v - m), 0) / (values.length - 1))
}
const known = (c: MovedCompletion): c is MovedCompletion & { score: number } => c.score !== null
const rivalsOf = ({ original, others }: MovedGroup): number[] =>
  others
    .filter((c) => !c.same && !(original.reward !== null && c.reward !== null && c.reward >= original.reward))
    .filter(known)
    .map(({ score }) => score)
const passes = (reward: number): boolean => reward >= 1
const keeps = ({ original }: MovedGroup, twin: MovedCompletion): boolean =>
  original.reward === null || twin.reward === null || passes(original.reward) === passes(twin.reward)

function naive(groups: readonly MovedGroup[], has: (c: MovedCompletion) => boolean): Record<string, number | null> {
  const deltas = { twin: [] as number[], changed: [] as number[] }
  const flips: number[] = []
  const lost: number[] = []
  const verdicts: number[] = []
  const spreads: number[] = []
  const spreadsWithMargin: number[] = []
  const margins: number[] = []
  const noticed: number[] = []
  const below: number[] = []
  const areas: number[] = []
  for (const g of groups) {
    const s0 = g.original.score
    const rivals = rivalsOf(g)
    const twins = g.others.filter((c) => c.same && has(c))
    const changed = g.others.filter((c) => !c.same && has(c))
    for (const t of twins)
      if (g.original.reward !== null && t.reward !== null)
        verdicts.push(passes(g.original.reward) === passes(t.reward) ? 0 : 1)
    if (s0 === null) continue
    for (const t of twins.filter(known)) {
      deltas.twin.push(t.score - s0)
      const apart = rivals.filter((c) => c !== s0)
      const turns = apart.map((c) => (t.score === c ? 0.5 : Math.sign(t.score - c) === Math.sign(s0 - c) ? 0 : 1))
      if (turns.length > 0) flips.push(mean(turns)!)
      const beaten = apart.filter((c) => c < s0).map((c) => (t.score === c ? 0.5 : t.score < c ? 1 : 0))
      if (beaten.length > 0) lost.push(mean(beaten)!)
    }
    const margin = mean(rivals.map((c) => Math.abs(s0 - c)))
    const scores = twins.filter(known).map(({ score }) => score)
    if (scores.length > 0) {
      spreads.push(sd([s0, ...scores]))
      if (margin !== null) {
        spreadsWithMargin.push(sd([s0, ...scores]))
        margins.push(margin)
      }
    }
    const still = g.others.filter((c) => c.same && keeps(g, c)).filter(known).map(({ score }) => score) // biome-ignore format: one line
    for (const c of changed.filter(known)) {
      deltas.changed.push(c.score - s0)
      if (still.length > 0) noticed.push(Math.abs(c.score - s0) > sd([s0, ...still]) ? 1 : 0)
      if (g.original.reward !== null && c.reward !== null && c.reward < g.original.reward)
        below.push(c.score < s0 ? 1 : c.score === s0 ? 0.5 : 0)
    }
    const moved = changed.filter(known).map(({ score }) => Math.abs(score - s0))
    const calm = still.map((score) => Math.abs(score - s0))
    if (moved.length > 0 && calm.length > 0)
      areas.push(mean(moved.flatMap((m) => calm.map((c) => (m > c ? 1 : m === c ? 0.5 : 0))))!)
  }
  return {
    mean_abs_delta: mean(deltas.twin.map(Math.abs)),
    mean_delta: mean(deltas.twin),
    flip_rate: mean(flips),
    win_lost_rate: mean(lost),
    score_spread: mean(spreads),
    spread_over_margin: margins.length === 0 ? null : mean(spreadsWithMargin)! / mean(margins)!,
    verdict_changed_rate: mean(verdicts),
    changed_mean_abs_delta: mean(deltas.changed.map(Math.abs)),
    changed_mean_delta: mean(deltas.changed),
    sensitivity: mean(noticed),
    ranked_below_original: mean(below),
    abs_delta_auroc_within_prompt: mean(areas),
  }
}

describe('statistics of invariance', () => {
  const groups = drawnGroups(120, 7)
  const lines = invarianceStatistics(groups, SETTINGS)

  it.each([
    ['all', () => true],
    ['family:spelling', (c: MovedCompletion) => c.family === 'spelling'],
    ['family:molecule', (c: MovedCompletion) => c.family === 'molecule'],
    ['kekule', (c: MovedCompletion) => c.transformation === 'kekule'],
    ['fence', (c: MovedCompletion) => c.transformation === 'fence'],
    ['swap', (c: MovedCompletion) => c.transformation === 'swap'],
  ] as const)('%s: each is what its definition says', (subset, has) => {
    const want = naive(groups, has)
    const got = lines.filter((one) => one.subset === subset && one.statistic in want)
    expect(got.length).toBeGreaterThan(4)
    for (const { statistic, value } of got)
      if (want[statistic] === null) expect(value, statistic).toBeNull()
      else expect(Math.abs(value! - want[statistic]!), `${statistic}: ${value}`).toBeLessThan(1e-12)
  })
  it('verdict:kept is over the twins whose verdict is the original’s', () => {
    const want = naive(
      groups.map((g) => ({ ...g, others: g.others.filter((c) => !c.same || keeps(g, c)) })),
      ({ same }) => same,
    )
    for (const name of ['flip_rate', 'mean_abs_delta', 'score_spread', 'spread_over_margin'])
      expect(Math.abs(line(lines, name, 'verdict:kept').value! - want[name]!), name).toBeLessThan(1e-12)
    expect(line(lines, 'verdict_changed_rate', 'verdict:kept').value).toBe(0)
  })
  it('the pooled AUROC is the share of couples, changed against twin', () => {
    const [still, moved]: [number[], number[]] = [[], []]
    for (const g of groups)
      for (const c of g.others)
        if (g.original.score !== null && c.score !== null && (!c.same || keeps(g, c)))
          (c.same ? still : moved).push(Math.abs(c.score - g.original.score))
    const couples = moved.flatMap((m) => still.map((s) => (m > s ? 1 : m === s ? 0.5 : 0)))
    expect(line(lines, 'abs_delta_auroc').value).toBeCloseTo(mean(couples)!, 12)
  })
  it('counts completions, prompts, ties and what is missing', () => {
    const twins = groups.flatMap(({ original, others }) =>
      others.filter((c) => c.same).map((c) => [original, c] as const),
    )
    const scored = twins.filter(([o, c]) => o.score !== null && c.score !== null)
    expect(line(lines, 'mean_abs_delta')).toMatchObject({
      n: scored.length,
      missing: twins.length - scored.length,
      ties: scored.filter(([o, c]) => o.score === c.score).length,
    })
    expect(line(lines, 'mean_abs_delta').clusters).toBeLessThanOrEqual(60)
  })
  it('every one has a sentence in the code book, and every interval a method', () => {
    for (const { statistic, value, ciLow, ciMethod } of lines) {
      expect(INVARIANCE_STATISTICS, statistic).toHaveProperty(statistic)
      if (value !== null && ciLow === null) expect(ciMethod).toMatch(/^none: /)
    }
    expect(undocumented({ 'scores.csv': VARIANT_COLUMNS })).toEqual([])
  })
  it('the order of the groups changes nothing', () => {
    const shuffled = invarianceStatistics([...groups].reverse(), SETTINGS)
    for (const { statistic, subset, value, ciLow, ciHigh } of lines.filter((one) => one.subset === 'all')) {
      const other = line(shuffled, statistic, subset)
      if (value === null) expect(other.value).toBeNull()
      else expect(other.value, statistic).toBeCloseTo(value, 12)
      if (ciLow !== null)
        expect([other.ciLow! - ciLow, other.ciHigh! - ciHigh!].every((d) => Math.abs(d) < 1e-9)).toBe(true)
    }
  })
})

describe('scorers that are known', () => {
  /** SMILES and chemistry of the answers: a string, and which molecule it is. */
  const answers = [
    { transformation: 'original', same: true, text: 'c1ccccc1C', molecule: 'toluene' },
    { transformation: 'order', same: true, text: 'Cc1ccccc1', molecule: 'toluene' },
    { transformation: 'kekule', same: true, text: 'C1=CC=CC=C1C', molecule: 'toluene' },
    { transformation: 'hydrogens', same: true, text: '[cH]1[cH][cH][cH][cH]c1[CH3]', molecule: 'toluene' },
    { transformation: 'swap', same: false, text: 'c1ccncc1C', molecule: 'picoline' },
    { transformation: 'ch2', same: false, text: 'c1ccccc1CC', molecule: 'ethylbenzene' },
  ]
  const by = (score: (answer: (typeof answers)[number]) => number): Statistic[] =>
    invarianceStatistics(
      Array.from({ length: 30 }, (_, g) =>
        group(
          `prompt ${g}`,
          ...answers.map((a) => one(a.transformation, a.same, score(a) + g, a.molecule === 'toluene' ? 1 : 0)),
        ),
      ),
      SETTINGS,
    )
  const VALUE: Readonly<Record<string, number>> = { toluene: 2, picoline: 1, ethylbenzene: 0.5 }

  it('one that reads the molecule alone has 0 flips, no spread, and notices every change', () => {
    const lines = by(({ molecule }) => VALUE[molecule]!)
    for (const name of ['flip_rate', 'win_lost_rate', 'mean_abs_delta', 'score_spread', 'spread_over_margin'])
      expect(line(lines, name), name).toMatchObject({ value: 0 })
    for (const name of ['sensitivity', 'abs_delta_auroc_within_prompt', 'abs_delta_auroc', 'ranked_below_original'])
      expect(line(lines, name), name).toMatchObject({ value: 1 })
    // Wilson over 30 prompts at 0: its upper limit is z²/(n + z²)
    expect(line(lines, 'flip_rate').ciHigh).toBeCloseTo(1.959963984540054 ** 2 / (30 + 1.959963984540054 ** 2), 12)
  })
  it('one of the length of the SMILES is caught', () => {
    const lines = by(({ text }) => -text.length)
    // as short as it is, the original is no shorter than one rival, and shorter than the other
    expect(line(lines, 'flip_rate', 'hydrogens').value).toBe(1)
    expect(line(lines, 'flip_rate').value).toBeGreaterThan(0.3)
    expect(line(lines, 'flip_rate').ciLow).toBeNull()
    expect(line(lines, 'spread_over_margin').value).toBeGreaterThan(1)
    expect(line(lines, 'abs_delta_auroc_within_prompt').value).toBeLessThan(0.5)
  })
  it('a constant one says nothing, with reasons', () => {
    const lines = by(() => 0)
    expect(line(lines, 'flip_rate')).toMatchObject({ value: null, reason: 'no_scored_rival' })
    expect(line(lines, 'spread_over_margin')).toMatchObject({ value: null, reason: 'no_margin' })
    expect(line(lines, 'sensitivity').value).toBe(0)
    expect(line(lines, 'abs_delta_auroc_within_prompt').value).toBe(0.5)
    expect(line(lines, 'ranked_below_original')).toMatchObject({ value: 0.5, ties: 60 })
  })
  it('another right answer is no rival: a formula has many isomers', () => {
    const lines = invarianceStatistics(
      [
        group('a', one('original', true, 1, 1), one('order', true, 0, 1), one('swap', false, 0.5, 1)),
        group('b', one('original', true, 1, 1), one('order', true, 0, 1), one('swap', false, 0.5, 0)),
      ],
      SETTINGS,
    )
    expect(line(lines, 'flip_rate')).toMatchObject({ value: 1, n: 1, missing: 1 })
    expect(line(lines, 'ranked_below_original')).toMatchObject({ value: 1, n: 1, missing: 1 })
  })
  it('an original without a score leaves its group missing', () => {
    const lines = invarianceStatistics(
      [group('a', one('original', true, null, 1), one('order', true, 0, 1), one('swap', false, 0.5, 0))],
      SETTINGS,
    )
    expect(line(lines, 'mean_delta')).toMatchObject({ value: null, n: 0, missing: 1, reason: 'no_scored_twin' })
    expect(line(lines, 'verdict_changed_rate')).toMatchObject({ value: 0, n: 1 })
  })
})

describe('intervals', () => {
  it('cover the truth about as often as they say, though twins of a prompt go together', () => {
    let covered = 0
    const studies = 200
    for (let study = 0; study < studies; study++) {
      const random = prng(1000 + study)
      const noise = (): number => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6)
      const lines = invarianceStatistics(
        Array.from({ length: 40 }, (_, g) => {
          const shift = 0.3 + noise()
          return group(
            `prompt ${g}`,
            one('original', true, 0, 1),
            ...Array.from({ length: 5 }, () => one('order', true, shift + 0.2 * noise(), 1)),
          )
        }),
        { seed: study, resamples: 300 },
      )
      const { ciLow, ciHigh } = line(lines, 'mean_delta')
      if (ciLow! <= 0.3 && 0.3 <= ciHigh!) covered++
    }
    // 95 % less what the percentile bootstrap of 40 prompts is short of, and three standard errors; row by row it would be near 60 %
    expect(covered / studies).toBeGreaterThan(0.88)
    expect(covered / studies).toBeLessThan(0.995)
  })
})

describe('groups of a run', () => {
  const withVariants = (names: readonly (readonly [string, boolean] | null)[]): CompletionGroup => {
    const made = groupOfParts('g', names.map((_, i) => ({ reward: 1, score: i })))
    return {
      ...made,
      completions: made.completions.map((c, i) => {
        const said = names[i]!
        return said === null ? c : { ...c, variant: { transformation: said[0], same: said[1], family: null } }
      }),
    }
  } // biome-ignore format: one line each
  it('take the completion called original, else the first, and leave out what says nothing', () => {
    const [named] = movedGroups([withVariants([['x', true], ['original', true], null, ['y', false]])])
    expect(named!.original.score).toBe(1)
    expect(named!.others.map(({ transformation }) => transformation)).toEqual(['x', 'y'])
    const [first] = movedGroups([
      withVariants([
        ['a', true],
        ['b', false],
      ]),
    ])
    expect(first!.original.transformation).toBe('a')
    expect(movedGroups([withVariants([null, null])])).toEqual([])
    expect(invarianceStatistics([], SETTINGS)).toEqual([])
  })
})
