import { Tokenizer as Backend } from '@huggingface/tokenizers'
import type { TokenIds } from '../types.ts'
import { type AddedTokenRule, tokenFinder } from './addedtokens.ts'
import { charsmapNormalizer } from './charsmap.ts'
import { mendPreTokenizer, type PreTokenizerLike } from './pretokenize.ts'
import type { Json } from './tokenizerfiles.ts'
import { SPACES } from './whitespace.ts'

/**
 * Builds the `tokenizers` library's JavaScript port, mended where it differs from the Rust one (measured by
 * scripts/oracles/text-tokenizers.py): a precompiled character map was approximated by NFKC, white space to strip was
 * JavaScript's, a decoder swallowed a byte order mark; for added tokens and pre-tokenizers see those files.
 * @throws Error where a part of tokenizer.json is of no kind that the port knows
 */
export function buildBackend(tokenizerJson: Json, eosToken: string | undefined): Backend {
  // Only what Rust knows: other keys of tokenizer_config.json (remove_space …) would change texts here alone.
  checkModel(tokenizerJson.model as Json)
  const backend = new Backend(tokenizerJson, eosToken === undefined ? {} : { eos_token: eosToken })
  mendNormalizer(backend.normalizer)
  mendPreTokenizer(backend.pre_tokenizer as PreTokenizerLike | null, (tokenizerJson.pre_tokenizer ?? {}) as Json)
  mendDecoder(backend.decoder)
  Object.defineProperty(backend, 'encode_text', { value: textEncoder(backend, tokenizerJson) })
  backend.encode('a')
  return backend
}

/** Models that the port would run otherwise than Rust, without a word. */
function checkModel({ type, vocab, continuing_subword_prefix: prefix, unk_token, dropout }: Json): void {
  // Files of before 2021 name no type: the port then tells BPE, Unigram and WordPiece by their keys.
  const known =
    type === undefined
      ? Array.isArray(vocab) || (prefix !== undefined && unk_token !== undefined)
      : ['BPE', 'Unigram', 'WordPiece'].includes(String(type))
  if (!known) throw new RangeError(`its model is ${String(type).slice(0, 40)}, none of BPE, Unigram and WordPiece`)
  if (type === 'BPE' && prefix) throw new RangeError('a BPE model with continuing_subword_prefix')
  if (typeof dropout === 'number' && dropout > 0) throw new RangeError('a BPE model with dropout: its ids are random')
}

/** Rust's way from a text to tokens: added tokens first, each stretch between them normalized, split and encoded alone. */
function textEncoder(backend: Backend, tokenizerJson: Json): (text: string | null) => string[] | null {
  const { normalizer, pre_tokenizer: preTokenizer, model } = backend as unknown as BackendParts
  const normalize = (text: string): string => (normalizer === null ? text : normalizer.normalize(text))
  const tokens = (tokenizerJson.added_tokens ?? []) as readonly AddedToken[]
  const special = [...tokens.filter((token) => token.special), ...tokens.filter((token) => !token.special)]
  const asWritten = tokenFinder(
    special.filter((token) => !token.normalized),
    (content) => content,
  )
  const normalized = tokenFinder(
    special.filter((token) => token.normalized),
    normalize,
  )
  const encodeStretch = (text: string, isStart: boolean): string[] => {
    const pieces = preTokenizer?.pre_tokenize_text(text, { section_index: isStart ? 0 : 1 }) ?? [text]
    return pieces.flatMap((piece) => (piece === '' ? [] : model([piece])))
  }
  return (text) =>
    text === null
      ? null
      : asWritten(text).flatMap(({ text: stretch, token }, i) =>
          token !== null
            ? [token]
            : normalized(normalize(stretch)).flatMap((part, j) =>
                part.token !== null ? [part.token] : encodeStretch(part.text, i === 0 && j === 0),
              ),
        )
}
interface BackendParts {
  readonly normalizer: { normalize(text: string): string } | null
  readonly pre_tokenizer: PreTokenizerLike | null
  readonly model: (pieces: readonly string[]) => string[]
}
interface AddedToken extends AddedTokenRule {
  readonly special: boolean
  readonly normalized: boolean
}

const LEFT_SPACE = new RegExp(`^[${SPACES}]+`)
const RIGHT_SPACE = new RegExp(`(?<![${SPACES}])[${SPACES}]+$`)

interface NormalizerLike {
  readonly config?: unknown
  readonly pattern?: RegExp | null
  readonly normalizers?: readonly (NormalizerLike | null)[]
}
function mendNormalizer(normalizer: NormalizerLike | null): void {
  if (normalizer === null) return
  const config = (normalizer.config ?? {}) as Json
  const replaceBy = (normalize: (text: string) => string): void => {
    Object.defineProperty(normalizer, 'normalize', { value: normalize })
  }
  if (config.type === 'Precompiled' && typeof config.precompiled_charsmap === 'string')
    replaceBy(charsmapNormalizer(config.precompiled_charsmap))
  if (config.type === 'Strip')
    replaceBy((text) => {
      const left = config.strip_left === true ? text.replace(LEFT_SPACE, '') : text
      return config.strip_right === true ? left.replace(RIGHT_SPACE, '') : left
    })
  // Character by character, as Rust does: a final Σ is σ.
  if (config.type === 'Lowercase') replaceBy((text) => Array.from(text, (char) => char.toLowerCase()).join(''))
  if (config.type === 'Prepend') replaceBy((text) => (text === '' ? '' : `${String(config.prepend)}${text}`))
  const { pattern } = normalizer
  if (config.type === 'Replace' && pattern) replaceBy((text) => text.replaceAll(pattern, () => String(config.content)))
  for (const part of normalizer.normalizers ?? []) mendNormalizer(part)
}

interface DecoderLike {
  text_decoder?: TextDecoder
  readonly decoders?: readonly (DecoderLike | null)[]
}
function mendDecoder(decoder: unknown): void {
  const like = decoder as DecoderLike | null
  if (like?.text_decoder) like.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (const part of like?.decoders ?? []) mendDecoder(part)
}

/** A character outside the vocabulary of a model without an unknown token has no id; Rust leaves it out. */
const toIds = (ids: readonly (number | undefined)[]): Int32Array =>
  Int32Array.from(ids.filter((id) => id !== undefined))

export function encodeText(backend: Backend, text: string, addSpecialTokens: boolean): Int32Array {
  return toIds(backend.encode(text, { add_special_tokens: addSpecialTokens }).ids)
}

/**
 * Ids and token types of two texts. The port drops the second text where the post-processor only trims bytes, and gives
 * RoBERTa's pairs types that Rust does not; both are put right here.
 */
export function encodePair(backend: Backend, text: string, pair: string, addSpecialTokens: boolean): TokenIds {
  const kind = pairKind(backend.post_processor?.config as PostProcessorConfig | undefined)
  if (kind === 'joined') {
    const first = encodeText(backend, text, addSpecialTokens)
    const second = pair === '' ? new Int32Array() : encodeText(backend, pair, addSpecialTokens)
    const ids = Int32Array.from([...first, ...second])
    return { ids, typeIds: ids.map((_, i) => (i < first.length ? 0 : 1)) }
  }
  // An empty second text is no second text: transformers tests `if text_pair`, and so does the port.
  const options = { add_special_tokens: addSpecialTokens, text_pair: pair, return_token_type_ids: true as const }
  const { ids: raw, token_type_ids } = backend.encode(text, options)
  const ids = toIds(raw)
  const types = kind === 'roberta' || !token_type_ids ? new Array<number>(ids.length).fill(0) : token_type_ids
  return { ids, typeIds: Int32Array.from(types) }
}

interface PostProcessorConfig {
  readonly type?: unknown
  readonly processors?: readonly PostProcessorConfig[]
}
function pairKind(config: PostProcessorConfig | undefined): 'joined' | 'roberta' | 'own' {
  if (!config || config.type === 'ByteLevel') return 'joined'
  if (config.type === 'RobertaProcessing') return 'roberta'
  if (config.type !== 'Sequence') return 'own'
  const kinds = (config.processors ?? []).map(pairKind)
  return kinds.find((kind) => kind !== 'joined') ?? 'joined'
}
