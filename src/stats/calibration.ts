import { type BinaryLabels, distinctLabels, indicator, zeroOne } from './labels.ts'
import { checkCount, checkOneOf } from './options.ts'
import { quantileSorted } from './quantile.ts'
import { sameLength } from './rank.ts'
import { ascending } from './sort-order.ts'
import { wilson } from './wilson.ts'

/** At least one row, and every probability in [0, 1]. */
function usable(labels: BinaryLabels, probabilities: ArrayLike<number>): boolean {
  sameLength(labels, probabilities)
  for (let i = 0; i < probabilities.length; i++) if (!(probabilities[i]! >= 0 && probabilities[i]! <= 1)) return false
  return labels.length > 0
}

/**
 * Brier score: mean (p − y)² (sklearn.metrics.brier_score_loss). The positive class is 1, or where the labels are not 0 and 1
 * (or −1 and 1) the larger of two whole numbers. null for no rows, a probability outside [0, 1], or other labels.
 * @example brier([1, 0], [0.8, 0.4]) // (0.04 + 0.16)/2 = 0.1
 */
export function brier(labels: BinaryLabels, probabilities: ArrayLike<number>): number | null {
  if (!usable(labels, probabilities)) return null
  const classes = distinctLabels(labels)
  if (classes === null) return null
  const y = zeroOne(labels) ?? indicator(labels, classes[classes.length - 1]!)
  let total = 0
  for (let i = 0; i < y.length; i++) total += (probabilities[i]! - y[i]!) ** 2
  return total / y.length
}

/**
 * Log loss in nats: −mean ln P(label). Probabilities are clipped to [ε, 1 − ε] with ε = 2.2e-16, as sklearn.metrics.log_loss
 * does for float64, so that a certain and wrong prediction costs 36.04 and not ∞. Labels 0 and 1; null as `brier`.
 */
export function logLoss(labels: BinaryLabels, probabilities: ArrayLike<number>): number | null {
  const y = usable(labels, probabilities) ? zeroOne(labels) : null
  if (y === null || distinctLabels(labels)!.includes(-1)) return null
  let total = 0
  for (let i = 0; i < y.length; i++) {
    const right = y[i] === 1 ? probabilities[i]! : 1 - probabilities[i]!
    total -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, right)))
  }
  return total / y.length
}

export interface CalibrationOptions {
  /** Number of bins; default 10. */
  readonly bins?: number
  /** Equal width (default) or equal mass. */
  readonly strategy?: 'uniform' | 'quantile'
}
function checkBins(bins: number, strategy: string): void {
  checkCount('bins', bins)
  checkOneOf('strategy', strategy, ['uniform', 'quantile'])
}

/** Parallel arrays over the bins that hold a row, ascending. */
export interface CalibrationCurve {
  /** Share of positives. */
  readonly probTrue: readonly number[]
  /** Mean probability. */
  readonly probPred: readonly number[]
  readonly count: readonly number[]
  /** Wilson's 95 % interval of probTrue (rows taken as independent). */
  readonly low: readonly number[]
  readonly high: readonly number[]
}

/** Mean label and probability of each bin; `binOf` gives the bin of a probability, or of its row. */
function gather(
  labels: Uint8Array,
  probabilities: ArrayLike<number>,
  bins: number,
  binOf: (p: number, row: number) => number,
): CalibrationCurve {
  const count = new Float64Array(bins)
  const positive = new Float64Array(bins)
  const total = new Float64Array(bins)
  for (let i = 0; i < labels.length; i++) {
    const b = binOf(probabilities[i]!, i)
    count[b] = count[b]! + 1
    positive[b] = positive[b]! + labels[i]!
    total[b] = total[b]! + probabilities[i]!
  }
  const used = [...count.keys()].filter((b) => count[b]! > 0)
  const intervals = used.map((b) => wilson(positive[b]!, count[b]!)!)
  return {
    probTrue: used.map((b) => positive[b]! / count[b]!),
    probPred: used.map((b) => total[b]! / count[b]!),
    count: used.map((b) => count[b]!),
    low: intervals.map((w) => w.low),
    high: intervals.map((w) => w.high),
  }
}

/**
 * Reliability curve with sklearn.calibration.calibration_curve's bins: right-closed, (e_{i−1}, e_i]; empty bins left out.
 * null for no rows, a probability outside [0, 1], or labels other than 0 and 1, or −1 and 1.
 */
export function calibrationCurve(
  labels: BinaryLabels,
  probabilities: ArrayLike<number>,
  { bins = 10, strategy = 'uniform' }: CalibrationOptions = {},
): CalibrationCurve | null {
  checkBins(bins, strategy)
  const y = usable(labels, probabilities) ? zeroOne(labels) : null
  if (y === null) return null
  const bin = calibrationBins(probabilities, { bins, strategy })
  return gather(y, probabilities, bins, (_, i) => bin[i]!)
}

/** The bin of each probability, from 0: that of `calibrationCurve`. Equal probabilities are in one bin. */
export function calibrationBins(
  probabilities: ArrayLike<number>,
  { bins = 10, strategy = 'uniform' }: CalibrationOptions = {},
): Int32Array {
  const sorted = ascending(probabilities)
  // i·(1/bins), not i/bins: numpy.linspace's edges to the last bit.
  const edges = Array.from({ length: bins - 1 }, (_, i) =>
    strategy === 'uniform' ? (i + 1) * (1 / bins) : quantileSorted(sorted, (i + 1) * (1 / bins)),
  )
  const binOf = (p: number): number => {
    let b = 0
    while (b < edges.length && edges[b]! < p) b++
    return b
  }
  return Int32Array.from(probabilities, binOf)
}

/** |mean probability − share of positives| a bin, with its weight. Equal width: half-open bins, the last closed; else equal mass. */
function gaps(
  labels: BinaryLabels,
  probabilities: ArrayLike<number>,
  { bins = 10, strategy = 'uniform' }: CalibrationOptions,
): { gap: number; weight: number }[] | null {
  checkBins(bins, strategy)
  const y = usable(labels, probabilities) ? zeroOne(labels) : null
  if (y === null) return null
  const curve =
    strategy === 'uniform'
      ? gather(y, probabilities, bins, (p) => Math.min(Math.floor(p * bins), bins - 1))
      : calibrationCurve(y, probabilities, { bins, strategy })!
  return curve.count.map((c, b) => ({
    gap: Math.abs(curve.probPred[b]! - curve.probTrue[b]!),
    weight: c / labels.length,
  }))
}

/** Expected calibration error: Σ_b (n_b/n)·|mean probability − share of positives| (Guo et al. 2017). */
export function expectedCalibrationError(
  labels: BinaryLabels,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions = {},
): number | null {
  return gaps(labels, probabilities, options)?.reduce((s, { gap, weight }) => s + gap * weight, 0) ?? null
}

/** The largest gap of a bin. */
export function maximumCalibrationError(
  labels: BinaryLabels,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions = {},
): number | null {
  return gaps(labels, probabilities, options)?.reduce((m, { gap }) => Math.max(m, gap), 0) ?? null
}
