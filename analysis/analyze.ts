import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type BootstrapSettings, bootstrapMethod } from '../src/agreement/accuracy.ts'
import {
  AGREEMENT_COLUMNS,
  agreementRow,
  type RunColumns,
  type RunLines,
  runLines,
} from '../src/agreement/agreement.ts'
import { agreementByScorer } from '../src/agreement/agreement-table.ts'
import type { BestOfTable } from '../src/agreement/best-of.ts'
import { codebook } from '../src/agreement/codebook/codebook.ts'
import {
  DISTRIBUTION_COLUMNS,
  HISTOGRAM_COLUMNS,
  type ScoreGroup,
  SEPARATION_COLUMNS,
} from '../src/agreement/distribution.ts'
import { accuracyByFault, type FaultLine } from '../src/agreement/faults.ts'
import { CURVE_COLUMNS, curveRows } from '../src/agreement/group-curves.ts'
import { labelOf } from '../src/agreement/latex/label.ts'
import { latexTable } from '../src/agreement/latex/table.ts'
import type { Methods } from '../src/agreement/methods.ts'
import { OVER_OPTIMISATION_COLUMNS, overOptimisationRow } from '../src/agreement/over-optimisation.ts'
import { forgetDraws } from '../src/agreement/prompt-draws.ts'
import { markdownTable, type PaperTable } from '../src/agreement/tables.ts'
import { TOP_REWARD_COLUMNS, topRewardRows } from '../src/agreement/top-reward.ts'
import type { CsvFile } from '../src/report/compare/csv-file.ts'
import { type Cell, writeCsv } from '../src/report/csv.ts'
import type { Markup } from '../src/report/html/markup.ts'
import { writeWhole } from '../src/report/manifest.ts'
import { MadeRows, PackedRows } from '../src/report/packed-rows.ts'
import { makeOutputFolder } from '../src/setup/folder.ts'
import type { Statistic } from '../src/types.ts'
import { writeWholeSync } from '../src/whole-file.ts'
import { baselineLines } from './against-baselines.ts'
import { aurocTests } from './auroc-tests.ts'
import { BEST_OF_COLUMNS, bestOfRows, bestOfRun } from './best-of.ts'
import { WRITER_COLUMNS, writerRow, writersOf, writerTable } from './completion-models.ts'
import { distributionTables, rowsOfAll, scoreGroups } from './distributions.ts'
import { DRIFT_COLUMNS, driftRows } from './drift.ts'
import { groupTests } from './group-tests.ts'
import {
  GROUP_STANDING_COLUMNS,
  groupStandingRows,
  groupsOfRun,
  groupsTable,
  groupsText,
  ownGroupsNote,
} from './groups.ts'
import { invarianceOfRun } from './invariance.ts'
import { LEADERBOARD_COLUMNS, leaderboard, leaderboardRow, leaderboardTable, type Standing } from './leaderboard.ts'
import { LENGTH_COLUMNS, lengthRows } from './lengths.ts'
import { matchRows, twoOf, type Unit, unlikeText } from './matching.ts'
import { analysisMethods } from './methods.ts'
import { OVER_TIME_COLUMNS, overTimeRows, overTimeText } from './over-time.ts'
import { PAIRED_COLUMNS, pairedRow, pairedTests } from './paired-tests.ts'
import { plotsOf } from './plots.ts'
import { comparable, costsOf, rankingOf } from './ranking.ts'
import { REF_FREE_COLUMNS, refFreeDeltas, refFreeRow, refFreeTable } from './ref-free.ts'
import { baselinesOfRun } from './run-baselines.ts'
import { dtypeOf, twinsOf } from './run-identity.ts'
import { lengthStrataOfRun, strataOfRun } from './run-strata.ts'
import type { Run } from './runs.ts'
import { SCORER_AGREEMENT_COLUMNS, scorerAgreement } from './scorer-agreement.ts'
import {
  type Aligned,
  align,
  baselineScorers,
  ensembles,
  hasScores,
  isConstant,
  kindOf,
  markedName,
  type Scorer,
} from './scorers.ts'
import { completionsText, invarianceText, standingsText, stepsText } from './screen.ts'
import {
  HETEROGENEITY_COLUMNS,
  heterogeneityRows,
  SPREAD_COLUMNS,
  SUBSET_COLUMNS,
  spreadRows,
  subsetPaperTable,
  subsetRows,
  subsetTables,
} from './subsets.ts'

/** All that is said of one data set: CSV files by name, and paper tables. */
export interface Analysis {
  readonly dataset: string
  readonly aligned: Aligned
  /** Runs that are another run's model, computed otherwise: only drift.csv compares them; ensembles and tests have one of them. */
  readonly copies: readonly string[]
  /** What `unlike` counts. */
  readonly unit: Unit
  /** By scorer: pairs whose id another run has too, with another prompt or other completions; they are not paired. */
  readonly unlike: Readonly<Record<string, number>>
  readonly standings: readonly Standing[]
  /** As they are compared: rows of other texts under one id have keys of their own. */
  readonly runs: readonly Run[]
  /** Models, ensembles of all and baselines, with their margins on the aligned pairs. */
  readonly scorers: readonly Scorer[]
  /** Accuracy by why the rejected answer is wrong, by run; empty where no verdict says. */
  readonly faults: readonly { readonly scorer: string; readonly lines: readonly FaultLine[] }[]
  /** Under the leaderboard, and of the groups: what the values rest on. */
  readonly notes: readonly string[]
  /** How the models stand to the baselines, for the screen. */
  readonly baselines: readonly string[]
  /** Best of n by scorer, where rows have several completions. */
  readonly bestOf: readonly (readonly [scorer: string, table: BestOfTable])[]
  /** The leaderboard, or without pairs the completions, as plain text for a terminal. */
  readonly screen: string
  readonly csv: Readonly<Record<string, CsvFile>>
  /** How the intervals of agreement.csv were made. */
  readonly ciMethods: readonly string[]
  readonly tables: readonly PaperTable[]
  readonly methods: Methods
  /** SVG files by name. */
  readonly plots: Readonly<Record<string, string>>
}

/**
 * Compares the runs of one data set: agreement of each, leaderboard with baselines and ensembles, subsets, paired tests, agreement
 * between scorers, reference-free against reference, lengths, distributions, drift between two runs of one model.
 */
export const analyse = (dataset: string, given: readonly Run[], settings: BootstrapSettings): Analysis =>
  startAnalysis(dataset, given, settings)(given.map((run) => runLines(columnsOf(run), settings)))

/** What the statistics of a run are worked out from, by other threads, too. */
export const columnsOf = (run: Run): RunColumns => ({
  pairs: run.pairs,
  completions: run.completions,
  strata: strataOfRun(run),
})

/**
 * All of it but the lines of each run that are worked out by sample, which other threads may be about meanwhile.
 * @returns takes these, one list per run, and gives the whole
 */
export function startAnalysis(
  dataset: string,
  given: readonly Run[],
  settings: BootstrapSettings,
): (lines: readonly RunLines[]) => Analysis {
  const { runs, unit, unlike, unlikeTwo } = matchRows(given)
  const leftOut = (n: number | undefined): string | null => (n ? unlikeText(n, unit) : null)
  const withPairs = runs.filter((run) => run.pairs.n > 0)
  const models = withPairs.filter((run) => kindOf(run) !== 'verifier')
  const { kept, aside } = comparable([models, withPairs, runs].find((list) => list.length > 0)!)
  const aligned = align(dataset, kept)
  const scoring = runs.filter((run) => kindOf(run) !== 'verifier' && run.steps === undefined)
  const twins = twinsOf(scoring)
  // the same weights under another name would count twice in an ensemble and test every hypothesis twice
  const copies = new Set(twins.flatMap(({ b, differs }) => (differs === null ? [] : [b.model])))
  const ranking = rankingOf(aligned, aligned.scorers)
  const unranked = new Set([...ranking.leftOut.keys()].map(({ name }) => name))
  const distinct = kept.filter((run) => !copies.has(run.model) && !unranked.has(run.model) && !isConstant(run))
  const combined = ensembles(aligned, distinct)
  const baselines = baselineScorers(aligned)
  // The sweep has its own file: a leaderboard with every combination would invite picking the luckiest.
  const whole = combined
    .filter((e) => e.members.length === distinct.length)
    .map((e) => ({
      ...e,
      name: `ensemble:${e.mode} of ${distinct.length === models.length ? 'all ' : ''}${distinct.length}`,
    }))
  // Without a common pair there is nothing to compare.
  const compared = aligned.pairs.n === 0 ? [] : aligned.scorers
  const scorers: Scorer[] = aligned.pairs.n === 0 ? [] : [...aligned.scorers, ...whole, ...baselines]
  const costs = costsOf(kept.filter(({ model }) => !unranked.has(model)))
  const standings = leaderboard(aligned, ranking, scorers, settings, aligned.pairs.n === 0 ? [] : aside, costs)
  const againstBaselines = baselineLines(aligned, scorers, standings, settings)
  const sweep = leaderboard(aligned, ranking, aligned.pairs.n === 0 ? [] : combined, settings)
  const subsets = subsetTables(aligned, compared, settings)
  const tests = [
    ...pairedTests(
      aligned,
      compared.filter(({ name }) => !copies.has(name)),
      settings,
    ),
    ...aurocTests(scoring.filter(({ model }) => !copies.has(model))),
    ...groupTests(
      scoring.filter(({ model }) => !copies.has(model)),
      settings,
    ),
  ]
  const deltas = aligned.pairs.n === 0 ? [] : refFreeDeltas(aligned, settings)
  // of all rows, for the plots: those of each subset are let go before the next run's
  const scores = new Map<Run, readonly ScoreGroup[]>()
  const distributions = runs.flatMap((run) => {
    const groups = scoreGroups(run)
    scores.set(run, groups[0]!)
    return run.steps === undefined ? [distributionTables(run, groups)] : []
  })
  const drifts = driftRows(twins)
  const overTime = runs.flatMap((run) => overTimeRows(run, settings))
  const groups = runs.flatMap((run) => groupsOfRun(run, settings) ?? [])
  const writers = writersOf(runs)
  const best = models.flatMap((run) => {
    const table = run.plainPairs === true ? null : bestOfRun(run, settings)
    return table === null ? [] : [[run.model, table] as const]
  })
  const named = (columns: readonly string[]): string[] => ['scorer', ...columns]
  const csv: Record<string, CsvFile> = {
    'leaderboard.csv': {
      columns: LEADERBOARD_COLUMNS,
      rows: standings.map((s) => noted(leaderboardRow(s), LEADERBOARD_COLUMNS, leftOut(unlike[s.scorer.name]))),
    },
    'ensembles.csv': { columns: LEADERBOARD_COLUMNS, rows: sweep.map(leaderboardRow) },
    'subsets.csv': {
      columns: SUBSET_COLUMNS,
      rows: rowsOfAll(subsets.map((table) => PackedRows.of(SUBSET_COLUMNS.length, subsetRows(table)))),
    },
    'subset-spread.csv': { columns: SPREAD_COLUMNS, rows: spreadRows(subsets) },
    'heterogeneity.csv': { columns: HETEROGENEITY_COLUMNS, rows: heterogeneityRows(subsets) },
    'paired-tests.csv': {
      columns: PAIRED_COLUMNS,
      rows: tests.map((t) => noted(pairedRow(t), PAIRED_COLUMNS, leftOut(unlikeTwo[twoOf(t.a, t.b)]))),
    },
    'scorer-agreement.csv': {
      columns: SCORER_AGREEMENT_COLUMNS,
      rows: scorerAgreement(scorers.filter((s) => s.kind !== 'ensemble' && s.name !== 'null:constant')),
    },
    'ref-free.csv': { columns: REF_FREE_COLUMNS, rows: deltas.map(refFreeRow) },
    'lengths.csv': { columns: named(LENGTH_COLUMNS), ...lengthsOf(models) },
    'distribution.csv': {
      columns: named(DISTRIBUTION_COLUMNS),
      rows: rowsOfAll(distributions.map((d) => d.distribution)),
    },
    'separation.csv': { columns: named(SEPARATION_COLUMNS), rows: rowsOfAll(distributions.map((d) => d.separation)) },
    'histogram.csv': { columns: named(HISTOGRAM_COLUMNS), rows: rowsOfAll(distributions.map((d) => d.histogram)) },
    'over-time.csv': { columns: OVER_TIME_COLUMNS, rows: overTime },
    'drift.csv': { columns: DRIFT_COLUMNS, rows: drifts },
    'best-of.csv': { columns: BEST_OF_COLUMNS, rows: best.flatMap(([model, table]) => bestOfRows(model, table)) },
    'group-leaderboard.csv': { columns: GROUP_STANDING_COLUMNS, rows: groupStandingRows(groups) },
    'curves.csv': {
      columns: named(CURVE_COLUMNS),
      rows: groups.flatMap(({ model, curves }) => curveRows(curves).map((row): Cell[] => [model, ...row])),
    },
    'over-optimisation.csv': {
      columns: named(OVER_OPTIMISATION_COLUMNS),
      rows: groups.flatMap(({ model, declines }) =>
        declines.map(({ test, pHolm, family }): Cell[] => [model, ...overOptimisationRow(test, pHolm, family)]),
      ),
    },
    'top-rewards.csv': {
      columns: named(TOP_REWARD_COLUMNS),
      rows: groups.flatMap(({ model, topRewards }) => topRewardRows(topRewards).map((row): Cell[] => [model, ...row])),
    },
    'completion-models.csv': { columns: WRITER_COLUMNS, rows: (writers ?? []).map(writerRow) },
  }
  const flat = kept.filter((run) => kindOf(run) !== 'verifier' && run.steps === undefined && isConstant(run))
  const constant = flat.filter(hasScores).map((run) => run.model)
  const scoreless = flat.filter((run) => !hasScores(run)).map((run) => run.model)
  const notes = [
    ...(whole.length === 0 ? [] : [`Ensembles: ${distinct.map((run) => run.model).join(', ')}.`]),
    ...(constant.length === 0 ? [] : [`Not in an ensemble, since the score is constant: ${constant.join(', ')}.`]),
    ...(scoreless.length === 0
      ? []
      : [
          `Without a single score, and so in no ensemble: ${scoreless.join(', ')} (score_reason in scores.csv says why).`,
        ]),
    ...Object.entries(unlike).flatMap(([name, n]) => (n > 0 ? [`${name}: ${unlikeText(n, unit)}.`] : [])),
  ]
  const board = leaderboardTable(aligned, ranking, standings, settings, notes)
  const tables = [
    standings.length === 0 ? null : board,
    subsetPaperTable(dataset, subsets, 'subsets'),
    subsetPaperTable(dataset, subsets, 'sections'),
    deltas.length === 0 ? null : refFreeTable(dataset, deltas),
    writers === null ? null : writerTable(dataset, writers),
    groups.length === 0 ? null : groupsTable(dataset, groups),
  ].filter((t): t is PaperTable => t !== null)
  const groupsNote = ownGroupsNote(groups.map(({ ids }) => ids))
  const plots = plotsOf(dataset, scoring, (run) => scores.get(run)!, subsets)
  scores.clear()
  return (lines) => {
    const methods = new Set<string>()
    const all = runs.map((run, i) => {
      const { columns, strata } = lines[i]!
      const first: RunLines['columns'] = run.steps ?? columns
      const further = [
        ...(groups.find(({ model }) => model === run.model)?.statistics ?? []),
        ...invarianceOfRun(run, settings),
        ...strata,
        ...lengthStrataOfRun(run, settings),
        ...baselinesOfRun(run, settings),
      ]
      for (const list of [first, further]) for (const { ciMethod } of list) if (ciMethod !== null) methods.add(ciMethod)
      return { model: run.model, first, further }
    })
    forgetDraws()
    // what tables, screen and page read: of 5,000 subsets agreement.csv has 200,000 further lines per run
    const statistics = all.map(({ model, first, further }) => ({ model, statistics: [...overall(first), ...further] }))
    const ofTwins = runs.every(({ completions }) => completions.variants !== undefined)
    const marked = statistics.map((one, i) => ({
      ...one,
      model: markedName({ name: one.model, dtype: dtypeOf(runs[i]!) }),
    }))
    const byScorer = agreementByScorer(marked, dataset, bootstrapMethod(settings))
    const agreement = {
      columns: named(AGREEMENT_COLUMNS),
      rows: new MadeRows(
        all.reduce((n, { first, further }) => n + first.length + further.length, 0),
        function* () {
          for (const { model, first, further } of all)
            for (const list of [first, further]) for (const s of list) yield [model, ...agreementRow(s)]
        },
      ),
      read: statistics.flatMap(({ model, statistics }) => statistics.map((s): Cell[] => [model, ...agreementRow(s)])),
    }
    return {
      dataset,
      aligned,
      copies: [...copies],
      unit,
      unlike,
      standings,
      runs,
      scorers,
      faults: statistics.flatMap(({ model, statistics }) => {
        const lines = accuracyByFault(statistics)
        return lines.length === 0 ? [] : [{ scorer: model, lines }]
      }),
      notes: [...(standings.length === 0 ? notes : board.notes), ...(groupsNote === null ? [] : [groupsNote])],
      baselines: againstBaselines,
      bestOf: best,
      screen: [
        runs.every(({ steps }) => steps !== undefined)
          ? stepsText(dataset, statistics)
          : standings.length === 0
            ? completionsText(dataset, statistics)
            : standingsText(dataset, standings, board.notes),
        // what is chosen among one answer written in several ways says nothing
        ...(groups.length === 0 || ofTwins ? [] : [groupsText(dataset, groups)]),
        ...[invarianceText(dataset, statistics), overTimeText(dataset, overTime)].filter((text) => text !== null),
      ].join('\n\n'),
      csv: Object.fromEntries(
        Object.entries({ 'agreement.csv': agreement, ...csv }).filter(([, file]) => file.rows.length > 0),
      ),
      ciMethods: [...methods],
      tables: byScorer === null ? tables : [...tables, byScorer],
      methods: analysisMethods({
        dataset,
        aligned,
        models: runs.map(({ model }) => model),
        ensemble: whole.length === 0 ? [] : distinct.map(({ model }) => model),
        tests,
        groups: groups.length > 0,
        settings,
      }),
      plots,
    }
  }
}

/** Without the lines of single subsets. */
const overall = (lines: RunLines['columns']): Statistic[] => {
  const kept: Statistic[] = []
  for (const line of lines)
    if (line.subset === 'all' || (line.scope !== 'pairs' && line.scope !== 'completions')) kept.push(line)
  return kept
}

/** lengths.csv; the page reads the lines of all pairs. */
function lengthsOf(models: readonly Run[]): Pick<CsvFile, 'rows' | 'read'> {
  const tables = models.map(({ model, pairs }) => {
    const rows = lengthRows(pairs).map((row): Cell[] => [model, ...row])
    return { rows: PackedRows.of(1 + LENGTH_COLUMNS.length, rows), read: rows.filter(([, subset]) => subset === 'all') }
  })
  return { rows: rowsOfAll(tables.map(({ rows }) => rows)), read: tables.flatMap(({ read }) => read) }
}

/** A row whose `reason` says, too, what is left out because its texts are not the other run's. */
function noted(row: readonly Cell[], columns: readonly string[], text: string | null): Cell[] {
  const at = columns.indexOf('reason')
  return row.map((cell, i) => (i !== at || text === null ? cell : cell === null ? text : `${cell}; ${text}`))
}

/**
 * ◆ Writes an analysis into a folder, each file whole or not at all.
 * @param report makes report.html, if there is to be one. It is written first, and let go: its rows are as large as all else.
 */
export async function writeAnalysis(
  analysis: Analysis,
  folder: string,
  report: (() => Promise<Markup>) | null = null,
): Promise<string[]> {
  for (const part of ['tables', 'plots']) makeOutputFolder(join(folder, part))
  if (report !== null) await writeWhole(join(folder, 'report.html'), (await report()).pieces())
  const files: string[] = []
  const put = (name: string, content: string): void => {
    writeWholeSync(join(folder, name), content)
    files.push(name)
  }
  for (const [name, { columns, rows }] of Object.entries(analysis.csv)) {
    await writeCsv(join(folder, name), columns, rows)
    files.push(name)
  }
  // other runs of these data give other tables, and these others' labels
  const tag = createHash('sha256').update(analysis.tables.map(markdownTable).join('')).digest('hex').slice(0, 6)
  const label = labelOf(['analysis', analysis.dataset], tag)
  for (const table of analysis.tables) {
    put(`tables/${table.name}.md`, markdownTable(table))
    put(`tables/${table.name}.tex`, latexTable(table, label))
  }
  for (const [name, svg] of Object.entries(analysis.plots)) put(name, svg)
  put('methods.md', analysis.methods.text)
  put('references.bib', analysis.methods.bibliography)
  if (report !== null) files.push('report.html')
  put('codebook.md', codebook(Object.fromEntries(Object.entries(analysis.csv).map(([name, f]) => [name, f.columns]))))
  return files
}
