import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, percent } from '../html/numbers.ts'
import { axisLabels, labelRoom } from './labels.ts'
import { PART_OPACITY } from './palette.ts'
import { COLOUR, PLOT_WIDTH, renderSvg } from './svg.ts'

/** One bar: parts of a whole, in order from the left. */
export interface ShareBar {
  readonly name: string
  readonly parts: readonly SharePart[]
}
export interface SharePart {
  readonly name: string
  readonly n: number
  readonly colour: 'blue' | 'orange' | 'grey' | 'green' | 'none'
}

const FILLS: Readonly<Record<SharePart['colour'], string>> = {
  blue: COLOUR.blue,
  orange: COLOUR.orange,
  grey: COLOUR.grey,
  green: 'var(--green)',
  none: 'var(--tint)',
}
const EDGES: Readonly<Record<SharePart['colour'], string>> = { ...FILLS, none: COLOUR.grey }
const BAR = 44
const RIGHT = 12
/** What fits into a part so wide (CSS pixels): its name and number, its number, or nothing. */
function fitting(name: string, digits: string, width: number): string {
  const room = (text: string): number => 6.6 * [...text].length + 6
  if (width >= room(name)) return `${name}\n${digits}`
  return width >= room(digits) ? digits : ''
}

/** Stacked bars of 100 %, each part named inside it where there is room. */
export function shareBars(bars: readonly ShareBar[], label: string, axis = '% of the groups'): Markup {
  const names = bars.map(({ name }) => name)
  const labels = axisLabels(names)
  const left = labelRoom(labels)
  const width = PLOT_WIDTH - left - RIGHT
  const parts = bars.flatMap(({ parts }, bar) => {
    const all = parts.reduce((sum, { n }) => sum + n, 0)
    let from = 0
    return parts.flatMap((part) => {
      if (part.n === 0) return []
      const x1 = from
      from += (100 * part.n) / all
      return [{ ...part, bar, x1, x2: from, share: part.n / all }]
    })
  })
  type Part = (typeof parts)[number]
  return renderSvg(
    {
      height: BAR * bars.length + 46,
      marginLeft: left,
      marginRight: RIGHT,
      marginTop: 6,
      marginBottom: 40,
      x: { domain: [0, 100], label: axis, labelAnchor: 'center', labelArrow: 'none', ticks: 5 },
      y: {
        domain: names.map((_, i) => i),
        type: 'band',
        padding: 0.22,
        label: null,
        tickSize: 0,
        tickFormat: (i: number) => labels[i]!,
      },
      marks: [
        Plot.rectX(parts, {
          x1: 'x1',
          x2: 'x2',
          y: 'bar',
          fill: ({ colour }: Part) => FILLS[colour],
          fillOpacity: PART_OPACITY,
          stroke: ({ colour }: Part) => EDGES[colour],
          inset: 1,
          title: ({ name, n, share, bar }: Part) => `${names[bar]}, ${name}: ${count(n)} (${percent(share)})`,
        }),
        Plot.text(parts, {
          x: ({ x1, x2 }: Part) => (x1 + x2) / 2,
          y: 'bar',
          text: ({ name, n, share }: Part) => fitting(name, count(n), share * width),
          lineHeight: 1.15,
        }),
      ],
      color: { type: 'identity' },
    },
    label,
  )
}
