import type { ChoiceTest } from '../../agreement/choices.ts'
import type { StepVerdict } from '../../chem/claims/claim.ts'
import type { ProcessRow } from '../../pairs/steps.ts'
import { plain } from '../../plain-text.ts'
import type { ReportInput, RunRecord } from '../../report/html/input.ts'
import { LIMITS } from '../../report/html/limits.ts'
import type { Markup } from '../../report/html/markup.ts'
import type { StepLineRecord, StepRowRecord, StepsReport, StepVerdictRecord } from '../../report/html/step-input.ts'
import { StepCounter } from '../../report/html/step-tally.ts'
import { versions } from '../../report/manifest.ts'
import { namedWithBase } from '../../setup/adapter.ts'
import type { RowFailure, SolutionInput, Statistic } from '../../types.ts'
import { expectedOf } from '../answer-port.ts'
import type { ProcessRun } from './run.ts'

/** What is known of a row, as it comes. */
export interface SeenRow {
  readonly row: Pick<ProcessRow, 'id' | 'subset'> & {
    readonly prompt: ProcessRow['prompt'] | null
    readonly steps: readonly string[]
    readonly candidates?: readonly string[]
    readonly rationale?: string | null
    readonly labels?: readonly (boolean | null)[]
    readonly solution?: SolutionInput | null
  }
  readonly probabilities?: readonly (number | null)[] | null
  readonly lines?: readonly StepLineRecord[]
  /** Null where claims are not verified. */
  readonly verdicts: readonly StepVerdict[] | null
}

/** Keeps what report.html shows of a run of steps: the first rows as they are, and counts of all verdicts. */
export class StepWitness {
  #total = 0
  readonly #rows: StepRowRecord[] = []
  readonly #lines: StepLineRecord[] = []
  readonly #verdicts: StepVerdictRecord[] = []
  readonly #counter = new StepCounter()
  #verified = false

  see({ row, probabilities = null, lines = [], verdicts }: SeenRow): void {
    this.#total++
    for (const verdict of verdicts ?? []) this.#counter.add(verdict)
    if (verdicts !== null) this.#verified = true
    if (this.#rows.length >= LIMITS.rows) return
    const { id, subset, prompt, steps, candidates = [], rationale = null, labels = null, solution = null } = row

    this.#rows.push({
      id,
      subset,
      prompt: prompt === null ? '' : plain(prompt),
      steps,
      candidates,
      rationale,
      labels,
      probabilities,
      expected: solution === null ? null : expectedOf(solution),
    })
    this.#lines.push(...lines)
    for (const verdict of verdicts ?? []) this.#verdicts.push({ id, ...verdict })
  }

  /** @param heuristics the one to read first in front */
  report(heuristics: readonly string[] = [], tests: readonly ChoiceTest[] = []): StepsReport {
    return {
      total: this.#total,
      rows: this.#rows,
      heuristics,
      lines: this.#lines,
      tests,
      verdicts: this.#verified ? this.#verdicts : null,
      tally: this.#verified ? this.#counter : null,
    }
  }
}

/** Each word once; null without any. */
const once = (words: readonly string[]): string | null => [...new Set(words)].join(' and ') || null

/** report.html of a run of steps. */
export async function stepsHtml(
  run: ProcessRun,
  found: {
    readonly steps: StepsReport
    readonly statistics: readonly Statistic[]
    readonly failures: readonly RowFailure[]
    readonly repairs: RunRecord['repairs']
    readonly truncations: number
    readonly manifest: Readonly<Record<string, unknown>>
  },
): Promise<Markup> {
  const { reportPage } = await import('../../report/html/report.ts')
  const { config, data, models, channels, device, verifier, log } = run
  const input: ReportInput = {
    run: {
      command: config.bin,
      model: once(models.map(({ name, adapter }) => namedWithBase(name, adapter))) ?? 'no model',
      reference: null,
      dataset: data.name,
      device: device?.device ?? null,
      provider: device?.provider ?? null,
      dtype: once(channels.map(({ subject }) => subject.dtype)),
      seed: config.seed,
      versions: versions(),
      repairs: found.repairs,
      truncations: found.truncations,
      warnings: log.warnings,
      remarks: [],
      provenance: verifier?.provenance ?? [],
      details: found.manifest,
    },
    accuracy: null,
    statistics: found.statistics,
    pairs: [],
    completions: [],
    prompts: new Map(),
    failures: found.failures,
    calibration: null,
    drift: null,
    suspects: [],
    steps: found.steps,
    molecules: null,
  }
  return reportPage(input)
}
