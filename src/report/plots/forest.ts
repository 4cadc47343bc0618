import type { Markup } from '../html/markup.ts'
import { ABSENT, count, measured } from '../html/numbers.ts'
import { dotFrame } from './dot-frame.ts'
import { COLOUR } from './svg.ts'

/** One line: a value of any size with its interval. */
export interface ForestLine {
  readonly name: string
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  readonly n: number
  /** Filled blue, or hollow orange: of another kind. */
  readonly filled: boolean
}

/**
 * Values with intervals, one below another in the given order, on an axis with 0 marked.
 * @param heading over the column of values
 * @param shown a value in words
 */
export function forest(
  lines: readonly ForestLine[],
  axis: string,
  label: string,
  heading = 'mean',
  shown: (value: number) => string = measured,
): Markup {
  const ends = lines.flatMap(({ value, low, high }) => (value === null ? [] : [value, low ?? value, high ?? value]))
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  const room = 0.04 * (most - least || 1)
  const said = (value: number | null): string => (value === null ? ABSENT : shown(value))
  return dotFrame(
    lines.map((line) => ({
      ...line,
      text: said(line.value),
      title: `${line.name}: ${said(line.value)}${
        line.low === null || line.high === null ? '' : ` [${shown(line.low)}, ${shown(line.high)}]`
      }, n = ${count(line.n)}`,
    })),
    {
      label: axis,
      domain: [least - room, most + room],
      ticks: 6,
      reference: 0,
      heading,
      hollow: COLOUR.orange,
    },
    label,
  )
}
