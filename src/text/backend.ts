import { Tokenizer as Backend } from '@huggingface/tokenizers'
import type { TokenIds } from '../types.ts'
import { charsmapNormalizer } from './charsmap.ts'
import type { Json } from './tokenizerfiles.ts'

/**
 * Builds the `tokenizers` library's JavaScript port, mended where it differs from the Rust one (measured by
 * scripts/oracles/text-tokenizers.py): a precompiled character map was approximated by NFKC, white space to strip was
 * JavaScript's, and a decoder swallowed a byte order mark.
 * @throws Error where a part of tokenizer.json is of no kind that the port knows
 */
export function buildBackend(tokenizerJson: Json, eosToken: string | undefined): Backend {
  // Only what Rust knows: other keys of tokenizer_config.json (remove_space …) would change texts here alone.
  const backend = new Backend(tokenizerJson, eosToken === undefined ? {} : { eos_token: eosToken })
  mendNormalizer(backend.normalizer)
  mendDecoder(backend.decoder)
  backend.encode('a')
  return backend
}

/** White space of Unicode, as Rust's char::is_whitespace; JavaScript's trim takes U+FEFF besides and leaves U+0085. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const LEFT_SPACE = new RegExp(`^${SPACE}+`)
const RIGHT_SPACE = new RegExp(`(?<!${SPACE})${SPACE}+$`)

interface NormalizerLike {
  readonly config?: unknown
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
