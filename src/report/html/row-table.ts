import type { ScoredCompletion } from '../../types.ts'
import type { Drawing } from './drawing.ts'
import type { Depiction, Drawings, Drawn } from './drawings.ts'
import type { Expected } from './input.ts'
import type { Limits } from './limits.ts'
import type { ShownText, TextPool } from './texts.ts'

export type TableName = 'pairs' | 'completions' | 'groups' | 'steps'

/** One browser of rows, as its script reads it. Columns are arrays of one length; the script knows no column by name. */
export interface RowTable {
  readonly name: TableName
  /** How an opened row is shown: texts beside each other, a gallery of ranked cards, steps with their verdicts, or what several scorers pick of a group. */
  readonly layout: 'sides' | 'gallery' | 'steps' | 'picks'
  /** Columns that name a row in the address; numbers 0 at the end are left out. */
  readonly keyColumns: readonly string[]
  readonly columns: readonly Column[]
  readonly details: readonly Detail[]
  /** Texts and drawings that several browsers show stand in a block of their own (`Stock`). */
  readonly stocked: boolean
  readonly texts: readonly ShownText[]
  readonly drawings: readonly Drawing[]
  /** Where several scorers judge a row: any two of them are set against each other. */
  readonly versus?: Versus
  /** For the sentence that says what is left out. */
  readonly left: LeftOut
}
/** Two filters, each on the outcome of a scorer that the reader chooses. */
export interface Versus {
  /** Columns of outcomes, by key; the label of each is its scorer. */
  readonly keys: readonly string[]
  /** Words that stand for several. @example { 'not right': ['wrong', 'tie'] } */
  readonly several: Readonly<Record<string, readonly string[]>>
}
/** A small table in an opened row: words in the first two columns, numbers behind them. */
export interface NumbersTable {
  readonly caption: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}
export type Column =
  | { readonly key: string; readonly label: string; readonly kind: 'text'; readonly values: readonly string[] }
  | {
      readonly key: string
      readonly label: string
      readonly kind: 'number'
      readonly values: readonly (number | null)[]
      /** A margin: shown with a mark, ✓ above 0, ✗ below. */
      readonly signed?: boolean
    }
  | {
      readonly key: string
      readonly label: string
      readonly kind: 'choice'
      /** Words, and for each row an index into them. */
      readonly words: readonly string[]
      readonly values: readonly number[]
      /** No column of the table, only something to filter by. */
      readonly hidden?: boolean
    }
/** What several browsers of one page show. */
export interface Stock {
  readonly texts: readonly ShownText[]
  readonly drawings: readonly Drawing[]
}
/** `prompt` and the completions' `text` are indices into `texts`. */
export interface Detail {
  readonly prompt: number | null
  /** Absent where the row has no solution. */
  readonly expected?: ExpectedDetail
  readonly completions: readonly CompletionDetail[]
  /** Of a group: how many of its completions are not among these. */
  readonly more?: number
  readonly numbers?: NumbersTable
}
/** What makes an answer right; `rule` and `text` are indices into `texts`. */
export interface ExpectedDetail extends Depiction {
  readonly rule: number
  readonly text: number
}
export interface CompletionDetail extends Drawn {
  readonly title: string
  /** null: the text is not known, which the page says. */
  readonly text: number | null
  /** Absent where several scorers have one each. */
  readonly score?: number | null
  readonly scoreReason: string | null
  readonly reward: number | null
  readonly status: string
  readonly reason: string | null
  readonly format: number | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  /** Of a completion in a group; absent elsewhere. */
  readonly ranked?: Ranked
}
/** Where a completion stands in its group. */
export interface Ranked {
  /** By score from the top, 1 = highest; equal scores share the better rank; null without a score. */
  readonly rank: number | null
  /** Who chooses it, in words. */
  readonly marks: readonly string[]
  /** By verifiable reward and by learned score; null where it has not both. */
  readonly advantages: readonly [verifier: number, learned: number] | null
  /** Completions with the same answer, and with the same molecule; null where it has none, or molecules were not compared. */
  readonly votes: readonly [string: number | null, molecule: number | null]
}
export interface LeftOut {
  /** Rows of the run; the table shows the most informative ones. */
  readonly rows: number
  readonly shown: number
  /** Rows, the first of the run, that these were picked from; absent where it is all. */
  readonly looked?: number
  readonly clippedTexts: number
  /** Molecules that were not drawn for want of room. */
  readonly undrawn: number
  /** Answers that RDKit could not draw as a molecule. */
  readonly undrawable: number
  /** Pairs in whose drawings the atoms that differ are not marked, as the page's time for finding them was over; absent where there are none. */
  readonly unsearched?: number
}

export const textColumn = <R>(key: string, label: string, rows: readonly R[], of: (row: R) => string): Column => ({
  key,
  label,
  kind: 'text',
  values: rows.map(of),
})
export const numberColumn = <R>(
  key: string,
  label: string,
  rows: readonly R[],
  of: (row: R) => number | null,
): Column => ({ key, label, kind: 'number', values: rows.map(of) })
export function choiceColumn<R>(key: string, label: string, rows: readonly R[], of: (row: R) => string): Column {
  const values = rows.map(of)
  const words = [...new Set(values)].sort()
  const index = new Map(words.map((word, i) => [word, i]))
  return { key, label, kind: 'choice', words, values: values.map((value) => index.get(value)!) }
}

/** The verdict in one word: ether0's reason, or the status where it gives none. */
export const verdictWord = (completion: ScoredCompletion): string =>
  completion.verifiableReason ?? completion.verifiableStatus

export function detailOf(completion: ScoredCompletion, title: string, pool: TextPool, drawn: Drawn): CompletionDetail {
  return {
    title,
    text: pool.add(completion.text),
    score: completion.score,
    scoreReason: completion.scoreReason,
    reward: completion.verifiableReward,
    status: completion.verifiableStatus,
    reason: completion.verifiableReason,
    format: completion.formatReward,
    promptTokens: completion.promptTokens,
    completionTokens: completion.completionTokens,
    ...drawn,
  }
}

/** What a row expects, as a part of its detail; nothing where it has no solution. */
export function expectedPart(
  expected: Expected | null | undefined,
  pool: TextPool,
  drawings: Drawings,
): Pick<Detail, 'expected'> {
  if (expected == null) return {}
  const { drawing, undrawn } = drawings.expected(expected)
  return { expected: { rule: pool.add(expected.rule), text: pool.add(expected.text), drawing, undrawn } }
}

export function rowTable(
  name: RowTable['name'],
  columns: readonly Column[],
  details: readonly Detail[],
  pool: TextPool,
  drawings: Drawings,
  rows: number,
  limits: Limits,
): RowTable {
  const { texts, clipped } = pool.within(limits.textLength, limits.longestText)
  const left = { rows, shown: details.length, clippedTexts: clipped, ...drawings.tally() }
  const { layout, keyColumns } = KINDS[name]
  return { name, layout, keyColumns, columns, details, stocked: false, texts, drawings: drawings.all, left }
}

const KINDS: Readonly<Record<TableName, Pick<RowTable, 'layout' | 'keyColumns'>>> = {
  pairs: { layout: 'sides', keyColumns: ['id', 'rejected_index', 'chosen_index'] },
  completions: { layout: 'sides', keyColumns: ['id', 'index'] },
  groups: { layout: 'gallery', keyColumns: ['id'] },
  steps: { layout: 'steps', keyColumns: ['id'] },
}

/** A table whose texts and drawings stand in the page's stock. @param clippedTexts of the whole stock */
export const stocked = (table: RowTable, clippedTexts: number): RowTable => ({
  ...table,
  stocked: true,
  texts: [],
  drawings: [],
  left: { ...table.left, clippedTexts },
})
