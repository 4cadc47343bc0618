import { plain, promptCluster } from '../plain-text.ts'
import type { CompletionRole, PairOutcome, ScoredCompletion, ScoredPair, Text } from '../types.ts'

/** What a difference chosen − rejected says: win above 0, tie at 0, loss below; null where there is none. */
export const outcomeOf = (difference: number | null): PairOutcome | null =>
  difference === null ? null : difference > 0 ? 'win' : difference < 0 ? 'loss' : 'tie'

/** 1 where model and verifier decide alike, 0 where they decide differently, null where either ties or is absent. */
export const agreeOf = (model: PairOutcome | null, verifier: PairOutcome | null): 0 | 1 | null => {
  const decided = model !== null && verifier !== null && model !== 'tie' && verifier !== 'tie'
  return decided ? (model === verifier ? 1 : 0) : null
}

const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b)

/** Every (chosen, rejected) of a row, in order of chosen then rejected. */
export function pairsOf(
  row: { readonly prompt: Text; readonly extra: Readonly<Record<string, unknown>> },
  completions: readonly ScoredCompletion[],
): ScoredPair[] {
  const of = (role: CompletionRole): ScoredCompletion[] => completions.filter((c) => c.role === role)
  const rejected = of('rejected')
  const cluster = promptCluster(row.prompt)
  const prompt = plain(row.prompt)
  return of('chosen').flatMap((chosen) =>
    rejected.map((other): ScoredPair => {
      const margin = minus(chosen.score, other.score)
      const outcome = outcomeOf(margin)
      const verifiableOutcome = outcomeOf(minus(chosen.verifiableReward, other.verifiableReward))
      return {
        id: chosen.id,
        subset: chosen.subset,
        problemType: chosen.problemType,
        cluster,
        rejectedIndex: other.index,
        prompt,
        chosen,
        rejected: other,
        margin,
        outcome,
        verifiableOutcome,
        agree: agreeOf(outcome, verifiableOutcome),
        extra: row.extra,
      }
    }),
  )
}
