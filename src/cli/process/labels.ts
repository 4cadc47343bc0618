import { join } from 'node:path'
import type { BootstrapSettings } from '../../agreement/intervals.ts'
import {
  firstCalledWrong,
  firstError,
  type LabelledSteps,
  labelledStepStatistics,
  STEP_THRESHOLD,
} from '../../agreement/labelled-steps.ts'
import { type JudgedSteps, stepAgreement, stepVerdictShares } from '../../agreement/step-agreement.ts'
import { isFailure } from '../../pairs/failure.ts'
import type { LabelledRow } from '../../pairs/steps.ts'
import { plain, promptCluster } from '../../plain-text.ts'
import { openCsv } from '../../report/csv.ts'
import { percent, textTable } from '../../report/table.ts'
import type { Store } from '../../store/log.ts'
import type { RowFailure, Statistic } from '../../types.ts'
import { unscoredHint } from '../failure-lines.ts'
import { finishProcess } from './finish.ts'
import { StepWitness } from './report.ts'
import { factsOf, type MeasuredChannel, measureChannels, openProcessStore, type ProcessRun } from './run.ts'
import { judged, notesOf, openStepVerdicts, STEP_VERDICT_FILES, type StepTally, summaryOf } from './verify-steps.ts'

export const STEP_SCORE_COLUMNS = [
  'id', 'subset', 'step', 'step_probability', 'label', 'score_reason', 'first_error', 'first_error_predicted', 'cluster',
] as const // biome-ignore format: one line says it

/** Holds a process reward model against labelled steps (TRL's stepwise rows, ProcessBench). Returns the exit code. */
export async function judgeSteps(run: ProcessRun<LabelledRow>): Promise<number> {
  const { config, folder, interrupt, inspection } = run
  const store = (await openProcessStore(run))!
  try {
    const measured = await measureChannels(run, run.rows, inspection.completions, store)
    interrupt.dispose()
    store.finish()
    return await finishProcess(run, measured, null, async () => {
      const { rows, failures, verdicts, witness } = await writeStepScores(run, measured[0]!, store, folder)
      const settings = { seed: config.seed, resamples: config.resamples }
      const statistics = [...labelledStepStatistics(rows, settings), ...verdictStatistics(verdicts, settings)]
      const overall = Object.fromEntries(
        statistics
          .filter(({ scope, subset }) => scope === 'steps' && subset === 'all')
          .map(({ statistic, value, n }) => [statistic, { value, n }]),
      )
      const unknown = rows.filter(({ labels }) => firstError(labels) === null).length
      return {
        failures,
        columns: { 'step-scores.csv': STEP_SCORE_COLUMNS, ...(verdicts === null ? {} : STEP_VERDICT_FILES) },
        statistics,
        tests: [],
        summary: {
          labelled_steps: overall,
          ...(verdicts === null ? {} : { step_verdicts: summaryOf(verdicts.rows, verdicts.tally) }),
        },
        report: witness.report(),
        table: table(statistics),
        notes: [
          ...(unknown > 0
            ? [`of ${unknown} rows the first wrong step is not known: steps before it were not judged`]
            : []),
          ...(verdicts === null ? [] : notesOf(verdicts.tally)),
        ],
        record: { threshold: STEP_THRESHOLD },
      }
    })
  } finally {
    store.close()
  }
}

/** The verdicts on the steps' claims, with the model's probabilities; null with --no-verify. */
type Verdicts = { readonly rows: readonly JudgedSteps[]; readonly tally: StepTally } | null

function verdictStatistics(verdicts: Verdicts, settings: BootstrapSettings): Statistic[] {
  if (verdicts === null) return []
  const { decided, passed } = stepVerdictShares(verdicts.rows, settings)
  return [
    ...decided.statistics,
    ...passed.statistics,
    ...stepAgreement(verdicts.rows, { probabilities: true }, settings),
  ]
}

async function writeStepScores(
  run: ProcessRun<LabelledRow>,
  measured: MeasuredChannel,
  store: Store,
  folder: string,
): Promise<{ rows: LabelledSteps[]; failures: RowFailure[]; verdicts: Verdicts; witness: StepWitness }> {
  const file = openCsv(join(folder, 'step-scores.csv'), STEP_SCORE_COLUMNS)
  const [rows, failures]: [LabelledSteps[], RowFailure[]] = [[], []]
  const claims = run.config.verification.enabled ? await openStepVerdicts(folder) : null
  const checked: JudgedSteps[] = []
  const witness = new StepWitness()
  let [first, whole] = [0, false]
  try {
    for await (const row of run.rows()) {
      if (isFailure(row)) continue
      const { id, subset, where, labels } = row
      const [{ measurement, unscored }] = factsOf(measured, row, first++, store) as [ReturnType<typeof factsOf>[number]]
      const probabilities = measurement?.kind === 'head' ? measurement.values : null
      const reason = probabilities === null ? (unscored?.reason ?? 'not_measured') : null
      if (reason !== null)
        failures.push({
          where,
          id,
          reason,
          message: `the steps have no scores: ${reason}${unscored?.message ? `, ${unscored.message}` : ''}`,
          hint: unscoredHint(reason, unscored?.message ?? null, run.config.stepSeparator),
        })
      const cluster = promptCluster(row.prompt)
      rows.push({ id, subset, cluster, probabilities, labels })
      const predicted = probabilities === null ? null : firstCalledWrong(probabilities)
      for (const [step, label] of labels.entries())
        await file.write([
          id,
          subset,
          step,
          probabilities?.[step] ?? null,
          label === null ? null : label ? 1 : 0,
          reason,
          firstError(labels),
          predicted,
          cluster,
        ])
      const trajectory = { steps: row.steps, prompt: plain(row.prompt) }
      const found = claims === null ? null : await claims.check({ id, subset, cluster }, trajectory)
      witness.see({ row, probabilities, verdicts: found })
      if (found === null) continue
      checked.push({ id, subset, cluster, steps: found.map((one, i) => judged(one, probabilities?.[i] ?? null)) })
    }
    await file.close()
    await claims?.close()
    whole = true
  } finally {
    if (!whole) {
      await file.abort()
      await claims?.abort()
    }
  }
  return { rows, failures, verdicts: claims === null ? null : { rows: checked, tally: claims.tally }, witness }
}

const SHOWN = ['step_accuracy', 'pass_rate', 'auroc', 'first_error_found', 'no_error_seen', 'process_bench_f1']
const TITLES: Readonly<Record<string, string>> = { pass_rate: '(steps that are right)' }

function table(statistics: readonly Statistic[]): string {
  const lines = SHOWN.flatMap((name) => {
    const found = statistics.find(
      ({ scope, statistic, subset }) => scope === 'steps' && statistic === name && subset === 'all',
    )
    if (found === undefined) return []
    const { value, ciLow, ciHigh, n, missing } = found
    const interval = ciLow === null ? '–' : `${(ciLow * 100).toFixed(1)} – ${(ciHigh! * 100).toFixed(1)}`
    return [[TITLES[name] ?? name, percent(value), interval, String(n), String(missing)]]
  })
  return textTable(['labelled steps', 'value', '95 % CI', 'of', 'missing'], lines)
}
