import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { type AddedToken, AddedVocabulary, FLAGS } from './added-vocabulary.ts'
import { checkComponents } from './components.ts'
import { declaredTokens, decoderTokens } from './declared-tokens.ts'
import { mergedConfig, SPECIAL_NAMES, tokenText } from './special-tokens.ts'
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

/** tokenizer.json as it counts in the end. */
export interface EffectiveTokenizer {
  readonly json: Json
  readonly vocabulary: Vocabulary
  readonly notes: readonly string[]
}

/**
 * tokenizer.json as transformers 5 has it in the end: tokens that only the other files name are added. Its post-processor
 * stands, whatever add_bos_token and add_eos_token in tokenizer_config.json say (transformers 5.23 does not read them where
 * there is a tokenizer.json; 4.x did for some classes). Its other parts stand too, although transformers 5 builds some classes' anew (a
 * Llama 2 file, class LlamaTokenizer, normalizer Prepend, gets no ▁ after a special token there): models were trained with the file, and
 * where ids differ a note says so (rebuilt.ts).
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
  added.add(listed)
  added.add(declaredTokens(files, listed, added, configWhere))
  return {
    json: { ...files.tokenizerJson, added_tokens: added.tokens() },
    vocabulary,
    notes: [
      ...disagreements(added, 'tokenizer.json', listed),
      ...disagreements(added, 'tokenizer_config.json', decoderTokens(files.config, configWhere)),
    ],
  }
}

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

/** What to say where a file gives a token another id. */
function disagreements(
  added: AddedVocabulary,
  file: string,
  said: readonly Pick<AddedToken, 'content' | 'id'>[],
): string[] {
  const differs = said.flatMap(({ content, id }) => {
    const own = added.idOf(content)
    return own === undefined || own === id ? [] : [`${shown(content)} is ${own} there and not ${id}`]
  })
  if (differs.length === 0) return []
  const more = differs.length > LISTED ? ` and ${differs.length - LISTED} more` : ''
  return [
    `${file} gives added tokens other ids than the tokenizers library, which counts for transformers and here: ${differs.slice(0, LISTED).join(', ')}${more}`,
  ]
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
