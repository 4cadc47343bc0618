import { ANSWER_END, ANSWER_START, THINK_END, THINK_START } from '../../chem/ether0/answer.ts'
import type { AnswerFormat } from '../jobs.ts'
import { type Check, type CheckedRow, type CheckedText, type Finding, RowList } from './checked-row.ts'

/** Chosen answers that fail, rejected ones that pass, and what cannot be told. */
export class VerdictCheck implements Check {
  private readonly chosenFails = new RowList()
  private readonly whyChosenFails = new Map<string, number>()
  private readonly chosenPartly = new RowList()
  private readonly rejectedPasses = new RowList()
  private readonly unverifiable = new RowList()
  private readonly noSolution = new RowList()

  private readonly format: AnswerFormat

  constructor(format: AnswerFormat) {
    this.format = format
  }

  see({ id, hasSolution, chosen, rejected }: CheckedRow): void {
    if (!hasSolution) {
      this.noSolution.add(id)
      return
    }
    const statuses = [chosen, ...rejected].map(statusOf)
    if (statuses.includes('unverifiable')) this.unverifiable.add(id)
    if (statuses[0] === 'fail') {
      this.chosenFails.add(id)
      const reason = chosen.verification?.reason ?? 'no reason'
      this.whyChosenFails.set(reason, (this.whyChosenFails.get(reason) ?? 0) + 1)
    }
    if (statuses[0] === 'partial') this.chosenPartly.add(id)
    if (statuses.slice(1).includes('pass')) this.rejectedPasses.add(id)
  }

  /** @example 'wrong_answer 2, format_failed 1: the format that is asked for is <|think_start|>…' */
  private reasons(): string {
    const counts = [...this.whyChosenFails].sort(([, a], [, b]) => b - a)
    const text = counts.map(([reason, count]) => `${reason} ${count.toLocaleString('en')}`).join(', ')
    return this.whyChosenFails.has(FORMAT) ? `${text}: ${inWords(this.format)}` : text
  }

  *findings(): Iterable<Finding> {
    yield* this.chosenFails.finding(
      'chosen_fails',
      (rows) => `${rows}: the chosen answer does not verify (${this.reasons()})`,
    )
    yield* this.chosenPartly.finding('chosen_partial', (rows) => `${rows}: the chosen answer verifies in part alone`)
    yield* this.rejectedPasses.finding('rejected_passes', (rows) => `${rows}: a rejected answer verifies`)
    yield* this.unverifiable.finding('unverifiable', (rows) => `${rows}: an answer cannot be verified here`)
    yield* this.noSolution.finding(
      'no_solution',
      (rows) => `${rows} without a solution: nothing says which answer is right`,
    )
  }
}
const FORMAT = 'format_failed'
function inWords({ test, reasoning }: AnswerFormat): string {
  if (test) return 'the format that is asked for is <answer>…</answer>'
  const answer = `${ANSWER_START}…${ANSWER_END}`
  return reasoning
    ? `the format that is asked for is ${THINK_START}…${THINK_END}${answer}; --no-require-reasoning asks for no thought, --extraction loose for <answer>…</answer>`
    : `the format that is asked for is ${answer}; --extraction loose asks for <answer>…</answer>`
}
const statusOf = ({ verification }: CheckedText): string | undefined => verification?.status

/** Rows whose verdict would change if a stand-in filter said otherwise. */
export class StandInCheck implements Check {
  private readonly chosen = new RowList()
  private readonly rejected = new RowList()
  see({ id, chosen, rejected }: CheckedRow): void {
    if (chosen.standIn) this.chosen.add(id)
    if (rejected.some(({ standIn }) => standIn)) this.rejected.add(id)
  }
  *findings(): Iterable<Finding> {
    const why = "which stands in for one of ether0's that cannot be shipped"
    yield* this.chosen.finding(
      'stand_in',
      (rows) => `${rows}: the chosen answer passes because a filter knows its parts, ${why}`,
    )
    yield* this.rejected.finding('stand_in', (rows) => `${rows}: a rejected answer is judged by a filter, ${why}`)
  }
}
