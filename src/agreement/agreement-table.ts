import { linesWhere, type StatisticLines } from '../statistic-lines.ts'
import { subsetName } from '../subset-name.ts'
import type { Statistic } from '../types.ts'
import { FAULT_MEANINGS, FAULT_SCOPE, FAULTS, FORM_SCOPE, NOT_WELL_FORMED, WELL_FORMED } from './faults.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, decimal, intervalSentence, type PaperTable, percent, type TableCell, text } from './tables.ts'

type Find = (statistic: string) => Statistic | undefined
interface Row {
  readonly title: string
  readonly find: Find
}

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
 * fails and by subset; where there are none, of completions by subset. Both, where there are both, one after the other: of 100,000 subsets each
 * takes 80 MB.
 * @param scorer as captions call it; null = no model scored
 */
export function* agreementPaperTables(
  statistics: StatisticLines,
  scorer: string | null,
  dataset: string,
  ciMethod: string,
): Generator<PaperTable> {
  const source = 'agreement.csv'
  let name = 'agreement'
  for (const made of [pairTable, completionTable]) {
    const table = made(statistics, scorer, dataset, ciMethod)
    if (table === null) continue
    yield { ...table, name, source }
    name = 'agreement-completions'
  }
}

/** Scorers of one data set beside each other, each over its own pairs, from the lines of agreement.csv; null where none has pairs. */
export function agreementByScorer(
  runs: readonly { readonly model: string; readonly statistics: readonly Statistic[] }[],
  dataset: string,
  ciMethod: string,
): PaperTable | null {
  const body = new TableBody(pairCells, SHOWN)
  for (const { model, statistics } of runs) {
    const find = findIn(statistics, 'pairs', 'all')
    if (find('accuracy_strict')?.value != null) body.add({ title: model, find })
  }
  if (body.rows.length === 0) return null
  return {
    name: 'agreement',
    caption: `Agreement with ether0's verifiable rewards on the pairs of ${dataset}.`,
    intervals: intervalSentence(ciMethod, body.methods),
    source: 'agreement.csv',
    columns: [{ title: 'scorer' }, ...PAIR_COLUMNS],
    rows: body.rows,
    notes: ['Each scorer is on the pairs that it scored.', PAIR_NOTE],
  }
}

/** Finds the lines of one subset by their name. */
function findIn(statistics: StatisticLines, scope: string, subset: string): Find {
  const lines = new Map<string, Statistic>()
  for (const line of linesWhere(statistics, (line) => line.scope === scope && line.subset === subset))
    lines.set(line.statistic, line)
  return (name) => lines.get(name)
}

/** Statistics whose interval a table of pairs shows. */
const SHOWN = ['accuracy_strict', 'accuracy_half', 'margin_auroc', 'margin_kendall_tau_b']
/** Statistics that a row on pairs is made from. */
const PAIR_STATISTICS = [...SHOWN, 'verifiable_accuracy_strict', 'cohen_kappa', 'gwet_ac1']

/** Rows of a table while they are made: of 100,000 subsets the lines that a row is made from are not kept. */
class TableBody {
  readonly rows: TableCell[][] = []
  readonly breaks: { before: number; title?: string }[] = []
  /** How the intervals that rows show were made; of few prompts they show those of shares alone. */
  readonly #methods = new Set<string | null>()
  readonly #cells: (find: Find) => TableCell[]
  readonly #shown: readonly string[]

  /** @param shown statistics whose interval a row shows */
  constructor(cells: (find: Find) => TableCell[], shown: readonly string[]) {
    this.#cells = cells
    this.#shown = shown
  }
  get methods(): (string | null)[] {
    return [...this.#methods]
  }
  add({ title, find }: Row): void {
    this.rows.push([text(title), ...this.#cells(find)])
    for (const name of this.#shown) {
      const line = find(name)
      const hidden = isFew(line) && !name.startsWith('accuracy_') && name !== 'pass_rate'
      this.#methods.add(line === undefined || hidden ? null : line.ciMethod)
    }
  }
  /** Rows below a heading, where there are any. */
  addPart(rows: Iterable<Row>, heading: string | null): void {
    const before = this.rows.length
    for (const row of rows) this.add(row)
    if (heading !== null && this.rows.length > before) this.breaks.push({ before, title: heading })
  }
  addTotal(row: Row): void {
    if (this.rows.length > 0) this.breaks.push({ before: this.rows.length })
    this.add(row)
  }
}
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

type Draft = Omit<PaperTable, 'name' | 'source'>

/** Subsets of a scope where there are several, in their order. @param names statistics that are looked for; the lines of a subset stand together */
function* subsetsOf(statistics: StatisticLines, scope: string, names: readonly string[]): Generator<Row> {
  const own = linesWhere(
    statistics,
    (line) => line.scope === scope && line.subset !== 'all' && names.includes(line.statistic),
  )
  let subset: string | null = null
  let lines = new Map<string, Statistic>()
  const row = (): Row => {
    const found = lines
    return { title: subsetName(subset!), find: (name) => found.get(name) }
  }
  for (const line of own) {
    if (line.subset !== subset) {
      if (subset !== null) yield row()
      subset = line.subset
      lines = new Map()
    }
    lines.set(line.statistic, line)
  }
  if (subset !== null) yield row()
}

function pairTable(statistics: StatisticLines, scorer: string | null, dataset: string, ciMethod: string): Draft | null {
  const few = [
    ...linesWhere(
      statistics,
      ({ scope, subset }) => scope === FORM_SCOPE || scope === FAULT_SCOPE || (scope === 'pairs' && subset === 'all'),
    ),
  ]
  const all: Row = { title: 'all pairs', find: findIn(few, 'pairs', 'all') }
  const has = ({ find }: Row): boolean =>
    ['accuracy_strict', 'verifiable_accuracy_strict'].some((name) => find(name) !== undefined)
  if (!has(all)) return null
  const body = new TableBody(pairCells, SHOWN)
  const formed = [
    { title: 'yes', find: findIn(few, FORM_SCOPE, WELL_FORMED) },
    { title: 'no', find: findIn(few, FORM_SCOPE, NOT_WELL_FORMED) },
  ]
  body.addPart(formed.filter(has), 'Both answers well-formed')
  const faults = FAULTS.map((level) => ({
    title: FAULT_MEANINGS[level].title,
    find: findIn(few, FAULT_SCOPE, level),
  }))
  body.addPart(faults.filter(has), 'The rejected answer is')
  body.addPart(subsetsOf(statistics, 'pairs', PAIR_STATISTICS), 'Subset')
  body.addTotal(all)
  const n = numberOf(all)
  return {
    caption:
      scorer === null
        ? `ether0's verifiable rewards on the pairs of ${dataset} (n = ${n}).`
        : `Agreement of ${scorer} with ether0's verifiable rewards on the pairs of ${dataset} (n = ${n}).`,
    intervals: intervalSentence(ciMethod, body.methods),
    columns: [{ title: '' }, ...PAIR_COLUMNS],
    rows: body.rows,
    breaks: body.breaks,
    notes: scorer === null ? ['n: pairs.'] : [PAIR_NOTE],
  }
}

const numberOf = ({ find }: Row): string =>
  (find('accuracy_strict')?.n ?? find('verifiable_accuracy_strict')?.n ?? 0).toLocaleString('en-US')

const COMPLETION_STATISTICS = ['pass_rate', 'auroc', 'auroc_within_prompt', 'kendall_tau_b']
const completionCells = (find: Find): TableCell[] => [
  count(find('pass_rate')?.n ?? 0),
  share(find('pass_rate')),
  size(find('auroc')),
  size(find('auroc_within_prompt')),
  size(find('kendall_tau_b')),
]

function completionTable(
  statistics: StatisticLines,
  scorer: string | null,
  dataset: string,
  ciMethod: string,
): Draft | null {
  const all: Row = { title: 'all completions', find: findIn(statistics, 'completions', 'all') }
  const whole = all.find('pass_rate')
  if (whole === undefined) return null
  const body = new TableBody(completionCells, COMPLETION_STATISTICS)
  body.addPart(subsetsOf(statistics, 'completions', COMPLETION_STATISTICS), null)
  body.addTotal(all)
  const n = whole.n.toLocaleString('en-US')
  return {
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
    rows: body.rows,
    intervals: intervalSentence(ciMethod, body.methods),
    breaks: body.breaks,
    notes:
      scorer === null
        ? []
        : ['AUROC: of the score against passing (reward ≥ 1). τ-b: of the score against the reward.'],
  }
}
