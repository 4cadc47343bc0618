import { countDraws, type Prng } from '../prng.ts'

/** Counts that are kept rather than drawn again: 32 MB. */
const KEPT = 32_000_000

/** How often each cluster is counted; 0 = left out. Resamples have bytes: all counts of a few thousand clusters stay in the cache. */
export type Weights = Uint8Array | Float64Array

/**
 * Resamples of clusters: how often each is drawn when as many are drawn with replacement as there are. Statistics that are asked for the
 * same resamples one after the other get the same counts; what is kept of them is bounded.
 */
export class Draws {
  readonly clusters: number
  private kept: Uint8Array | null = null
  private keptResamples = 0
  private readonly random: () => Prng
  /** @param random starts the stream anew */
  constructor(clusters: number, random: () => Prng) {
    this.clusters = clusters
    this.random = random
  }

  /** @param visit gets the counts of resample b, to be read before it returns */
  each(resamples: number, visit: (weights: Uint8Array, b: number) => void): void {
    const { clusters } = this
    if (this.kept !== null && this.keptResamples >= resamples) {
      for (let b = 0; b < resamples; b++) visit(this.kept.subarray(b * clusters, (b + 1) * clusters), b)
      return
    }
    const random = this.random()
    const keep = clusters * resamples <= KEPT ? new Uint8Array(clusters * resamples) : null
    const buffer = keep === null ? new Uint8Array(clusters) : null
    for (let b = 0; b < resamples; b++) {
      const counts = buffer?.fill(0) ?? keep!.subarray(b * clusters, (b + 1) * clusters)
      countDraws(random, counts, clusters)
      if (total(counts) !== clusters) throw new RangeError('a resample has one cluster more than 255 times')
      visit(counts, b)
    }
    this.kept = keep
    this.keptResamples = keep === null ? 0 : resamples
  }
}

function total(counts: Uint8Array): number {
  let sum = 0
  for (let c = 0; c < counts.length; c++) sum += counts[c]!
  return sum
}
