import { statSync } from 'node:fs'
import { join } from 'node:path'
import { placeDataSets, replacedRuns, withRecord } from '../../analysis/analysis-folder.ts'
import { type Analysis, columnsOf, startAnalysis, writeAnalysis } from '../../analysis/analyze.ts'
import { picksOf, writeBestOfN } from '../../analysis/best-of-n.ts'
import { comparedGroups } from '../../analysis/compared-groups.ts'
import { comparedRows, readingOf } from '../../analysis/compared-rows.ts'
import { comparedRun } from '../../analysis/compared-runs.ts'
import { dataNames, dataSetsOf } from '../../analysis/data-sets.ts'
import { nothingScored } from '../../analysis/leaderboard.ts'
import { unlikeText } from '../../analysis/matching.ts'
import { readRewardBenchFiles } from '../../analysis/rewardbench.ts'
import { findRuns, findStepRuns, readRun, unfinishedRuns } from '../../analysis/run-folders.ts'
import type { Run } from '../../analysis/runs.ts'
import { withSharedColumns } from '../../analysis/shared-columns.ts'
import { isPart } from '../../src/agreement/faults.ts'
import { answerPort } from '../../src/cli/answer-port.ts'
import { bestOfTable } from '../../src/cli/best-of-table.ts'
import { counted } from '../../src/cli/count.ts'
import { moleculesOf } from '../../src/cli/html.ts'
import { screenLog } from '../../src/cli/log.ts'
import { type BinHelp, parseArgs } from '../../src/cli/parse.ts'
import { printText } from '../../src/cli/screen.ts'
import { DataError, HarnessError } from '../../src/errors.ts'
import { renderComparison } from '../../src/report/compare/report.ts'
import type { Markup } from '../../src/report/html/markup.ts'
import { checkDatasetName } from '../../src/setup/dataset.ts'
import { checkOutputFolder, makeOutputFolder } from '../../src/setup/folder.ts'
import { identitiesIn } from '../../src/setup/identity.ts'
import { list, readOptions, section, text, toggle } from '../../src/setup/option.ts'
import { resamples, seed } from '../../src/setup/options.ts'
import { changesNothing } from '../../src/setup/unused.ts'
import { smallHeapWords } from '../../src/small-heap.ts'
import { rowsOf, startStatistics } from '../../src/statistics/start.ts'
import { lock } from '../../src/store/lock.ts'
import { UnwrittenFile } from '../../src/system-words.ts'
import { tightHeap } from '../../src/tight-heap.ts'

const HELP: BinHelp = {
  name: 'analyze',
  summary:
    'Recomputes the analyses of the runs under --output-dir and compares them: leaderboard with baselines and ensembles, subsets, paired tests, agreement between scorers, reference-free against reference, lengths, distributions, drift between two runs of one model, best-of-n picks. Prints the leaderboard and writes CSV, Markdown and LaTeX tables and SVG plots to <output-dir>/analysis/<dataset>/.',
  examples: [
    ['run-rm && run-dpo && analyze', 'the embedded reward model against the embedded DPO policy'],
    ['analyze --dataset pairs --model demo-reward-model', 'one data set, one model'],
    ['analyze --rewardbench eval-set-scores/org/model.json', "RewardBench's own score file, no model needed"],
  ],
}
export const OPTIONS = {
  ...section(
    { group: 'Data' },
    {
      outputDir: text('Folder that holds the runs, as <model>/<dataset>/', 'results'),
      dataset: list('Data set folders to analyse, repeatable', { shown: 'all' }),
      model: list('Model folders to take, repeatable', { shown: 'all' }),
      rewardbench: list(
        "Score files that RewardBench or RewardBench 2 wrote (eval-set-scores *.json, *_outputs.jsonl, *_all.jsonl), repeatable; data set 'rewardbench'",
        { shown: 'none' },
      ),
      dataFile: text('Data set of the runs, for the texts of report.html and best-of-n/*.json', null, {
        shown: 'the one that run.json names',
      }),
    },
  ),
  ...section(
    { group: 'Statistics' },
    { resamples: resamples('Bootstrap resamples of prompts'), seed: seed('Seed of every random draw') },
  ),
  ...section({ group: 'Run' }, { quiet: toggle('Say nothing but results and warnings', false) }),
}

/** Pairs and completions from which on the statistics of the runs are worked out before the runs are aligned, not meanwhile. */
const MANY_ROWS = 1_500_000

/** From so much on it takes seconds, and is said before it begins. */
const SAID_FROM_BYTES = 8 * 2 ** 20
const SAID_FROM_ROWS = 10_000

const bytesOf = (path: string): number =>
  ['scores.csv', 'pairs.csv'].reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )

/**
 * The whole command; returns the exit code.
 * @param command as the user called it
 */
export async function analyze(argv: readonly string[], command: string = HELP.name): Promise<number> {
  const given = await parseArgs({ ...HELP, name: command }, OPTIONS, argv)
  if (given === null) return 0
  const options = readOptions(OPTIONS, given)
  const { outputDir, dataset: datasets, model: models, rewardbench: imported, dataFile } = options
  const settings = { resamples: options.resamples, seed: options.seed }
  const log = screenLog(command, options)
  const small = smallHeapWords()
  if (small !== null) log.warn(small)
  checkOutputFolder(join(outputDir, 'analysis'))
  if (dataFile !== null) checkDatasetName(dataFile, '--data-file')
  const found = [...findRuns(outputDir), ...findStepRuns(outputDir)]
  const folders = found
    .filter(({ dataset, path }) => {
      const [identity] = datasets.length === 0 ? [] : identitiesIn(path).known
      const names = dataNames(dataset, identity?.dataSha256 ?? null)
      return datasets.length === 0 || names.some((name) => datasets.includes(name))
    })
    .filter(({ model }) => models.length === 0 || models.includes(model))
  for (const path of unfinishedRuns(outputDir)) log.warn(`${path}: the run has not come to its end; left out`)
  if (folders.length === 0 && imported.length === 0) throw noRun(outputDir, found)
  for (const line of unmatched(found, datasets, models, imported.length > 0)) log.warn(line)
  const troubles: HarnessError[] = []
  const warn = (error: unknown): void => {
    if (!(error instanceof HarnessError)) throw error
    troubles.push(error)
    log.warn(`${error.where}: ${error.message}${error.hint === null ? '' : ` (${error.hint})`}`)
  }
  tightHeap()
  const runs: Run[] = []
  const add = (run: Run): void => {
    for (const warning of run.warnings) log.warn(warning)
    runs.push(withSharedColumns(run, runs))
  }
  for (const run of readRewardBenchFiles(imported, datasets[0] ?? 'rewardbench')) add(run)
  const bytes = folders.reduce((sum, { path }) => sum + bytesOf(path), 0)
  if (bytes >= SAID_FROM_BYTES)
    log.info(`reading ${counted(folders.length, 'run')}, ${Math.round(bytes / 2 ** 20)} MiB`)
  for (const folder of folders) await readRun(folder).then(add).catch(warn)
  let done = 0
  if (dataFile !== null && !runs.some((run) => run.pairs.n > 0 || picksOf(run) !== null))
    log.warn(changesNothing(['data-file'], 'no run has pairs or groups'))
  for (const placed of placeDataSets(outputDir, dataSetsOf(runs))) {
    const { set, name, path, remarks } = placed
    for (const remark of [...set.notes, ...remarks]) log.warn(`${name}: ${remark}`)
    try {
      makeOutputFolder(path)
      const rows = rowsOf(set.runs)
      if (rows >= SAID_FROM_ROWS)
        log.info(
          `${name}: computing the statistics of ${counted(set.runs.length, 'run')}, ${rows.toLocaleString('en-US')} completions and pairs, and writing the files`,
        )
      const unlock = lock(path, '')
      try {
        const statistics = startStatistics(set.runs.map(columnsOf), settings)
        // of very many rows the memory of both at once is too much
        const first = rows > MANY_ROWS ? await statistics.done() : null
        const finish = startAnalysis(name, set.runs, settings)
        const analysis = finish(first ?? (await statistics.done()))
        const replaced = replacedRuns(placed)
        if (replaced !== '') log.info(`${name}: ${replaced}`)
        const remarks = remarksOf(analysis, set.runs)
        const page = (): Promise<Markup> =>
          comparisonPage({
            name,
            analysis,
            remarks,
            dataFile,
            settings,
            command: [command, ...argv].join(' '),
            notes: set.notes,
          })
        const files = await withRecord(placed, { settings, unlike: analysis.unlike }, async () => [
          ...(await writeAnalysis(analysis, path, page)),
          ...(await writeBestOfN(set.runs, path, dataFile, log)),
        ])
        printText(`${done > 0 ? '\n' : ''}${analysis.screen}\n`)
        for (const [scorer, table] of analysis.bestOf) printText(`\n${scorer}\n${bestOfTable(table)}\n`)
        for (const line of remarks.warnings) log.warn(`${name}: ${line}`)
        for (const line of remarks.infos) log.info(`${name}: ${line}`)
        log.info(
          `${name}: ${set.runs.length} run${set.runs.length === 1 ? '' : 's'}, ${files.length} files in ${path}; open ${join(path, 'report.html')} in a browser`,
        )
        done++
      } finally {
        unlock()
      }
    } catch (error) {
      warn(error)
    }
  }
  const unwritten = troubles.find((error) => error instanceof UnwrittenFile)
  if (done === 0 || unwritten !== undefined) return (unwritten ?? troubles[0]!).exitCode
  return troubles.length > 0 ? 4 : 0
}

function noRun(outputDir: string, found: readonly { model: string; dataset: string }[]): DataError {
  if (found.length === 0)
    return new DataError(
      'no run found',
      outputDir,
      'Runs stand in <output-dir>/<model>/<dataset>/scores.csv; make one with run-rm.',
    )
  const there = found.map(({ model, dataset }) => `${model}/${dataset}`)
  return new DataError(
    'no run here is of the --dataset and --model that are asked for',
    outputDir,
    `There are ${there.join(', ')}.`,
  )
}

/** Names of --dataset and --model that no run has; --dataset is also what the runs of --rewardbench are called. */
function unmatched(
  found: readonly { model: string; dataset: string }[],
  datasets: readonly string[],
  models: readonly string[],
  imports: boolean,
): string[] {
  const absent = (option: 'dataset' | 'model', names: readonly string[]): string[] =>
    names
      .filter((name) => !found.some((run) => run[option] === name))
      .map((name) =>
        changesNothing([`${option} ${name}`], `no run is of that ${option === 'model' ? option : 'data set'}`),
      )
  return [...absent('dataset', imports ? datasets.slice(1) : datasets), ...absent('model', models)]
}

/** report.html of an analysis. */
async function comparisonPage({
  name,
  analysis,
  remarks,
  dataFile,
  settings,
  command,
  notes,
}: {
  readonly name: string
  readonly analysis: Analysis
  readonly remarks: ReturnType<typeof remarksOf>
  readonly dataFile: string | null
  readonly settings: { readonly resamples: number; readonly seed: number }
  readonly command: string
  readonly notes: readonly string[]
}): Promise<Markup> {
  const found = await comparedRows(analysis, dataFile)
  const grouped = await comparedGroups(analysis, dataFile)
  const solutions = new Map([...(found?.solutions ?? []), ...(grouped?.solutions ?? [])])
  const answers = answerPort(solutions, found?.verification ?? readingOf(grouped?.run ?? null))
  const shown = [
    ...(found?.rows.pairs.flatMap(({ pair }) => [pair.chosen, pair.rejected]) ?? []),
    ...(grouped?.groups.groups.flatMap(({ group }) => group.completions) ?? []),
  ]
  return renderComparison({
    dataset: name,
    command,
    settings,
    runs: analysis.runs.map(comparedRun),
    files: analysis.csv,
    ciMethods: analysis.ciMethods,
    faults: analysis.faults.map(({ scorer, lines }) => ({
      scorer,
      lines: lines.map((line) => ({ ...line, part: isPart(line, lines) })),
    })),
    notes: analysis.notes,
    warnings: [...notes, ...remarks.warnings],
    infos: remarks.infos,
    rows: found?.rows ?? null,
    groups: grouped?.groups ?? null,
    answers,
    molecules: await moleculesOf(shown, [...solutions.keys()], answers),
  })
}

/** What a reader of the leaderboard must know: warnings, and what is merely said. */
function remarksOf(
  { aligned, copies, unit, unlike, standings, baselines }: Analysis,
  runs: readonly Run[],
): { readonly warnings: readonly string[]; readonly infos: readonly string[] } {
  const warnings: string[] = []
  if (runs.every(({ steps }) => steps !== undefined)) return { warnings: [], infos: [] }
  if (runs.every((run) => run.pairs.n === 0))
    warnings.push(
      `no run has pairs; only the statistics of completions${runs.some((run) => (run.groups?.length ?? 0) > 0) ? ' and groups' : ''} are written`,
    )
  else if (aligned.pairs.n === 0) warnings.push('the runs have no pair in common; compare them apart with --model')
  for (const [name, n] of Object.entries(unlike)) if (n > 0) warnings.push(`${name}: ${unlikeText(n, unit)}`)
  for (const { scorer, rank, accuracy } of standings)
    if (rank === null && accuracy.reason !== null && !nothingScored(standings))
      warnings.push(`${scorer.name}: ${accuracy.reason}`)
  warnings.push(...baselines)
  const infos =
    copies.length === 0
      ? []
      : [
          `${copies.join(', ')}: the same model as another run's; compared in drift.csv, left out of ensembles and tests`,
        ]
  return { warnings, infos }
}
