import { characters } from '../../plain-text.ts'
import type { Check, CheckedRow, CheckedText, Finding } from './checked-row.ts'

/** A scorer that knows no chemistry: what a pair must not give away. */
export interface Giveaway {
  readonly name: string
  /** In words: what the chosen text has more of. */
  readonly title: string
  /** A baseline of every run; else it is looked at by this check alone. */
  readonly baseline: boolean
  readonly score: (text: CheckedText) => number
}

const thoughtLength = ({ text, answer }: CheckedText): number => characters(text) - characters(answer ?? '')

export const GIVEAWAYS: readonly Giveaway[] = [
  { name: 'longest', title: 'the longer text', baseline: true, score: ({ text }) => characters(text) },
  { name: 'shortest', title: 'the shorter text', baseline: true, score: ({ text }) => -characters(text) },
  {
    name: 'answer_tag',
    title: 'exactly one answer tag',
    baseline: true,
    score: ({ text }) =>
      /^(?:(?!<\|answer_start\|>)[\s\S])*<\|answer_start\|>(?:(?!<\|answer_(?:start|end)\|>)[\s\S])*<\|answer_end\|>(?:(?!<\|answer_end\|>)[\s\S])*$/.test(
        text,
      )
        ? 1
        : 0,
  },
  {
    name: 'smiles_parses',
    title: 'an answer that parses as SMILES',
    baseline: true,
    score: ({ molecule }) => (molecule === null ? 0 : 1),
  },
  {
    name: 'format',
    title: 'the format that is asked for',
    baseline: false,
    score: ({ formatted }) => (formatted ? 1 : 0),
  },
  {
    name: 'longer_answer',
    title: 'the longer answer',
    baseline: false,
    score: ({ answer }) => characters(answer ?? ''),
  },
  {
    name: 'shorter_answer',
    title: 'the shorter answer',
    baseline: false,
    score: ({ answer }) => -characters(answer ?? ''),
  },
  { name: 'longer_thought', title: 'more text around the answer', baseline: false, score: thoughtLength },
  {
    name: 'shorter_thought',
    title: 'less text around the answer',
    baseline: false,
    score: (text) => -thoughtLength(text),
  },
]

/** From here on a baseline is a finding. */
export const BASELINE_LIMIT = 0.55
/** Pairs below which a subset's share says little: its giveaways are looked at from here on. */
const LEAST_PAIRS = 50
/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054

export interface GiveawayShare {
  readonly name: string
  readonly title: string
  readonly subset: string
  /** Pairs of chosen and each rejected. */
  readonly pairs: number
  /** Right of them; a tie counts half. */
  readonly accuracy: number
}

/** How often each giveaway alone finds the chosen text, on all pairs and in each subset. Counts alone are kept. */
export class GiveawayCheck implements Check {
  /** subset → [pairs, points of each giveaway …]. */
  private readonly sums = new Map<string, number[]>()

  see({ subset, chosen, rejected }: CheckedRow): void {
    const own = GIVEAWAYS.map(({ score }) => score(chosen))
    for (const text of rejected) {
      const points = GIVEAWAYS.map(({ score }, i) => {
        const margin = own[i]! - score(text)
        return margin > 0 ? 1 : margin === 0 ? 0.5 : 0
      })
      for (const part of [ALL, `=${subset}`]) {
        const sums = this.sums.get(part) ?? [0, ...GIVEAWAYS.map(() => 0)]
        sums[0]!++
        for (const [i, point] of points.entries()) sums[i + 1]! += point
        this.sums.set(part, sums)
      }
    }
  }

  /** Of all pairs, then of each subset. */
  shares(): GiveawayShare[] {
    return [...this.sums].flatMap(([part, [pairs = 0, ...points]]) =>
      GIVEAWAYS.map(({ name, title }, i) => ({
        name,
        title,
        subset: part === ALL ? '' : part.slice(1),
        pairs,
        accuracy: points[i]! / pairs,
      })),
    )
  }

  *findings(): Iterable<Finding> {
    const several = this.sums.size > 2
    for (const share of this.shares()) {
      const { name, subset, pairs, accuracy } = share
      const { baseline } = GIVEAWAYS.find((one) => one.name === name)!
      if (accuracy <= BASELINE_LIMIT || (subset !== '' && !several)) continue
      // a baseline over all pairs counts as it stands; the rest only where chance does not explain it
      if (!(baseline && subset === '') && (pairs < LEAST_PAIRS || lowerBound(accuracy, pairs) <= 0.5)) continue
      yield { check: checkOf(name, baseline && subset === ''), rows: [], message: messageOf(share) }
    }
  }
}
const ALL = '*'

const checkOf = (name: string, isBaseline: boolean): string =>
  isBaseline
    ? 'baseline'
    : name === 'format' || name === 'answer_tag' || name === 'smiles_parses'
      ? 'format_giveaway'
      : 'length_giveaway'

const messageOf = ({ name, title, subset, pairs, accuracy }: GiveawayShare): string =>
  `${name} (${title}) finds the chosen answer in ${(100 * accuracy).toFixed(1)} % of ${pairs.toLocaleString('en')} pairs${subset === '' ? '' : ` of ${subset}`}; at most ${Math.round(100 * BASELINE_LIMIT)} % is wanted`

/** Lower end of Wilson's interval (Wilson 1927, eq. 2). */
function lowerBound(share: number, n: number): number {
  const z2 = (Z * Z) / n
  return (share + z2 / 2 - Z * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n))) / (1 + z2)
}
