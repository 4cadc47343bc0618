import { type Interval, indexClusters } from '../stats/bootstrap.ts'
import { bootstrapSums } from '../stats/sums.ts'
import type { ScoredPair } from '../types.ts'
import { allRows, type Coded, coded, filterRows, type PairColumns, pick, rowsByCode } from './columns.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS, intervalOf, randomOf, streamOf } from './intervals.ts'
import { type SectionPart, sectionInterval } from './section.ts'
import { CHEM_PAIRS_SECTIONS, REWARDBENCH_SECTIONS, SECTION_WEIGHTS, weightedMean } from './sections.ts'

export { type BootstrapSettings, bootstrapMethod, DEFAULT_SETTINGS } from './intervals.ts'

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

/** Accuracy of pairs given as columns: `margin` NaN = not scored, `cluster` codes of the prompts. */
function measure(margin: Float64Array, cluster: Int32Array, settings: BootstrapSettings): Measured {
  const scored = filterRows(allRows(margin.length), (i) => !Number.isNaN(margin[i]))
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
    randomOf(settings),
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
  const [strict, half] = distributions
  const [strictCi, halfCi] = [
    intervalOf(accuracy.strict, strict!, clusters, settings, true),
    intervalOf(accuracy.half, half!, clusters, settings, true),
  ]
  const ci = { strict: strictCi.interval, half: halfCi.interval, method: methodOf(strictCi.method, halfCi.method) }
  if (clusters < 2) return { accuracy: { ...accuracy, ci }, strict: null, half: null }
  return { accuracy: { ...accuracy, ci }, strict: strict!, half: half! }
}

const methodOf = (strict: string | null, half: string | null): string | null =>
  strict === half ? strict : `${strict}; half: ${half}`

/** What accuracy needs of pairs as columns. */
export type AccuracyColumns = Pick<PairColumns, 'margin' | 'subset' | 'cluster'>

function columnsOf(rows: readonly AccuracyRow[]): AccuracyColumns {
  const column = (name: 'subset' | 'cluster'): Coded =>
    coded(
      rows.map((row) => row[name]),
      rows.length,
    )
  return {
    margin: Float64Array.from(rows, ({ margin }) => margin ?? Number.NaN),
    subset: column('subset'),
    cluster: column('cluster'),
  }
}

/** Accuracy of any pairs. */
export function accuracyOf(rows: readonly AccuracyRow[], settings: BootstrapSettings = DEFAULT_SETTINGS): Accuracy {
  const { margin, cluster } = columnsOf(rows)
  return measure(margin, cluster.code, settings).accuracy
}

/** Weighted mean of the subsets with a scored pair, and its intervals. */
function section(
  name: string,
  { margin, cluster }: AccuracyColumns,
  parts: readonly (readonly [string, Measured, Int32Array])[],
  weights: Readonly<Record<string, number>>,
  settings: BootstrapSettings,
): SectionAccuracy {
  const used = parts.filter(([, { accuracy }]) => accuracy.n > 0)
  const at = (key: 'strict' | 'half' | 'tie_rate'): number | null =>
    weightedMean(used.map(([subset, { accuracy }]) => ({ value: accuracy[key], weight: weights[subset]! })))
  const sum = (key: 'ties' | 'n' | 'missing'): number => parts.reduce((total, [, m]) => total + m.accuracy[key], 0)
  const scored = used.map(([, , rows]) => filterRows(rows, (row) => !Number.isNaN(margin[row])))
  const prompts = scored.map((rows) => rows.map((row) => cluster.code[row]!))
  const interval = (key: 'strict' | 'half') =>
    sectionInterval(
      name,
      used.map(
        ([subset, measured], s): SectionPart => ({
          name: subset,
          weight: weights[subset]!,
          value: measured.accuracy[key]!,
          own: { interval: measured.accuracy.ci[key], method: measured.accuracy.ci.method },
          distribution: measured[key],
          cluster: prompts[s]!,
          counts: Float64Array.from(scored[s]!, (row) =>
            margin[row]! > 0 ? 1 : margin[row] === 0 && key === 'half' ? 0.5 : 0,
          ),
        }),
      ),
      settings,
    )
  const [strict, half] = [interval('strict'), interval('half')]
  return {
    strict: at('strict'),
    half: at('half'),
    ties: sum('ties'),
    tie_rate: at('tie_rate'),
    n: sum('n'),
    missing: sum('missing'),
    clusters: new Set(prompts.flatMap((codes) => [...codes])).size,
    ci: { strict: strict.interval, half: half.interval, method: methodOf(strict.method, half.method) },
    reason: used.length === 0 ? 'no_scored_pairs' : null,
    weights: Object.fromEntries(used.map(([subset]) => [subset, weights[subset]!])),
  }
}

/**
 * Accuracy overall (every scored pair counts the same), by subset, and by the sections of RewardBench and of chem-pairs-v1 where their
 * subsets are present (weights: their example counts; definitions in sections.ts). A section without a scored pair is absent, not 0.
 * @example accuracyBySubset([{ subset: 'a', cluster: '1', margin: 0.5 }]).overall.strict // 1
 */
export const accuracyBySubset = (
  rows: readonly AccuracyRow[],
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): AccuracyTable => accuracyTable(columnsOf(rows), settings)

/** The same of columns. Memory: 4 bytes per pair, and 20 to 60 while a subset, or all, is measured. */
export function accuracyTable(columns: AccuracyColumns, settings: BootstrapSettings = DEFAULT_SETTINGS): AccuracyTable {
  const { margin, subset, cluster } = columns
  const groups = rowsByCode(subset)
    .map((rows, code) => [subset.names[code]!, rows] as const)
    .filter(([, rows]) => rows.length > 0)
    .sort(([, a], [, b]) => a[0]! - b[0]!)
  const bySubset = new Map(groups)
  const measured = new Map(
    groups.map(([name, rows]) => {
      const { accuracy, strict, half } = measure(
        pick(margin, rows),
        rows.map((row) => cluster.code[row]!),
        streamOf(settings, name, groups.length),
      )
      // 32 kB of resamples per subset: sections alone have a use for them
      return [
        name,
        IN_SECTIONS.has(name) ? { accuracy, strict, half } : { accuracy, strict: null, half: null },
      ] as const
    }),
  )
  const sections: Record<string, SectionAccuracy> = {}
  for (const [name, weights] of Object.entries(SECTIONS)) {
    const parts = Object.keys(weights).flatMap((s): [string, Measured, Int32Array][] => {
      const m = measured.get(s)
      return m === undefined ? [] : [[s, m, bySubset.get(s)!]]
    })
    if (parts.some(([, m]) => m.accuracy.n > 0)) sections[name] = section(name, columns, parts, weights, settings)
  }
  const scored = [...measured.values()].map((m) => m.accuracy).filter((a) => a.strict !== null)
  const macro = (key: 'strict' | 'half'): number | null =>
    weightedMean(scored.map((a) => ({ value: a[key], weight: 1 })))
  return {
    overall: measure(margin, cluster.code, settings).accuracy,
    sections,
    subsets: Object.fromEntries([...measured].map(([name, m]) => [name, m.accuracy])),
    macro: { strict: macro('strict'), half: macro('half') },
    rewardbench: Object.keys(sections).some(isRewardBench) ? rewardBenchScore(sections) : null,
  }
}

const SECTIONS = { ...REWARDBENCH_SECTIONS, ...CHEM_PAIRS_SECTIONS }
const IN_SECTIONS: ReadonlySet<string> = new Set(Object.values(SECTIONS).flatMap((weights) => Object.keys(weights)))
const isRewardBench = (section: string): boolean => Object.hasOwn(REWARDBENCH_SECTIONS, section)

/** RewardBench's overall: the four sections at weight 1, Prior Sets at ½ where present. It counts an absent section as 0; we give null. */
function rewardBenchScore(sections: Readonly<Record<string, Accuracy>>): NonNullable<AccuracyTable['rewardbench']> {
  const absent = Object.keys(SECTION_WEIGHTS).filter((s) => s !== 'Prior Sets' && sections[s] === undefined)
  if (absent.length > 0) return { score: null, reason: `section_absent: ${absent.join(', ')}` }
  const score = weightedMean(
    Object.entries(sections)
      .filter(([name]) => isRewardBench(name))
      .map(([name, s]) => ({ value: s.strict, weight: SECTION_WEIGHTS[name]! })),
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
  cluster: { readonly code: Int32Array },
  rows: Int32Array,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): Accuracy =>
  measure(
    pick(margin, rows),
    rows.map((i) => cluster.code[i]!),
    settings,
  ).accuracy
