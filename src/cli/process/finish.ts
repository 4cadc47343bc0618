import { join } from 'node:path'
import { bootstrapMethod } from '../../agreement/accuracy.ts'
import { AGREEMENT_COLUMNS, agreementRow } from '../../agreement/agreement.ts'
import { CHOICE_TEST_COLUMNS, type ChoiceTest, choiceTestRow } from '../../agreement/choices.ts'
import { codebook } from '../../agreement/codebook/codebook.ts'
import type { Label } from '../../agreement/latex/label.ts'
import type { Methods } from '../../agreement/methods.ts'
import type { PaperTable } from '../../agreement/tables.ts'
import { writeCsv } from '../../report/csv.ts'
import type { StepsReport } from '../../report/html/step-input.ts'
import { machine, versions, writeJson, writeWhole } from '../../report/manifest.ts'
import type { VerdictQueue } from '../../score/verdicts.ts'
import { checkUnchanged } from '../../setup/dataset.ts'
import { identityRecord } from '../../setup/identity.ts'
import { TRAJECTORIES_FILE } from '../../store/completions.ts'
import { SCORE_VERSION } from '../../store/key.ts'
import type { RowFailure, Statistic } from '../../types.ts'
import { countBy } from '../count.ts'
import { failureLines } from '../failure-lines.ts'
import { FAILURE_COLUMNS, writeFailures } from '../failures-file.ts'
import { describedRepairs, modelRecords } from '../manifest.ts'
import { taggedLabel, writeMethods, writeTables } from '../paper-files.ts'
import { readingsRecord } from '../readings.ts'
import { countsOf, repairsOfRun, sayRepairs } from '../repairs.ts'
import { configAsRun } from '../replaced.ts'
import { removeResults } from '../results.ts'
import { printText } from '../screen.ts'
import { verdictTroubleLines } from '../verdict-troubles.ts'
import { replacedLine, verificationRecord } from '../verification-record.ts'
import { stepsHtml } from './report.ts'
import type { MeasuredChannel, ProcessRun } from './run.ts'

/** What one kind of run has to say, once its own files are written. */
export interface ProcessOutput {
  readonly failures: readonly RowFailure[]
  /** Columns of the files that are written already, for the code book. */
  readonly columns: Readonly<Record<string, readonly string[]>>
  readonly statistics: readonly Statistic[]
  readonly tests: readonly ChoiceTest[]
  readonly summary: Readonly<Record<string, unknown>>
  /** For report.html; left out, there is none. */
  readonly report?: StepsReport
  /** For the screen. */
  readonly table: string
  readonly papers?: readonly PaperTable[]
  /** methods.md and references.bib; left out, there are none. */
  readonly methods?: Methods
  /** Said on screen and kept with the warnings. */
  readonly notes: readonly string[]
  /** For run.json, under `steps`. */
  readonly record: Readonly<Record<string, unknown>>
}

/**
 * Writes what every run of steps writes, after its own files. Returns the exit code: 4 where rows are missing from the numbers.
 * @param write writes the run's own files; the earlier results are gone then
 */
export async function finishProcess(
  run: ProcessRun,
  measured: readonly MeasuredChannel[],
  verdicts: VerdictQueue | null,
  write: () => Promise<ProcessOutput>,
): Promise<number> {
  const { data, folder, log, inspection } = run
  await checkUnchanged(data)
  removeResults(folder)
  const output = await write()
  const subjects = measured.map(({ channel }) => channel.subject)
  sayRepairs(repairsOfRun(measured.map(({ work }) => work)), subjects, log)
  for (const line of verdictTroubleLines(verdicts?.troubles ?? [])) log.warn(line)
  const replaced = replacedLine(run.verifier)
  if (replaced !== null) log.info(replaced)
  for (const note of output.notes) log.warn(note)
  const failures = [...inspection.failures, ...output.failures]
  await writeFailures(folder, failures)
  await writeCsv(join(folder, 'agreement.csv'), AGREEMENT_COLUMNS, output.statistics.map(agreementRow))
  const columns: Record<string, readonly string[]> = {
    ...output.columns,
    'failures.csv': FAILURE_COLUMNS,
    'agreement.csv': AGREEMENT_COLUMNS,
  }
  if (output.tests.length > 0) {
    await writeCsv(join(folder, 'paired-tests.csv'), CHOICE_TEST_COLUMNS, output.tests.map(choiceTestRow))
    columns['paired-tests.csv'] = CHOICE_TEST_COLUMNS
  }
  await writeTables(folder, output.papers ?? [], labelOfRun(run))
  if (output.methods !== undefined) await writeMethods(folder, output.methods)
  await writeJson(join(folder, 'summary.json'), output.summary)
  await writeWhole(join(folder, 'codebook.md'), codebook(columns))
  printText(`\n${output.table}\n\n`)
  for (const line of failureLines(failures, join(folder, 'failures.csv'))) log.warn(line)
  const manifest = manifestOf(run, measured, verdicts, output, failures)
  await writeJson(join(folder, 'run.json'), manifest)
  if (output.report === undefined)
    log.info(`written to ${run.config.generate ? join(folder, TRAJECTORIES_FILE) : folder}`)
  else {
    const work = measured.map((one) => one.work)
    const repairs = countsOf(repairsOfRun(work), 'completions')
    const truncations = work.reduce((sum, { truncated }) => sum + truncated, 0)
    const { statistics, report: steps } = output
    const page = await stepsHtml(run, { steps, statistics, failures, repairs, truncations, manifest })
    await writeWhole(join(folder, 'report.html'), page.pieces())
    log.info(`written to ${folder}; open ${join(folder, 'report.html')} in a browser`)
  }
  return failures.length > 0 ? 4 : 0
}

/** Labels of this run's tables: its weights, its data and its options tell it from others. */
const labelOfRun = ({ config, models, data, identity }: ProcessRun): Label => {
  const { outputDir: _, quiet: __, logFormat: ___, ...options } = config
  return taggedLabel([...models.map(({ name }) => name), data.name], [identityRecord(identity), options])
}

/** ci_method of a run's intervals. */
export const intervalsOf = ({ config: { seed, resamples } }: ProcessRun): string => bootstrapMethod({ seed, resamples })

function manifestOf(
  run: ProcessRun,
  measured: readonly MeasuredChannel[],
  verdicts: VerdictQueue | null,
  output: ProcessOutput,
  failures: readonly RowFailure[],
): Record<string, unknown> {
  const { config, data, inspection, device, verifier, log } = run
  const subjects = measured.map(({ channel }) => channel.subject)
  const work = measured.map((one) => one.work)
  return {
    created: new Date().toISOString(),
    command: [config.bin, ...process.argv.slice(process.argv[2] === config.bin ? 3 : 2)].join(' '),
    identity: identityRecord(run.identity),
    replaced: run.replaced,
    config: configAsRun(config, subjects),
    versions: versions(),
    score_version: SCORE_VERSION,
    machine: machine(),
    steps: output.record,
    models: run.models.map((model) => {
      const own = measured.filter(({ channel }) => channel.model === model)
      const subjects = run.channels.filter((channel) => channel.model === model).map(({ subject }) => subject)
      // of several channels of a model the first stands for it, and each for itself
      const [record] = modelRecords({
        models: [model],
        subjects: subjects.slice(0, 1),
        work: own.slice(0, 1).map(({ work }) => work),
        certified: [],
        device,
      })
      const measuring = own.map(({ channel: { kind, scorer }, work: { runner: _, ...work } }) => ({
        kind,
        score: scorer?.formula ?? null,
        work,
      }))
      return { ...record, measured: measuring }
    }),
    device,
    plan: run.channels.map(({ kind, plan }) => ({ kind, ...plan })),
    dataset: {
      name: data.name,
      ...data.provenance,
      rows: inspection.rows,
      completions: inspection.completions,
      failed_rows: inspection.failures.length,
      ...readingsRecord(inspection, config, data.provenance.sha256),
    },
    verification: verifier === null || verdicts === null ? null : verificationRecord(config.verification, verifier),
    verdict_errors: verdicts?.errors ?? {},
    repairs: describedRepairs({ work, subjects }),
    failures: { count: failures.length, by_reason: countBy(failures, (f) => f.reason), first: failures.slice(0, 100) },
    warnings: log.warnings,
    seed: config.seed,
    elapsed_ms: Math.round(run.elapsedMs()),
  }
}
