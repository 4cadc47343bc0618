import { NO_OPTION_MENDS } from '../text/text-limits.ts'
import type { RowFailure } from '../types.ts'

/** Lines shown on screen; all failures are in failures.csv. */
const SHOWN = 20
/** Further places that a line names. */
const PLACES = 3

/** How to mend what left a completion without a score; null where there is no option for it. */
export function unscoredHint(reason: string, message: string | null, stepSeparator: string | null): string | null {
  if (reason === 'too_long' && message?.includes(NO_OPTION_MENDS)) return null
  if (reason === 'too_long')
    return 'the limit is --max-length, as far as the model has positions; --truncation left or right cuts what is longer'
  if (reason === 'cut_away') return 'raise --max-length, or cut the other side: --truncation left or right'
  if (reason === 'no_steps')
    return stepSeparator === null
      ? 'where the data have no marks, --step-separator says what ends a step, such as "\\n\\n"; see --dump-rendered for what the model reads'
      : 'see --dump-rendered for what the model reads'
  if (reason === 'no_assistant_turn')
    return "the head reads where the assistant's turn begins in its own model's chat template: leave --chat-template and --tokenizer out; see --dump-rendered for what the model reads"
  return null
}

/** Failures of one cause, which differ in their place and their numbers alone. */
const causeOf = ({ reason, message, hint }: RowFailure): string =>
  JSON.stringify([reason, message.replace(/^(chosen|rejected|completion) /, '').replace(/\d[\d,.]*/g, '#'), hint])

/** One warning per cause: the first failure as it is, how many more there are, where, and how to mend it. */
export function failureLines(failures: readonly RowFailure[], file: string): string[] {
  const causes = new Map<string, RowFailure[]>()
  for (const failure of failures) {
    const cause = causeOf(failure)
    const alike = causes.get(cause)
    if (alike === undefined) causes.set(cause, [failure])
    else alike.push(failure)
  }
  const lines = [...causes.values()].map(([first, ...more]) => {
    const { where, message, hint } = first!
    const places = [...new Set(more.map((one) => one.where))]
    const named = `${places.slice(0, PLACES).join(', ')}${places.length > PLACES ? ' …' : ''}`
    const alike = more.length === 0 ? '' : `; ${more.length.toLocaleString('en')} more alike: ${named}`
    return `${where}: ${message}${alike}${hint === null ? '' : ` (${hint})`}`
  })
  const shown = lines.slice(0, SHOWN)
  if (lines.length > SHOWN) shown.push(`and ${lines.length - SHOWN} causes more; all are in ${file}`)
  else if (lines.length < failures.length) shown.push(`all ${failures.length.toLocaleString('en')} are in ${file}`)
  return shown
}
