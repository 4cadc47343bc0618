import type { GroupCurve, GroupCurvePoint } from './group-curves.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, figure, intervalSentence, type PaperTable, percent } from './tables.ts'

const METHODS = [
  ['best_of_n', 'best of n by the score'],
  ['regret', 'regret'],
  ['voting_string_expected', 'vote (text)'],
  ['voting_canonical_expected', 'vote (molecule)'],
  ['pass_at_n', 'pass@n (ceiling)'],
  ['random', 'random (floor)'],
] as const

/** The curves over all groups at 1, 2, 4, 8 … and the largest n, as a paper table; null where there is no curve. */
export function curvePaperTable(
  curves: readonly GroupCurve[],
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable | null {
  const own = METHODS.flatMap(([method, title]) => {
    const curve = curves.find((one) => one.subset === 'all' && one.method === method)
    return curve === undefined ? [] : [{ title, points: new Map(curve.points.map((point) => [point.n, point])) }]
  })
  const longest = own.toSorted((a, b) => b.points.size - a.points.size)[0]
  if (longest === undefined) return null
  const all = [...longest.points.keys()]
  const shown = all.filter((n) => n === all.at(-1) || Number.isInteger(Math.log2(n)))
  const cell = (point: GroupCurvePoint | undefined) =>
    percent(
      point?.value ?? null,
      point?.low == null || point.high === null ? null : { low: point.low, high: point.high },
      (point?.clusters ?? 0) < MIN_CLUSTERS,
    )
  return {
    name: 'best-of-n',
    caption: `Best of n of the completions of ${dataset} by ${scorer}, share that passes, per cent.`,
    intervals: intervalSentence(
      ciMethod,
      own.flatMap(({ points }) => shown.map((n) => points.get(n)?.ciMethod ?? null)),
    ),
    source: 'curves.csv',
    columns: [{ title: 'n', key: true }, ...own.map(({ title }) => ({ title })), { title: 'groups' }],
    rows: shown.map((n) => [
      figure(String(n)),
      ...own.map(({ points }) => cell(points.get(n))),
      count(longest.points.get(n)!.groups),
    ]),
    notes: [
      'Exact expectations over all subsets of n of the completions of a group that are verified and, with a model, scored; groups with fewer are left out at that n. Regret: ceiling less best of n.',
    ],
  }
}
