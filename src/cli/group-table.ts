import type { GroupAnalysis } from '../agreement/group-analysis.ts'
import { percent, textTable } from '../report/table.ts'
import { subsetName } from '../subset-name.ts'
import type { Statistic } from '../types.ts'

/** Columns of the table on the screen: statistic and heading. */
const COLUMNS = [
  ['top1', 'top-1'],
  ['voting_string', 'vote (text)'],
  ['voting_canonical', 'vote (molecule)'],
  ['rerank', 'rerank'],
  ['best_of_n', 'best of n'],
  ['pass_at_n', 'pass@n'],
  ['random', 'random'],
] as const

/** The groups of a run: what each way of picking one of the completions is worth, by subset, and how it was counted. */
export function groupTable({ statistics, declines }: GroupAnalysis, scored: boolean): string {
  const find = (subset: string, name: string): Statistic | undefined =>
    statistics.find((line) => line.subset === subset && line.statistic === name)
  const names = [...new Set(statistics.map(({ subset }) => subset))].filter((subset) => subset !== 'all')
  const columns = COLUMNS.filter(([name]) => scored || (name !== 'rerank' && name !== 'best_of_n'))
  const missing = ['top1', 'voting_string', 'rerank', 'pass_at_n'].some(
    (name) => (scored || name !== 'rerank') && (find('all', name)?.missing ?? 0) > 0,
  )
  const line = (subset: string): string[] => [
    subset === 'all' ? 'all' : subsetName(subset),
    ...columns.map(([name]) => percent(find(subset, name)?.value ?? null)),
    String(groupsOf(find(subset, 'pass_at_n'))),
    ...(missing ? [String(find(subset, 'pass_at_n')?.missing ?? 0)] : []),
  ]
  const table = textTable(
    ['passing', ...columns.map(([, title]) => title), 'groups', ...(missing ? ['unverifiable'] : [])],
    [...names.map(line), line('all')],
  )
  const classified = find('all', 'cls_acc')
  const judged = statistics.some(({ subset, value }) => subset === 'all' && value !== null)
  if (!judged)
    return `${groupsOf(find('all', 'pass_at_n'))} groups; no completion of them is verified, so that no way of picking one can be judged`
  return [
    table,
    tiesLine(find, scored),
    ...(classified === undefined
      ? []
      : [
          `classifier accuracy (a probability above 0.5 says that it passes): ${percent(classified.value)} of ${classified.n} completions`,
        ]),
    ...(scored ? declineLine(declines) : []),
  ].join('\n')
}

const groupsOf = (line: Statistic | undefined): number => (line?.n ?? 0) + (line?.missing ?? 0)

function tiesLine(find: (subset: string, name: string) => Statistic | undefined, scored: boolean): string {
  const ties = (name: string): number => find('all', name)?.ties ?? 0
  const molecules = find('all', 'voting_canonical')
  const votes = `ties of the vote go to the answer seen first (${ties('voting_string')} of the groups${molecules?.n ? `; by molecule ${molecules.ties}` : ''})`
  return scored ? `${votes}, of rerank to the lower index (${ties('rerank')}); best of n shares them` : votes
}

function declineLine(declines: GroupAnalysis['declines']): string[] {
  const found = declines.find(({ test }) => test.subset === 'all')?.test
  if (found?.p == null) return []
  const { peakN, peak, lastN, last, p } = found
  const value = (share: number | null): string => percent(share)
  return [
    peakN === lastN
      ? `best of n: no decline up to n = ${lastN}`
      : `best of n: highest at n = ${peakN} (${value(peak)}), ${value(last)} at n = ${lastN}; p = ${p.toPrecision(3)} for a decline (one-sided, over all n that could have been the peak)`,
  ]
}
