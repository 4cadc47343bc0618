import type { ScoredCompletion, ScoredPair } from '../../types.ts'
import { pairsByInterest } from './informative.ts'
import type { Limits } from './limits.ts'
import { type Chemistry, picked } from './picked.ts'
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
} from './row-table.ts'

/** Rows of the pairs' browser; null without pairs. Only the rows that are shown are asked for their texts. */
export function pairTable(pairs: readonly ScoredPair[], chemistry: Chemistry, limits: Limits): RowTable | null {
  if (pairs.length === 0) return null
  const kept = pairsByInterest(pairs).slice(0, limits.rows)
  const order = kept.toSorted((a, b) => a - b)
  const place = new Map(order.map((index, i) => [index, i]))
  const { pool, drawings } = picked(chemistry, limits)
  const details = new Array<Detail>(order.length)
  for (const i of kept) {
    const pair = pairs[i]!
    const [chosen, rejected] = drawings.pair(pair)
    details[place.get(i)!] = {
      prompt: pool.add(pair.prompt),
      ...expectedPart(drawings.answers?.expected(pair.id), pool, drawings),
      completions: [
        detailOf(pair.chosen, numbered('Chosen', pair.chosen), pool, chosen),
        detailOf(pair.rejected, numbered('Rejected', pair.rejected), pool, rejected),
      ],
    }
  }
  const columns = columnsOf(order.map((i) => pairs[i]!))
  return rowTable('pairs', columns, details, pool, drawings, pairs.length, limits)
}

const numbered = (title: string, { index }: ScoredCompletion): string => (index === 0 ? title : `${title} ${index}`)

function columnsOf(shown: readonly ScoredPair[]): readonly Column[] {
  const manyRejected = shown.some((pair) => pair.rejectedIndex > 0)
  const manyChosen = shown.some((pair) => pair.chosen.index > 0)
  const own = [
    textColumn('id', 'Row', shown, (pair) => pair.id),
    ...(manyRejected ? [numberColumn('rejected_index', 'Rejected no.', shown, (pair) => pair.rejectedIndex)] : []),
    ...(manyChosen ? [numberColumn('chosen_index', 'Chosen no.', shown, (pair) => pair.chosen.index)] : []),
    choiceColumn('subset', 'Subset', shown, (pair) => pair.subset),
    numberColumn('chosen_score', 'Chosen', shown, (pair) => pair.chosen.score),
    numberColumn('rejected_score', 'Rejected', shown, (pair) => pair.rejected.score),
    numberColumn('margin', 'Margin', shown, (pair) => pair.margin),
    choiceColumn('outcome', 'Model', shown, (pair) => pair.outcome ?? 'unscored'),
    choiceColumn('verifiable_outcome', 'Verifier', shown, (pair) => pair.verifiableOutcome ?? 'unverifiable'),
    choiceColumn('agree', 'Agree', shown, ({ agree }) => (agree === null ? 'undecided' : agree === 1 ? 'yes' : 'no')),
    choiceColumn('chosen_reason', 'Chosen verdict', shown, (pair) => verdictWord(pair.chosen)),
    choiceColumn('rejected_reason', 'Rejected verdict', shown, (pair) => verdictWord(pair.rejected)),
  ]
  return [...own, ...carriedColumns(shown, own)]
}

/** Carried columns with few distinct words make filters; more than this would only crowd the page. */
const MAX_CARRIED_COLUMNS = 3
const MAX_CARRIED_WORDS = 40
/** Keys are looked for in so many rows; a column that none of these has is not on the page. */
const ROWS_FOR_KEYS = 100

/**
 * Columns that the input carried along, where they hold a few words: what kind of fault the rejected one has, a source. Not those
 * that say in every row what one of our own columns says.
 */
function carriedColumns(shown: readonly ScoredPair[], own: readonly Column[]): readonly Column[] {
  const keys = [...new Set(shown.slice(0, ROWS_FOR_KEYS).flatMap((pair) => Object.keys(pair.extra)))]
  const found: Column[] = []
  for (const key of keys) {
    if (found.length === MAX_CARRIED_COLUMNS) break
    const values = shown.map((pair) => pair.extra[key])
    const words = new Set(values)
    if (words.size < 2 || words.size > MAX_CARRIED_WORDS) continue
    if (!values.every((value) => typeof value === 'string' || value == null)) continue
    const column = choiceColumn(`extra.${key}`, key, values, (value) => (typeof value === 'string' ? value : ''))
    if (!own.some((other) => sameWords(other, column))) found.push(column)
  }
  return found
}

const sameWords = (a: Column, b: Column): boolean =>
  a.kind === 'choice' &&
  b.kind === 'choice' &&
  a.words.join('\0') === b.words.join('\0') &&
  a.values.every((value, i) => value === b.values[i])
