import type { ChoiceFindings } from '../../agreement/choices.ts'
import { MIN_CLUSTERS } from '../../agreement/strata.ts'
import { count, intervalSentence, type PaperTable, percent as percentCell, text } from '../../agreement/tables.ts'
import { percent, textTable } from '../../report/table.ts'

/** Choice accuracy by heuristic, for the screen. */
export function choiceTable({ heuristics, bounds, tests }: ChoiceFindings, rows: number): string {
  const all = bounds[0]
  const lines = heuristics.map(({ heuristic, accuracy: { overall }, ties, nearTies }) => {
    const { strict, ci, n } = overall
    return [
      heuristic,
      percent(strict),
      ci.strict === null ? '–' : `${(ci.strict.low * 100).toFixed(1)} – ${(ci.strict.high * 100).toFixed(1)}`,
      String(n),
      String(overall.missing),
      String(ties),
      String(nearTies),
    ]
  })
  const chance = [
    '(chance)',
    percent(all?.chance ?? null),
    '',
    String(all?.n ?? 0),
    String(all?.missing ?? rows),
    '',
    '',
  ]
  const compared = tests.map(({ a, b, valueA, valueB, difference, n, p, pHolm }) => [
    `${a} − ${b}`,
    valueA === null || valueB === null ? '–' : `${((valueA - valueB) * 100).toFixed(1)}`,
    difference.ciLow === null
      ? '–'
      : `${(difference.ciLow * 100).toFixed(1)} – ${(difference.ciHigh! * 100).toFixed(1)}`,
    String(n),
    p === null ? '–' : p.toPrecision(2),
    pHolm === null ? '–' : pHolm.toPrecision(2),
  ])
  return [
    textTable(['right choice', 'accuracy', '95 % CI', 'rows', 'missing', 'ties', 'near ties'], [...lines, chance]),
    ...(compared.length === 0
      ? []
      : ['', textTable(['difference (points)', 'value', '95 % CI', 'rows', 'p (sign flip)', 'p (Holm)'], compared)]),
  ].join('\n')
}

/** The same by subset, for a paper. */
export function choicePaperTable(
  { heuristics, bounds }: ChoiceFindings,
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable {
  const subsets = Object.keys(heuristics[0]?.accuracy.subsets ?? {})
  const named = subsets.length < 2 ? [] : subsets
  const row = (
    name: string,
    bound: ChoiceFindings['bounds'][number] | undefined,
    of: (h: number) => (typeof heuristics)[number]['accuracy']['overall'],
  ) => [
    text(name),
    ...heuristics.map((_, h) => percentCell(of(h).strict, of(h).ci.strict, of(h).clusters < MIN_CLUSTERS)),
    percentCell(bound?.chance ?? null),
    percentCell(bound?.ceiling ?? null),
    count(bound?.n ?? 0),
  ]
  return {
    name: 'choices',
    caption: `Right choices of the next step by ${scorer} on ${dataset}, per cent (${(bounds[0]?.n ?? 0).toLocaleString('en-US')} rows).`,
    intervals: intervalSentence(
      ciMethod,
      heuristics.flatMap(({ accuracy: { overall, subsets } }) =>
        [overall, ...named.map((name) => subsets[name]!)].map(({ ci }) => ci.method),
      ),
    ),
    source: 'agreement.csv',
    columns: ['', ...heuristics.map(({ heuristic }) => heuristic), 'chance', 'ceiling', 'rows'].map((title, i) => ({
      title,
      ...(i === heuristics.length + 3 && { key: true }),
    })),
    rows: [
      ...named.map((name, s) => row(name, bounds[s + 1], (h) => heuristics[h]!.accuracy.subsets[name]!)),
      row('all rows', bounds[0], (h) => heuristics[h]!.accuracy.overall),
    ],
    breaks: named.length === 0 ? [] : [{ before: named.length }],
    notes: [`Chance: mean of right candidates over candidates; ceiling: rows with a right candidate.`],
  }
}
