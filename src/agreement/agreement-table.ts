import { subsetName } from '../subset-name.ts'
import type { Statistic } from '../types.ts'
import { FAULT_MEANINGS, FAULT_SCOPE, FAULTS, FORM_SCOPE, NOT_WELL_FORMED, WELL_FORMED } from './faults.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, decimal, intervalSentence, type PaperTable, percent, type TableCell, text } from './tables.ts'

type Find = (statistic: string) => Statistic | undefined
type Lines = ReadonlyMap<string, Statistic>
interface Row {
  readonly title: string
  readonly scope: string
  readonly subset: string
}

const keyOf = (scope: string, subset: string, statistic: string): string => `${scope}\0${subset}\0${statistic}`
const share = (line: Statistic | undefined): TableCell => percent(line?.value ?? null, ciOf(line), isFew(line))
const size = (line: Statistic | undefined): TableCell => ({
  kind: 'number',
  value: line?.value ?? null,
  // of fewer prompts than can be read the table has none: they would be as wide as the scale
  low: isFew(line) ? null : (ciOf(line)?.low ?? null),
  high: isFew(line) ? null : (ciOf(line)?.high ?? null),
  digits: 2,
  few: isFew(line),
})
const ciOf = (line: Statistic | undefined) =>
  line?.ciLow == null || line.ciHigh == null ? null : { low: line.ciLow, high: line.ciHigh }
const isFew = (line: Statistic | undefined): boolean => line !== undefined && line.clusters < MIN_CLUSTERS

/**
 * agreement.tex: what a score and ether0's verdicts have in common, from the lines of agreement.csv. Of pairs by how the rejected answer
 * fails and by subset; where there are none, of completions by subset. Both, where there are both.
 * @param scorer as captions call it; null = no model scored
 */
export function agreementPaperTables(
  statistics: readonly Statistic[],
  scorer: string | null,
  dataset: string,
  ciMethod: string,
): PaperTable[] {
  const lines = linesOf(statistics)
  const pairs = pairTable(statistics, lines, scorer, dataset, ciMethod)
  const completions = completionTable(statistics, lines, scorer, dataset, ciMethod)
  const tables = [
    ...(pairs === null ? [] : [pairs]),
    ...(completions === null ? [] : [{ ...completions, name: pairs === null ? 'agreement' : 'agreement-completions' }]),
  ]
  return tables.map((table) => ({ ...table, source: 'agreement.csv' }))
}

/** Scorers of one data set beside each other, each over its own pairs, from the lines of agreement.csv; null where none has pairs. */
export function agreementByScorer(
  runs: readonly { readonly model: string; readonly statistics: readonly Statistic[] }[],
  dataset: string,
  ciMethod: string,
): PaperTable | null {
  const own = runs.flatMap(({ model, statistics }) => {
    const lines = linesOf(statistics.filter(({ scope }) => scope === 'pairs'))
    return lines.get(keyOf('pairs', 'all', 'accuracy_strict'))?.value == null ? [] : [{ model, lines }]
  })
  if (own.length === 0) return null
  return {
    name: 'agreement',
    caption: `Agreement with ether0's verifiable rewards on the pairs of ${dataset}.`,
    intervals: intervalSentence(
      ciMethod,
      own.flatMap(({ lines }) => methodsOf(lines, { scope: 'pairs', subset: 'all' }, SHOWN)),
    ),
    source: 'agreement.csv',
    columns: [{ title: 'scorer' }, ...PAIR_COLUMNS],
    rows: own.map(({ model, lines }) => [text(model), ...pairCells((name) => lines.get(keyOf('pairs', 'all', name)))]),
    notes: ['Each scorer is on the pairs that it scored.', PAIR_NOTE],
  }
}

const linesOf = (statistics: readonly Statistic[]): Lines =>
  new Map(statistics.map((line) => [keyOf(line.scope, line.subset, line.statistic), line]))

/** Statistics whose interval a table of pairs shows. */
const SHOWN = ['accuracy_strict', 'accuracy_half', 'margin_auroc', 'margin_kendall_tau_b']
/** How the intervals that a row shows were made; of few prompts it shows those of shares alone. */
const methodsOf = (lines: Lines, { scope, subset }: Pick<Row, 'scope' | 'subset'>, names: readonly string[]) =>
  names.map((name) => {
    const line = lines.get(keyOf(scope, subset, name))
    const hidden = isFew(line) && !name.startsWith('accuracy_') && name !== 'pass_rate'
    return line === undefined || hidden ? null : line.ciMethod
  })
const pairCells = (find: Find): TableCell[] => [
  count((find('accuracy_strict') ?? find('verifiable_accuracy_strict'))?.n ?? 0),
  share(find('accuracy_strict')),
  share(find('accuracy_half')),
  percent(find('verifiable_accuracy_strict')?.value ?? null),
  // their intervals follow from that of the rate of agreement
  decimal(find('cohen_kappa')?.value ?? null, 2, isFew(find('cohen_kappa'))),
  decimal(find('gwet_ac1')?.value ?? null, 2, isFew(find('gwet_ac1'))),
  size(find('margin_auroc')),
  size(find('margin_kendall_tau_b')),
]
const PAIR_COLUMNS: PaperTable['columns'] = [
  { title: 'n', key: true },
  { title: 'accuracy (strict)' },
  {
    title: 'accuracy (ties as ½)',
    spare: { when: { same: 2 }, note: 'No ties: with them as ½ the accuracies are the same.' },
  },
  {
    title: 'verifier prefers chosen',
    spare: { when: 'one', note: 'The verifier prefers the chosen answer of every pair that it decides.' },
  },
  { title: 'κ' },
  {
    title: 'AC1',
    spare: { when: { same: 5 }, note: 'κ and AC1 are the same, since each pair counts in both orders.' },
  },
  { title: 'AUROC' },
  { title: 'τ-b' },
]
const PAIR_NOTE =
  'n: pairs with a score. Accuracy: per cent of them whose chosen answer has the higher score. κ, AC1: agreement with the verifier over pairs that both decide, corrected for chance. AUROC, τ-b: of the margin against the side that the verifier prefers, and against the difference of the rewards.'

type Draft = Omit<PaperTable, 'source'>

/** Subsets of a scope where there are several, in their order. */
const subsetsOf = (statistics: readonly Statistic[], scope: string): Row[] =>
  [...new Set(statistics.flatMap((line) => (line.scope === scope && line.subset !== 'all' ? [line.subset] : [])))].map(
    (subset) => ({ title: subsetName(subset), scope, subset }),
  )

function pairTable(
  statistics: readonly Statistic[],
  lines: Lines,
  scorer: string | null,
  dataset: string,
  ciMethod: string,
): Draft | null {
  const has = ({ scope, subset }: Row): boolean =>
    ['accuracy_strict', 'verifiable_accuracy_strict'].some((name) => lines.has(keyOf(scope, subset, name)))
  const all: Row = { title: 'all pairs', scope: 'pairs', subset: 'all' }
  if (!has(all)) return null
  const parts: { heading: string; rows: Row[] }[] = [
    {
      heading: 'Both answers well-formed',
      rows: [
        { title: 'yes', scope: FORM_SCOPE, subset: WELL_FORMED },
        { title: 'no', scope: FORM_SCOPE, subset: NOT_WELL_FORMED },
      ].filter(has),
    },
    {
      heading: 'The rejected answer is',
      rows: FAULTS.map((level) => ({ title: FAULT_MEANINGS[level].title, scope: FAULT_SCOPE, subset: level })).filter(
        has,
      ),
    },
    { heading: 'Subset', rows: subsetsOf(statistics, 'pairs') },
  ].filter(({ rows }) => rows.length > 0)
  const rows = [...parts.flatMap((part) => part.rows), all]
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.rows.length, 0))
  return {
    name: 'agreement',
    caption:
      scorer === null
        ? `ether0's verifiable rewards on the pairs of ${dataset} (n = ${numberOf(lines, all)}).`
        : `Agreement of ${scorer} with ether0's verifiable rewards on the pairs of ${dataset} (n = ${numberOf(lines, all)}).`,
    intervals: intervalSentence(
      ciMethod,
      rows.flatMap((row) => methodsOf(lines, row, SHOWN)),
    ),
    columns: [{ title: '' }, ...PAIR_COLUMNS],
    rows: rows.map((row) => [text(row.title), ...pairCells((name) => lines.get(keyOf(row.scope, row.subset, name)))]),
    breaks: [
      ...parts.map(({ heading }, i) => ({ before: starts[i]!, title: heading })),
      ...(parts.length === 0 ? [] : [{ before: rows.length - 1 }]),
    ],
    notes: scorer === null ? ['n: pairs.'] : [PAIR_NOTE],
  }
}

const numberOf = (lines: Lines, { scope, subset }: Row): string => {
  const of = (name: string): number | undefined => lines.get(keyOf(scope, subset, name))?.n
  return (of('accuracy_strict') ?? of('verifiable_accuracy_strict') ?? 0).toLocaleString('en-US')
}

function completionTable(
  statistics: readonly Statistic[],
  lines: Lines,
  scorer: string | null,
  dataset: string,
  ciMethod: string,
): Draft | null {
  const whole = lines.get(keyOf('completions', 'all', 'pass_rate'))
  if (whole === undefined) return null
  const subsets = subsetsOf(statistics, 'completions')
  const rows = [...subsets, { title: 'all completions', scope: 'completions', subset: 'all' }]
  const n = whole.n.toLocaleString('en-US')
  return {
    name: 'agreement-completions',
    caption:
      scorer === null
        ? `Completions of ${dataset} that pass ether0's verifiable rewards (n = ${n}).`
        : `Scores of ${scorer} and ether0's verifiable rewards on single completions of ${dataset} (n = ${n}).`,
    columns: [
      { title: '' },
      { title: 'n', key: true },
      { title: 'pass (%)' },
      { title: 'AUROC' },
      { title: 'AUROC within prompt' },
      { title: 'τ-b' },
    ],
    rows: rows.map(({ title, scope, subset }) => {
      const find: Find = (name) => lines.get(keyOf(scope, subset, name))
      return [
        text(title),
        count(find('pass_rate')?.n ?? 0),
        share(find('pass_rate')),
        size(find('auroc')),
        size(find('auroc_within_prompt')),
        size(find('kendall_tau_b')),
      ]
    }),
    intervals: intervalSentence(
      ciMethod,
      rows.flatMap((row) => methodsOf(lines, row, ['pass_rate', 'auroc', 'auroc_within_prompt', 'kendall_tau_b'])),
    ),
    breaks: subsets.length === 0 ? [] : [{ before: subsets.length }],
    notes:
      scorer === null
        ? []
        : ['AUROC: of the score against passing (reward ≥ 1). τ-b: of the score against the reward.'],
  }
}
