import type { Rated } from './service.ts'

/** So many verdicts without a single answer are no chance, also of a policy that has only begun to learn the format. */
const ENOUGH = 64

/**
 * Says once that none of the first completions with a verdict holds an answer: most often the trainer has decoded them without the tags, which
 * no single answer shows.
 * @returns to be told of every rated completion
 */
export function formatHint(
  say: (line: string, warning: boolean) => void,
): (rated: Pick<Rated, 'verifiable' | 'reason'>) => void {
  let left = ENOUGH
  return ({ verifiable, reason }) => {
    if (left === 0 || verifiable === null) return
    left = reason === 'format_failed' ? left - 1 : 0
    if (left === 0 && reason === 'format_failed')
      say(
        `none of the first ${ENOUGH} verified completions is in the answer format (format_failed): a trainer that decodes with skip_special_tokens drops answer tags that are special tokens; see docs/serving.md`,
        true,
      )
  }
}
