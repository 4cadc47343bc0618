import { prng } from '../prng.ts'
import { type Interval, indexClusters, percentileInterval } from '../stats/bootstrap.ts'
import { bootstrapSums } from '../stats/sums.ts'
import { wilson } from '../stats/wilson.ts'
import type { ScoredPair } from '../types.ts'
import { REWARDBENCH_SECTIONS, SECTION_WEIGHTS, weightedMean } from './sections.ts'

export interface BootstrapSettings {
  readonly seed: number
  readonly resamples: number
}
export const DEFAULT_SETTINGS: BootstrapSettings = { seed: 0, resamples: 2000 }

/** Accuracy of one set of pairs, in summary.json's form. */
export interface Accuracy {
  /** Share of scored pairs with margin > 0; null without a scored pair. */
  readonly strict: number | null
  /** The same with a tie as ½. */
  readonly half: number | null
  /** Scored pairs with margin = 0. */
  readonly ties: number
  readonly tie_rate: number | null
  /** Scored pairs. */
  readonly n: number
  /** Pairs without a margin: not scored, in no number above. */
  readonly missing: number
  /** Prompts among the scored pairs. */
  readonly clusters: number
  readonly ci: { readonly strict: Interval | null; readonly half: Interval | null; readonly method: string | null }
  /** Why the values are null. */
  readonly reason: string | null
}
/** Weighted mean over subsets, with the weights that were used. */
export interface SectionAccuracy extends Accuracy {
  readonly weights: Readonly<Record<string, number>>
}
export interface AccuracyTable {
  readonly overall: Accuracy
  readonly sections: Readonly<Record<string, SectionAccuracy>>
  readonly subsets: Readonly<Record<string, Accuracy>>
  /** Mean over subsets, each counting the same. */
  readonly macro: { readonly strict: number | null; readonly half: number | null }
  /** RewardBench's overall score; null unless its four sections are all present. */
  readonly rewardbench: { readonly score: number | null; readonly reason: string | null } | null
}
/** summary.json. */
export interface Summary {
  readonly accuracy: AccuracyTable
}

/** What accuracy needs of a pair; a ScoredPair is one. */
export type AccuracyRow = Pick<ScoredPair, 'subset' | 'cluster' | 'margin'>

interface Measured {
  readonly accuracy: Accuracy
  /** Bootstrap distributions, null for fewer than two clusters. */
  readonly strict: Float64Array | null
  readonly half: Float64Array | null
}

const NONE: Accuracy['ci'] = { strict: null, half: null, method: null }

/** Accuracy of pairs given as columns: `margin` NaN = not scored, `cluster` any labels. */
function measure(margin: ArrayLike<number>, cluster: readonly string[], settings: BootstrapSettings): Measured {
  const scored: number[] = []
  for (let i = 0; i < margin.length; i++) if (!Number.isNaN(margin[i])) scored.push(i)
  const missing = margin.length - scored.length
  const n = scored.length
  if (n === 0) {
    const reason = margin.length === 0 ? 'no_pairs' : 'no_scored_pairs'
    const accuracy = { strict: null, half: null, ties: 0, tie_rate: null, n, missing, clusters: 0, ci: NONE, reason }
    return { accuracy, strict: null, half: null }
  }
  const { cluster: of, clusters } = indexClusters(scored.map((i) => cluster[i]!))
  const wins = new Float64Array(clusters)
  const ties = new Float64Array(clusters)
  const rows = new Float64Array(clusters)
  scored.forEach((i, k) => {
    const c = of[k]!
    const m = margin[i]!
    rows[c] = rows[c]! + 1
    if (m > 0) wins[c] = wins[c]! + 1
    else if (m === 0) ties[c] = ties[c]! + 1
  })
  const { estimates, distributions } = bootstrapSums(
    [rows, wins, ties],
    2,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
      out[1] = (sums[1]! + sums[2]! / 2) / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    prng(settings.seed),
  )
  const tieCount = ties.reduce((a, b) => a + b, 0)
  const accuracy = {
    strict: estimates[0]!,
    half: estimates[1]!,
    ties: tieCount,
    tie_rate: tieCount / n,
    n,
    missing,
    clusters,
    reason: null,
  }
  if (clusters < 2) return { accuracy: { ...accuracy, ci: NONE }, strict: null, half: null }
  const [strict, half] = distributions
  const [strictCi, halfCi] = [
    proportionInterval(accuracy.strict, strict!, clusters, settings),
    proportionInterval(accuracy.half, half!, clusters, settings),
  ]
  const method = strictCi.method === halfCi.method ? strictCi.method : `${strictCi.method}; half: ${halfCi.method}`
  const ci = { strict: strictCi.interval, half: halfCi.interval, method }
  return { accuracy: { ...accuracy, ci }, strict: strict!, half: half! }
}

/**
 * Interval of a proportion from its bootstrap distribution. At exactly 0 or 1 resampling cannot see the uncertainty: Wilson's
 * interval with prompts as the sample size instead. Any other constant distribution (all ties) has none.
 */
export function proportionInterval(
  value: number,
  distribution: Float64Array,
  clusters: number,
  settings: BootstrapSettings,
): { interval: Interval | null; method: string } {
  if (value === 0 || value === 1) return { interval: wilson(value * clusters, clusters), method: 'wilson over prompts' }
  const interval = percentileInterval(distribution)
  const flat = interval === null || interval.low === interval.high
  return flat ? { interval: null, method: 'none' } : { interval, method: bootstrapMethod(settings) }
}

/** ci_method of a percentile bootstrap over prompts. */
export const bootstrapMethod = ({ resamples, seed }: BootstrapSettings): string =>
  `cluster bootstrap, percentile, ${resamples} resamples, seed ${seed}`

/** Accuracy of any pairs. */
export function accuracyOf(rows: readonly AccuracyRow[], settings: BootstrapSettings = DEFAULT_SETTINGS): Accuracy {
  return measureRows(rows, settings).accuracy
}
const measureRows = (rows: readonly AccuracyRow[], settings: BootstrapSettings): Measured =>
  measure(
    rows.map((r) => r.margin ?? Number.NaN),
    rows.map((r) => r.cluster),
    settings,
  )

/** Σ weight·distribution / Σ weight, resample by resample: subsets are resampled independently of each other. */
function combine(distributions: readonly (Float64Array | null)[], weights: readonly number[]): Float64Array | null {
  if (distributions.some((d) => d === null)) return null
  const total = weights.reduce((a, b) => a + b, 0)
  const out = new Float64Array(distributions[0]!.length)
  distributions.forEach((d, s) => {
    for (let b = 0; b < out.length; b++) out[b] = out[b]! + (d![b]! * weights[s]!) / total
  })
  return out
}

function section(parts: readonly [string, Measured][], weights: Readonly<Record<string, number>>): SectionAccuracy {
  const used = parts.filter(([, m]) => m.accuracy.strict !== null)
  const at = (key: 'strict' | 'half' | 'tie_rate'): number | null =>
    weightedMean(used.map(([name, m]) => ({ value: m.accuracy[key], weight: weights[name]! })))
  const sum = (key: 'ties' | 'n' | 'missing' | 'clusters'): number =>
    parts.reduce((total, [, m]) => total + m.accuracy[key], 0)
  const w = used.map(([name]) => weights[name]!)
  const interval = (key: 'strict' | 'half'): Interval | null => {
    // A lone subset keeps its own interval (Wilson's at 0 and 1).
    if (used.length === 1) return used[0]![1].accuracy.ci[key]
    const all =
      used.length === 0
        ? null
        : combine(
            used.map(([, m]) => m[key]),
            w,
          )
    return all === null || all.every((v) => v === all[0]) ? null : percentileInterval(all)
  }
  const strict = interval('strict')
  const method = used.length === 1 ? used[0]![1].accuracy.ci.method : 'cluster bootstrap within subsets, percentile'
  return {
    strict: at('strict'),
    half: at('half'),
    ties: sum('ties'),
    tie_rate: at('tie_rate'),
    n: sum('n'),
    missing: sum('missing'),
    clusters: sum('clusters'),
    ci: { strict, half: interval('half'), method: strict === null ? null : method },
    reason: used.length === 0 ? 'no_scored_pairs' : null,
    weights: Object.fromEntries(used.map(([name]) => [name, weights[name]!])),
  }
}

/**
 * Accuracy overall (every scored pair counts the same), by subset, and by RewardBench's sections where its subsets are
 * present (weights: its example counts; definitions in sections.ts). A section without a scored pair is absent, not 0.
 * @example accuracyBySubset([{ subset: 'a', cluster: '1', margin: 0.5 }]).overall.strict // 1
 */
export function accuracyBySubset(
  rows: readonly AccuracyRow[],
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): AccuracyTable {
  const bySubset = new Map<string, AccuracyRow[]>()
  for (const row of rows) {
    const group = bySubset.get(row.subset)
    if (group === undefined) bySubset.set(row.subset, [row])
    else group.push(row)
  }
  const measured = new Map([...bySubset].map(([name, group]) => [name, measureRows(group, settings)] as const))
  const sections: Record<string, SectionAccuracy> = {}
  for (const [name, weights] of Object.entries(REWARDBENCH_SECTIONS)) {
    const parts = Object.keys(weights).flatMap((s): [string, Measured][] => {
      const m = measured.get(s)
      return m === undefined ? [] : [[s, m]]
    })
    if (parts.some(([, m]) => m.accuracy.n > 0)) sections[name] = section(parts, weights)
  }
  const scored = [...measured.values()].map((m) => m.accuracy).filter((a) => a.strict !== null)
  const macro = (key: 'strict' | 'half'): number | null =>
    weightedMean(scored.map((a) => ({ value: a[key], weight: 1 })))
  return {
    overall: measureRows(rows, settings).accuracy,
    sections,
    subsets: Object.fromEntries([...measured].map(([name, m]) => [name, m.accuracy])),
    macro: { strict: macro('strict'), half: macro('half') },
    rewardbench: Object.keys(sections).length === 0 ? null : rewardBenchScore(sections),
  }
}

/** RewardBench's overall: the four sections at weight 1, Prior Sets at ½ where present. It counts an absent section as 0; we give null. */
function rewardBenchScore(sections: Readonly<Record<string, Accuracy>>): NonNullable<AccuracyTable['rewardbench']> {
  const absent = Object.keys(SECTION_WEIGHTS).filter((s) => s !== 'Prior Sets' && sections[s] === undefined)
  if (absent.length > 0) return { score: null, reason: `section_absent: ${absent.join(', ')}` }
  const score = weightedMean(
    Object.entries(sections).map(([name, s]) => ({ value: s.strict, weight: SECTION_WEIGHTS[name]! })),
  )
  return { score, reason: null }
}

/** summary.json of a run. */
export const summarise = (pairs: readonly AccuracyRow[], settings: BootstrapSettings = DEFAULT_SETTINGS): Summary => ({
  accuracy: accuracyBySubset(pairs, settings),
})

/** Accuracy of chosen rows of columns; `margin` NaN = not scored. */
export const accuracyOfColumns = (
  margin: Float64Array,
  cluster: { readonly code: Int32Array; readonly names: readonly string[] },
  rows: Int32Array,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): Accuracy =>
  measure(
    Float64Array.from(rows, (i) => margin[i]!),
    Array.from(rows, (i) => cluster.names[cluster.code[i]!]!),
    settings,
  ).accuracy
