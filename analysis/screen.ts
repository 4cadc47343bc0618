import type { Accuracy } from '../src/agreement/accuracy.ts'
import { MIN_CLUSTERS } from '../src/agreement/strata.ts'
import { percent, textTable } from '../src/report/table.ts'
import type { Statistic } from '../src/types.ts'
import { nothingScored, type Standing } from './leaderboard.ts'
import { markedName } from './scorers.ts'

const interval = (low: number | null, high: number | null, scale = 100, digits = 1): string =>
  low === null || high === null ? '–' : `${(low * scale).toFixed(digits)} – ${(high * scale).toFixed(digits)}`

/** The leaderboard for a terminal. @param notes lines under it */
export function standingsText(dataset: string, standings: readonly Standing[], notes: readonly string[]): string {
  if (nothingScored(standings)) return `${dataset}: no model has scored a pair; there is nothing to rank.`
  const few = (a: Accuracy): boolean => a.half !== null && a.clusters < MIN_CLUSTERS
  const missing = standings.some(({ accuracy }) => accuracy.missing > 0)
  const cells = (a: Accuracy): string[] => [
    percent(a.half),
    `${interval(a.ci.half?.low ?? null, a.ci.half?.high ?? null)}${few(a) ? ' †' : ''}`,
    percent(a.strict),
    percent(a.tie_rate),
    String(a.n),
    ...(missing ? [String(a.missing)] : []),
  ]
  const header = ['ties as ½', '95 % CI', 'strict', 'ties', 'pairs', ...(missing ? ['not scored'] : [])]
  const table = textTable(
    [dataset, 'rank', ...header],
    standings.map(({ rank, scorer, accuracy }) => [
      markedName(scorer),
      rank === null ? '–' : String(rank),
      ...cells(accuracy),
    ]),
  )
  return [table, ...notes].join('\n')
}

/** Of runs on answers written in several ways: does the order hold, how far does the writing move the score? null where no run is of that. */
export function invarianceText(
  dataset: string,
  runs: readonly { readonly model: string; readonly statistics: readonly Statistic[] }[],
): string | null {
  const lines = runs.flatMap(({ model, statistics }) => {
    const of = (name: string): Statistic | undefined =>
      statistics.find((s) => s.scope === 'invariance' && s.subset === 'all' && s.statistic === name)
    const flips = of('flip_rate')
    const below = of('ranked_below_original')
    if (flips === undefined && below === undefined) return []
    return [
      [
        model,
        percent(flips?.value ?? null),
        interval(flips?.ciLow ?? null, flips?.ciHigh ?? null),
        String(flips?.n ?? 0),
        of('spread_over_margin')?.value?.toFixed(3) ?? '–',
        percent(below?.value ?? null),
        interval(below?.ciLow ?? null, below?.ciHigh ?? null),
        String(below?.n ?? 0),
      ],
    ]
  })
  if (lines.length === 0) return null
  const header = ['flips', '95 % CI', 'twins', 'spread/margin', 'wrong below', '95 % CI', 'changed']
  return textTable([`${dataset}: same chemistry`, ...header], lines)
}

/** Which share of next steps each run chose rightly, by heuristic. */
export function stepsText(
  dataset: string,
  runs: readonly { readonly model: string; readonly statistics: readonly Statistic[] }[],
): string {
  const ofChoices = /^choice_(accuracy_(.+)|chance|ceiling)$/
  return textTable(
    [dataset, 'heuristic', 'right', '95 % CI', 'rows'],
    runs.flatMap(({ model, statistics }) =>
      statistics
        .filter(({ scope, subset, statistic }) => scope === 'steps' && subset === 'all' && ofChoices.test(statistic))
        .map(({ statistic, value, ciLow, ciHigh, n }) => {
          const [, whole, heuristic = whole!] = ofChoices.exec(statistic)!
          return [model, heuristic, percent(value), interval(ciLow, ciHigh), String(n)]
        }),
    ),
    [1],
  )
}

/** What can be said of completions without pairs (groups): the score against passing the verifier. */
export function completionsText(
  dataset: string,
  runs: readonly { readonly model: string; readonly statistics: readonly Statistic[] }[],
): string {
  const of = (statistics: readonly Statistic[], name: string): Statistic | undefined =>
    statistics.find((s) => s.scope === 'completions' && s.subset === 'all' && s.statistic === name)
  const decimal = (value: number | null | undefined): string => value?.toFixed(3) ?? '–'
  return textTable(
    [dataset, 'pass rate', 'AUROC', '95 % CI', 'within prompt', 'scored and verified'],
    runs.map(({ model, statistics }) => {
      const auroc = of(statistics, 'auroc')
      return [
        model,
        percent(of(statistics, 'pass_rate')?.value ?? null),
        decimal(auroc?.value),
        interval(auroc?.ciLow ?? null, auroc?.ciHigh ?? null, 1, 3),
        decimal(of(statistics, 'auroc_within_prompt')?.value),
        String(auroc?.n ?? 0),
      ]
    }),
  )
}
