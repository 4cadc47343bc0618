import { DigestMap, digestOf } from '../digest-map.ts'
import type { RepairCounts, Row, RowFailure, Sequence } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { estimatePeakBytes, type ModelSize, type PlanOptions, planBatches } from './plan.ts'
import { RepairTally } from './repair-tally.ts'
import { repairsOf, type Subject } from './subject.ts'
import { Window } from './window.ts'

/** What a run would compute, planned as the run plans it. */
export interface PlanEstimate {
  readonly completions: number
  /** Completions whose tokens differ, each measured once. */
  readonly distinct: number
  readonly unscored: number
  /** Completions that would not be scored, by reason, and the first of them in words. */
  readonly reasons: Readonly<Record<string, number>>
  readonly examples: readonly string[]
  /** Of all completions that can be scored. */
  readonly tokens: number
  /** That the graph computes: padding included, shared prefixes once. */
  readonly computed: number
  readonly batches: number
  /** Weights and the activations of the hungriest batch. */
  readonly peakBytes: number
  readonly repairs: RepairCounts
}

/** Completions that are named. */
const SHOWN = 20

/** Tokenises and plans all rows, window by window; no model is opened. Memory: one window, and 34–69 bytes per distinct completion. */
export async function estimatePlan(
  rows: AsyncIterable<Row | RowFailure>,
  subject: Pick<Subject, 'prepare' | 'key'>,
  plan: PlanOptions,
  size: ModelSize,
): Promise<PlanEstimate> {
  const tally = new RepairTally()
  const seen = new DigestMap()
  const reasons: Record<string, number> = {}
  const examples: string[] = []
  let [completions, tokens, unscored, computed, batches, peakBytes] = [0, 0, 0, 0, 0, 0]
  let sequences: Sequence[] = []
  let extent = new Window(plan)
  const flush = (): void => {
    const planned = planBatches(sequences, plan)
    batches += planned.length
    computed += planned.reduce((sum, batch) => sum + batch.tokens, 0)
    peakBytes = Math.max(peakBytes, estimatePeakBytes(planned, sequences, size))
    sequences = []
    extent = extent.next()
  }
  for await (const row of rows) {
    if ('reason' in row) continue
    const completionsOfRow = subject.prepare(row)
    tally.add(completionsOfRow.map(repairsOf))
    const group = extent.groupOf(row.prompt)
    for (const [i, prepared] of completionsOfRow.entries()) {
      completions++
      if (isUnscored(prepared)) {
        unscored++
        reasons[prepared.reason] = (reasons[prepared.reason] ?? 0) + 1
        const { role, index } = row.completions[i]!
        if (unscored <= SHOWN) examples.push(`${row.where}, ${role} ${index}: ${prepared.reason}, ${prepared.message}`)
        continue
      }
      tokens += prepared.ids.length
      extent.add(prepared.ids.length)
      const digest = digestOf(Buffer.from(subject.key(prepared), 'hex'))
      if (seen.get(digest) !== null) continue
      seen.set(digest, 1)
      sequences.push({ ...prepared, group })
    }
    if (extent.full) flush()
  }
  flush()
  const { counts: repairs } = tally
  return {
    completions,
    distinct: seen.size,
    unscored,
    reasons,
    examples,
    tokens,
    computed,
    batches,
    peakBytes,
    repairs,
  }
}
