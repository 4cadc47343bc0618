import { ModelError } from '../errors.ts'

/** Pure readers of the files beside a checkpoint's tokenizer.json, as transformers 5 reads them (tokenization_utils_base.py). */

export type Json = Readonly<Record<string, unknown>>

/** What the files of a tokenizer say. Texts are null where the file is not there. */
export interface TokenizerFiles {
  readonly tokenizerJson: Json
  readonly config: Json
  readonly specialTokensMap: Json | null
  readonly addedTokens: Json | null
  /** chat_template.jinja */
  readonly templateFile: string | null
  /** chat_template.json of processors. */
  readonly templateJson: Json | null
  /** additional_chat_templates/<name>.jinja */
  readonly namedTemplates: Readonly<Record<string, string>>
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** One token of `added_tokens`. */
interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly single_word: boolean
  readonly normalized: boolean
}

/** A special token: a string, or an AddedToken written as an object. */
const tokenText = (value: unknown): string | null => {
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

/**
 * Special tokens by name. special_tokens_map.json wins over tokenizer_config.json, unless the latter has an
 * `added_tokens_decoder`; then the map is not read at all.
 */
export function specialTokens(files: TokenizerFiles): Readonly<Record<string, string>> {
  const merged = mergedConfig(files)
  const named = Object.entries(merged).flatMap(([key, value]) => {
    const text = key.endsWith('_token') ? tokenText(value) : null
    return text === null ? [] : [[key, text] as const]
  })
  const extra = isRecord(merged.extra_special_tokens) ? Object.entries(merged.extra_special_tokens) : []
  const own = extra.flatMap(([key, value]) => (tokenText(value) === null ? [] : [[key, tokenText(value)!] as const]))
  return Object.fromEntries([...named, ...own])
}

const mergedConfig = ({ config, specialTokensMap }: TokenizerFiles): Json =>
  isRecord(config.added_tokens_decoder) ? config : { ...config, ...specialTokensMap }

/** The list form of additional or extra special tokens. */
function extraTokens(files: TokenizerFiles): readonly unknown[] {
  const merged = mergedConfig(files)
  const list = Array.isArray(merged.extra_special_tokens)
    ? merged.extra_special_tokens
    : merged.additional_special_tokens
  return Array.isArray(list) ? list : []
}

/**
 * tokenizer.json as transformers 5 has it in the end: tokens that only the other files name are added. Its post-processor
 * stands, whatever add_bos_token and add_eos_token in tokenizer_config.json say (transformers 5.23 does not read them where
 * there is a tokenizer.json; 4.x did for some classes). Its other parts stand too, although transformers 5 rebuilds some classes'
 * by their name: a Llama 2 file (class LlamaTokenizer, normalizer Prepend) gets no ▁ after a special token there. Models were
 * trained with the file.
 */
export function effectiveTokenizer(files: TokenizerFiles, where: string): Json {
  const { model, added_tokens } = files.tokenizerJson
  if (!isRecord(model)) throw new ModelError('tokenizer.json has no "model"', where, DAMAGED)
  const given = added_tokens ?? []
  if (!Array.isArray(given) || !given.every((token) => isRecord(token) && isAddedToken(token)))
    throw new ModelError('"added_tokens" of tokenizer.json is not a list of tokens with id and content', where, DAMAGED)
  const added = given as AddedToken[]
  return { ...files.tokenizerJson, added_tokens: [...added, ...missingTokens(files, added, vocabularyOf(model))] }
}
export const DAMAGED = 'The file is cut off or not a tokenizer of the `tokenizers` library; download it again.'

const isAddedToken = (token: Json): boolean =>
  Number.isSafeInteger(token.id) && Number(token.id) >= 0 && typeof token.content === 'string'

interface Vocabulary {
  idOf(token: string): number | undefined
  readonly size: number
}
function vocabularyOf(model: Json): Vocabulary {
  const { vocab } = model
  if (Array.isArray(vocab)) {
    let ids: Map<unknown, number> | null = null
    return {
      size: vocab.length,
      idOf: (token) => {
        ids ??= new Map(vocab.map((entry, id) => [Array.isArray(entry) ? entry[0] : entry, id]))
        return ids.get(token)
      },
    }
  }
  const record = isRecord(vocab) ? vocab : {}
  return {
    size: Object.keys(record).length,
    idOf: (token) => (Object.hasOwn(record, token) ? Number(record[token]) : undefined),
  }
}

/** Tokens of added_tokens_decoder, added_tokens.json and the special tokens that tokenizer.json does not list as added. */
function missingTokens(files: TokenizerFiles, added: readonly AddedToken[], vocabulary: Vocabulary): AddedToken[] {
  const known = new Set(added.map(({ content }) => content))
  const merged = mergedConfig(files)
  const special = new Set([...Object.values(specialTokens(files)), ...extraTokens(files).map(tokenText)])
  const missing: AddedToken[] = []
  let next = Math.max(vocabulary.size, ...added.map(({ id }) => id + 1))
  const add = (content: string, flags: Json): void => {
    if (known.has(content) || content === '') return
    known.add(content)
    const isSpecial = flags.special === true || special.has(content)
    missing.push({
      id: vocabulary.idOf(content) ?? next++,
      content,
      special: isSpecial,
      lstrip: flags.lstrip === true,
      rstrip: flags.rstrip === true,
      single_word: flags.single_word === true,
      normalized: flags.normalized === true || (flags.normalized === undefined && !isSpecial),
    })
  }
  const decoder = files.config.added_tokens_decoder
  if (isRecord(decoder)) {
    for (const [, token] of Object.entries(decoder).toSorted(([a], [b]) => Number(a) - Number(b)))
      if (isRecord(token) && typeof token.content === 'string') add(token.content, token)
  } else if (files.addedTokens) {
    for (const [content] of Object.entries(files.addedTokens).toSorted(([, a], [, b]) => Number(a) - Number(b)))
      add(content, {})
  }
  for (const token of [...SPECIAL_NAMES.map((name) => merged[name]), ...extraTokens(files)]) {
    const content = tokenText(token)
    if (content !== null) add(content, isRecord(token) ? { ...token, special: true } : { special: true })
  }
  return missing
}

/**
 * Chat templates by name: the files win over tokenizer_config.json, as in transformers 5. A single template is `default`.
 */
export function chatTemplates(files: TokenizerFiles, where: string): Readonly<Record<string, string>> {
  const fromFiles = {
    ...(files.templateFile === null ? {} : { default: files.templateFile }),
    ...files.namedTemplates,
  }
  if (Object.keys(fromFiles).length > 0) return fromFiles
  const declared = files.config.chat_template ?? files.templateJson?.chat_template ?? null
  if (declared === null) return {}
  if (typeof declared === 'string') return { default: declared }
  const list = Array.isArray(declared) ? declared : isRecord(declared) ? null : undefined
  if (list === null) return stringsOf(declared as Json, where)
  if (!list) throw new ModelError('"chat_template" of tokenizer_config.json is neither a text nor a list', where)
  const pairs = list.map((entry) => {
    if (!isRecord(entry) || typeof entry.name !== 'string' || typeof entry.template !== 'string')
      throw new ModelError('an entry of "chat_template" in tokenizer_config.json lacks name or template', where)
    return [entry.name, entry.template] as const
  })
  return Object.fromEntries(pairs)
}
function stringsOf(record: Json, where: string): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(record))
    if (typeof value !== 'string') throw new ModelError(`chat template "${name}" is not a text`, where)
  return record as Readonly<Record<string, string>>
}

/** model_max_length, or null where absent or transformers' placeholder (int(1e30)). */
export function modelMaxLength(config: Json): number | null {
  const length = config.model_max_length
  return typeof length === 'number' && length > 0 && length < 1e9 ? Math.floor(length) : null
}
