import type { ScoredCompletion } from '../../types.ts'
import type { Limits } from '../html/limits.ts'
import { type Chemistry, picked } from '../html/picked.ts'
import {
  type Column,
  choiceColumn,
  type Detail,
  detailOf,
  expectedPart,
  numberColumn,
  type RowTable,
  rowTable,
  textColumn,
  verdictWord,
} from '../html/row-table.ts'
import type { ComparedPair, ComparedRows } from './input.ts'
import { type Letters, shownName } from './names.ts'

/** What a scorer makes of a pair, in a word. */
export type Outcome = 'right' | 'wrong' | 'tie' | 'not scored'
export const outcomeOf = (margin: number | null): Outcome =>
  margin === null ? 'not scored' : margin > 0 ? 'right' : margin < 0 ? 'wrong' : 'tie'

/** As McNemar's test counts. */
export const NOT_RIGHT = 'not right'

/** Key of the column with the outcomes of a scorer, by its place in `ComparedRows.scorers`. */
export const outcomeKey = (scorer: number): string => `outcome.${scorer}`

/** Rows of the browser of pairs that several scorers judge; null without rows. */
export function comparedTable(
  { pairs: all, scorers, total }: ComparedRows,
  letters: Letters,
  chemistry: Chemistry,
  limits: Limits,
): RowTable | null {
  if (all.length === 0) return null
  const pairs = all.slice(0, limits.rows)
  const { pool, drawings } = picked(chemistry, limits)
  const details = pairs.map((one): Detail => {
    const { pair, texts } = one
    const drawn = drawings.pair(pair)
    return {
      prompt: texts ? pool.add(pair.prompt) : null,
      ...expectedPart(drawings.answers?.expected(pair.id), pool, drawings),
      completions: ([pair.chosen, pair.rejected] as const).map((completion, side) => {
        const { score: _, ...detail } = detailOf(completion, titleOf(completion), pool, drawn[side]!)
        return texts ? detail : { ...detail, text: null }
      }),
      numbers: numbersOf(one, scorers, letters),
    }
  })
  const table = rowTable('pairs', columnsOf(pairs, scorers, letters), details, pool, drawings, total, limits)
  return {
    ...table,
    versus: { keys: scorers.map((_, i) => outcomeKey(i)), several: { [NOT_RIGHT]: ['wrong', 'tie'] } },
  }
}

const titleOf = ({ role, index }: ScoredCompletion): string =>
  `${role === 'chosen' ? 'Chosen' : 'Rejected'}${index === 0 ? '' : ` ${index}`}`

const numbersOf = (
  { margins, scores }: ComparedPair,
  scorers: ComparedRows['scorers'],
  letters: Letters,
): NonNullable<Detail['numbers']> => ({
  caption: 'What each scorer makes of this pair; ensembles and baselines have a margin alone.',
  header: ['Scorer', 'Prefers', 'Chosen', 'Rejected', 'Margin'],
  rows: scorers.map(({ name }, i) => [
    titled(name, letters),
    PREFERS[outcomeOf(margins[i]!)],
    scores[i]?.[0] ?? null,
    scores[i]?.[1] ?? null,
    margins[i]!,
  ]),
})
const titled = (name: string, letters: Letters): string => `${letters.of(name)} ${shownName(name)}`
const PREFERS: Readonly<Record<Outcome, string>> = {
  right: '✓ chosen',
  wrong: '✗ rejected',
  tie: '= neither',
  'not scored': '– not scored',
}

function columnsOf(
  pairs: readonly ComparedPair[],
  scorers: ComparedRows['scorers'],
  letters: Letters,
): readonly Column[] {
  const models = scorers.flatMap(({ name, model }, i) => (model ? [{ name, i }] : []))
  const many = (index: (one: ComparedPair) => number): boolean => pairs.some((one) => index(one) > 0)
  const [rejectedOf, chosenOf] = [
    ({ pair }: ComparedPair) => pair.rejectedIndex,
    ({ pair }: ComparedPair) => pair.chosen.index,
  ]
  return [
    textColumn('id', 'Row', pairs, ({ pair }) => pair.id),
    ...(many(rejectedOf) ? [numberColumn('rejected_index', 'Rejected no.', pairs, rejectedOf)] : []),
    ...(many(chosenOf) ? [numberColumn('chosen_index', 'Chosen no.', pairs, chosenOf)] : []),
    choiceColumn('subset', 'Subset', pairs, ({ pair }) => pair.subset),
    numberColumn('right', 'Models right', pairs, ({ margins }) =>
      models.reduce((n, { i }) => n + (outcomeOf(margins[i]!) === 'right' ? 1 : 0), 0),
    ),
    ...models.map(
      ({ name, i }): Column => ({
        key: `margin.${i}`,
        label: titled(name, letters),
        kind: 'number',
        values: pairs.map(({ margins }) => margins[i]!),
        signed: true,
      }),
    ),
    choiceColumn('verifiable_outcome', 'Verifier', pairs, ({ pair }) => pair.verifiableOutcome ?? 'unverifiable'),
    choiceColumn('chosen_reason', 'Chosen verdict', pairs, ({ pair }) => verdictWord(pair.chosen)),
    choiceColumn('rejected_reason', 'Rejected verdict', pairs, ({ pair }) => verdictWord(pair.rejected)),
    ...scorers.map(
      ({ name }, i): Column => ({
        ...(choiceColumn(outcomeKey(i), titled(name, letters), pairs, ({ margins }) =>
          outcomeOf(margins[i]!),
        ) as Extract<Column, { kind: 'choice' }>),
        hidden: true,
      }),
    ),
  ]
}
