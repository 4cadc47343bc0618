import { isRecord } from '../is-record.ts'
import type { Json } from './tokenizer-files.ts'

/**
 * The `model` of tokenizer.json, checked as the Rust library reads it: an id is an unsigned 32-bit number there and an
 * `Int32Array` element here, so what is no whole number, or would wrap, is refused and never becomes id 0.
 */
export interface Vocabulary {
  readonly kind: ModelKind
  idOf(token: string): number | undefined
  /** Entries, as the library counts them: the first free id of an added token. */
  readonly size: number
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[]
}
export type ModelKind = 'BPE' | 'Unigram' | 'WordPiece'

/** The largest id that an Int32Array holds. */
export const MAX_ID = 2 ** 31 - 1

/** @throws RangeError naming the place and what was found, where the library refuses the model or we cannot run it */
export function readVocabulary(model: Json): Vocabulary {
  const kind = kindOf(model)
  if (kind === 'Unigram') return unigram(model)
  const { vocab } = model
  if (!isRecord(vocab)) throw new RangeError(`model.vocab is ${shown(vocab)}, not an object of tokens and ids`)
  const { size, shared } = checkIds(vocab)
  const idOf = (token: string): number | undefined =>
    Object.hasOwn(vocab, token) ? (vocab[token] as number) : undefined
  if (kind === 'BPE') checkBpe(model, idOf, shared)
  else checkWordPiece(model)
  return { kind, idOf, size, notes: sharedNotes(shared) }
}

/** Files of before 2021 name no type: the library and its port then tell the kinds by their keys. */
function kindOf({ type, vocab, continuing_subword_prefix: prefix, unk_token, merges }: Json): ModelKind {
  const known =
    type !== undefined
      ? type
      : Array.isArray(vocab)
        ? 'Unigram'
        : prefix !== undefined && unk_token !== undefined
          ? merges === undefined
            ? 'WordPiece'
            : 'BPE'
          : undefined
  if (known !== 'BPE' && known !== 'Unigram' && known !== 'WordPiece')
    throw new RangeError(`its model is ${String(known).slice(0, 40)}, none of BPE, Unigram and WordPiece`)
  return known
}

/** Two tokens of one id, and the id. */
type Shared = readonly [token: string, other: string, id: number]

function checkIds(vocab: Json): { readonly size: number; readonly shared: readonly Shared[] } {
  const holders = new Map<number, string>()
  const shared: Shared[] = []
  let size = 0
  for (const token of Object.keys(vocab)) {
    const id = checkedId(vocab[token], () => `model.vocab: the id of ${shown(token)}`)
    const other = holders.get(id)
    if (other === undefined) holders.set(id, token)
    else shared.push([other, token, id])
    size++
  }
  return { size, shared }
}

/** @param what whose id it is, for the message */
export function checkedId(value: unknown, what: () => string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ID && !Object.is(value, -0))
    return value
  throw new RangeError(`${what()} is ${shown(value)}, not a whole number from 0 to ${MAX_ID.toLocaleString('en')}`)
}

function checkBpe(model: Json, idOf: (token: string) => number | undefined, shared: readonly Shared[]): void {
  const { merges, continuing_subword_prefix: prefix, end_of_word_suffix: suffix, dropout, unk_token } = model
  if (prefix) throw new RangeError('a BPE model with continuing_subword_prefix')
  for (const [name, value] of Object.entries({
    unk_token,
    end_of_word_suffix: suffix,
    continuing_subword_prefix: prefix,
  }))
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw new RangeError(`model.${name} is ${shown(value)}, not a text`)
  checkFlags(model, ['fuse_unk', 'byte_fallback', 'ignore_merges'])
  if (dropout !== undefined && dropout !== null && dropout !== 0)
    throw new RangeError(
      typeof dropout === 'number' && dropout > 0
        ? 'a BPE model with dropout: its ids are random'
        : `model.dropout is ${shown(dropout)}, not a number from 0 to 1`,
    )
  const ambiguous = new Map(shared.flatMap(([a, b, id]) => [[a, id] as const, [b, id] as const]))
  for (const [i, left, right] of readMerges(merges))
    for (const piece of [left, right, left + right]) {
      if (idOf(piece) === undefined)
        throw new RangeError(`model.merges[${i}], ${shown(`${left} ${right}`)}: ${shown(piece)} is not in model.vocab`)
      // The library merges by ids: a merge of one of the two would merge the other as well.
      if (ambiguous.has(piece))
        throw new RangeError(
          `model.vocab gives ${shown(piece)} of model.merges[${i}] and another token the same id ${ambiguous.get(piece)}`,
        )
    }
}

/** Pairs, or texts of two parts; never a mixture. */
function* readMerges(merges: unknown): Generator<readonly [index: number, left: string, right: string]> {
  if (!Array.isArray(merges)) throw new RangeError(`model.merges is ${shown(merges)}, not a list`)
  const texts = typeof merges[0] === 'string'
  for (const [i, merge] of merges.entries()) {
    const parts: unknown = texts && typeof merge === 'string' ? merge.split(' ') : texts ? null : merge
    if (texts && typeof merge === 'string' && merge.startsWith('#version')) continue
    if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string'))
      throw new RangeError(`model.merges[${i}] is ${shown(merge)}, not two pieces`)
    yield [i, parts[0] as string, parts[1] as string]
  }
}

function checkWordPiece({ unk_token, continuing_subword_prefix: prefix, max_input_chars_per_word: most }: Json): void {
  for (const [name, value] of Object.entries({ unk_token, continuing_subword_prefix: prefix }))
    if (typeof value !== 'string') throw new RangeError(`model.${name} is ${shown(value)}, not a text`)
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 0)
    throw new RangeError(`model.max_input_chars_per_word is ${shown(most)}, not a whole number`)
}

/** A list of pieces with their scores; a piece's id is its place, the last place of one that is listed twice. */
function unigram(model: Json): Vocabulary {
  const { vocab, unk_id: unk } = model
  if (!Array.isArray(vocab)) throw new RangeError(`model.vocab is ${shown(vocab)}, not a list of pieces and scores`)
  if (vocab.length === 0) throw new RangeError('model.vocab is empty')
  const ids = new Map<string, number>()
  for (const [i, entry] of vocab.entries()) {
    const [piece, score] = Array.isArray(entry) && entry.length === 2 ? (entry as unknown[]) : []
    if (typeof piece !== 'string' || typeof score !== 'number' || !Number.isFinite(score))
      throw new RangeError(`model.vocab[${i}] is ${shown(entry)}, not a piece and its score`)
    ids.set(piece, i)
  }
  checkFlags(model, ['byte_fallback'])
  if (unk !== undefined && unk !== null && checkedId(unk, () => 'model.unk_id') >= vocab.length)
    throw new RangeError(`model.unk_id is ${unk}, and model.vocab has ${vocab.length} pieces`)
  return { kind: 'Unigram', idOf: (token) => ids.get(token), size: vocab.length, notes: [] }
}

function checkFlags(model: Json, names: readonly string[]): void {
  for (const name of names) {
    const value = model[name]
    if (value !== undefined && value !== null && typeof value !== 'boolean')
      throw new RangeError(`model.${name} is ${shown(value)}, not true or false`)
  }
}

/** Tokens listed in a note. */
const LISTED = 3
function sharedNotes(shared: readonly Shared[]): string[] {
  if (shared.length === 0) return []
  const list = shared.slice(0, LISTED).map(([a, b, id]) => `${shown(a)} and ${shown(b)} are both ${id}`)
  const more = shared.length > LISTED ? ` and ${shared.length - LISTED} more` : ''
  return [`tokens of tokenizer.json share an id, so the model cannot tell them apart: ${list.join(', ')}${more}`]
}

const MAX_SHOWN = 60
/** A value of someone else's file, for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
