import { isRecord } from '../is-record.ts'
import type { TokenIds } from '../types.ts'
import type { Json } from './tokenizer-files.ts'
import { checkedId, shown } from './vocabulary.ts'

/**
 * The post-processor of tokenizer.json, on ids as the Rust library has it (processors/*.rs). The JavaScript port works on the
 * tokens' texts instead: a special token whose ids the file declares, but whose name is not in the vocabulary, was lost there.
 */
export interface PostProcessor {
  /** Ids and token types of a text, or of two. */
  process(first: ArrayLike<number>, second: ArrayLike<number> | null, addSpecialTokens: boolean): TokenTypes
  /** Every special token that it may add, with the ids that the file declares. */
  readonly named: readonly { readonly token: string; readonly ids: readonly number[] }[]
  /** Why two texts cannot be encoded, where they cannot; the library says so at the first pair. */
  readonly pairFault: string | null
}
export type TokenTypes = TokenIds & { readonly typeIds: Int32Array }

interface Piece {
  readonly ids: ArrayLike<number>
  readonly types: ArrayLike<number>
}
/** Takes one encoding or two and gives any number, which are joined in the end. */
type Step = (encodings: readonly Piece[], addSpecialTokens: boolean) => readonly Piece[]

/** @throws RangeError where the library refuses the post-processor, or would stop at the first text */
export function readPostProcessor(config: unknown): PostProcessor {
  const found: Found = { named: [], pairFault: null }
  const step = config === null || config === undefined ? JOINED : stepOf(config, 'post_processor', found)
  return {
    ...found,
    process(first, second, addSpecialTokens) {
      const given = second === null ? [ofType(first, 0)] : [ofType(first, 0), ofType(second, 1)]
      const pieces = step(given, addSpecialTokens)
      const length = pieces.reduce((sum, { ids }) => sum + ids.length, 0)
      const ids = new Int32Array(length)
      const typeIds = new Int32Array(length)
      let at = 0
      for (const piece of pieces) {
        ids.set(piece.ids, at)
        typeIds.set(piece.types, at)
        at += piece.ids.length
      }
      return { ids, typeIds }
    },
  }
}

/** What reading the parts brought to light. */
interface Found {
  readonly named: { token: string; ids: readonly number[] }[]
  pairFault: string | null
}
const JOINED: Step = (encodings) => encodings
const ofType = (ids: ArrayLike<number>, type: number): Piece => ({ ids, types: new Int32Array(ids.length).fill(type) })

function stepOf(config: unknown, place: string, found: Found): Step {
  if (!isRecord(config)) throw new RangeError(`${place} is ${shown(config)}, not an object`)
  switch (config.type) {
    case 'ByteLevel':
      return JOINED
    case 'TemplateProcessing':
      return template(config, place, found)
    case 'BertProcessing':
      return bert(config, place, found)
    case 'RobertaProcessing':
      return roberta(config, place, found)
    case 'Sequence': {
      if (!Array.isArray(config.processors))
        throw new RangeError(`${place}.processors is ${shown(config.processors)}, not a list`)
      const steps = config.processors.map((part, i) => stepOf(part, `${place}.processors[${i}]`, found))
      return (encodings, add) => steps.reduce((pieces, step) => step(pieces, add), encodings)
    }
    default:
      throw new RangeError(`${place} is of the unknown type ${shown(config.type)}`)
  }
}

/** A part of a template: the ids of a special token, or a text by its place. */
type TemplatePart =
  | { readonly ids: readonly number[]; readonly type: number }
  | { readonly at: 0 | 1; readonly type: number }
  | Undeclared
interface Undeclared {
  readonly fault: string
}

function template(config: Json, place: string, found: Found): Step {
  const special = specialTokens(config.special_tokens, `${place}.special_tokens`, found)
  const single = templateParts(config.single, `${place}.single`, special, ['A'])
  const pair = templateParts(config.pair, `${place}.pair`, special, ['A', 'B'])
  for (const parts of [single, pair]) {
    const fault = parts.find((part): part is Undeclared => 'fault' in part)?.fault ?? null
    if (fault !== null && parts === single) throw new RangeError(fault)
    found.pairFault ??= fault
  }
  return (encodings, addSpecialTokens) => {
    if (encodings.length > 2) throw new RangeError(`${place}: a template behind another one`)
    return (encodings.length === 2 ? pair : single).flatMap((part): readonly Piece[] => {
      if ('fault' in part) throw new RangeError(part.fault)
      if ('at' in part) return [ofType(encodings[part.at]!.ids, part.type)]
      return addSpecialTokens ? [ofType(part.ids, part.type)] : []
    })
  }
}

function specialTokens(value: unknown, place: string, found: Found): ReadonlyMap<string, readonly number[]> {
  if (!isRecord(value)) throw new RangeError(`${place} is ${shown(value)}, not an object`)
  const special = new Map<string, readonly number[]>()
  for (const [token, entry] of Object.entries(value)) {
    const { id, ids, tokens } = isRecord(entry) ? entry : ({} as Json)
    const texts = Array.isArray(tokens) && tokens.every((text) => typeof text === 'string')
    if (typeof id !== 'string' || !Array.isArray(ids) || !texts)
      throw new RangeError(`${place}[${shown(token)}] is ${shown(entry)}, not a token with its id, ids and tokens`)
    checkCount(ids, `${place}[${shown(token)}].ids`)
    const checked = ids.map((value, i) => checkedId(value, () => `${place}[${shown(token)}].ids[${i}]`))
    special.set(token, checked)
    found.named.push({ token, ids: checked })
  }
  return special
}

/** Parts of a template, or ids of one of its tokens; those of real tokenizers have up to ten. */
const MAX_PARTS = 100
/** A template of a thousand texts would make a million tokens of each. */
function checkCount(list: readonly unknown[], place: string): void {
  if (list.length > MAX_PARTS)
    throw new RangeError(`${place} has ${list.length} entries, at most ${MAX_PARTS} are taken`)
}

const PART = '{"SpecialToken": …} or {"Sequence": …} with id and type_id'
function templateParts(
  value: unknown,
  place: string,
  special: ReadonlyMap<string, readonly number[]>,
  texts: readonly string[],
): readonly TemplatePart[] {
  if (!Array.isArray(value)) throw new RangeError(`${place} is ${shown(value)}, not a list of ${PART}`)
  checkCount(value, place)
  return value.map((part: unknown, i): TemplatePart => {
    const where = `${place}[${i}]`
    const [[kind, body] = [], ...rest] = isRecord(part) ? Object.entries(part) : []
    if (!isRecord(body) || typeof body.id !== 'string' || rest.length > 0)
      throw new RangeError(`${where} is ${shown(part)}, not ${PART}`)
    const { id } = body
    const type = checkedId(body.type_id, () => `${where}.type_id`)
    if (kind === 'Sequence') {
      if (!texts.includes(id))
        throw new RangeError(`${where} names the text ${shown(id)}, expected ${texts.join(' or ')}`)
      return { at: id === 'A' ? 0 : 1, type }
    }
    if (kind !== 'SpecialToken') throw new RangeError(`${where} is ${shown(part)}, not ${PART}`)
    const ids = special.get(id)
    return ids === undefined
      ? { fault: `${where} names the token ${shown(id)}, which special_tokens does not declare` }
      : { ids, type }
  })
}

/** `["[CLS]", 101]` */
function tokenAndId(value: unknown, place: string, found: Found): readonly number[] {
  const [token, id] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : []
  if (typeof token !== 'string') throw new RangeError(`${place} is ${shown(value)}, not a token and its id`)
  const ids = [checkedId(id, () => `${place}: the id of ${shown(token)}`)]
  found.named.push({ token, ids })
  return ids
}

/** What another post-processor made of one text is still one text for Rust's, with tokens around it that some forget. */
function refuseParts(encodings: readonly Piece[], place: string): void {
  if (encodings.length > 2) throw new RangeError(`${place}: a post-processor that adds tokens, behind another one`)
}

/** [CLS] A [SEP], and B [SEP] of type 1. */
function bert(config: Json, place: string, found: Found): Step {
  const [cls, sep] = [tokenAndId(config.cls, `${place}.cls`, found), tokenAndId(config.sep, `${place}.sep`, found)]
  return (encodings, addSpecialTokens) => {
    if (!addSpecialTokens) return encodings
    refuseParts(encodings, place)
    return encodings.flatMap((encoding, i) =>
      i === 0 ? [ofType(cls, 0), encoding, ofType(sep, 0)] : [encoding, ofType(sep, 1)],
    )
  }
}

/** <s> A </s>, and </s> B </s>; every type is 0. */
function roberta(config: Json, place: string, found: Found): Step {
  const [cls, sep] = [tokenAndId(config.cls, `${place}.cls`, found), tokenAndId(config.sep, `${place}.sep`, found)]
  return (encodings, addSpecialTokens) => {
    if (addSpecialTokens) refuseParts(encodings, place)
    return encodings.flatMap(({ ids }, i) => {
      const plain = ofType(ids, 0)
      return addSpecialTokens ? [ofType(i === 0 ? cls : sep, 0), plain, ofType(sep, 0)] : [plain]
    })
  }
}
