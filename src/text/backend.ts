import { Tokenizer as Port } from '@huggingface/tokenizers'
import { HarnessError } from '../errors.ts'
import type { TokenIds } from '../types.ts'
import { tokenFinder } from './added-tokens.ts'
import type { AddedToken } from './added-vocabulary.ts'
import { charsmapNormalizer } from './chars-map.ts'
import { EncodeWatch, patternsOf } from './encode-watch.ts'
import { GrownTooLong, Growth } from './growth.ts'
import { checkPortVersion, portMember } from './port.ts'
import { type PostProcessor, readPostProcessor } from './post-process.ts'
import { mendPreTokenizer, type PreTokenizerLike } from './pre-tokenize.ts'
import { remembered } from './remembered.ts'
import { checkChars, checkUnbroken } from './text-limits.ts'
import type { Json } from './tokenizer-files.ts'
import { UnencodableText } from './unencodable.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'
import { SPACES } from './whitespace.ts'

/** A tokenizer.json that runs. */
export interface Backend {
  /** Ids of a text, without the post-processor. @throws UnencodableText */
  readonly idsOf: (text: string) => Int32Array
  readonly postProcessor: PostProcessor
  idOf(token: string): number | undefined
  tokenOf(id: number): string | undefined
  decode(ids: Int32Array, cleanUp: boolean): string
  /** The largest id and one. */
  readonly size: number
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[]
}

/**
 * Builds the `tokenizers` library's JavaScript port, mended where it differs from the Rust one (measured by
 * scripts/oracles/text-tokenizers.py): a precompiled character map was approximated by NFKC, white space to strip was
 * JavaScript's, a decoder swallowed a byte order mark, ids were what the file says and not what Rust makes of them; for
 * added tokens, pre-tokenizers and post-processors see those files.
 * @param tokenizerJson its added tokens with the ids that Rust gives them (tokenizer-files.ts)
 * @throws Error where a part of tokenizer.json is of no kind that the port knows, or Rust refuses it
 */
export function buildBackend(
  tokenizerJson: Json,
  eosToken: string | undefined,
  vocabulary: Vocabulary = readVocabulary(tokenizerJson.model as Json),
): Backend {
  checkPortVersion()
  const postProcessor = readPostProcessor(tokenizerJson.post_processor)
  const added = (tokenizerJson.added_tokens ?? []) as readonly AddedToken[]
  const parts = { normalizer: null, pre_tokenizer: null, decoder: null, added_tokens: [], ...tokenizerJson }
  // Only what Rust knows: other keys of tokenizer_config.json (remove_space …) would change texts here alone.
  const port = new Port({ ...parts, post_processor: null }, eosToken === undefined ? {} : { eos_token: eosToken })
  const growth = new Growth()
  mendNormalizer(port.normalizer, growth)
  mendPreTokenizer(port.pre_tokenizer as PreTokenizerLike | null, (tokenizerJson.pre_tokenizer ?? {}) as Json)
  mendDecoder(port.decoder, growth)
  const watch = new EncodeWatch([port.normalizer, port.pre_tokenizer, port.decoder].flatMap(patternsOf))
  const ids = new Map(added.map(({ content, id }) => [content, id]))
  const idOf = (token: string): number | undefined => ids.get(token) ?? vocabulary.idOf(token)
  const tokens = portMember<readonly (string | undefined)[]>(port.model, 'vocab', 'list', `model ${vocabulary.kind}`)
  const backend: Backend = {
    idsOf: textEncoder(port, tokenizerJson, vocabulary, { growth, watch }),
    postProcessor,
    idOf,
    tokenOf: (id) => tokens[id],
    decode: (ids, cleanUp) => {
      const known = Array.from(ids).filter((id) => tokens[id] !== undefined)
      if (known.length === 0) return ''
      return watch.run(known.length, () => {
        growth.start(known.length)
        return port.decode(known, { clean_up_tokenization_spaces: cleanUp })
      })
    },
    size: tokens.length,
    notes: [...vocabulary.notes, ...namedNotes(postProcessor, idOf)],
  }
  tryOut(backend)
  return backend
}

/** A part that cannot run fails here and not at the first row. */
function tryOut(backend: Backend): void {
  try {
    backend.postProcessor.process(backend.idsOf('a'), null, true)
  } catch (error) {
    if (!(error instanceof UnencodableText) || error.cause !== undefined) throw error
  }
}

/** Where the post-processor and the vocabulary disagree, Rust, and so transformers, takes the former. */
function namedNotes({ named, pairFault }: PostProcessor, idOf: (token: string) => number | undefined): string[] {
  const differ = named.flatMap(({ token, ids }) => {
    const id = idOf(token)
    if (ids.length === 1 && ids[0] === id) return []
    const given = ids.length === 0 ? 'no id' : `the id ${ids.join(', ')}`
    const known = id === undefined ? 'does not have it' : `has it as ${id}`
    return [
      `the post-processor of tokenizer.json gives ${JSON.stringify(token)} ${given}, the vocabulary ${known}: the former counts, as in transformers`,
    ]
  })
  return pairFault === null ? differ : [...differ, `pairs of texts cannot be encoded: ${pairFault}`]
}

/** Characters of texts whose ids are kept, of each kind: some megabytes. */
const KEPT_CHARS = 1 << 20

/** Rust's way from a text to ids: added tokens first, each stretch between them normalized, split and encoded alone. */
function textEncoder(
  port: Port,
  tokenizerJson: Json,
  vocabulary: Vocabulary,
  { growth, watch }: { readonly growth: Growth; readonly watch: EncodeWatch },
): (text: string) => Int32Array {
  const { normalizer, pre_tokenizer: preTokenizer } = port as unknown as PortParts
  const model = remembered(modelEncoder(port, tokenizerJson, vocabulary), KEPT_CHARS)
  const normalize = (text: string): string => {
    if (normalizer === null) return text
    const normalized = normalizer.normalize(text)
    checkChars(normalized)
    return normalized
  }
  const tokens = (tokenizerJson.added_tokens ?? []) as readonly AddedToken[]
  const ids = new Map(tokens.map(({ content, id }) => [content, [id]]))
  const special = [...tokens.filter((token) => token.special), ...tokens.filter((token) => !token.special)]
  const asWritten = tokenFinder(
    special.filter((token) => !token.normalized),
    (content) => content,
  )
  const normalized = tokenFinder(
    special.filter((token) => token.normalized),
    (content) =>
      watch.run(content.length, () => {
        growth.start(content.length)
        return normalize(content)
      }),
  )
  // prepend_scheme first: a text is at its beginning no more where the normalizer took its first character away
  const keepsStart = (text: string): boolean => {
    const [first] = text
    return first === undefined || normalize(first) !== ''
  }
  const stretch = (section: 0 | 1): ((text: string) => readonly number[]) =>
    remembered((text) => {
      const pieces = preTokenizer?.pre_tokenize_text(text, { section_index: section }) ?? [text]
      const ids: number[] = []
      for (const piece of pieces) if (piece !== '') for (const id of model(piece)) ids.push(id)
      return ids
    }, KEPT_CHARS)
  const [atStart, inside] = [stretch(0), stretch(1)]
  const encodeStretch = (text: string, isStart: boolean): readonly number[] => (isStart ? atStart : inside)(text)
  const encode = (text: string): number[] => {
    const found: number[] = []
    const add = (some: readonly number[]): void => {
      for (const id of some) found.push(id)
    }
    for (const [i, { text: stretch, token }] of asWritten(text).entries()) {
      if (token !== null) add(ids.get(token)!)
      else
        for (const [j, part] of normalized(normalize(stretch)).entries())
          if (part.token !== null) add(ids.get(part.token)!)
          else add(encodeStretch(part.text, i === 0 && j === 0 && keepsStart(stretch)))
    }
    return found
  }
  return (text) => {
    checkChars(text)
    try {
      return new Int32Array(
        watch.run(text.length, () => {
          growth.start(text.length)
          return encode(text)
        }),
      )
    } catch (cause) {
      if (cause instanceof UnencodableText || cause instanceof HarnessError) throw cause
      if (cause instanceof GrownTooLong)
        throw new UnencodableText('tokenizer_error', `the tokenizer's normalizer makes ${cause.message} of this text`)
      throw new UnencodableText('tokenizer_error', `the tokenizer fails on this text: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
}

/** Ids of a piece. Every one is of the model's own vocabulary: an added token does not help to spell a word. */
function modelEncoder(port: Port, tokenizerJson: Json, vocabulary: Vocabulary): (piece: string) => readonly number[] {
  const { kind } = vocabulary
  const model = tokenizerJson.model as Json
  const run = port.model as unknown as (pieces: readonly string[]) => readonly string[]
  portMember(port.model, 'encode', 'method', `model ${kind}`)
  const ids = portMember<Map<string, number>>(port.model, 'tokens_to_ids', 'map', `model ${kind}`)
  for (const { content } of (tokenizerJson.added_tokens ?? []) as readonly AddedToken[])
    if (vocabulary.idOf(content) === undefined) ids.delete(content)
  const bytes = kind === 'Unigram' && model.byte_fallback === true
  const prepared = kind === 'BPE' ? spellable(model, ids) : (piece: string) => piece
  const unknown = (token: string): readonly number[] => {
    const spelt = bytes ? byteIds(token, ids) : null
    if (spelt !== null) return spelt
    if (kind === 'Unigram' && typeof model.unk_id === 'number') return [model.unk_id]
    const word = JSON.stringify(token.slice(0, 20))
    throw new UnencodableText(
      'unknown_token',
      kind === 'Unigram'
        ? `${word} is not in the tokenizer's vocabulary, which has no unknown token`
        : `a part of the text is not in the tokenizer's vocabulary, nor is its unknown token ${word}`,
    )
  }
  return (given) => {
    checkUnbroken(given, kind)
    const piece = prepared(given)
    if (piece === '') return []
    return run([piece]).flatMap((token) => {
      const id = ids.get(token)
      return id === undefined ? unknown(token) : id
    })
  }
}

/** Rust writes an unknown token down at the next character that it knows: bytes in between come before it. */
const bytesOvertake = (spelt: readonly ('whole' | 'bytes' | 'not')[]): boolean =>
  spelt.some((kind, i) => kind === 'bytes' && spelt.slice(0, i).findLast((one) => one !== 'bytes') === 'not')

/**
 * What BPE spells of a piece. Without an unknown token Rust leaves a character out that the vocabulary does not have, and its
 * neighbours may merge (models/bpe/model.rs, `merge_word`); the port left it out after the merges.
 * @throws UnencodableText where bytes stand for some unknown characters and the unknown token for others: Rust changes their order
 */
function spellable(model: Json, ids: ReadonlyMap<string, number>): (piece: string) => string {
  const fallsBack = model.byte_fallback === true
  const hasUnknown = typeof model.unk_token === 'string'
  const suffix = typeof model.end_of_word_suffix === 'string' ? model.end_of_word_suffix : ''
  if (hasUnknown && !fallsBack) return (piece) => piece
  return (piece) => {
    if (model.ignore_merges === true && ids.has(piece)) return piece
    const chars = Array.from(piece)
    const spelt = chars.map((char, i): 'whole' | 'bytes' | 'not' => {
      const written = i === chars.length - 1 ? char + suffix : char
      return ids.has(written) ? 'whole' : fallsBack && byteIds(written, ids) !== null ? 'bytes' : 'not'
    })
    if (!spelt.includes('not')) return piece
    if (hasUnknown ? bytesOvertake(spelt) : suffix !== '')
      throw new UnencodableText(
        'unknown_token',
        `${JSON.stringify(piece.slice(0, 20))} has a character that is not in the tokenizer's vocabulary, nor are its bytes`,
      )
    if (hasUnknown) return piece
    return chars.filter((_, i) => spelt[i] !== 'not').join('')
  }
}

/** A text as byte tokens, <0xC3> …; null where one of them is missing. */
function byteIds(text: string, ids: ReadonlyMap<string, number>): number[] | null {
  const spelt: number[] = []
  for (const byte of Buffer.from(text, 'utf8')) {
    const id = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    if (id === undefined) return null
    spelt.push(id)
  }
  return spelt
}

interface PortParts {
  readonly normalizer: { normalize(text: string): string } | null
  readonly pre_tokenizer: PreTokenizerLike | null
}

const LEFT_SPACE = new RegExp(`^[${SPACES}]+`)
const RIGHT_SPACE = new RegExp(`(?<![${SPACES}])[${SPACES}]+$`)

interface NormalizerLike {
  readonly config?: unknown
  normalize(text: string): string
}
function mendNormalizer(normalizer: NormalizerLike | null, growth: Growth): void {
  if (normalizer === null) return
  const config = (normalizer.config ?? {}) as Json
  const part = `normalizer ${String(config.type)}`
  const own = portMember<NormalizerLike['normalize']>(normalizer, 'normalize', 'method', part).bind(normalizer)
  const replaceBy = (normalize: (text: string) => string): void => {
    replaceMember(normalizer, 'normalize', (text: string) => growth.of(text, normalize(text)))
  }
  replaceBy(own)
  if (config.type === 'Precompiled' && typeof config.precompiled_charsmap === 'string')
    replaceMember(normalizer, 'normalize', charsmapNormalizer(config.precompiled_charsmap, growth))
  if (config.type === 'Strip')
    replaceBy((text) => {
      const left = config.strip_left === true ? text.replace(LEFT_SPACE, '') : text
      return config.strip_right === true ? left.replace(RIGHT_SPACE, '') : left
    })
  // Character by character, as Rust does: a final Σ is σ.
  if (config.type === 'Lowercase') replaceBy((text) => Array.from(text, (char) => char.toLowerCase()).join(''))
  if (config.type === 'Prepend') replaceBy((text) => (text === '' ? '' : `${String(config.prepend)}${text}`))
  if (config.type === 'Replace') {
    const pattern = portMember<RegExp>(normalizer, 'pattern', 'pattern', part)
    const content = String(config.content)
    replaceMember(normalizer, 'normalize', (text: string) => growth.replaceAll(text, pattern, content))
  }
  if (config.type !== 'Sequence') return
  const parts = portMember<readonly (NormalizerLike | null)[]>(normalizer, 'normalizers', 'list', part)
  for (const one of parts) mendNormalizer(one, growth)
  replaceMember(normalizer, 'normalize', (text: string) =>
    parts.reduce((done, one) => (one === null ? done : one.normalize(done)), text),
  )
}

const replaceMember = (object: object, name: string, value: (...args: never[]) => unknown): void => {
  Object.defineProperty(object, name, { value, configurable: true })
}

interface DecoderLike {
  readonly config?: unknown
  text_decoder?: TextDecoder
}
/** The bytes of a run of byte tokens, as the Rust library reads them: where one is no UTF-8, each becomes U+FFFD. */
class RunDecoder extends TextDecoder {
  constructor() {
    super('utf-8', { fatal: true, ignoreBOM: true })
  }
  override decode(bytes: Uint8Array): string {
    try {
      return super.decode(bytes)
    } catch {
      return '\uFFFD'.repeat(bytes.length)
    }
  }
}
function mendDecoder(decoder: unknown, growth: Growth): void {
  const like = decoder as DecoderLike | null
  if (like === null) return
  const { type } = (like.config ?? {}) as Json
  const part = `decoder ${String(type)}`
  if (type === 'ByteLevel' || type === 'ByteFallback') {
    portMember(like, 'text_decoder', 'decoder', part)
    like.text_decoder = type === 'ByteFallback' ? new RunDecoder() : new TextDecoder('utf-8', { ignoreBOM: true })
  }
  if (type === 'Sequence')
    for (const one of portMember<readonly unknown[]>(like, 'decoders', 'list', part)) mendDecoder(one, growth)
  if (type === 'Replace') {
    const { pattern, config } = like as unknown as { readonly pattern: RegExp | null; readonly config: Json }
    const content = String(config.content ?? '')
    const replaced = (token: string): string => (pattern === null ? token : growth.replaceAll(token, pattern, content))
    replaceMember(like, 'decode_chain', (tokens: readonly string[]) => tokens.map(replaced))
  }
}

export function encodeText(backend: Backend, text: string, addSpecialTokens: boolean): Int32Array {
  return backend.postProcessor.process(backend.idsOf(text), null, addSpecialTokens).ids
}

/** Ids and token types of two texts. An empty second text is no second text: transformers tests `if text_pair`. */
export function encodePair(backend: Backend, text: string, pair: string, addSpecialTokens: boolean): TokenIds {
  const second = pair === '' ? null : backend.idsOf(pair)
  return backend.postProcessor.process(backend.idsOf(text), second, addSpecialTokens)
}
