import type { ScoredCompletion, ScoredPair } from '../../types.ts'
import type { Drawing } from './drawing.ts'
import { completionsByInterest, pairsByInterest } from './informative.ts'
import type { MoleculePort } from './input.ts'
import type { Limits } from './limits.ts'
import { type Drawn, Studio } from './studio.ts'
import { type ShownText, TextPool } from './texts.ts'

/** One browser of rows, as its script reads it. Columns are arrays of one length; the script knows no column by name. */
export interface RowTable {
  readonly name: 'pairs' | 'completions'
  /** Columns that name a row in the address; numbers 0 at the end are left out. */
  readonly keyColumns: readonly string[]
  readonly columns: readonly Column[]
  readonly details: readonly Detail[]
  readonly texts: readonly ShownText[]
  readonly drawings: readonly Drawing[]
  /** For the sentence that says what is left out. */
  readonly left: LeftOut
}
export type Column =
  | { readonly key: string; readonly label: string; readonly kind: 'text'; readonly values: readonly string[] }
  | {
      readonly key: string
      readonly label: string
      readonly kind: 'number'
      readonly values: readonly (number | null)[]
    }
  | {
      readonly key: string
      readonly label: string
      readonly kind: 'choice'
      /** Words, and for each row an index into them. */
      readonly words: readonly string[]
      readonly values: readonly number[]
    }
/** `prompt` and the completions' `text` are indices into `texts`. */
export interface Detail {
  readonly prompt: number | null
  readonly completions: readonly CompletionDetail[]
}
export interface CompletionDetail {
  readonly title: string
  readonly text: number
  readonly score: number | null
  readonly scoreReason: string | null
  readonly reward: number | null
  readonly status: string
  readonly reason: string | null
  readonly format: number | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  /** Index into `drawings`; null: no molecule, or not drawn. */
  readonly drawing: number | null
  readonly smiles: string | null
}
export interface LeftOut {
  /** Rows of the run; the table shows the most informative ones. */
  readonly rows: number
  readonly shown: number
  readonly clippedTexts: number
  /** Molecules that were not drawn for want of room. */
  readonly undrawn: number
  /** Answers that RDKit could not draw as a molecule. */
  readonly undrawable: number
}

const text = (key: string, label: string, values: readonly string[]): Column => ({ key, label, kind: 'text', values })
const number = (key: string, label: string, values: readonly (number | null)[]): Column => ({
  key,
  label,
  kind: 'number',
  values,
})
function choice(key: string, label: string, values: readonly string[]): Column {
  const words = [...new Set(values)].sort()
  const index = new Map(words.map((word, i) => [word, i]))
  return { key, label, kind: 'choice', words, values: values.map((value) => index.get(value)!) }
}

/** Extra columns of the input with few distinct words make filters; more than this would only crowd the page. */
const MAX_EXTRA_COLUMNS = 3
const MAX_EXTRA_WORDS = 40

/** Rows of the pairs' browser; null without pairs. */
export function pairTable(
  pairs: readonly ScoredPair[],
  molecules: MoleculePort | null,
  limits: Limits,
): RowTable | null {
  if (pairs.length === 0) return null
  const interest = pairsByInterest(pairs)
  const kept = interest.slice(0, limits.rows)
  const shown = kept.toSorted((a, b) => a - b).map((i) => pairs[i]!)
  const place = new Map(shown.map((pair, i) => [pair, i]))
  const pool = new TextPool()
  const studio = new Studio(molecules, limits)
  const details = new Array<Detail>(shown.length)
  for (const i of kept) {
    const pair = pairs[i]!
    const drawn = studio.pair(pair)
    details[place.get(pair)!] = {
      prompt: pool.add(pair.prompt),
      completions: [
        detailOf(pair.chosen, pair.chosen.index === 0 ? 'Chosen' : `Chosen ${pair.chosen.index}`, pool, drawn[0]),
        detailOf(
          pair.rejected,
          pair.rejectedIndex === 0 ? 'Rejected' : `Rejected ${pair.rejectedIndex}`,
          pool,
          drawn[1],
        ),
      ],
    }
  }
  const many = shown.some((pair) => pair.rejectedIndex > 0)
  const manyChosen = shown.some((pair) => pair.chosen.index > 0)
  const columns: Column[] = [
    text(
      'id',
      'Row',
      shown.map((pair) => pair.id),
    ),
    ...(many
      ? [
          number(
            'rejected_index',
            'Rejected no.',
            shown.map((pair) => pair.rejectedIndex),
          ),
        ]
      : []),
    ...(manyChosen
      ? [
          number(
            'chosen_index',
            'Chosen no.',
            shown.map((pair) => pair.chosen.index),
          ),
        ]
      : []),
    choice(
      'subset',
      'Subset',
      shown.map((pair) => pair.subset),
    ),
    number(
      'chosen_score',
      'Chosen',
      shown.map((pair) => pair.chosen.score),
    ),
    number(
      'rejected_score',
      'Rejected',
      shown.map((pair) => pair.rejected.score),
    ),
    number(
      'margin',
      'Margin',
      shown.map((pair) => pair.margin),
    ),
    choice(
      'outcome',
      'Model',
      shown.map((pair) => pair.outcome ?? 'unscored'),
    ),
    choice(
      'verifiable_outcome',
      'Verifier',
      shown.map((pair) => pair.verifiableOutcome ?? 'unverifiable'),
    ),
    choice(
      'agree',
      'Agree',
      shown.map((pair) => (pair.agree === null ? 'undecided' : pair.agree === 1 ? 'yes' : 'no')),
    ),
    choice(
      'chosen_reason',
      'Chosen verdict',
      shown.map((pair) => verdictWord(pair.chosen)),
    ),
    choice(
      'rejected_reason',
      'Rejected verdict',
      shown.map((pair) => verdictWord(pair.rejected)),
    ),
    ...extraColumns(shown),
  ]
  return finish('pairs', columns, details, pool, studio, pairs.length, limits)
}

/** Rows of the completions' browser: those that belong to no pair. null without any. */
export function completionTable(
  completions: readonly ScoredCompletion[],
  prompts: ReadonlyMap<string, string>,
  molecules: MoleculePort | null,
  limits: Limits,
): RowTable | null {
  const single = completions.filter((completion) => completion.role === 'completion')
  if (single.length === 0) return null
  const kept = completionsByInterest(single).slice(0, limits.rows)
  const order = kept.toSorted((a, b) => a - b)
  const place = new Map(order.map((index, i) => [index, i]))
  const shown = order.map((i) => single[i]!)
  const pool = new TextPool()
  const studio = new Studio(molecules, limits)
  const details = new Array<Detail>(shown.length)
  for (const i of kept) {
    const completion = single[i]!
    const prompt = prompts.get(completion.id)
    details[place.get(i)!] = {
      prompt: prompt === undefined ? null : pool.add(prompt),
      completions: [detailOf(completion, 'Completion', pool, studio.single(completion))],
    }
  }
  const columns: Column[] = [
    text(
      'id',
      'Row',
      shown.map((completion) => completion.id),
    ),
    number(
      'index',
      'No.',
      shown.map((completion) => completion.index),
    ),
    choice(
      'subset',
      'Subset',
      shown.map((completion) => completion.subset),
    ),
    number(
      'score',
      'Score',
      shown.map((completion) => completion.score),
    ),
    number(
      'reward',
      'Reward',
      shown.map((completion) => completion.verifiableReward),
    ),
    choice(
      'status',
      'Status',
      shown.map((completion) => completion.verifiableStatus),
    ),
    choice('reason', 'Verdict', shown.map(verdictWord)),
    number(
      'tokens',
      'Tokens',
      shown.map((completion) => completion.completionTokens),
    ),
  ]
  return finish('completions', columns, details, pool, studio, single.length, limits)
}

/** The verdict in one word: ether0's reason, or the status where it gives none. */
export const verdictWord = (completion: ScoredCompletion): string =>
  completion.verifiableReason ?? completion.verifiableStatus

function finish(
  name: RowTable['name'],
  columns: readonly Column[],
  details: readonly Detail[],
  pool: TextPool,
  studio: Studio,
  rows: number,
  limits: Limits,
): RowTable {
  const { texts, clipped } = pool.within(limits.textLength)
  const { undrawn, undrawable } = studio
  const left = { rows, shown: details.length, clippedTexts: clipped, undrawn, undrawable }
  const keyColumns = name === 'pairs' ? ['id', 'rejected_index', 'chosen_index'] : ['id', 'index']
  return { name, keyColumns, columns, details, texts, drawings: studio.drawings, left }
}

/** Columns that the input carried along, where they hold a few words: what kind of fault the rejected one has, a source. */
function extraColumns(pairs: readonly ScoredPair[]): readonly Column[] {
  const keys = [...new Set(pairs.slice(0, 100).flatMap((pair) => Object.keys(pair.extra)))]
  return keys
    .flatMap((key) => {
      const values = pairs.map((pair) => pair.extra[key])
      const words = new Set(values)
      const fits =
        words.size > 1 && words.size <= MAX_EXTRA_WORDS && values.every((v) => typeof v === 'string' || v == null)
      return fits
        ? [
            choice(
              `extra.${key}`,
              key,
              values.map((value) => (typeof value === 'string' ? value : '')),
            ),
          ]
        : []
    })
    .slice(0, MAX_EXTRA_COLUMNS)
}

function detailOf(completion: ScoredCompletion, title: string, pool: TextPool, drawn: Drawn): CompletionDetail {
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
