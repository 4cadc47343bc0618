import { below, prng } from '../prng.ts'
import { brier, calibrationBins, expectedCalibrationError, logLoss } from '../stats/calibration.ts'
import { sum } from '../stats/descriptive.ts'
import { isotonic } from '../stats/isotonic.ts'
import { fitColumns, type LogisticFailure, sigmoid, softplus } from '../stats/logistic.ts'
import { sortOrder } from '../stats/sort-order.ts'
import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import { wilson } from '../stats/wilson.ts'
import type { Statistic } from '../types.ts'
import { CLOSED_FROM, closedInterval, closedRatio } from './closed-form.ts'
import { allRows, clustersOf, filterRows, type PairColumns, pick, valuesOf } from './columns.ts'
import { passes } from './completions.ts'
import { type BootstrapSettings, intervalOf, randomOf } from './intervals.ts'
import { promptDraws } from './prompt-draws.ts'
import type { CompletionSample, PairSample } from './sample.ts'
import { type Place, statistic } from './statistic.ts'

/** Folds of the cross-fit, made of whole prompts. */
export const FOLDS = 5
const BINS = 10

/** A fold 0 … FOLDS − 1 for each prompt, sizes equal within one, shuffled by the seed. */
export function promptFolds(clusters: number, seed: number): Int32Array {
  const random = prng(seed)
  const folds = Int32Array.from({ length: clusters }, (_, c) => c % FOLDS)
  for (let i = clusters - 1; i > 0; i--) {
    const j = below(random, i + 1)
    ;[folds[i], folds[j]] = [folds[j]!, folds[i]!]
  }
  return folds
}

/**
 * Temperature of the Bradley–Terry model P(chosen preferred) = σ(t · margin): the t > 0 with the least log loss. The label of
 * a pair is fixed, so no intercept is fitted (each pair counts in both orders, which cancels one). null where every margin is
 * positive (t → ∞), or the best t is not positive.
 */
export function fitTemperature(margins: ArrayLike<number>): number | null {
  let negative = false
  let scale = 0
  for (let i = 0; i < margins.length; i++) {
    negative ||= margins[i]! < 0
    scale = Math.max(scale, Math.abs(margins[i]!))
  }
  if (!negative || scale === 0) return null
  // Convex in t: bisection on the derivative Σ −m·σ(−t·m), which is monotone.
  const slope = (t: number): number => {
    let total = 0
    for (let i = 0; i < margins.length; i++) total -= margins[i]! * sigmoid(-t * margins[i]!)
    return total
  }
  if (slope(0) >= 0) return null
  let high = 1 / scale
  while (slope(high) < 0) {
    high *= 2
    if (!Number.isFinite(high)) return null
  }
  let low = 0
  // Newton's steps, and a bisection where one leaves the bracket: quadratic, so the last step is far below its size.
  let t = high
  for (let i = 0; i < 100 && high - low > 1e-15 * high; i++) {
    let [first, second] = [0, 0]
    for (let k = 0; k < margins.length; k++) {
      const m = margins[k]!
      const p = sigmoid(-t * m)
      first -= m * p
      second += m * m * p * (1 - p)
    }
    if (first < 0) low = t
    else high = t
    const next = t - first / second
    if (Math.abs(next - t) <= 1e-14 * t) return next
    t = next > low && next < high ? next : (low + high) / 2
  }
  return t
}

/** Each margin scaled by the temperature of the other folds; null where a fold has none. */
export function crossFitted(
  margins: Float64Array,
  cluster: Int32Array,
  clusters: number,
  seed: number,
): Float64Array | null {
  if (clusters < FOLDS) return null
  const folds = promptFolds(clusters, seed)
  const out = new Float64Array(margins.length)
  for (let f = 0; f < FOLDS; f++) {
    const t = fitTemperature(margins.filter((_, i) => folds[cluster[i]!] !== f))
    if (t === null) return null
    margins.forEach((m, i) => {
      if (folds[cluster[i]!] === f) out[i] = t * m
    })
  }
  return out
}

/**
 * Calibration of pairs in the symmetric form (each pair in both orders, so that a constant offset cannot look calibrated):
 * brier, log_loss, ece, sharpness at temperature 1 and cross-fitted by prompt; temperature on all pairs; confident_wrong =
 * share with P(chosen) < 0.1 at temperature 1.
 */
export function pairCalibration({ columns, rows, scope, subset, settings }: PairSample): Statistic[] {
  const scored = filterRows(rows, (i) => !Number.isNaN(columns.margin[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, scored)
  const margins = pick(columns.margin, scored)
  const n = scored.length
  const place: Place = { scope, subset, n, clusters, missing: rows.length - n }
  const none = 'no_scored_pairs'
  const temperature = fitTemperature(margins)
  const fitted = crossFitted(margins, cluster, clusters, settings.seed)
  const noFit = n === 0 ? none : clusters < FOLDS ? 'too_few_prompts' : 'no_finite_temperature'
  const [plain, crossed] = lossStatistics([margins, fitted], cluster, clusters, place, [none, noFit], settings)
  return [
    ...plain!,
    statistic(place, 'temperature', temperature, null, n === 0 ? none : 'no_finite_temperature'),
    ...crossed!,
  ]
}

/** What a margin costs, and the greatest that it can. */
interface Loss {
  readonly name: string
  readonly of: (margin: number) => number
  readonly high: number
}
const LOSSES: readonly Loss[] = [
  { name: 'brier', of: (m) => sigmoid(-m) ** 2, high: 1 },
  { name: 'log_loss', of: (m) => softplus(-m), high: Number.POSITIVE_INFINITY },
  { name: 'sharpness', of: (m) => Math.abs(sigmoid(m) - 0.5), high: 0.5 },
  { name: 'confident_wrong', of: (m) => (sigmoid(m) < 0.1 ? 1 : 0), high: 1 },
]
const SUFFIXES = ['', '_cross_fitted'] as const

/**
 * Brier, log loss, sharpness (and at temperature 1 confident_wrong) of both temperatures, closed or from one bootstrap; ECE without an
 * interval.
 */
function lossStatistics(
  variants: readonly (Float64Array | null)[],
  cluster: Int32Array,
  clusters: number,
  place: Place,
  reasons: readonly string[],
  settings: BootstrapSettings,
): Statistic[][] {
  const wanted = variants.flatMap((margins, v) =>
    LOSSES.slice(0, v === 0 ? 4 : 3).map((loss) => ({ loss, margins, v })),
  )
  const made = wanted.filter((w) => w.margins !== null && w.margins.length > 0)
  const rows = clusterTotals(cluster, clusters, () => 1)
  const totals = made.map(({ loss, margins }) => clusterTotals(cluster, clusters, (k) => loss.of(margins![k]!)))
  const n = place.n
  const closed = totals.map((total, s) =>
    clusters < CLOSED_FROM ? null : closedInterval(sum(total) / n, closedRatio(total, rows, 0, made[s]!.loss.high)),
  )
  // What has no closed form is resampled: together, so that one draw serves all.
  const open = [...totals.keys()].filter((s) => closed[s] === null)
  const { estimates, distributions } = bootstrapSums(
    [rows, ...open.map((s) => totals[s]!)],
    open.length,
    (sums, out) => {
      for (let s = 0; s < out.length; s++) out[s] = sums[s + 1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
    promptDraws(clusters, settings),
  )
  return variants.map((margins, v) => [
    ...wanted
      .filter((w) => w.v === v)
      .map((w) => {
        const name = w.loss.name + SUFFIXES[v]!
        const s = made.indexOf(w)
        if (s === -1) return statistic(place, name, null, null, reasons[v]!)
        const at = open.indexOf(s)
        const value = at === -1 ? sum(totals[s]!) / n : estimates[at]!
        const proportion = w.loss.name === 'confident_wrong'
        const ci = closed[s] ?? intervalOf(value, distributions[at]!, clusters, settings, proportion)
        return statistic(place, name, value, ci, reasons[v]!)
      }),
    statistic(place, `ece${SUFFIXES[v]!}`, symmetricEce(margins), null, reasons[v]!),
  ])
}

function symmetricEce(margins: Float64Array | null): number | null {
  if (margins === null || margins.length === 0) return null
  const both = symmetric(margins)
  return expectedCalibrationError(both.labels, both.probabilities, { bins: BINS, strategy: 'quantile' })
}

/** Each pair in both orders: label 1 at σ(m) and label 0 at σ(−m); 1 − σ(m) would differ from it in the last digit, and part ties. */
function symmetric(margins: Float64Array): { labels: Float64Array; probabilities: Float64Array } {
  const n = margins.length
  const labels = new Float64Array(2 * n)
  const probabilities = new Float64Array(2 * n)
  margins.forEach((m, i) => {
    labels[i] = 1
    probabilities[i] = sigmoid(m)
    probabilities[n + i] = sigmoid(-m)
  })
  return { labels, probabilities }
}

/** One bin of a reliability curve, with the interval of the observed share. */
export interface ReliabilityBin {
  readonly subset: string
  readonly temperature: number
  readonly predicted: number
  readonly observed: number
  readonly low: number
  readonly high: number
  readonly n: number
}
/**
 * Reliability curve of the pairs in both orders, equal-mass bins, at temperature 1. `n` counts both orders; the interval is Wilson's with
 * the bin's prompts as the sample size, since neither the two orders of a pair nor the pairs of a prompt are independent.
 */
export function reliability(columns: PairColumns, rows: Int32Array, subset: string): ReliabilityBin[] {
  const scored = filterRows(rows, (i) => !Number.isNaN(columns.margin[i]))
  if (scored.length === 0) return []
  const { labels, probabilities } = symmetric(pick(columns.margin, scored))
  const bin = calibrationBins(probabilities, { bins: BINS, strategy: 'quantile' })
  const bins = Array.from({ length: BINS }, () => ({ n: 0, predicted: 0, observed: 0, prompts: new Set<number>() }))
  labels.forEach((label, i) => {
    const of = bins[bin[i]!]!
    of.n++
    of.predicted += probabilities[i]!
    of.observed += label
    of.prompts.add(columns.cluster.code[scored[i % scored.length]!]!)
  })
  return bins
    .filter(({ n }) => n > 0)
    .map(({ n, predicted, observed, prompts }) => {
      const { low, high } = wilson((observed / n) * prompts.size, prompts.size)!
      return { subset, temperature: 1, predicted: predicted / n, observed: observed / n, low, high, n }
    })
}

/**
 * How well the score predicts a pass, out of sample (cross-fitted by prompt): Brier score and log loss of a logistic (Platt)
 * and an isotonic calibrator, beside the pass rate alone (brier_base): a useful score is below it.
 */
export function completionCalibration({ columns, rows, scope, subset, settings }: CompletionSample): Statistic[] {
  const present = filterRows(rows, (i) => !Number.isNaN(columns.score[i]) && !Number.isNaN(columns.reward[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, present)
  const n = present.length
  const place: Place = { scope, subset, n, clusters, missing: rows.length - n }
  const label = valuesOf(present, (i) => (passes(columns.reward[i]!) ? 1 : 0))
  const score = pick(columns.score, present)
  const names = ['brier_base', 'brier_platt', 'log_loss_platt', 'brier_isotonic']
  const nothing = (reason: string) => names.map((name) => statistic(place, name, null, null, reason))
  if (n === 0) return nothing('no_scored_and_verified_completion')
  if (clusters < FOLDS) return nothing('too_few_prompts')
  const folds = promptFolds(clusters, settings.seed)
  const base = new Float64Array(n)
  const platt = new Float64Array(n)
  const steps = new Float64Array(n)
  let noPlatt: LogisticFailure | null = null
  // The fit of all rows is where those of the folds begin: they end where they would from 0, in fewer steps.
  const whole = fitColumns([score], label)
  const start = 'failure' in whole ? undefined : whole.coefficients
  const every = allRows(n)
  for (let f = 0; f < FOLDS; f++) {
    const inside = filterRows(every, (i) => folds[cluster[i]!] === f)
    const outside = filterRows(every, (i) => folds[cluster[i]!] !== f)
    const [x, y] = [pick(score, outside), pick(label, outside)]
    const rate = y.reduce((s, v) => s + v, 0) / y.length
    const fit = fitColumns([x], y, {}, start)
    if ('failure' in fit) noPlatt ??= fit.failure
    const [intercept, slope] = 'failure' in fit ? [Number.NaN, Number.NaN] : (fit.coefficients as [number, number])
    const step = stepFunction(x, isotonic(x, y)!)
    for (const i of inside) {
      base[i] = rate
      steps[i] = step(score[i]!)
      platt[i] = sigmoid(intercept + slope * score[i]!)
    }
  }
  // one score for all, or scores so far apart that float64 sees no slope
  const noFit = noPlatt === 'collinear' ? 'constant_or_collinear' : 'one_class_or_separated'
  return [
    statistic(place, 'brier_base', brier(label, base), null, noFit),
    statistic(place, 'brier_platt', noPlatt === null ? brier(label, platt) : null, null, noFit),
    statistic(place, 'log_loss_platt', noPlatt === null ? logLoss(label, platt) : null, null, noFit),
    statistic(place, 'brier_isotonic', brier(label, steps), null, noFit),
  ]
}

/** Fitted isotonic values as a function: linear between the points, constant outside (as scikit-learn predicts, clipped). */
function stepFunction(x: Float64Array, fitted: Float64Array): (at: number) => number {
  const order = sortOrder(x)
  return (at) => {
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (x[order[middle]!]! < at) low = middle + 1
      else high = middle
    }
    if (low === 0) return fitted[order[0]!]!
    if (low === order.length) return fitted[order[low - 1]!]!
    const [a, b] = [order[low - 1]!, order[low]!]
    if (x[b] === at) return fitted[b]!
    return fitted[a]! + ((fitted[b]! - fitted[a]!) * (at - x[a]!)) / (x[b]! - x[a]!)
  }
}
