import { join } from 'node:path'
import type { BootstrapSettings } from '../agreement/intervals.ts'
import { movedGroups } from '../agreement/invariance/moves.ts'
import { SENSITIVITY_COLUMNS, type Sensitivity, sensitivityRow } from '../agreement/invariance/sensitivity.ts'
import { invarianceStatistics } from '../agreement/invariance/statistics.ts'
import { invarianceTables, sensitivityTable } from '../agreement/invariance/table.ts'
import type { PaperTable } from '../agreement/tables.ts'
import type { Joined } from '../collect.ts'
import { given } from '../given.ts'
import { writeCsv } from '../report/csv.ts'
import { percent, textTable } from '../report/table.ts'
import { sensitivityBeside } from '../statistics/sensitivity.ts'
import type { Statistic } from '../types.ts'
import { type Comparing, distancesOf } from './distances.ts'

/** What a run says of chemistry that stays, and of chemistry that changes. */
export interface InvarianceOfRun extends Sensitivity {
  /** Scopes `invariance` and `sensitivity` of agreement.csv. */
  readonly statistics: readonly Statistic[]
  readonly notes: readonly string[]
}

/**
 * Begins with what takes long and needs nothing else: the margins over chemical distance, beside the other statistics.
 * @param compare who compares molecules
 * @returns waits for all; null where there is nothing to say: no group says how its completions were made, and no pair is of two molecules
 */
export async function startInvariance(
  joined: Pick<Joined, 'pairs' | 'groups' | 'solutions'>,
  scored: boolean,
  settings: BootstrapSettings,
  compare?: Comparing,
): Promise<() => Promise<InvarianceOfRun | null>> {
  if (!scored) return async () => null
  const { pairs, note } = await distancesOf(joined, given<{ compare: Comparing }>({ compare }))
  const sensitivity = sensitivityBeside(pairs, settings)
  // seen where it is waited for
  sensitivity.catch(() => {})
  return async () => {
    const moved = invarianceStatistics(movedGroups(joined.groups), settings)
    const { statistics, curve } = await sensitivity
    if (moved.length + statistics.length === 0) return null
    return { statistics: [...moved, ...statistics], curve, notes: note === null ? [] : [note] }
  }
}

/** Writes sensitivity.csv, where there is a curve; returns its columns by name. */
export async function writeSensitivity(
  folder: string,
  { curve }: Sensitivity,
): Promise<Record<string, readonly string[]>> {
  if (curve.length === 0) return {}
  await writeCsv(join(folder, 'sensitivity.csv'), SENSITIVITY_COLUMNS, curve.map(sensitivityRow))
  return { 'sensitivity.csv': SENSITIVITY_COLUMNS }
}

export function invariancePaperTables(
  found: InvarianceOfRun,
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable[] {
  const curve = sensitivityTable(found, scorer, dataset, ciMethod)
  return [...invarianceTables(found.statistics, scorer, dataset, ciMethod), ...(curve === null ? [] : [curve])]
}

/** Statistics of summary.json's `invariance`, by transformation. */
const HEADLINES = [
  'flip_rate', 'win_lost_rate', 'mean_abs_delta', 'mean_delta', 'spread_over_margin', 'verdict_changed_rate', 'sensitivity',
  'ranked_below_original', 'abs_delta_auroc_within_prompt', 'abs_delta_auroc', 'changed_mean_abs_delta',
] // biome-ignore format: one line says it

/** summary.json's `invariance` and `sensitivity`: { subset: { statistic: { value, ci, n, … } } }. */
export function invarianceSummary({ statistics }: InvarianceOfRun): Record<string, unknown> {
  const of = (scope: string, wanted: (name: string) => boolean): Record<string, unknown> => {
    const own = statistics.filter((line) => line.scope === scope && wanted(line.statistic))
    const subsets = new Set(own.map(({ subset }) => subset))
    return Object.fromEntries(
      [...subsets].map((subset) => [
        subset,
        Object.fromEntries(
          own
            .filter((line) => line.subset === subset)
            .map(({ statistic, value, ciLow, ciHigh, n, clusters, missing, reason }) => [
              statistic,
              {
                value,
                ci: ciLow === null || ciHigh === null ? null : { low: ciLow, high: ciHigh },
                n,
                clusters,
                missing,
                reason,
              },
            ]),
        ),
      ]),
    )
  }
  const moved = of('invariance', (name) => HEADLINES.includes(name))
  const curve = of('sensitivity', (name) => /^(spearman|kendall)/.test(name))
  return {
    ...(Object.keys(moved).length > 0 && { invariance: moved }),
    ...(Object.keys(curve).length > 0 && { sensitivity: curve }),
  }
}

/** The table on the screen; null where no group says how its completions were made. */
export function invarianceTable({ statistics }: InvarianceOfRun): string | null {
  const own = statistics.filter(({ scope }) => scope === 'invariance')
  const find = (subset: string, name: string): Statistic | undefined =>
    own.find((line) => line.subset === subset && line.statistic === name)
  const subsets = [...new Set(own.map(({ subset }) => subset))]
  const ordered = [...subsets.filter((subset) => subset !== 'all'), 'all']
  const number = (line: Statistic | undefined): string => (line?.value == null ? '–' : line.value.toFixed(3))
  const share = (line: Statistic | undefined): string => (line === undefined ? '–' : percent(line.value))
  const twins = ordered.filter((subset) => find(subset, 'mean_abs_delta') !== undefined)
  const changed = ordered.filter((subset) => find(subset, 'changed_mean_abs_delta') !== undefined)
  if (twins.length + changed.length === 0) return null
  return [
    ...(twins.length === 0
      ? []
      : [
          textTable(
            ['same chemistry', 'flips', 'wins lost', 'mean |Δ|', 'mean Δ', 'spread/margin', 'verdict changed', 'twins'],
            twins.map((subset) => [
              subset,
              share(find(subset, 'flip_rate')),
              share(find(subset, 'win_lost_rate')),
              number(find(subset, 'mean_abs_delta')),
              number(find(subset, 'mean_delta')),
              number(find(subset, 'spread_over_margin')),
              share(find(subset, 'verdict_changed_rate')),
              String(find(subset, 'mean_abs_delta')!.n),
            ]),
          ),
        ]),
    ...(changed.length === 0
      ? []
      : [
          '',
          textTable(
            ['other molecule', 'noticed', 'ranked below', 'AUROC of |Δ|', 'mean |Δ|', 'mean Δ', 'completions'],
            changed.map((subset) => [
              subset,
              share(find(subset, 'sensitivity')),
              share(find(subset, 'ranked_below_original')),
              number(find(subset, 'abs_delta_auroc_within_prompt')),
              number(find(subset, 'changed_mean_abs_delta')),
              number(find(subset, 'changed_mean_delta')),
              String(find(subset, 'changed_mean_abs_delta')!.n),
            ]),
          ),
        ]),
    'flips: wrong answers in another order to the twin than to the original; noticed: the score moves more than the original and its twins differ',
  ].join('\n')
}
