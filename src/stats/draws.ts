import type { Prng } from '../prng.ts'

/** Counts that are kept rather than drawn again: 32 MB. */
const KEPT = 32_000_000
const MOST = 255

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
    let keep = clusters * resamples <= KEPT ? new Uint8Array(clusters * resamples) : null
    for (let b = 0; b < resamples; b++) {
      drawClusters(weights, random)
      if (keep !== null) {
        keep.set(weights, b * clusters)
        // a count that no byte holds: as good as impossible, and not kept
        if (clusters > MOST && weights.some((w) => w > MOST)) keep = null
      }
      visit(weights, b)
    }
    this.kept = keep
    this.keptResamples = keep === null ? 0 : resamples
  }
}

/** Draws as many clusters as there are, with replacement; `weights` gets how often each was drawn. */
export function drawClusters(weights: Float64Array, random: Prng): void {
  const clusters = weights.length
  weights.fill(0)
  for (let i = 0; i < clusters; i++) {
    const c = Math.floor(random() * clusters)
    weights[c] = weights[c]! + 1
  }
}
