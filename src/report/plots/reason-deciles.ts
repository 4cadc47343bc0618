import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, percent } from '../html/numbers.ts'
import { axisLabels, labelRoom } from './labels.ts'
import { MOST_SHADE } from './palette.ts'
import { COLOUR, renderSvg } from './svg.ts'

/** Completions of one verdict by decile of the learned score, lowest first. */
export interface ReasonLine {
  readonly reason: string
  readonly counts: readonly number[]
}

const DECILES = Array.from({ length: 10 }, (_, i) => i)

/** Heat map: each line sums to 100 %, so that a reason that the model cannot see is an even 10 % throughout. */
export function reasonDeciles(lines: readonly ReasonLine[], label: string): Markup {
  const totals = new Map(lines.map(({ reason, counts }) => [reason, counts.reduce((sum, n) => sum + n, 0)]))
  const names = [...totals.keys()]
  const labels = axisLabels(names)
  const sums = names.map((reason) => count(totals.get(reason)!))
  const digits = Math.max(0, ...sums.map((sum) => sum.length))
  const tick = (_: string, line: number): string => `${labels[line]!}  ${sums[line]!}`
  const cells = lines.flatMap(({ reason, counts }) => {
    return counts.map((n, decile) => ({ reason, decile, n, share: n / Math.max(1, totals.get(reason)!) }))
  })
  return renderSvg(
    {
      height: 56 + 30 * lines.length,
      marginLeft: labelRoom(labels) + 7 * (digits + 1),
      marginTop: 8,
      marginBottom: 44,
      marginRight: 8,
      padding: 0.06,
      x: {
        domain: DECILES,
        label: 'decile of the learned score (10 = highest)',
        labelAnchor: 'center',
        labelArrow: 'none',
        tickFormat: (decile: number) => String(decile + 1),
        tickSize: 0,
      },
      y: { domain: names, label: null, tickFormat: tick, tickSize: 0 },
      opacity: { type: 'identity' },
      marks: [
        Plot.cell(cells, {
          x: 'decile',
          y: 'reason',
          fill: COLOUR.blue,
          fillOpacity: cells.map((cell) => 0.04 + (MOST_SHADE - 0.04) * Math.min(1, cell.share / 0.5)),
          title: (cell: (typeof cells)[number]) =>
            `${cell.reason}, decile ${cell.decile + 1}: ${count(cell.n)} (${percent(cell.share)} of the line)`,
        }),
        Plot.text(
          cells.filter((cell) => cell.n > 0),
          {
            x: 'decile',
            y: 'reason',
            text: (cell: (typeof cells)[number]) => count(cell.n),
            fontVariant: 'tabular-nums',
          },
        ),
      ],
    },
    label,
  )
}
