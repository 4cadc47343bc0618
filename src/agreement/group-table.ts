import { subsetName } from '../subset-name.ts'
import type { Statistic } from '../types.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, decimal, intervalSentence, type PaperTable, percent, text } from './tables.ts'

const COLUMNS = [
  ['top1', 'Top-1'],
  ['voting_string', 'Voting (text)'],
  ['voting_canonical', 'Voting (molecule)'],
  ['rerank', 'Rerank'],
  ['pass_at_n', 'pass@n'],
  ['random', 'random'],
] as const

/** What each way of picking one of a group's completions is worth, by subset, as a paper table. */
export function groupPaperTable(
  statistics: readonly Statistic[],
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable {
  const find = (subset: string, name: string): Statistic | undefined =>
    statistics.find((line) => line.subset === subset && line.statistic === name)
  const row = (subset: string) => {
    const groups = find(subset, 'pass_at_n')
    const few = (groups?.clusters ?? 0) < MIN_CLUSTERS
    return [
      text(subset === 'all' ? 'all groups' : subsetName(subset)),
      ...COLUMNS.map(([name]) => {
        const line = find(subset, name)
        const ci = line?.ciLow == null || line.ciHigh == null ? null : { low: line.ciLow, high: line.ciHigh }
        return percent(line?.value ?? null, ci, few)
      }),
      decimal(find(subset, 'kendall_tau_b')?.value ?? null, 3, few),
      count((groups?.n ?? 0) + (groups?.missing ?? 0)),
      count(groups?.missing ?? 0),
    ]
  }
  const names = [...new Set(statistics.map(({ subset }) => subset))].filter((subset) => subset !== 'all')
  const whole = find('all', 'pass_at_n')
  const total = (whole?.n ?? 0) + (whole?.missing ?? 0)
  return {
    name: 'groups',
    caption: `Completions picked from the groups of ${dataset} by ${scorer}, share that passes, per cent (${total.toLocaleString('en-US')} groups).`,
    intervals: intervalSentence(
      ciMethod,
      [...names, 'all'].flatMap((subset) => COLUMNS.map(([name]) => find(subset, name)?.ciMethod ?? null)),
    ),
    source: 'agreement.csv',
    columns: [
      { title: '' },
      ...COLUMNS.map(([, title]) => ({ title })),
      { title: 'τ-b in the group' },
      { title: 'groups' },
      { title: 'not verified', spare: { when: 'zero', note: 'Every group has a verdict.' } },
    ],
    rows: [...names.map(row), row('all')],
    breaks: names.length === 0 ? [] : [{ before: names.length }],
    notes: [
      'Top-1: the first completion. Voting: the answer that most completions give, by its text or by its canonical SMILES; ties go to the answer seen first, and no answer is wrong. Rerank: the completion with the highest score, ties to the lower index. pass@n: any completion passes. Random: the mean over a group.',
      'Each group counts the same; a pick that is unverifiable is left out.',
    ],
  }
}
