import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { checkComponents } from './components.ts'
import { checkedId, readVocabulary, shown, type Vocabulary } from './vocabulary.ts'

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

/** The `padding` section of tokenizer.json names a pad token, too; whatever the other files say of it wins. */
function mergedConfig({ tokenizerJson, config, specialTokensMap }: TokenizerFiles): Json {
  const { padding } = tokenizerJson
  const section = isRecord(padding) ? { pad_token: padding.pad_token } : {}
  return { ...section, ...config, ...(isRecord(config.added_tokens_decoder) ? {} : specialTokensMap) }
}

/** The list form of additional or extra special tokens; of the object form the tokens, behind the model's own `*_token` keys. */
function extraTokens(files: TokenizerFiles): readonly unknown[] {
  const merged = mergedConfig(files)
  const { extra_special_tokens: extra, additional_special_tokens: additional } = merged
  const own = Object.entries(merged).flatMap(([key, token]) =>
    key.endsWith('_token') && !STANDARD.has(key) && typeof token !== 'boolean' && tokenText(token) !== null
      ? [token]
      : [],
  )
  const list = Array.isArray(extra) ? extra : isRecord(extra) ? Object.values(extra) : additional
  return [...own, ...(Array.isArray(list) ? list : [])]
}
const STANDARD: ReadonlySet<string> = new Set<string>(SPECIAL_NAMES)

/** tokenizer.json as it counts in the end. */
export interface EffectiveTokenizer {
  readonly json: Json
  readonly vocabulary: Vocabulary
  readonly notes: readonly string[]
}

/**
 * tokenizer.json as transformers 5 has it in the end: tokens that only the other files name are added. Its post-processor
 * stands, whatever add_bos_token and add_eos_token in tokenizer_config.json say (transformers 5.23 does not read them where
 * there is a tokenizer.json; 4.x did for some classes). Its other parts stand too, although transformers 5 rebuilds some classes'
 * by their name: a Llama 2 file (class LlamaTokenizer, normalizer Prepend) gets no ▁ after a special token there. Models were
 * trained with the file.
 * @throws RangeError naming the place in tokenizer.json that the library refuses
 * @throws ModelError where another file is at fault
 */
export function effectiveTokenizer(files: TokenizerFiles, configWhere: string): EffectiveTokenizer {
  const { version = '1.0', model, added_tokens: given = [], truncation, padding } = files.tokenizerJson
  if (version !== '1.0') throw new RangeError(`it is of version ${shown(version)}, not 1.0`)
  const unknown = Object.keys(files.tokenizerJson).find((key) => !SECTIONS.includes(key))
  if (unknown !== undefined)
    throw new RangeError(`it has a section ${shown(unknown)} that the tokenizers library does not know`)
  if (!isRecord(model)) throw new RangeError('it has no "model"')
  const vocabulary = readVocabulary(model)
  checkTruncation(truncation)
  checkPadding(padding)
  checkComponents(files.tokenizerJson)
  checkNamedTokens(mergedConfig(files), configWhere)
  if (!Array.isArray(given)) throw new RangeError(`added_tokens is ${shown(given)}, not a list of tokens`)
  const listed = given.map(readAddedToken)
  const added = new AddedVocabulary(vocabulary)
  for (const token of listed) added.add(token)
  addMissingTokens(files, added, configWhere)
  return {
    json: { ...files.tokenizerJson, added_tokens: added.tokens() },
    vocabulary,
    notes: [
      ...added.disagreements('tokenizer.json', listed),
      ...added.disagreements('tokenizer_config.json', decoderTokens(files.config, configWhere)),
      ...spaceDisagrees(files),
    ],
  }
}

/**
 * `add_prefix_space` of tokenizer_config.json against the byte-level step of tokenizer.json. transformers 5 builds that step anew for classes
 * with a pipeline of their own (GPT2Tokenizer, Qwen2Tokenizer …) and then follows the former; here tokenizer.json is read as it is.
 */
function spaceDisagrees({ config, tokenizerJson }: TokenizerFiles): string[] {
  const wanted = config.add_prefix_space
  const name = config.tokenizer_class
  if (typeof wanted !== 'boolean' || typeof name !== 'string' || /^(PreTrainedTokenizer|TokenizersBackend)/.test(name))
    return []
  const steps = isRecord(tokenizerJson.pre_tokenizer)
    ? [tokenizerJson.pre_tokenizer, ...listOf(tokenizerJson.pre_tokenizer.pretokenizers)]
    : []
  const own = steps.find((step) => isRecord(step) && step.type === 'ByteLevel' && step.add_prefix_space === !wanted)
  return own === undefined
    ? []
    : [
        `tokenizer_config.json says add_prefix_space ${wanted}, tokenizer.json ${!wanted}: the latter is followed here, the former by transformers 5 for ${name.slice(0, 60)}; the token ids differ`,
      ]
}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const SECTIONS: readonly string[] = [
  'version',
  'truncation',
  'padding',
  'added_tokens',
  'normalizer',
  'pre_tokenizer',
  'post_processor',
  'decoder',
  'model',
]
export const DAMAGED = 'The file is cut off or not a tokenizer of the `tokenizers` library; download it again.'

const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const
function readAddedToken(value: unknown, i: number): AddedToken {
  const place = `added_tokens[${i}]`
  if (!isRecord(value) || typeof value.content !== 'string')
    throw new RangeError(`${place} is ${shown(value)}, not a token with id and content`)
  for (const flag of FLAGS)
    if (typeof value[flag] !== 'boolean')
      throw new RangeError(`${place}, ${shown(value.content)}: ${flag} is ${shown(value[flag])}, not true or false`)
  checkedId(value.id, () => `${place}: the id of ${shown(value.content)}`)
  return value as unknown as AddedToken
}

/** Added tokens with their ids as Rust gives them (tokenizer/added_vocabulary.rs): those in the file are not looked at. */
class AddedVocabulary {
  private readonly byContent = new Map<string, AddedToken>()
  private next: number
  constructor(private readonly vocabulary: Vocabulary) {
    this.next = vocabulary.size
  }
  has(content: string): boolean {
    return this.byContent.has(content)
  }
  /** A token that is there keeps its id and takes the new flags. */
  add(token: Omit<AddedToken, 'id'>): void {
    if (token.content === '') return
    const id = this.byContent.get(token.content)?.id ?? this.vocabulary.idOf(token.content) ?? this.next
    this.next = Math.max(this.next, id + 1)
    this.byContent.set(token.content, { ...token, id })
  }
  tokens(): AddedToken[] {
    return [...this.byContent.values()]
  }
  /** What to say where a file gives a token another id. */
  disagreements(file: string, said: readonly Pick<AddedToken, 'content' | 'id'>[]): string[] {
    const differs = said.flatMap(({ content, id }) => {
      const own = this.byContent.get(content)?.id
      return own === undefined || own === id ? [] : [`${shown(content)} is ${own} there and not ${id}`]
    })
    if (differs.length === 0) return []
    const more = differs.length > LISTED ? ` and ${differs.length - LISTED} more` : ''
    return [
      `${file} gives added tokens other ids than the tokenizers library, which counts for transformers and here: ${differs.slice(0, LISTED).join(', ')}${more}`,
    ]
  }
}
/** Tokens listed in a note. */
const LISTED = 3

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0
const DIRECTIONS: readonly unknown[] = ['Left', 'Right']

/** The section has no effect: transformers turns it off, and --max-length rules here. But Rust refuses a damaged one. */
function checkTruncation(section: unknown): void {
  if (section === undefined || section === null) return
  const { max_length, stride, strategy, direction = 'Right' } = isRecord(section) ? section : ({} as Json)
  const strategies: readonly unknown[] = ['LongestFirst', 'OnlyFirst', 'OnlySecond']
  if (!isCount(max_length) || !isCount(stride) || !strategies.includes(strategy) || !DIRECTIONS.includes(direction))
    throw new RangeError(`truncation is ${shown(section)}, not max_length, stride, strategy and direction`)
}

function checkPadding(section: unknown): void {
  if (section === undefined || section === null) return
  const { strategy, direction, pad_to_multiple_of, pad_id, pad_type_id, pad_token } = isRecord(section)
    ? section
    : ({} as Json)
  const known = strategy === 'BatchLongest' || (isRecord(strategy) && isCount(strategy.Fixed))
  const multiple = pad_to_multiple_of === null || pad_to_multiple_of === undefined || isCount(pad_to_multiple_of)
  if (!known || !multiple || !DIRECTIONS.includes(direction) || typeof pad_token !== 'string')
    throw new RangeError(`padding is ${shown(section)}, not strategy, direction, pad_id, pad_type_id and pad_token`)
  checkedId(pad_id, () => 'padding.pad_id')
  checkedId(pad_type_id, () => 'padding.pad_type_id')
}

/** transformers refuses a bos_token that is a number or a list. */
function checkNamedTokens(merged: Json, where: string): void {
  for (const name of SPECIAL_NAMES) {
    const value = merged[name]
    if (value !== undefined && value !== null && tokenText(value) === null)
      throw new ModelError(`"${name}" is ${shown(value)}, not a token`, where, `Write the token as text, e.g. "<s>".`)
  }
}

/** added_tokens_decoder, in the order of its ids. */
function decoderTokens(
  config: Json,
  where: string,
): readonly (Json & { readonly content: string; readonly id: number })[] {
  const { added_tokens_decoder: decoder } = config
  if (decoder === undefined || decoder === null) return []
  if (!isRecord(decoder))
    throw new ModelError(`"added_tokens_decoder" is ${shown(decoder)}, not an object of ids and tokens`, where, DAMAGED)
  const entries = Object.entries(decoder).map(([key, token]) => {
    if (!/^[+-]?\d+$/.test(key))
      throw new ModelError(`"added_tokens_decoder" has the id ${shown(key)}, not a whole number`, where, DAMAGED)
    if (!isRecord(token) || (token.content !== undefined && typeof token.content !== 'string'))
      throw new ModelError(`"added_tokens_decoder" has ${shown(token)} for ${key}, not a token`, where, DAMAGED)
    for (const flag of FLAGS)
      if (token[flag] !== undefined && typeof token[flag] !== 'boolean')
        throw new ModelError(
          `"added_tokens_decoder": ${flag} of ${key} is ${shown(token[flag])}, not true or false`,
          where,
          DAMAGED,
        )
    return { ...token, content: token.content ?? '', id: Number(key) }
  })
  return entries.toSorted((a, b) => a.id - b.id)
}

/** Tokens of added_tokens_decoder, added_tokens.json and the special tokens that tokenizer.json does not list as added. */
function addMissingTokens(files: TokenizerFiles, added: AddedVocabulary, configWhere: string): void {
  const merged = mergedConfig(files)
  const special = new Set([...Object.values(specialTokens(files)), ...extraTokens(files).map(tokenText)])
  const add = (content: string, flags: Json): void => {
    const isSpecial = flags.special === true || special.has(content)
    added.add({
      content,
      special: isSpecial,
      lstrip: flags.lstrip === true,
      rstrip: flags.rstrip === true,
      single_word: flags.single_word === true,
      normalized: flags.normalized === true || (flags.normalized === undefined && !isSpecial),
    })
  }
  const addNew = (content: string, flags: Json): void => {
    if (!added.has(content)) add(content, flags)
  }
  if (isRecord(files.config.added_tokens_decoder)) {
    // Its flags win over those of tokenizer.json; its ids count for nothing but the order.
    for (const token of decoderTokens(files.config, configWhere)) add(token.content, token)
  } else if (files.addedTokens) {
    for (const [content] of Object.entries(files.addedTokens).toSorted(([, a], [, b]) => Number(a) - Number(b)))
      addNew(content, {})
  }
  for (const token of [...SPECIAL_NAMES.map((name) => merged[name]), ...extraTokens(files)]) {
    const content = tokenText(token)
    if (content !== null) addNew(content, isRecord(token) ? { ...token, special: true } : { special: true })
  }
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
