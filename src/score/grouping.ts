import { plain, promptCluster } from '../plain-text.ts'
import type { Row, ScoredCompletion } from '../types.ts'

/** Completions of one prompt, each with its score and its verdict, in the order of the data. */
export interface CompletionGroup {
  readonly id: string
  readonly subset: string
  readonly problemType: string | null
  /** Cluster of the statistics: SHA-256 of the prompt (first 16 hex digits). */
  readonly cluster: string
  readonly prompt: string
  readonly completions: readonly ScoredCompletion[]
}

/** A row of kind `group`, joined. */
export const groupOf = (
  { id, subset, problemType, prompt }: Pick<Row, 'id' | 'subset' | 'problemType' | 'prompt'>,
  completions: readonly ScoredCompletion[],
): CompletionGroup => ({
  id,
  subset,
  problemType,
  cluster: promptCluster(prompt),
  prompt: plain(prompt),
  completions,
})
