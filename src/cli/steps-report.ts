import type { ChoiceTest } from '../agreement/choices.ts'
import { plain } from '../plain-text.ts'
import type { StepRowRecord, StepsReport, StepVerdictRecord } from '../report/html/step-input.ts'
import { StepCounter } from '../report/html/step-tally.ts'
import type { StepLine } from '../report/steps.ts'
import type { Text } from '../types.ts'

/** So many rows are kept with their texts for the page, which shows the most interesting of them; a run may have millions. */
const MOST_ROWS = 20_000

/** A row of a run of steps, as far as the page shows it. */
export interface ReportedRow
  extends Partial<Pick<StepRowRecord, 'candidates' | 'rationale' | 'labels' | 'probabilities'>> {
  readonly id: string
  readonly subset: string
  readonly prompt: Text
  readonly steps: readonly string[]
}

/** Collects what report.html shows of the rows of a run of steps, one after the other. */
export class StepsReporter {
  readonly #rows: StepRowRecord[] = []
  readonly #lines: StepLine[] = []
  readonly #verdicts: StepVerdictRecord[] = []
  #counter: StepCounter | null = null
  #total = 0

  /**
   * @param lines of steps.csv; none where nothing is chosen
   * @param verdicts on the claims of the row's steps and candidates; null where they were not verified
   */
  add(
    row: ReportedRow,
    lines: readonly StepLine[] = [],
    verdicts: readonly Omit<StepVerdictRecord, 'id'>[] | null = null,
  ): void {
    const kept = this.#total++ < MOST_ROWS
    if (verdicts !== null) {
      this.#counter ??= new StepCounter()
      for (const verdict of verdicts) this.#counter.add(verdict)
    }
    if (!kept) return
    const { id, subset, prompt, steps, candidates = [], rationale = null, labels = null, probabilities = null } = row
    this.#rows.push({ id, subset, prompt: plain(prompt), steps, candidates, rationale, labels, probabilities })
    this.#lines.push(...lines)
    for (const { step, candidate, verdict, claims, reason } of verdicts ?? [])
      this.#verdicts.push({ id, step, candidate, verdict, claims, reason })
  }

  /** @param heuristics in their order; none where nothing is chosen */
  report(heuristics: readonly string[] = [], tests: readonly ChoiceTest[] = []): StepsReport {
    return {
      total: this.#total,
      rows: this.#rows,
      heuristics,
      lines: this.#lines,
      tests,
      verdicts: this.#counter === null ? null : this.#verdicts,
      tally: this.#counter,
    }
  }
}
