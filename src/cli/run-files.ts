import { join } from 'node:path'
import { bootstrapMethod, type Summary, summarise } from '../agreement/accuracy.ts'
import { accuracyPaperTable } from '../agreement/accuracy-table.ts'
import { type Agreement, type AgreementOptions, agreementWork } from '../agreement/agreement.ts'
import { agreementPaperTables } from '../agreement/agreement-table.ts'
import { baselineWarningLines, fewPromptsLine } from '../agreement/baselines.ts'
import { type BestOfTable, bestOf } from '../agreement/best-of.ts'
import { faultSummary } from '../agreement/fault-summary.ts'
import { faultPaperTable } from '../agreement/fault-table.ts'
import { accuracyByFault, type FaultLine } from '../agreement/faults.ts'
import type { HermRun } from '../agreement/herm.ts'
import { type MethodsInput, scorerName } from '../agreement/methods.ts'
import type { PaperTable } from '../agreement/tables.ts'
import type { Joined } from '../collect.ts'
import { given } from '../given.ts'
import { writeJson, writeWhole } from '../report/manifest.ts'
import { type AddedColumns, scoreFileColumns } from '../report/write.ts'
import type { RunInput } from '../run.ts'
import type { RunConfig } from '../setup/config.ts'
import { JoinedLines } from '../statistic-lines.ts'
import { startStatistics } from '../statistics/start.ts'
import type { RowFailure } from '../types.ts'
import { type AdvantagesOfRun, writeAdvantages } from './advantages.ts'
import { writeAnalyses } from './analyses.ts'
import type { Comparing } from './distances.ts'
import { FAILURE_COLUMNS, failuresOf, writeFailures } from './failures-file.ts'
import { type GroupsOfRun, groupsOfRun, groupsSummary, groupTables, writeGroups } from './groups.ts'
import { groupsReport } from './groups-report.ts'
import type { HermTexts } from './herm-scores.ts'
import { reportHtml } from './html.ts'
import {
  type InvarianceOfRun,
  invariancePaperTables,
  invarianceSummary,
  startInvariance,
  writeSensitivity,
} from './invariance.ts'
import type { Log } from './log.ts'
import { type RunJson, runRecord } from './manifest.ts'
import { parsesOf } from './parses.ts'
import type { PicturesAhead } from './pictures.ts'

/** What the files of a run are made from, once every completion has its score and verdict: no model is needed any more. */
export interface RunFilesInput {
  readonly folder: string
  readonly config: RunConfig
  readonly joined: Joined
  /** The rows once more, in the same order. */
  readonly rows: RunInput['rows']
  readonly added: AddedColumns
  /** Whether a model scored. */
  readonly scored: boolean
  /** Of a model that compares two answers, the score at which it prefers neither. */
  readonly even?: number
  /** Rows that could not be read. */
  readonly unread: readonly RowFailure[]
  readonly herm: HermRun | null
  /** What the model read of the pairs, in their order; null where it is not known. */
  readonly texts: HermTexts | null
  readonly methods: MethodsInput
  readonly log: Pick<Log, 'info' | 'warn'>
  /** Who compares the molecules of pairs; left out: RDKit of this thread. */
  readonly compare?: Comparing | undefined
}
export interface RunAnalyses {
  readonly config: RunConfig
  readonly summary: Summary
  readonly agreement: Agreement
  /** Accuracy by why the rejected answer is wrong; empty where no verdict says. */
  readonly faults: readonly FaultLine[]
  readonly best: BestOfTable | null
  readonly groups: GroupsOfRun | null
  readonly grpo: AdvantagesOfRun | null
  readonly invariance: InvarianceOfRun | null
  readonly failures: readonly RowFailure[]
}

/** ◆ Writes every file of a run but scores.csv, pairs.csv, run.json and report.html. */
export async function writeRunFiles(input: RunFilesInput): Promise<RunAnalyses> {
  const { folder, config, joined, rows, added, scored, herm, texts, methods, log } = input
  const settings = { seed: config.seed, resamples: config.resamples }
  const invarianceOfRun = await startInvariance(joined, scored, settings, input.compare)
  const summary = summarise(joined.pairs, settings)
  const parses = await parsesOf(joined.completions)
  const comparing = given<{ even: number }>({ even: input.even })
  const rowwise = await agreementOf(joined, { ...settings, parses, ...comparing })
  const groups = await groupsOfRun(joined, config, scored, settings)
  for (const note of groups?.notes ?? []) log.warn(note)
  const invariance = await invarianceOfRun()
  for (const note of invariance?.notes ?? []) log.warn(note)
  const grpo = await writeAdvantages({ folder, config, groups: joined.groups, rows, learned: scored })
  const found = {
    ...rowwise,
    statistics: new JoinedLines([
      rowwise.statistics,
      groups?.statistics ?? [],
      grpo?.statistics ?? [],
      invariance?.statistics ?? [],
    ]),
  }
  if (scored) {
    for (const line of baselineWarningLines(found.warnings)) log.warn(line)
    const few = fewPromptsLine(found.warnings)
    if (few !== null) log.info(few)
  }
  const faults = accuracyByFault(found.statistics)
  const failures = failuresOf(input.unread, joined.unscored, config.stepSeparator)
  await writeFailures(folder, failures)
  const best = bestOf(joined.pairs, settings)
  await writeJson(join(folder, 'summary.json'), {
    ...summary,
    ...(faults.length > 0 && scored && { accuracy_by_fault: faultSummary(faults) }),
    best_of_n: best,
    ...(groups !== null && { groups: groupsSummary(groups) }),
    ...(invariance !== null && invarianceSummary(invariance)),
  })
  const columns = scoreFileColumns(added)
  const groupColumns = groups === null ? {} : await writeGroups(folder, groups)
  const curveColumns = invariance === null ? {} : await writeSensitivity(folder, invariance)
  const ciMethod = bootstrapMethod(settings)
  const scorer = scored ? scorerName(methods) : null
  const named = [scorer ?? 'the verifier', methods.dataset, ciMethod] as const
  await writeAnalyses({
    folder,
    joined,
    columns: {
      'scores.csv': columns['scores.csv'],
      ...(joined.pairs.length > 0 && { 'pairs.csv': columns['pairs.csv'] }),
      ...groupColumns,
      ...curveColumns,
      'failures.csv': FAILURE_COLUMNS,
      ...grpo?.columns,
    },
    tables: tables(),
    agreement: found,
    herm,
    texts,
    methods,
    log,
  })
  return { config, summary, agreement: found, faults, best, groups, grpo, invariance, failures }

  function* tables(): Generator<PaperTable> {
    if (scored && joined.pairs.length > 0) yield accuracyPaperTable(summary.accuracy, ...named)
    if (scored && faults.length > 0) yield faultPaperTable(faults, ...named)
    yield* agreementPaperTables(found.statistics, scorer, methods.dataset, ciMethod)
    if (groups !== null) yield* groupTables(groups, ...named)
    if (invariance !== null) yield* invariancePaperTables(invariance, ...named)
  }
}

/** Everything of agreement.csv, of many rows on all processors. */
async function agreementOf({ pairs, completions }: Joined, options: AgreementOptions): Promise<Agreement> {
  const work = agreementWork(pairs, completions, options)
  const statistics = startStatistics([work.columns], work.settings)
  const finish = work.others()
  const [lines] = await statistics.done()
  return finish(lines!)
}

/** ◆ Writes report.html. @param record run.json of the run. @param pictures that were drawn ahead of time */
export async function writeReport(
  folder: string,
  record: RunJson,
  joined: Joined,
  { config, summary, agreement, faults, groups, grpo, invariance, failures }: RunAnalyses,
  pictures?: PicturesAhead,
): Promise<void> {
  const page = await reportHtml({
    run: runRecord(record, joined),
    joined,
    summary,
    agreement,
    faults,
    failures,
    verification: config.verification,
    drift: record.drift,
    groups: groupsReport(groups, grpo, config),
    ...(invariance !== null && { sensitivity: invariance.curve }),
    pictures,
  })
  await writeWhole(join(folder, 'report.html'), page.pieces())
}
