import { plain, promptCluster } from '../plain-text.ts'
import type { CompletionGroup, Row, ScoredCompletion } from '../types.ts'

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
