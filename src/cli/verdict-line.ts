import type { Joined } from '../collect.ts'
import { percent } from '../report/table.ts'
import type { RunConfig } from '../setup/config.ts'
import type { Inspection } from '../setup/dataset.ts'
import type { ScoredCompletion, VerdictCause } from '../types.ts'
import { countBy, counted } from './count.ts'
import { CAUSED_BY, CAUSES } from './verdict-causes.ts'

/** The reasons of the fails, where nothing passes: a format that no completion has is then told from wrong chemistry. */
function failed(completions: readonly ScoredCompletion[]): string {
  const fails = completions.filter((c) => c.verifiableStatus === 'fail')
  const passes = completions.some((c) => c.verifiableStatus === 'pass')
  return `${fails.length} fail${passes || fails.length === 0 ? '' : ` (${counts(fails.map((c) => c.verifiableReason))})`}`
}

/** Why nothing can be said of some: rows without a solution, and ether0's reasons. */
function unverified(completions: readonly ScoredCompletion[], { rows, withSolution }: Inspection): string {
  const those = completions.filter((c) => c.verifiableStatus === 'unverifiable')
  const without = rows - withSolution
  const bare =
    without === rows
      ? 'no row has a solution'
      : `${without} of ${rows} rows ${without === 1 ? 'has' : 'have'} no solution`
  const why = [without === 0 ? '' : bare, ...CAUSES.map((cause) => blamed(those, cause))].filter((text) => text !== '')
  return `${those.length} unverifiable${those.length === 0 || why.length === 0 ? '' : ` (${why.join('; ')})`}`
}

/** How many have no verdict for one cause, with ether0's reasons. @example 'by the target 2: invalid_ground_truth 2' */
function blamed(those: readonly ScoredCompletion[], cause: VerdictCause): string {
  const own = those.filter((c) => c.verdictCause === cause)
  if (own.length === 0) return ''
  const reasons = counts(own.map((c) => c.verifiableReason))
  return `by ${CAUSED_BY[cause]} ${own.length}${reasons === '' ? '' : `: ${reasons}`}`
}

/** Reasons with their counts, the most frequent first. @example 'format_failed 16' */
const counts = (reasons: readonly (string | null)[]): string =>
  Object.entries(
    countBy(
      reasons.filter((reason) => reason !== null),
      (reason) => reason,
    ),
  )
    .sort((a, b) => b[1] - a[1])
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ')

/** Where every verified completion fails by its format: the rewards then say nothing of chemistry. null otherwise. */
export function formatDoubt(
  completions: readonly Pick<ScoredCompletion, 'verifiableStatus' | 'verifiableReason'>[],
  { extraction, requireReasoning }: Pick<RunConfig['verification'], 'extraction' | 'requireReasoning'>,
): string | null {
  const verified = completions.filter((c) => c.verifiableStatus !== 'unverifiable')
  if (extraction !== 'strict' || verified.length === 0) return null
  if (verified.some((c) => c.verifiableReason !== 'format_failed')) return null
  const all =
    verified.length === 1 ? 'the one verified completion fails' : `all ${verified.length} verified completions fail`
  const thought = requireReasoning ? '<|think_start|>…<|think_end|>' : ''
  return `${all} by the format (format_failed), whatever the chemistry: ether0's is ${thought}<|answer_start|>…<|answer_end|>; --extraction loose reads <answer>…</answer>${requireReasoning ? ', --no-require-reasoning answers without a thought' : ''}`
}

/**
 * What the verifier says of the completions, and how often the model agrees with it, in one line. Where the verifier can only say what the label
 * says, accuracy and agreement are one measurement, and the number is not printed twice.
 */
export function verdictLine({ completions, pairs }: Joined, inspection: Inspection): string {
  const { pass = 0, partial = 0 } = countBy(completions, (c) => c.verifiableStatus)
  return `verifier: ${pass} pass, ${partial > 0 ? `${partial} partial, ` : ''}${failed(completions)}, ${unverified(completions, inspection)} of ${completions.length} completions${agreementOf({ completions, pairs })}`
}

function agreementOf({ completions, pairs }: Pick<Joined, 'completions' | 'pairs'>): string {
  if (pairs.length === 0 || completions.every((c) => c.verifiableStatus === 'unverifiable')) return ''
  const decided = pairs.filter((p) => p.agree !== null)
  if (decided.length === 0) return '; in no pair do both model and verifier prefer a side'
  const { win = 0, loss = 0, tie = 0 } = countBy(pairs, ({ verifiableOutcome }) => verifiableOutcome ?? 'none')
  const sided = win + loss
  const others = [
    ...(tie === 0 ? [] : [counted(tie, 'tie')]),
    ...(sided + tie === pairs.length ? [] : [`${pairs.length - sided - tie} without a verdict`]),
  ]
  const among = others.length === 0 ? '' : ` that it decides (${others.join(', ')})`
  if (loss === 0) {
    const even = pairs.filter((p) => p.outcome === 'tie' && p.verifiableOutcome === 'win').length
    const apart = even === 0 ? '' : `, but that agreement leaves out ${counted(even, 'tie')} of the model`
    return `; it prefers chosen in ${sided === 1 ? 'the only pair' : `all ${counted(sided, 'pair')}`}${among}: accuracy and agreement are one measurement${others.length === 0 ? '' : ' there'}${apart}`
  }
  const agreed = decided.filter((p) => p.agree === 1).length
  return `; it prefers rejected in ${loss} of ${counted(sided, 'pair')}${among}; the model agrees with it on ${agreed} of ${decided.length} that both decide (${percent(agreed / decided.length)})`
}
