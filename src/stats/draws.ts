import { countDraws, type Prng } from '../prng.ts'

/** Counts that are kept rather than drawn again: 32 MB. */
const KEPT = 32_000_000

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

  /** @param visit gets the counts of resample b, in one buffer that is used again */
  each(resamples: number, visit: (weights: Float64Array, b: number) => void): void {
    const { clusters } = this
    const weights = new Float64Array(clusters)
    if (this.kept !== null && this.keptResamples >= resamples) {
      for (let b = 0; b < resamples; b++) {
        weights.set(this.kept.subarray(b * clusters, (b + 1) * clusters))
        visit(weights, b)
      }
      return
    }
    const random = this.random()
    const counts = new Int32Array(clusters)
    let keep = clusters * resamples <= KEPT ? new Uint8Array(clusters * resamples) : null
    for (let b = 0; b < resamples; b++) {
      counts.fill(0)
      countDraws(random, counts, clusters)
      // a count that no byte holds: as good as impossible, and not kept
      if (keep !== null && !inBytes(counts)) keep = null
      keep?.set(counts, b * clusters)
      weights.set(counts)
      visit(weights, b)
    }
    this.kept = keep
    this.keptResamples = keep === null ? 0 : resamples
  }
}

function inBytes(counts: Int32Array): boolean {
  let bits = 0
  for (let c = 0; c < counts.length; c++) bits |= counts[c]!
  return bits < 256
}
