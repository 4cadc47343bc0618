import { join } from 'node:path'
import type { Accuracy } from '../agreement/accuracy.ts'
import type { HermRun } from '../agreement/herm.ts'
import type { PooledVerifier } from '../chem/workers/verifier.ts'
import { collect, type Joined } from '../collect.ts'
import { given } from '../given.ts'
import { joinAll } from '../join.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { writeJson } from '../report/manifest.ts'
import { percent, textTable } from '../report/table.ts'
import { writeScores } from '../report/write.ts'
import type { WorkDone } from '../run.ts'
import { ScoreWatch } from '../score/doubts.ts'
import type { Ledger } from '../score/ledger.ts'
import type { PlanOptions } from '../score/plan.ts'
import type { Scorer } from '../score/scorer.ts'
import type { VerdictTrouble } from '../score/verdicts.ts'
import type { RunConfig } from '../setup/config.ts'
import { checkUnchanged, type Dataset, type Inspection, rowsOf } from '../setup/dataset.ts'
import type { Identity } from '../setup/identity.ts'
import type { MemoryPlan } from '../setup/memory.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import { firstWhere, type StatisticLines } from '../statistic-lines.ts'
import type { Store } from '../store/log.ts'
import { subsetName } from '../subset-name.ts'
import { tightHeap } from '../tight-heap.ts'
import type { ScoredCompletion } from '../types.ts'
import { bestOfTable } from './best-of-table.ts'
import type { Certified } from './certify.ts'
import type { Replaced } from './differences.ts'
import type { DistancesAhead } from './distances.ts'
import { doubtsOf, watched } from './doubts.ts'
import { driftRecord, type ExactSample, sayDrift } from './drift.ts'
import { failureLines } from './failure-lines.ts'
import { faultTable } from './fault-table.ts'
import type { GraphComparison } from './graph-comparison.ts'
import { groupTable } from './group-table.ts'
import { HermTexts, hermScoresPath } from './herm-scores.ts'
import { invarianceTable } from './invariance.ts'
import { largestRows } from './largest-rows.ts'
import type { Log } from './log.ts'
import { hermRun, manifest, methodsInput, peakRssBytes } from './manifest.ts'
import { pairDoubts } from './pair-doubts.ts'
import { faultNote, withFaults } from './pair-faults.ts'
import type { Part } from './parts.ts'
import { PicturesAhead } from './pictures.ts'
import { repairsOfRun, sayRepairs } from './repairs.ts'
import { removeResults } from './results.ts'
import { type RunAnalyses, writeReport, writeRunFiles } from './run-files.ts'
import { scoreTable } from './score-table.ts'
import { printText } from './screen.ts'
import { hingeLine } from './verdict-causes.ts'
import { formatDoubt, verdictLine } from './verdict-line.ts'
import { verdictTroubleLines } from './verdict-troubles.ts'
import { replacedLine } from './verification-record.ts'
import { withoutEffect } from './without-effect.ts'

/** What is left when everything has been measured. */
export interface FinishInput {
  readonly config: RunConfig
  readonly data: Dataset
  readonly inspection: Inspection
  readonly models: readonly LoadedModel[]
  readonly device: ResolvedDevice | null
  readonly scorer: Scorer
  readonly plan: PlanOptions | null
  /** What the plan was expected to take; left out where no model runs. */
  readonly memory?: MemoryPlan
  readonly folder: string
  /** Weights and data that the folder belongs to. */
  readonly identity: Identity
  /** What was in the folder before; null where nothing was. */
  readonly replaced: Replaced | null
  /** What is known of the models' parity; none without a model. */
  readonly certified: readonly Certified[]
  readonly store: Store | null
  readonly ledger: Ledger
  readonly work: readonly WorkDone[]
  readonly verdictErrors: Readonly<Record<string, number>>
  readonly verdictTroubles: readonly VerdictTrouble[]
  /** A sample of the rows in float32, or why there is none; null where the run is in float32 or has no model. */
  readonly exact: ExactSample | string | null
  readonly subjects: readonly OpenSubject[]
  readonly verifier: PooledVerifier | null
  /** Distances that the verification's workers computed beside the model; left out where there are none. */
  readonly distances?: DistancesAhead | null
  /** Ready-made graphs beside those built from the same weights; left out or null where there are none. */
  readonly comparison?: GraphComparison | null
  /** The processes of a run on several devices, and the configuration that was asked for; left out where this process measured. */
  readonly parts?: { readonly parts: readonly Part[]; readonly asked: RunConfig }
  readonly log: Log
  readonly elapsedMs: () => number
  /** What to print in place of the accuracy table. */
  readonly print?: (completions: readonly ScoredCompletion[]) => string
}

/** From so many completions the end takes long enough for a word before it. */
const SAID_FROM = 2000
/** From so many, memory rather than time is what may run out: of 20,000 the peak is the same either way, and collecting sooner takes 6 % of the time. */
const TIGHT_FROM = 100_000

/** Joins, writes every file of the run and prints the table. Returns the exit code: 4 where rows are missing from the numbers. */
export async function finish(input: FinishInput): Promise<number> {
  const herm = hermRun(input)
  const texts = herm === null ? null : new HermTexts(hermScoresPath(input.folder, herm))
  try {
    return await finishWith(input, herm, texts)
  } finally {
    texts?.discard()
  }
}

async function finishWith(input: FinishInput, herm: HermRun | null, texts: HermTexts | null): Promise<number> {
  const { config, data, folder, scorer, log, inspection, models, subjects } = input
  await checkUnchanged(data)
  removeResults(folder)
  if (inspection.completions >= SAID_FROM) {
    log.info(
      `computing the statistics of ${inspection.completions.toLocaleString('en-US')} completions, and writing the files`,
    )
  }
  if (inspection.completions >= TIGHT_FROM) tightHeap()
  const rows = () => rowsOf(config, data, true)
  const watch = new ScoreWatch()
  const joining = withFaults(joinAll({ rows, store: input.store, ledger: input.ledger }, scorer), {
    verification: config.verification,
    completions: inspection.completions,
    known: input.distances?.known,
  })
  const added = {
    ownColumns: scorer.columns,
    extraColumns: inspection.extraColumns,
    variants: inspection.variants > 0,
  }
  const joined = await collect(writeScores(folder, watched(joining, watch), added), {
    scored: models.length > 0,
    onPair(row, pair) {
      if (pair.margin === null) return
      const shown = (side: 'chosen' | 'rejected'): string => {
        const completion = row.completions.find(({ role, index }) => role === side && index === pair[side].index)
        return completion === undefined ? '' : (subjects[0]?.show(row, completion) ?? '')
      }
      texts?.add(shown('chosen'), shown('rejected'))
    },
  })
  sayRepairs(repairsOfRun(input.work), subjects, log)
  for (const line of verdictTroubleLines(input.verdictTroubles)) log.warn(line)
  const replaced = replacedLine(input.verifier)
  if (replaced !== null) log.info(replaced)
  for (const doubt of doubtsOf(watch, input.work, subjects, joined.completions.length)) log.warn(doubt)
  const format = input.verifier === null ? null : formatDoubt(joined.completions, config.verification)
  if (format !== null) log.warn(format)
  for (const line of pairDoubts(joined.pairs)) log.warn(line)
  for (const line of withoutEffect(input, joined)) log.warn(line)
  const untold = faultNote(joined.pairs)
  if (untold !== null) log.warn(untold)
  const drift = driftRecord(subjects[0]?.dtype ?? 'fp32', input.exact, joined)
  const facts = methodsInput(input, joined, drift)
  const pictures = input.verifier === null ? undefined : new PicturesAhead(joined, config.verification, input.verifier)
  const analysed = await writeRunFiles({
    folder,
    config,
    joined,
    rows,
    added,
    scored: models.length > 0,
    ...given<{ even: number }>({ even: scorer.even }),
    unread: inspection.failures,
    herm,
    texts,
    methods: facts,
    log,
    compare: input.distances?.between,
  })
  const { grpo, failures } = analysed
  printSummary(input, joined, analysed)
  if (grpo !== null && !ofTwins(joined)) printText(`${grpo.lines.join('\n')}\n\n`)
  for (const line of failureLines(failures, join(folder, 'failures.csv'))) log.warn(line)
  if (drift !== null) sayDrift(drift, log)
  const unsearched = (await pictures?.unsearched()) ?? 0
  const record = {
    ...manifest(input, joined, failures, drift),
    herm,
    methods: facts,
    ...(grpo !== null && { grpo: grpo.record }),
    ...(unsearched > 0 && { page: { couples_without_marks: unsearched, reason: 'no_time' } }),
  }
  await writeJson(join(folder, 'run.json'), record)
  await writeReport(folder, record, joined, analysed, pictures)
  log.info(`peak memory of this process: ${Math.ceil(peakRssBytes() / 2 ** 20).toLocaleString('en-US')} MiB`)
  log.info(`written to ${folder}; open ${join(folder, 'report.html')} in a browser`)
  return failures.length > 0 ? 4 : 0
}

function printSummary(
  { models, scorer, verifier, print, inspection }: FinishInput,
  joined: Joined,
  { summary: { accuracy }, agreement: { statistics }, faults, best, groups, invariance }: RunAnalyses,
): void {
  const out: string[] = print === undefined ? [] : [print(joined.completions)]
  if (faults.length > 0) out.push(...(print === undefined ? [] : ['']), faultTable(faults, models.length > 0), '')
  if (joined.pairs.length > 0 && models.length > 0) {
    const line = (name: string, a: Accuracy): string[] => [
      name,
      percent(a.strict),
      percent(a.half),
      interval(a),
      String(a.ties),
      String(a.n),
      ...(accuracy.overall.missing > 0 ? [String(a.missing)] : []),
    ]
    const named = Object.entries(accuracy.subsets).filter(([name, a]) => name !== '' || a.n !== accuracy.overall.n)
    const subsets = largestRows(named, ([, a]) => a.n, { what: 'subsets', of: 'pairs', file: 'summary.json' })
    out.push(
      textTable(
        [
          'accuracy',
          'strict',
          'half',
          '95 % CI (half)',
          'ties',
          'pairs',
          ...(accuracy.overall.missing > 0 ? ['missing'] : []),
        ],
        [
          ...subsets.shown.map(([name, a]) => line(subsetName(name), a)),
          ...Object.entries(accuracy.sections).map(([name, a]) => line(`[${name}]`, a)),
          line('all', accuracy.overall),
        ],
      ),
    )
    if (subsets.left !== null) out.push(subsets.left)
    if (best !== null) out.push('', bestOfTable(best))
  } else if (models.length > 0) out.push(scoreTable(joined.completions))
  if (groups !== null) out.push('', ofTwins(joined) ? OF_TWINS : groupTable(groups, models.length > 0), '')
  const moved = invariance === null ? null : invarianceTable(invariance)
  if (moved !== null) out.push(moved, '')
  const orders = orderLine(statistics)
  if (orders !== null) out.push(orders)
  if (models.length > 0) out.push(`score = ${scorer.formula}`)
  if (verifier !== null && print === undefined) out.push(verdictLine(joined, inspection))
  const hinges = hingeLine(joined.completions)
  if (hinges !== null) out.push(hinges)
  printText(`\n${out.join('\n')}\n\n`)
}

/** Every group is one answer written in several ways, or changed: what would be chosen among them says nothing. */
const ofTwins = ({ groups }: Pick<Joined, 'groups'>): boolean =>
  groups.length > 0 && groups.every(({ completions }) => completions.some(({ variant }) => variant !== undefined))
const OF_TWINS =
  'every group is one answer written in several ways: votes, best of n and advantages mean nothing there, and stand in the files alone'

/** Of a model that compares two answers: whether it prefers the same one in both orders. */
function orderLine(statistics: StatisticLines): string | null {
  const found = firstWhere(statistics, ({ statistic, subset }) => statistic === 'order_consistency' && subset === 'all')
  if (found === undefined) return null
  const { value, n, ties } = found
  const even = ties === 0 ? '' : `; in ${ties} more it prefers neither in one order`
  return `both orders: of ${n} pairs the same completion is preferred in ${percent(value)}${even}`
}

const interval = ({ ci: { half } }: Accuracy): string =>
  half === null ? '–' : `${(half.low * 100).toFixed(1)} – ${(half.high * 100).toFixed(1)}`
