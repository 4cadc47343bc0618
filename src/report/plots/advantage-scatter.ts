import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, decimal, percent } from '../html/numbers.ts'
import { binsOf, countIn } from './bins.ts'
import { AREA_OPACITY } from './palette.ts'
import { COLOUR, renderSvg } from './svg.ts'

/** One completion: its advantage in its group by the verifiable reward, and by the learned score. */
export interface AdvantageDot {
  readonly name: string
  readonly verifier: number
  readonly learned: number
}
/** Where the two differ in sign, or one is 0. */
export type Quadrant = 'both_up' | 'both_down' | 'wrongly_up' | 'wrongly_down' | 'undecided'

export const quadrantOf = ({ verifier, learned }: Pick<AdvantageDot, 'verifier' | 'learned'>): Quadrant => {
  if (verifier === 0 || learned === 0) return 'undecided'
  if (verifier > 0) return learned > 0 ? 'both_up' : 'wrongly_down'
  return learned > 0 ? 'wrongly_up' : 'both_down'
}
export const QUADRANT_NAMES: Readonly<Record<Quadrant, string>> = {
  both_up: 'up by both',
  both_down: 'down by both',
  wrongly_up: 'score up, verifier down',
  wrongly_down: 'score down, verifier up',
  undecided: 'one of the two is 0',
}

/** More points than this are drawn as counts in cells. */
export const MAX_DOTS = 2000

/** Learned against verifiable advantage, a number in each corner. The corners in which they disagree have other shapes. */
export function advantageScatter(points: readonly AdvantageDot[], label: string): Markup {
  const of = (quadrant: Quadrant): readonly AdvantageDot[] => points.filter((point) => quadrantOf(point) === quadrant)
  const title = ({ name, verifier, learned }: AdvantageDot): string =>
    `${name}\nverifier ${decimal(verifier)}, learned ${decimal(learned)}`
  const [x, y] = [reach(points.map((p) => p.verifier)), reach(points.map((p) => p.learned))]
  const at = { x: 'verifier', y: 'learned', title } as const
  const marks =
    points.length > MAX_DOTS
      ? [cells(points)]
      : [
          Plot.dot([...of('both_up'), ...of('both_down')], {
            ...at,
            r: 3,
            fill: COLOUR.blue,
            fillOpacity: AREA_OPACITY,
            stroke: COLOUR.blue,
            strokeWidth: 0.8,
          }),
          Plot.dot(of('wrongly_up'), {
            ...at,
            r: 3.5,
            stroke: COLOUR.orange,
            strokeWidth: 1.5,
            symbol: 'triangle',
          }),
          Plot.dot(of('wrongly_down'), {
            ...at,
            r: 3.5,
            stroke: COLOUR.orange,
            strokeWidth: 1.5,
            symbol: 'square',
          }),
          Plot.dot(of('undecided'), { ...at, r: 3, stroke: COLOUR.grey, strokeWidth: 1.5, symbol: 'times' }),
        ]
  return renderSvg(
    {
      height: 420,
      marginLeft: 58,
      marginBottom: 44,
      marginTop: 40,
      marginRight: 24,
      x: { domain: x, label: 'advantage by the verifiable reward', labelAnchor: 'center', labelArrow: 'none' },
      y: { domain: y, label: 'advantage by the learned score', labelArrow: 'none' },
      opacity: { type: 'identity' },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        ...marks,
        Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.6 }),
        Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.6 }),
        ...CORNERS.map(([quadrant, anchor, dx, dy]) =>
          Plot.text([quadrant], {
            frameAnchor: anchor,
            text: () => `${QUADRANT_NAMES[quadrant]}\n${corner(of(quadrant).length, points.length)}`,
            dx,
            dy,
            fontWeight: 600,
            fill: 'currentColor',
            stroke: 'var(--page)',
            strokeWidth: 4,
            lineHeight: 1.2,
          }),
        ),
      ],
    },
    label,
  )
}

const CORNERS = [
  ['wrongly_up', 'top-left', 8, 6],
  ['both_up', 'top-right', -8, 6],
  ['both_down', 'bottom-left', 8, -6],
  ['wrongly_down', 'bottom-right', -8, -6],
] as const

const corner = (n: number, all: number): string => `${count(n)} (${percent(n / Math.max(1, all))})`

/** As far below 0 as above, with a little air, so that 0 is in the middle. */
function reach(values: readonly number[]): readonly [number, number] {
  const most = values.reduce((far, value) => Math.max(far, Math.abs(value)), 0)
  const end = most === 0 ? 1 : 1.12 * most
  return [-end, end]
}

function cells(points: readonly AdvantageDot[]): Plot.Markish {
  const columns = binsOf(points.map((point) => point.verifier))
  const rows = binsOf(points.map((point) => point.learned))
  const filled = columns.flatMap((column, i) => {
    const last = i === columns.length - 1
    const inside = points.filter(
      ({ verifier }) => verifier >= column.low && (verifier < column.high || (last && verifier === column.high)),
    )
    return countIn(
      rows,
      inside.map(({ learned }) => learned),
    ).flatMap((n, k) => (n === 0 ? [] : [{ x1: column.low, x2: column.high, y1: rows[k]!.low, y2: rows[k]!.high, n }]))
  })
  const most = filled.reduce((top, { n }) => Math.max(top, n), 1)
  return Plot.rect(filled, {
    x1: 'x1',
    x2: 'x2',
    y1: 'y1',
    y2: 'y2',
    fill: COLOUR.blue,
    fillOpacity: filled.map((cell) => 0.12 + 0.88 * Math.sqrt(cell.n / most)),
    title: (cell: { n: number }) => count(cell.n),
  })
}
