import { countDraws } from '../prng.ts'
import { dot } from '../stats/sums.ts'
import { type BootstrapSettings, randomOf } from './intervals.ts'
import { affordableResamples } from './statistic.ts'

/** Drawn counts that are kept rather than drawn again: 64 MB. */
const KEPT = 32_000_000
/** Columns that a resample adds up, about: what its cost is reckoned by. */
const COLUMNS = 40

/**
 * Resamples of prompts that all statistics of some groups share: equal columns have equal intervals, and a difference is of the same draws.
 * Prompts are drawn with replacement, as many as there are, in their given order under the seed.
 */
export class ClusterDraws {
  /** With as many resamples as can be afforded; none of fewer than two prompts. */
  readonly settings: BootstrapSettings
  private kept: Uint16Array | null = null
  private readonly asked: BootstrapSettings
  readonly clusters: number
  constructor(clusters: number, settings: BootstrapSettings) {
    const resamples = clusters < 2 ? 0 : affordableResamples(settings.resamples, clusters * COLUMNS)
    this.clusters = clusters
    this.asked = settings
    this.settings = { ...settings, resamples }
  }

  /** Resamples of so many prompts, as these were asked for. */
  of(clusters: number): ClusterDraws {
    return new ClusterDraws(clusters, this.asked)
  }

  /** Of each column, one value per prompt: its sum over each resample. */
  totals(columns: readonly Float64Array[]): Float64Array[] {
    const { resamples } = this.settings
    const out = columns.map(() => new Float64Array(resamples))
    let b = 0
    for (const weights of this.draws()) {
      for (let k = 0; k < columns.length; k++) out[k]![b] = dot(weights, columns[k]!)
      b++
    }
    return out
  }

  /** How often each prompt is drawn, resample by resample; one buffer. */
  private *draws(): Generator<Float64Array> {
    const { clusters, kept } = this
    const { resamples } = this.settings
    const weights = new Float64Array(clusters)
    if (kept !== null) {
      for (let b = 0; b < resamples; b++) {
        weights.set(kept.subarray(b * clusters, (b + 1) * clusters))
        yield weights
      }
      return
    }
    // a count fits 16 bits where there are no more prompts than that
    const keep = clusters * resamples <= KEPT && clusters < 2 ** 16 ? new Uint16Array(clusters * resamples) : null
    const random = randomOf(this.settings)
    const counts = new Int32Array(clusters)
    for (let b = 0; b < resamples; b++) {
      counts.fill(0)
      countDraws(random, counts, clusters)
      keep?.set(counts, b * clusters)
      weights.set(counts)
      yield weights
    }
    this.kept = keep
  }
}
