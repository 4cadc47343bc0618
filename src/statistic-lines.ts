import type { Statistic } from './types.ts'

/** What a line of agreement.csv is of. */
export type LineKey = Pick<Statistic, 'scope' | 'subset' | 'statistic'>

/** Lines of agreement.csv in its order; an array is one. Of 100,000 subsets there are 4,000,000: such lists make a line when it is read. */
export interface StatisticLines extends Iterable<Statistic> {
  readonly length: number
  /** Some of them, in order, without making the others. */
  readonly where?: (is: (key: LineKey) => boolean) => StatisticLines
}

/** Some of the lines, in order. */
export const linesWhere = (lines: StatisticLines, is: (key: LineKey) => boolean): StatisticLines =>
  lines.where?.(is) ?? [...lines].filter(is)

/** The first line of a kind. */
export function firstWhere(lines: StatisticLines, is: (key: LineKey) => boolean): Statistic | undefined {
  for (const line of linesWhere(lines, is)) return line
  return undefined
}

/** Lists one behind the other. */
export class JoinedLines implements StatisticLines {
  readonly length: number
  readonly #parts: readonly StatisticLines[]

  constructor(parts: readonly StatisticLines[]) {
    this.#parts = parts
    this.length = parts.reduce((n, part) => n + part.length, 0)
  }
  where(is: (key: LineKey) => boolean): StatisticLines {
    return new JoinedLines(this.#parts.map((part) => linesWhere(part, is)))
  }
  *[Symbol.iterator](): Generator<Statistic> {
    for (const part of this.#parts) yield* part
  }
}
