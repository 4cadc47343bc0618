import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Difference } from '../../analysis/differences.ts'
import { ownColumnsOf, type ReplayedRow, replay, unscoredMessages } from '../../analysis/replay.ts'
import { findRuns } from '../../analysis/run-folders.ts'
import { compareFolders, VerdictCheck } from '../../analysis/verify-run.ts'
import { countBy, counted } from '../../src/cli/count.ts'
import { downloadBar } from '../../src/cli/download-bar.ts'
import { noScore } from '../../src/cli/failures-file.ts'
import { type Log, screenLog } from '../../src/cli/log.ts'
import { methodCounts, type RunJson } from '../../src/cli/manifest.ts'
import { withFaults } from '../../src/cli/pair-faults.ts'
import { type BinHelp, parseArgs } from '../../src/cli/parse.ts'
import { isResult } from '../../src/cli/results.ts'
import { writeReport, writeRunFiles } from '../../src/cli/run-files.ts'
import { readRunJson } from '../../src/cli/run-json.ts'
import { jsonLine, printText } from '../../src/cli/screen.ts'
import { standInTally, verdictCauses } from '../../src/cli/verdict-causes.ts'
import { openVerifier } from '../../src/cli/verifier.ts'
import { verifyRows } from '../../src/cli/verifying.ts'
import { collect } from '../../src/collect.ts'
import { DataError, HarnessError, UsageError } from '../../src/errors.ts'
import { given } from '../../src/given.ts'
import { isRecord } from '../../src/is-record.ts'
import { packageVersion } from '../../src/package.ts'
import { textTable } from '../../src/report/table.ts'
import { writeScores } from '../../src/report/write.ts'
import type { Ledger } from '../../src/score/ledger.ts'
import { inspect, openDataset, rowsOf } from '../../src/setup/dataset.ts'
import { readRecord as readJson, stampOf } from '../../src/setup/identity.ts'
import { readOptions, section, text, toggle } from '../../src/setup/option.ts'
import { SCREEN } from '../../src/setup/options.ts'
import { UnwrittenFile } from '../../src/system-words.ts'
import { temporaryFolder } from '../../src/temporary-folder.ts'
import { visibleLine } from '../../src/visible-text.ts'

const HELP: BinHelp = {
  name: 'verify-results',
  summary:
    'verify-results DIR…: recomputes every file of a run from its scores.csv and the data it names (rewards, outcomes, statistics, tables, the report), and lists what differs. No model is opened. DIR is the folder of a run of run-rm, run-dpo or run-verify, or one that holds such runs.',
  examples: [
    ['chemherm verify-results results', 'every run under results/'],
    [
      'chemherm verify-results paper/results/org__rm/pairs --dataset paper/pairs.jsonl',
      "another's run, on another's data",
    ],
  ],
  positional: 'DIR',
}
export const OPTIONS = {
  ...section(
    { group: 'Data' },
    {
      dataset: text('The data, where they are not where run.json says', null, { shown: 'as run.json says' }),
      rewards: toggle("Verify the completions again: ether0's rewards in scores.csv", true),
      offline: toggle('Use only what is already in the hub cache (also HF_HUB_OFFLINE=1)', false),
    },
  ),
  ...SCREEN,
}

/**
 * The whole command; returns the exit code: 4 where something differs.
 * @param name the command as the user called it
 */
export async function verifyResults(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const flagsFrom = argv.findIndex((word) => word.startsWith('-'))
  const [words, flags] = flagsFrom < 0 ? [argv, []] : [argv.slice(0, flagsFrom), argv.slice(flagsFrom)]
  const { positional: _, ...help } = HELP
  const parsed = await parseArgs({ ...help, name }, OPTIONS, flags)
  if (parsed === null) return 0
  if (words.length === 0)
    throw new UsageError('names no folder of a run', 'command line', `${name} DIR; see ${name} --help.`)
  const options = readOptions(OPTIONS, parsed)
  const log = screenLog(name, options)
  const found = words.flatMap(runsIn)
  const folders = found.filter((folder) => !isServedFolder(folder))
  if (folders.length === 0) throw new DataError(SERVED, found[0]!, 'analyze reads it.')
  for (const folder of found) if (!folders.includes(folder)) log.info(`${folder}: ${SERVED}; left out`)
  if (options.dataset !== null && folders.length > 1)
    throw new UsageError(`is of one run, and there are ${folders.length}`, '--dataset', 'Name the folder of the run.')
  let differing = 0
  const troubles: HarnessError[] = []
  for (const folder of folders) {
    const verified = await verifyRun(folder, options, log).catch((error: unknown) => {
      if (!(error instanceof HarnessError)) throw error
      if (folders.length === 1) throw error
      troubles.push(error)
      log.warn(
        [`${folder}: not recomputed: ${error.where ?? folder}: ${error.message}`, error.hint]
          .filter(Boolean)
          .join('. '),
      )
      return null
    })
    if (verified === null) continue
    const { differences, files } = verified
    differing += differences.length
    if (options.logFormat === 'json') for (const one of differences) printText(jsonLine(finding(folder, one)))
    else printText(`${folder}: ${summaryOf(files, differences)}\n`)
  }
  const unwritten = troubles.find((error) => error instanceof UnwrittenFile)
  if (unwritten !== undefined || troubles.length === folders.length) return (unwritten ?? troubles[0]!).exitCode
  return differing + troubles.length > 0 ? 4 : 0
}

/** The folder itself where it holds a run, else the runs in it. */
function runsIn(word: string): string[] {
  if (existsSync(join(word, 'scores.csv'))) return [word]
  const below = findRuns(word).map(({ path }) => path)
  if (below.length > 0) return below
  throw new DataError(
    existsSync(word) ? 'holds no run of run-rm, run-dpo or run-verify' : 'there is no such folder',
    word,
    'A run stands in <output-dir>/<model>/<dataset>/, with scores.csv and run.json.',
  )
}

const SERVED = 'was kept by serve-rewards: it has no data set to be recomputed from'
const isServedFolder = (folder: string): boolean => {
  const record = readJson(folder, 'run.json')
  return isRecord(record) && isRecord(record.served)
}

/** What it recomputes is written, and taken away again. */
const MAKE_ROOM =
  'What is recomputed is written below the folder of temporary files: make room there, or set TMPDIR to a folder on another disk.'

interface Verified {
  readonly files: number
  readonly differences: readonly Difference[]
}

async function verifyRun(
  folder: string,
  { dataset, rewards, offline }: { dataset: string | null; rewards: boolean; offline: boolean },
  log: Log,
): Promise<Verified> {
  const files = ['run.json', 'scores.csv'].map((name) => join(folder, name))
  const before = stampOf(files)
  const found = await recompute(folder, { dataset, rewards, offline }, log).catch((error: unknown) => {
    if (stampOf(files) !== before) throw changed(folder)
    throw error
  })
  // else what differs would be of two runs
  if (stampOf(files) !== before) throw changed(folder)
  return found
}

const changed = (folder: string): DataError =>
  new DataError('changes while it is read', folder, 'A run is writing there; verify it when that has ended.')

async function recompute(
  folder: string,
  { dataset, rewards, offline }: { dataset: string | null; rewards: boolean; offline: boolean },
  log: Log,
): Promise<Verified> {
  const record = readRunJson(folder)
  if (record.versions.chemherm !== packageVersion)
    log.warn(`${folder}: written by chemherm ${record.versions.chemherm}, recomputed by ${packageVersion}`)
  const config = {
    ...record.config,
    ...(dataset !== null && { dataset }),
    offline: record.config.offline || offline,
    quiet: true,
  }
  const data = await openDataset({ ...config, shard: { index: 1, count: 1 } }, downloadBar(log)).catch(
    (error: unknown) => {
      if (!(error instanceof DataError) || error.hint !== null) throw error
      throw new DataError(
        error.message,
        error.where,
        `${dataset === null ? `run.json of ${folder} names it; ` : ''}--dataset says where the data are now`,
        { cause: error },
      )
    },
  )
  const differences: Difference[] = []
  const identity = (record.identity as { data_sha256?: string } | undefined)?.data_sha256
  if (identity !== undefined && identity !== data.identity)
    differences.push({
      file: 'run.json',
      column: 'identity.data_sha256',
      count: 1,
      first: { row: '', written: identity, recomputed: data.identity },
    })
  const rows = () => rowsOf(config, data, true)
  const inspection = await inspect(rows())
  const scoresFile = join(folder, 'scores.csv')
  const ownColumns = await ownColumnsOf(scoresFile)
  const check = new VerdictCheck()
  const ledger = rewards ? await verdictsAgain(record, rows, inspection.completions, log) : null
  if (!rewards) log.info(`${folder}: --no-rewards: the verdicts of scores.csv are taken as they are`)
  const scored = record.models.length > 0
  const temporary = temporaryFolder()
  const again = temporary.path
  try {
    const messages = await unscoredMessages(join(folder, 'failures.csv'), noScore)
    const replayed = withFaults(replay(rows(), scoresFile, ownColumns, messages), {
      verification: config.verification,
      completions: inspection.completions,
    })
    const added = { ownColumns, extraColumns: inspection.extraColumns, variants: inspection.variants > 0 }
    const joined = await collect(writeScores(again, withVerdicts(replayed, ledger, check), added), { scored })
    const analysed = await writeRunFiles({
      folder: again,
      config,
      joined,
      rows,
      added,
      scored,
      ...given<{ even: number }>({ even: record.score_even }),
      unread: inspection.failures,
      herm: record.herm,
      texts: null,
      methods: { ...record.methods, ...methodCounts(joined) },
      log: { info: () => {}, warn: () => {} },
    })
    await writeReport(again, record, joined, analysed)
    differences.push(...check.differences(), ...countsIn(record, joined, inspection, analysed.failures.length))
    const compared = await compareFolders(folder, again, isResult)
    differences.push(...compared.differences)
    if (scored && joined.pairs.length > 0)
      log.info(`${folder}: the texts in herm/eval-set-scores are not made again, which would need the model`)
    return { files: compared.files.length, differences }
  } catch (error) {
    if (error instanceof UnwrittenFile) throw new UnwrittenFile(error.message, error.where, MAKE_ROOM, { cause: error })
    // scores.csv is not of these data: there is nothing to compute
    if (!(error instanceof DataError) || !error.where?.startsWith(scoresFile)) throw error
    const row = error.where.slice(scoresFile.length).replace(/^: /, '')
    const unlike = { file: 'scores.csv', column: '(rows)', count: 1 }
    return {
      files: 0,
      differences: [...differences, { ...unlike, first: { row, written: error.message, recomputed: 'as the data' } }],
    }
  } finally {
    temporary.remove()
  }
}

/** Verdicts computed once more; null where they could only be others, with a word why. */
async function verdictsAgain(
  record: RunJson,
  rows: Parameters<typeof verifyRows>[0]['rows'],
  completions: number,
  log: Log,
): Promise<Ledger | null> {
  const verifier = openVerifier(record.config.verification)
  if (verifier === null) return null
  try {
    const before = JSON.stringify(record.verification?.provenance ?? [])
    if (before !== JSON.stringify(verifier.provenance)) {
      log.warn('the verifier has other files or oracles than the run had: its verdicts are taken as they are')
      return null
    }
    const interrupt = { stopped: () => false }
    const { ledger } = await verifyRows({ config: record.config, verifier, interrupt, log, completions, rows })
    return ledger
  } finally {
    await verifier.close()
  }
}

async function* withVerdicts(
  rows: AsyncIterable<ReplayedRow>,
  ledger: Ledger | null,
  check: VerdictCheck,
): AsyncGenerator<ReplayedRow> {
  let index = 0
  for await (const row of rows) {
    for (const c of row.completions) {
      if (ledger !== null)
        check.add(
          `${c.id}, ${c.role} ${c.index}`,
          {
            value: c.verifiableReward,
            status: c.verifiableStatus,
            reason: c.verifiableReason,
            formatReward: c.formatReward,
            cause: c.verdictCause ?? null,
            hingesOn: c.hingesOn ?? null,
          },
          ledger.verdictOf(index),
        )
      index++
    }
    yield row
  }
}

/** What run.json counts. */
function countsIn(
  record: RunJson,
  joined: Awaited<ReturnType<typeof collect>>,
  inspection: Awaited<ReturnType<typeof inspect>>,
  failures: number,
): Difference[] {
  const counts: [string, unknown, unknown][] = [
    ['dataset.rows', record.dataset.rows, inspection.rows],
    ['dataset.completions', record.dataset.completions, inspection.completions],
    ['dataset.failed_rows', record.dataset.failed_rows, inspection.failures.length],
    ['verdicts', record.verdicts, countBy(joined.completions, (c) => c.verifiableStatus)],
    ['verdict_reasons', record.verdict_reasons, countBy(joined.completions, (c) => c.verifiableReason ?? 'none')],
    ['verdict_causes', record.verdict_causes, verdictCauses(joined.completions)],
    [
      'stand_in_filters',
      record.stand_in_filters,
      record.verification === null ? null : standInTally(joined.completions),
    ],
    ['failures.count', (record.failures as { count?: unknown } | undefined)?.count, failures],
  ]
  return counts.flatMap(([column, a, b]) => {
    const [written, recomputed] = [JSON.stringify(a) ?? 'nothing', JSON.stringify(b)]
    return written === recomputed
      ? []
      : [{ file: 'run.json', column, count: 1, first: { row: '', written, recomputed } }]
  })
}

/** A difference as `--log-format json` has it. */
const finding = (folder: string, { file, column, count, first }: Difference): Record<string, unknown> => ({
  check: file,
  folder,
  column,
  rows: count,
  ...first,
  message: `${file}: ${column}: ${counted(count, 'place')} differ${count === 1 ? 's' : ''}, first ${first.row}: ${first.written} is written, ${first.recomputed} is recomputed`,
})

const WIDEST = 48
function summaryOf(files: number, differences: readonly Difference[]): string {
  if (differences.length === 0) return `${counted(files, 'file')} recomputed, nothing differs`
  const cell = (value: string): string => {
    const line = visibleLine(value)
    return line.length <= WIDEST ? line : `${line.slice(0, WIDEST - 1)}…`
  }
  const table = textTable(
    ['file', 'column', 'differ', 'first', 'written', 'recomputed'],
    differences.map(({ file, column, count, first }) => [
      cell(file),
      cell(column),
      String(count),
      cell(first.row),
      cell(first.written),
      cell(first.recomputed),
    ]),
  )
  return `${counted(files, 'file')} recomputed, ${counted(differences.length, 'difference')}\n\n${table}\n`
}
