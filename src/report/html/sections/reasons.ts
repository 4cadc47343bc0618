import { decilesOf } from '../../plots/bins.ts'
import { type ReasonLine, reasonDeciles } from '../../plots/reason-deciles.ts'
import { figure } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { html } from '../markup.ts'
import { count, plural } from '../numbers.ts'
import { verdictWord } from '../row-table.ts'
import { absent, type Section } from '../section.ts'

/** Which faults does the model see, which does it reward? */
export function reasons({ completions }: ReportInput): Section {
  const title = 'Verdicts and scores'
  const scored = completions.filter((completion) => completion.score !== null)
  const verified = scored.filter((completion) => completion.verifiableStatus !== 'unverifiable')
  if (verified.length === 0) {
    const why = scored.length === 0 ? 'no completion was scored' : 'no scored completion has a verdict'
    return { id: 'reasons', title, body: absent(`No heat map of reasons: ${why}.`) }
  }
  const deciles = decilesOf(verified.map((completion) => completion.score!))
  const counts = new Map<string, number[]>()
  verified.forEach((completion, i) => {
    const word = verdictWord(completion)
    if (!counts.has(word)) counts.set(word, new Array<number>(10).fill(0))
    counts.get(word)![deciles[i]!]!++
  })
  const total = (line: ReasonLine): number => line.counts.reduce((sum, n) => sum + n, 0)
  const lines = [...counts]
    .map(([reason, line]) => ({ reason, counts: line }))
    .sort((a, b) => total(b) - total(a) || (a.reason < b.reason ? -1 : 1))
  const left = scored.length - verified.length
  const body = figure({
    id: 'reasons-by-decile',
    picture: reasonDeciles(
      lines,
      `Completions by verdict and score decile. ${lines.map((line) => `${line.reason}: ${line.counts.join(', ')}`).join('; ')}.`,
    ),
    caption: html`<b>Verdicts by decile of the learned score</b>, ${plural(verified.length, 'completion')}, equal scores in one decile. Numbers are completions; the shade is their share of the line, so that a fault that the model does not see is even across. A fault with much weight on the right is rewarded.${
      left > 0 ? ` ${count(left)} scored completions without a verdict are left out.` : ''
    }`,
    data: {
      header: ['verdict', ...Array.from({ length: 10 }, (_, i) => `decile_${i + 1}`)],
      rows: lines.map((line) => [line.reason, ...line.counts]),
    },
  })
  return { id: 'reasons', title, body }
}
