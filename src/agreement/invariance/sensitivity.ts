import { spearman } from '../../stats/correlation.ts'
import { kendallTauB } from '../../stats/kendall.ts'
import { weightedKendall, weightedSpearman } from '../../stats/weighted.ts'
import type { Statistic } from '../../types.ts'
import { ClusterDraws } from '../cluster-draws.ts'
import { allRows, clustersOf, coded, notAll, rowsByCode } from '../columns.ts'
import { type BootstrapSettings, streamOf } from '../intervals.ts'
import { type Ratio, ratios } from '../ratios.ts'
import { bootstrappedAll, statistic } from '../statistic.ts'

const SCOPE = 'sensitivity'

/** A right and a wrong answer to one prompt: how far apart as molecules, how far apart in score. */
export interface DistantPair {
  readonly subset: string
  readonly cluster: string
  /** Score of the right one − score of the wrong one; null where one has none. */
  readonly margin: number | null
  /** 1 − Tanimoto similarity of their Morgan environments (radius 2, 2,048 bits); null where one is no molecule. */
  readonly tanimoto: number | null
  /** Edit steps between their canonical SMILES, in tokens (an atom, a bond, a ring digit, a bracket); null likewise. */
  readonly edits: number | null
}

/** A way to say how far two molecules are apart, with bins that are the same for every model and data set. */
interface Measure {
  readonly name: 'tanimoto_distance' | 'edit_distance'
  readonly of: (pair: DistantPair) => number | null
  /** Upper ends of the bins, each included; the last is open. */
  readonly ends: readonly number[]
  readonly names: readonly string[]
}
const MEASURES: readonly Measure[] = [
  {
    name: 'tanimoto_distance',
    of: ({ tanimoto }) => tanimoto,
    ends: [0.2, 0.4, 0.6, 0.8, Number.POSITIVE_INFINITY],
    names: ['0-0.2', '0.2-0.4', '0.4-0.6', '0.6-0.8', '0.8-1'],
  },
  {
    name: 'edit_distance',
    of: ({ edits }) => edits,
    ends: [1, 2, 4, 8, 16, Number.POSITIVE_INFINITY],
    names: ['0-1', '2', '3-4', '5-8', '9-16', '17-'],
  },
]

/** What the page and the tables call a measure. */
export const MEASURE_NAMES: Readonly<Record<Measure['name'], string>> = {
  tanimoto_distance: '1 − Tanimoto',
  edit_distance: 'edit steps',
}

/** A point of the curve of margin over distance. */
export interface SensitivityPoint {
  readonly measure: Measure['name']
  readonly bin: string
  /** Mean distance of the bin's pairs. */
  readonly distance: number
  readonly margin: Statistic
  readonly accuracy: Statistic
}
export interface Sensitivity {
  /** Scope `sensitivity` of agreement.csv. */
  readonly statistics: readonly Statistic[]
  readonly curve: readonly SensitivityPoint[]
}

/**
 * Margin against chemical distance: a score that reads molecules takes a far one for worse than a near one, and a curve that is flat near 0 says
 * from what distance on it notices. Per measure Spearman's ρ and Kendall's τ-b of distance and margin (over all, and by subset), and in fixed
 * bins the mean margin and the half accuracy. Prompts are resampled.
 */
export function sensitivity(pairs: readonly DistantPair[], settings: BootstrapSettings): Sensitivity {
  if (!pairs.some(({ tanimoto, edits }) => tanimoto !== null || edits !== null)) return { statistics: [], curve: [] }
  const subset = coded(
    pairs.map((pair) => pair.subset),
    pairs.length,
  )
  const parts = [
    { name: 'all', rows: allRows(pairs.length), settings },
    ...(subset.names.length < 2
      ? []
      : rowsByCode(subset).map((rows, c) => ({
          name: notAll(subset.names[c]!),
          rows,
          settings: streamOf(settings, subset.names[c]!, subset.names.length),
        }))),
  ]
  const curve = MEASURES.flatMap((measure) => binned(pairs, measure, settings))
  return {
    statistics: [
      ...parts.flatMap(({ name, rows, settings }) =>
        MEASURES.flatMap((measure) =>
          correlations(
            Array.from(rows, (i) => pairs[i]!),
            measure,
            name,
            settings,
          ),
        ),
      ),
      ...curve.flatMap(({ margin, accuracy }) => [margin, accuracy]),
    ],
    curve,
  }
}

interface Known {
  readonly distance: number
  readonly margin: number
  readonly cluster: string
}
const knownOf = (pairs: readonly DistantPair[], { of }: Measure): Known[] =>
  pairs.flatMap((pair) => {
    const distance = of(pair)
    return distance === null || pair.margin === null ? [] : [{ distance, margin: pair.margin, cluster: pair.cluster }]
  })

function correlations(
  pairs: readonly DistantPair[],
  measure: Measure,
  subset: string,
  settings: BootstrapSettings,
): Statistic[] {
  const known = knownOf(pairs, measure)
  const n = known.length
  const { cluster, clusters } = clustered(known)
  const x = Float64Array.from(known, ({ distance }) => distance)
  const y = Float64Array.from(known, ({ margin }) => margin)
  const place = { scope: SCOPE, subset, n, clusters, missing: pairs.length - n }
  const reason = n === 0 ? 'no_pair_of_molecules' : n < 2 ? 'too_few_rows' : 'constant'
  const [rho, tau] = n < 2 ? [null, null] : [spearman(x, y), kendallTauB(x, y)]
  const [rhoCi, tauCi] =
    n < 2
      ? [null, null]
      : (bootstrappedAll(
          [
            { value: rho, evaluate: () => weightedSpearman(x, y, cluster) },
            { value: tau, evaluate: () => weightedKendall(x, y, cluster).tauB },
          ],
          clusters,
          settings,
          n * (5 + Math.log2(Math.max(2, n))),
        ) as [ReturnType<typeof bootstrappedAll>[number], ReturnType<typeof bootstrappedAll>[number]])
  return [
    statistic(place, `spearman_${measure.name}`, rho, rhoCi, reason),
    statistic(place, `kendall_tau_b_${measure.name}`, tau, tauCi, reason),
  ]
}

function binned(pairs: readonly DistantPair[], measure: Measure, settings: BootstrapSettings): SensitivityPoint[] {
  const known = knownOf(pairs, measure)
  const { cluster, clusters } = clustered(known)
  const bins = measure.names.map((name) => ({
    name,
    total: 0,
    n: 0,
    ties: 0,
    counts: new Float64Array(clusters),
    margins: new Float64Array(clusters),
    wins: new Float64Array(clusters),
  }))
  for (const [i, { distance, margin }] of known.entries()) {
    const bin = bins[measure.ends.findIndex((end) => distance <= end)]!
    const c = cluster[i]!
    bin.total += distance
    bin.n++
    bin.counts[c] = bin.counts[c]! + 1
    bin.margins[c] = bin.margins[c]! + margin
    bin.wins[c] = bin.wins[c]! + (margin > 0 ? 1 : margin === 0 ? 0.5 : 0)
    if (margin === 0) bin.ties++
  }
  const filled = bins.filter(({ n }) => n > 0)
  const lines = ratios(
    filled.flatMap(({ name, n, ties, counts, margins, wins }): Ratio[] => {
      const common = { counts, all: n, ties, reason: '' }
      return [
        { ...common, name: `margin@${measure.name}=${name}`, sums: margins, share: false },
        { ...common, name: `accuracy_half@${measure.name}=${name}`, sums: wins, share: true },
      ]
    }),
    { scope: SCOPE, subset: 'all' },
    new ClusterDraws(clusters, settings),
  )
  return filled.map(({ name, total, n }, b) => ({
    measure: measure.name,
    bin: name,
    distance: total / n,
    margin: lines[2 * b]!,
    accuracy: lines[2 * b + 1]!,
  }))
}

function clustered(known: readonly Known[]): { cluster: Int32Array; clusters: number } {
  const prompts = coded(
    known.map(({ cluster }) => cluster),
    known.length,
  )
  return clustersOf(prompts, allRows(known.length))
}

export const SENSITIVITY_COLUMNS = [
  'measure', 'bin', 'distance', 'margin', 'ci_low', 'ci_high', 'accuracy_half', 'half_low', 'half_high', 'ci_method', 'n', 'ties', 'clusters',
] as const // biome-ignore format: in the order of the file

export const sensitivityRow = ({ measure, bin, distance, margin, accuracy }: SensitivityPoint) => [
  measure, bin, distance, margin.value, margin.ciLow, margin.ciHigh, accuracy.value, accuracy.ciLow, accuracy.ciHigh, margin.ciMethod,
  margin.n, margin.ties, margin.clusters,
] // biome-ignore format: in the order of the columns
