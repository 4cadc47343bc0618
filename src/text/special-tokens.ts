import { isRecord } from '../is-record.ts'
import type { Json, TokenizerFiles } from './tokenizer-files.ts'

/** Which special tokens the files of a tokenizer name, as transformers 5 merges them (tokenization_utils_base.py, `_from_pretrained`). */

/** A special token: a string, or an AddedToken written as an object. */
export const tokenText = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  return isRecord(value) && typeof value.content === 'string' ? value.content : null
}

/** The seven names that every tokenizer has; a template may use these and a model's own `*_token`. */
export const SPECIAL_NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const
const STANDARD: ReadonlySet<string> = new Set<string>(SPECIAL_NAMES)

/**
 * Special tokens by name. special_tokens_map.json wins over tokenizer_config.json, unless the latter has an
 * `added_tokens_decoder`; then the map is not read at all.
 */
export function specialTokens(files: TokenizerFiles): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...namedTokens(files)].flatMap(([key, value]) => {
      const text = tokenText(value)
      return text === null ? [] : [[key, text] as const]
    }),
  )
}

/** The `padding` section of tokenizer.json names a pad token, too; whatever the other files say of it wins. */
export function mergedConfig(files: TokenizerFiles): Json {
  const { padding } = files.tokenizerJson
  const section = isRecord(padding) ? { pad_token: padding.pad_token } : {}
  return { ...section, ...files.config, ...mapOf(files) }
}

/** special_tokens_map.json, where it is read. */
const mapOf = ({ config, specialTokensMap }: TokenizerFiles): Json =>
  isRecord(config.added_tokens_decoder) ? {} : (specialTokensMap ?? {})

/** By name, as the files write them: the seven names in their order, then the model's own `*_token`, then the object form of extra tokens. */
export function namedTokens(files: TokenizerFiles): ReadonlyMap<string, unknown> {
  const merged = mergedConfig(files)
  const named = new Map<string, unknown>()
  for (const name of SPECIAL_NAMES) if (tokenText(merged[name]) !== null) named.set(name, merged[name])
  for (const [key, value] of Object.entries(merged))
    if (key.endsWith('_token') && !STANDARD.has(key) && tokenText(value) !== null) named.set(key, value)
  for (const [key, value] of [...listed(files.config), ...listed(mapOf(files))])
    if (tokenText(value) !== null) named.set(key, value)
  return named
}
const listed = ({ extra_special_tokens: extra }: Json): readonly (readonly [string, unknown])[] =>
  isRecord(extra) ? Object.entries(extra) : []

/** An extra token of the files' lists. */
export interface ExtraToken {
  readonly token: unknown
  /** Where an object stands: in special_tokens_map.json it is a special token whatever its flags. */
  readonly file: 'config' | 'map'
}

/** The list forms of extra (once: additional) special tokens. The older key counts where there is no newer list. */
export function extraTokens(files: TokenizerFiles): readonly ExtraToken[] {
  const { config } = files
  const map = mapOf(files)
  const newer = hasAny(config.extra_special_tokens) ? config.extra_special_tokens : config.additional_special_tokens
  const lists = [...tokensOf(newer, 'config'), ...tokensOf(map.extra_special_tokens, 'map')]
  return lists.length > 0 || Array.isArray(newer) ? lists : tokensOf(map.additional_special_tokens, 'map')
}
const tokensOf = (list: unknown, file: ExtraToken['file']): ExtraToken[] =>
  Array.isArray(list) ? list.map((token: unknown) => ({ token, file })) : []
const hasAny = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0
