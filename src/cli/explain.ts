import {
  ANSWER_END,
  ANSWER_START,
  extractAnswerLoose,
  extractThoughtAnswerStrict,
  THINK_END,
  THINK_START,
} from '../chem/ether0/answer.ts'
import { hasPart } from '../chem/ether0/similarity.ts'
import { parseSolution } from '../chem/ether0/solution.ts'
import { isFailure } from '../pairs/failure.ts'
import { plain } from '../plain-text.ts'
import type { RunInput } from '../run.ts'
import type { Ledger, LedgerVerdict } from '../score/ledger.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { Completion, Row, SolutionInput } from '../types.ts'
import { counted } from './count.ts'
import { BY_LARGEST_PART, TOO_SHORT } from './verdict-troubles.ts'

type Extraction = Pick<VerificationChoice, 'extraction' | 'requireReasoning'>

/** What ether0's reasons mean for who looks for a mistake in the data; `stand-in` where the list that ships is not ether0's own. */
export const MEANINGS: Readonly<Record<string, string>> = {
  right_answer: 'as expected',
  wrong_answer: 'read, and not what is expected; look at the stereo marks first',
  invalid_mol: 'not a SMILES that RDKit reads (valence, aromaticity, brackets, other text), or an oracle had no answer',
  invalid_rxn: 'not a reaction reactants>reagents>product, its product is another one, or the oracle had no answer',
  wrong_formula: 'a molecule of another formula',
  failed_constraint: 'the scaffold, the groups or the similarity asked for are not there',
  wrong_numerical_answer: 'the predicted value is more than 0.49 off',
  wrong_product: 'the oracle predicts another product',
  product_is_reactant: 'the product is among the reactants or reagents',
  not_purchasable: 'a reactant is not in the catalogue (a stand-in: --purchasable-bloom), or the oracle had no answer',
  failed_ring_check: 'a ring system that is not in the list (a stand-in: --rings-bloom)',
  failed_reos_check: 'a Morgan environment that is not in the list (a stand-in: --fingerprints-bloom)',
  failed_counterion_check: 'more than one molecule beside a small counter-ion',
  invalid_ground_truth: 'the molecule in the solution itself cannot be read: mend the solution',
  reward_function_exception: 'the solution is not what its function needs: mend the solution',
}

interface Cause {
  readonly fxnName: string
  readonly verdict: LedgerVerdict
  readonly meaning: string
  count: number
  /** The first of its kind. */
  readonly row: Row
  readonly completion: Completion
}

/**
 * `run-verify --explain`: the verdicts grouped by reward function, status and cause, the most frequent first, each with the first row
 * that has it: what was expected and what was read out of the tags. Memory grows with the causes, not with the rows.
 */
export async function explainVerdicts(
  rows: RunInput['rows'],
  ledger: Pick<Ledger, 'verdictOf'>,
  extraction: Extraction,
): Promise<string> {
  const causes = new Map<string, Cause>()
  let index = 0
  for await (const row of rows()) {
    if (isFailure(row)) continue
    const fxnName = functionOf(row.solution)
    for (const completion of row.completions) {
      const verdict = ledger.verdictOf(index++)
      const meaning = meaningOf(verdict, fxnName, row.solution, plain(completion.text), extraction)
      const key = JSON.stringify([fxnName, verdict.status, verdict.reason, meaning])
      const cause = causes.get(key)
      if (cause === undefined) causes.set(key, { fxnName, verdict, meaning, count: 1, row, completion })
      else cause.count++
    }
  }
  return [...causes.values()]
    .sort((a, b) => b.count - a.count)
    .map((cause) => block(cause, extraction))
    .join('\n\n')
}

const NO_SOLUTION = '(no solution)'
const BAD_SOLUTION = '(a solution of another form)'

function functionOf(solution: SolutionInput | null): string {
  if (solution === null) return NO_SOLUTION
  try {
    return parseSolution(solution).fxn_name
  } catch {
    return BAD_SOLUTION
  }
}

function meaningOf(
  { reason }: LedgerVerdict,
  fxnName: string,
  solution: SolutionInput | null,
  text: string,
  extraction: Extraction,
): string {
  if (fxnName === NO_SOLUTION) return 'the row has no solution: there is nothing to verify'
  if (fxnName === BAD_SOLUTION) return 'a solution is fxn_name!:!answer_info!:!problem_type: mend the solution'
  if (reason === 'format_failed') return formatCause(text, extraction)
  if (BY_LARGEST_PART.has(fxnName) && isTooShort(reason, solution, answerIn(text, extraction))) return TOO_SHORT
  return reason === null ? 'no reason is given' : (MEANINGS[reason] ?? reason)
}

/** Whether the answer, or the ground truth, was read and dropped as a counter-ion: nothing is wrong with the SMILES. */
function isTooShort(reason: string | null, solution: SolutionInput | null, answer: string | null): boolean {
  if (reason === 'invalid_mol') return answer !== null && !hasPart(answer)
  return reason === 'invalid_ground_truth' && solution !== null && !hasPart(parseSolution(solution).answer_info)
}

const answerIn = (text: string, { extraction, requireReasoning }: Extraction): string | null =>
  extraction === 'loose' ? extractAnswerLoose(text) : extractThoughtAnswerStrict(text, requireReasoning)[1]

/**
 * Why no answer could be read out of the tags, the first thing that is wrong.
 * @example formatCause('CCO', { extraction: 'strict', requireReasoning: true }) // 'no <|answer_start|>'
 */
export function formatCause(text: string, { extraction, requireReasoning }: Extraction): string {
  if (extraction === 'loose') return 'no <answer>…</answer> with something in it'
  const count = (tag: string): number => text.split(tag).length - 1
  const needed = [...(requireReasoning ? [THINK_START, THINK_END] : []), ANSWER_START, ANSWER_END]
  if (/<answer>[\s\S]*<\/answer>/.test(text) && count(ANSWER_START) === 0)
    return 'the answer is in <answer>…</answer>: --extraction loose reads it'
  if (requireReasoning && count(THINK_START) + count(THINK_END) === 0 && count(ANSWER_START) > 0)
    return 'an answer without a thought: --no-require-reasoning takes it'
  const missing = needed.find((tag) => count(tag) === 0)
  if (missing !== undefined) return `no ${missing}`
  const twice = needed.find((tag) => count(tag) > 1)
  if (twice !== undefined) return `${twice} more than once`
  if (!text.trimStart().startsWith(needed[0]!)) return `text before ${needed[0]}`
  if (!text.endsWith(ANSWER_END)) return `text after ${ANSWER_END}`
  return 'the tags are empty or in another order'
}

function block({ fxnName, verdict, meaning, count, row, completion }: Cause, extraction: Extraction): string {
  const { status, reason, value } = verdict
  const reward = value === null || status === 'unverifiable' ? 'no reward' : `reward ${value}`
  const text = plain(completion.text)
  const answer = answerIn(text, extraction)
  const shown = [
    ['meaning', meaning],
    ['first', `${row.id}, ${completion.role} ${completion.index} (${row.where})`],
    ['solution', row.solution === null ? null : short(solutionText(row.solution))],
    answer === null || answer === '' ? ['text', short(text)] : ['answer', short(answer)],
  ] as const
  return [
    `${fxnName}: ${status}${reason === null ? '' : ` (${reason})`}, ${counted(count, 'completion')}, ${reward} in the first`,
    ...shown.flatMap(([name, value]) => (value === null ? [] : [`    ${name.padEnd(9)} ${value}`])),
  ].join('\n')
}

const solutionText = (solution: SolutionInput): string =>
  typeof solution === 'string' ? solution : JSON.stringify(solution)

const SHOWN_CHARACTERS = 200
/** One line of a text; of a long one its beginning and its end, and how much is between. */
function short(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  const half = SHOWN_CHARACTERS / 2
  const between = line.length - SHOWN_CHARACTERS
  return between <= 0 ? line : `${line.slice(0, half)} … ${counted(between, 'character')} … ${line.slice(-half)}`
}
