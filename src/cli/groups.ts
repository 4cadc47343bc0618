import { join } from 'node:path'
import { completionColumns } from '../agreement/columns.ts'
import { curvePaperTable } from '../agreement/curve-table.ts'
import { type GroupAnalysis, groupAnalysis } from '../agreement/group-analysis.ts'
import { CURVE_COLUMNS, curveRows } from '../agreement/group-curves.ts'
import { groupPaperTable } from '../agreement/group-table.ts'
import { GROUP_COLUMNS, type GroupFinding, groupCells, groupFinding } from '../agreement/groups.ts'
import type { BootstrapSettings } from '../agreement/intervals.ts'
import { OVER_OPTIMISATION_COLUMNS, overOptimisationRow } from '../agreement/over-optimisation.ts'
import type { PaperTable } from '../agreement/tables.ts'
import { TOP_REWARD_COLUMNS, topRewardRows } from '../agreement/top-reward.ts'
import type { Joined } from '../collect.ts'
import { type Cell, writeCsv } from '../report/csv.ts'
import type { RunConfig } from '../setup/config.ts'
import { answersOf } from './answers.ts'

/** What a run says of its groups. */
export interface GroupsOfRun extends GroupAnalysis {
  readonly findings: readonly GroupFinding[]
}

/** Answers, picks, curves and statistics of the run's groups; null where there are none. */
export async function groupsOfRun(
  { groups, solutions }: Pick<Joined, 'groups' | 'solutions'>,
  config: Pick<RunConfig, 'verification' | 'head' | 'bin'>,
  scored: boolean,
  settings: BootstrapSettings,
): Promise<GroupsOfRun | null> {
  if (groups.length === 0) return null
  const answers = await answersOf(groups, solutions, config.verification)
  const findings = groups.map((group, g) => groupFinding(group, answers.of[g]!))
  const analysis = groupAnalysis(
    findings.map(({ values }) => values),
    {
      settings,
      scored,
      probability: config.bin === 'run-rm' && config.head?.startsWith('softmax:') === true,
      completions: completionColumns(groups.flatMap(({ completions }) => completions)),
      measures: findings.map(({ row }) => row),
    },
  )
  return { ...analysis, findings, notes: [...(answers.note === null ? [] : [answers.note]), ...analysis.notes] }
}

/** Writes groups.csv, curves.csv, over-optimisation.csv and top-rewards.csv; returns their columns by name. */
export async function writeGroups(
  folder: string,
  { findings, curves, declines, topRewards }: GroupsOfRun,
): Promise<Record<string, readonly string[]>> {
  const columns: Record<string, readonly string[]> = {}
  const csv = async (name: string, header: readonly string[], rows: Iterable<readonly Cell[]>): Promise<void> => {
    columns[name] = header
    await writeCsv(join(folder, name), header, rows)
  }
  await csv(
    'groups.csv',
    GROUP_COLUMNS,
    findings.map(({ row }) => groupCells(row)),
  )
  await csv('curves.csv', CURVE_COLUMNS, curveRows(curves))
  if (declines.length > 0)
    await csv(
      'over-optimisation.csv',
      OVER_OPTIMISATION_COLUMNS,
      declines.map(({ test, pHolm, family }) => overOptimisationRow(test, pHolm, family)),
    )
  if (topRewards.some(({ points }) => points.length > 0))
    await csv('top-rewards.csv', TOP_REWARD_COLUMNS, topRewardRows(topRewards))
  return columns
}

export function groupTables(
  { statistics, curves }: GroupAnalysis,
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable[] {
  const overN = curvePaperTable(curves, scorer, dataset, ciMethod)
  return [groupPaperTable(statistics, scorer, dataset, ciMethod), ...(overN === null ? [] : [overN])]
}

/** Statistics of summary.json's `groups`. */
const HEADLINES = [
  'top1', 'voting_string', 'voting_canonical', 'rerank', 'rerank_answered', 'best_of_n', 'pass_at_n', 'random', 'cls_acc', 'best_of_n_decline',
] // biome-ignore format: one line says it

/** summary.json's `groups`: the headline statistics over all groups and by subset. */
export function groupsSummary({ statistics, findings, declines }: GroupsOfRun): Record<string, unknown> {
  const of = (subset: string) =>
    Object.fromEntries(
      statistics
        .filter(
          (line) =>
            line.subset === subset && (HEADLINES.includes(line.statistic) || /^best_of_n@/.test(line.statistic)),
        )
        .map(({ statistic, value, ciLow, ciHigh, n, ties, missing, reason }) => [
          statistic,
          {
            value,
            ci: ciLow === null || ciHigh === null ? null : { low: ciLow, high: ciHigh },
            n,
            ties,
            missing,
            reason,
          },
        ]),
    )
  const names = [...new Set(statistics.map(({ subset }) => subset))].filter((subset) => subset !== 'all')
  const test = declines.find((one) => one.test.subset === 'all')?.test
  return {
    groups: findings.length,
    completions: findings.reduce((sum, { row }) => sum + row.n, 0),
    overall: of('all'),
    subsets: Object.fromEntries(names.map((name) => [name, of(name)])),
    over_optimisation:
      test === undefined
        ? null
        : { peak_n: test.peakN, last_n: test.lastN, decline: test.decline, p: test.p, reason: test.reason },
  }
}
