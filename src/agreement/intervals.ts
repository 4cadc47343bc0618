import { namedPrng, type Prng, prng } from '../prng.ts'
import { type Interval, percentileInterval } from '../stats/bootstrap.ts'
import { wilson } from '../stats/wilson.ts'

export interface BootstrapSettings {
  readonly seed: number
  readonly resamples: number
  /**
   * Name of the random stream under the seed; none = the seed's own, for what is over all rows. What is combined or held against each
   * other as independent (subsets, strata) has a stream each; what is compared on the same rows has one and the same.
   */
  readonly stream?: string
}
export const DEFAULT_SETTINGS: BootstrapSettings = { seed: 0, resamples: 2000 }

/** The random stream that the settings name. */
export const randomOf = ({ seed, stream }: BootstrapSettings): Prng =>
  stream === undefined ? prng(seed) : namedPrng(seed, stream)

/** Settings of one subset of several: a stream of its own. A lone subset is all rows, and has the same resamples as they. */
export const streamOf = (settings: BootstrapSettings, subset: string, subsets: number): BootstrapSettings =>
  subsets < 2 ? settings : { ...settings, stream: `subset ${subset}` }

/** ci_method of a percentile bootstrap over prompts. */
export const bootstrapMethod = ({ resamples, seed }: BootstrapSettings): string =>
  `cluster bootstrap, percentile, ${resamples} resamples, seed ${seed}`

/** An interval with its ci_method, which says why where there is none. */
export interface MethodInterval {
  readonly interval: Interval | null
  readonly method: string | null
}
const none = (why: string): MethodInterval => ({ interval: null, method: `none: ${why}` })
export const ONE_PROMPT = none('one prompt')
export const OFTEN_UNDEFINED = none('undefined in over 5 % of resamples')
export const NO_VARIATION = none('no variation between resamples')
export const ONE_SIDED = none('resamples lie to one side of the value')
export const NOT_MADE = none('not made for this statistic')

/**
 * Interval from a bootstrap distribution: percentile; Wilson over prompts for a proportion at exactly 0 or 1, where resampling cannot
 * see the uncertainty; none where all resamples agree, more than 5 % are undefined, or 97.5 % lie to one side of the value: a rank
 * statistic of few rows changes when a row is drawn twice, and its percentiles then say nothing of the value.
 * @param clusters prompts that the value rests on
 */
export function intervalOf(
  value: number,
  distribution: Float64Array,
  clusters: number,
  settings: BootstrapSettings,
  proportion = false,
): MethodInterval {
  if (clusters < 2) return ONE_PROMPT
  if (proportion && (value === 0 || value === 1))
    return { interval: wilson(value * clusters, clusters), method: 'wilson over prompts' }
  const interval = percentileInterval(distribution)
  if (interval === null) return OFTEN_UNDEFINED
  if (interval.low === interval.high) return NO_VARIATION
  // sums in another order differ in the last digits
  const rounding = 1e-12 * Math.max(1, Math.abs(value))
  if (value < interval.low - rounding || value > interval.high + rounding) return ONE_SIDED
  const around = { low: Math.min(interval.low, value), high: Math.max(interval.high, value) }
  return { interval: around, method: bootstrapMethod(settings) }
}
