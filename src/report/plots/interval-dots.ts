import type { Markup } from '../html/markup.ts'
import { count, percent, percentInterval } from '../html/numbers.ts'
import { dotFrame } from './dot-frame.ts'
import { COLOUR } from './svg.ts'

/** One line of the plot: a share with its interval, in [0, 1]. */
export interface IntervalDot {
  readonly name: string
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** Pairs behind the value, where known. */
  readonly n: number | null
  /** Filled blue (what is reported), or hollow grey (what it is held against). */
  readonly emphasis: boolean
}

/** Shares with intervals, one below another in the given order, on an axis from 0 to 100 % with chance marked (null: none is). */
export function intervalDots(
  dots: readonly IntervalDot[],
  label: string,
  axis = 'accuracy, % (a tie counts ½)',
  chance: number | null = 50,
): Markup {
  const title = ({ name, value, low, high, n }: IntervalDot): string =>
    `${name}: ${percent(value)} ${percentInterval(low, high)}${n === null ? '' : `, n = ${count(n)}`}`
  return dotFrame(
    dots.map((dot) => ({
      name: dot.name,
      value: percentOf(dot.value),
      low: percentOf(dot.low),
      high: percentOf(dot.high),
      n: dot.n,
      text: percent(dot.value),
      title: title(dot),
      filled: dot.emphasis,
    })),
    { label: axis, domain: [0, 100], ticks: 10, reference: chance, heading: '%', hollow: COLOUR.grey },
    label,
  )
}

const percentOf = (share: number | null): number | null => (share === null ? null : share * 100)
