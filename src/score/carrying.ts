import type { Batch } from '../types.ts'

/**
 * The batches to run so that some of them get the keys and values that they had in a run of all, to the last bit: those, and for each that carries something the ones before
 * it that computed it, `again` for its sake alone. They are as large as they were, but only what the next one carries comes out right, so of what they carry themselves
 * only that is needed. One that merely hands it on is left out: what an earlier one kept begins with the same tokens.
 */
export function withCarried(batches: readonly Batch[], wanted: (batch: Batch) => boolean): Batch[] {
  const chosen: Batch[] = []
  /** Leading tokens of its last sequence that the batch in hand must leave. */
  let left = 0
  for (const batch of [...batches].reverse()) {
    const { carried = 0, reused = [] } = batch
    const handedOn = reused.slice(1).reduce((least, tokens) => Math.min(least, tokens), carried)
    if (wanted(batch)) {
      chosen.push(batch)
      left = carried
    } else if (left > handedOn) {
      chosen.push({ ...batch, again: { needed: handedOn } })
      left = handedOn
    }
  }
  return chosen.reverse()
}
