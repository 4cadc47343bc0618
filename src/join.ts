import { isFailure } from './pairs/failure.ts'
import { plain, promptCluster } from './plain-text.ts'
import type { ScoreDetail } from './report/scores.ts'
import type { RunInput } from './run.ts'
import { groupOf } from './score/grouping.ts'
import { pairsOf } from './score/pairing.ts'
import type { Scorer } from './score/scorer.ts'
import type { Store } from './store/log.ts'
import type { CompletionGroup, Row, ScoredCompletion, ScoredPair } from './types.ts'

/** A row with everything that is known of it, for the files. */
export interface JoinedRow {
  readonly row: Row
  readonly completions: readonly ScoredCompletion[]
  readonly details: readonly ScoreDetail[]
  readonly pairs: readonly ScoredPair[]
  /** Null for a row that is no group. */
  readonly group: CompletionGroup | null
}

/** Goes through the rows once more and joins measurements and verdicts, in the order of the data. */
export async function* joinAll(
  input: Pick<RunInput, 'rows' | 'ledger'> & { readonly store: Pick<Store, 'get'> | null },
  scorer: Scorer,
): AsyncGenerator<JoinedRow> {
  const { ledger, store } = input
  let index = 0
  for await (const row of input.rows()) {
    if (isFailure(row)) continue
    const completions: ScoredCompletion[] = []
    const details: ScoreDetail[] = []
    const cluster = promptCluster(row.prompt)
    for (const completion of row.completions) {
      const i = index++
      const measurements = Array.from({ length: ledger.models }, (_, m) => {
        const key = ledger.key(i, m)
        return key === null || store === null ? null : store.get(key)
      })
      const { score, reason, own } = scorer.score(measurements)
      const { unscored, promptTokens, completionTokens, truncated, textSha256 } = ledger.entry(i)
      const verdict = ledger.verdictOf(i)
      const [first] = measurements
      completions.push({
        id: row.id,
        subset: row.subset,
        problemType: row.problemType,
        cluster,
        role: completion.role,
        index: completion.index,
        text: plain(completion.text),
        score,
        scoreReason: score === null ? (unscored?.reason ?? reason ?? 'not_measured') : null,
        verifiableReward: verdict.status === 'unverifiable' ? null : verdict.value,
        verifiableStatus: verdict.status,
        verifiableReason: verdict.reason,
        verdictCause: verdict.cause,
        hingesOn: verdict.hingesOn,
        formatReward: verdict.formatReward,
        promptTokens,
        completionTokens,
        ...(completion.variant !== undefined && { variant: completion.variant }),
      })
      details.push({
        truncated: promptTokens === null && truncated === 'no' ? null : truncated !== 'no',
        scoredTokenIndex: first?.kind === 'head' ? first.scoredTokenIndex : null,
        textSha256,
        unscoredMessage: unscored?.message || null,
        own,
      })
    }
    yield {
      row,
      completions,
      details,
      pairs: row.kind === 'pair' ? pairsOf(row, completions) : [],
      group: row.kind === 'group' ? groupOf(row, completions) : null,
    }
  }
}
