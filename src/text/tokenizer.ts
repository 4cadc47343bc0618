import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HarnessError, ModelError } from '../errors.ts'
import type { Tokenizer } from '../types.ts'
import { modelBytes, modelText, parseModelObject } from '../untrusted-json.ts'
import { DAMAGED } from './added-vocabulary.ts'
import { type Backend, buildBackend, encodePair, encodeText } from './backend.ts'
import { normalizationOf } from './normalization.ts'
import { rebuiltNote } from './rebuilt.ts'
import { rebuiltClass } from './rebuilt-class.ts'
import { specialTokens } from './special-tokens.ts'
import { givesTokenTypes } from './token-types.ts'
import { chatTemplates, effectiveTokenizer, type Json, modelMaxLength, type TokenizerFiles } from './tokenizer-files.ts'
import { frameOf } from './truncate.ts'

export interface OpenTokenizer extends Tokenizer {
  /** All chat templates by name; `chatTemplate` is the default one. */
  readonly chatTemplates: Readonly<Record<string, string>>
  /** Text form of each id, for --dump-rendered. */
  tokens(ids: Int32Array): string[]
  idOf(token: string): number | null
  /** SHA-256 of each file that was read. */
  readonly files: Readonly<Record<string, string>>
  /**
   * The post-processor alone: ids with its special tokens around and between them.
   * @example wrap(Int32Array.of(7), null) // Int32Array [1, 7, 2]
   */
  wrap(first: Int32Array, second: Int32Array | null): Int32Array
  /** What a reader of the numbers should know: ids that files disagree on, tokens that share one. */
  readonly notes: readonly string[]
  /** Added tokens that are marked special: control tokens, whatever text they stand in. */
  readonly specialContents: readonly string[]
  readonly unkId: number | null
  /** Whether the normalizer changes a text for good; null where it has no such step. */
  readonly normalizes: ((text: string) => boolean) | null
  /** `tokenizer_class` of tokenizer_config.json, or null. */
  readonly tokenizerClass: string | null
  /** Whether a pair of texts gets token types, as in transformers 5.23 (token-types.ts). */
  readonly tokenTypes: boolean
  /** `truncation_side` of tokenizer_config.json. */
  readonly truncationSide: 'left' | 'right'
}

/**
 * Opens a checkpoint's tokenizer from its folder; nothing is fetched and nothing is cached.
 * @param id the model's name for messages
 * @throws ModelError where there is no tokenizer.json, or it is damaged or of a kind that we cannot run
 */
export async function openTokenizer(dir: string, { id }: { readonly id: string }): Promise<OpenTokenizer> {
  const hashes: Record<string, string> = {}
  const read = (name: string): string | null => {
    const where = `${id}/${name}`
    const bytes = modelBytes(join(dir, name), where)
    if (bytes === null) return null
    hashes[name] = createHash('sha256').update(bytes).digest('hex')
    return modelText(bytes, where)
  }
  const readJson = (name: string): Json | null => {
    const text = read(name)
    return text === null ? null : parseModelObject(text, `${id}/${name}`, DAMAGED)
  }

  const tokenizerJson = readJson('tokenizer.json')
  if (tokenizerJson === null) throw await noTokenizer(dir, id)
  const files: TokenizerFiles = {
    tokenizerJson,
    config: readJson('tokenizer_config.json') ?? {},
    specialTokensMap: readJson('special_tokens_map.json'),
    addedTokens: readJson('added_tokens.json'),
    templateFile: read('chat_template.jinja'),
    templateJson: readJson('chat_template.json'),
    namedTemplates: await readTemplates(dir, read),
  }
  return tokenizerOf(files, id, hashes, modelConfig(dir))
}

/** config.json of the same folder. The model's own reader says what is wrong with it; it is no file of the tokenizer. */
function modelConfig(dir: string): Json | null {
  try {
    const bytes = modelBytes(join(dir, 'config.json'), dir)
    return bytes === null ? null : parseModelObject(modelText(bytes, dir), dir)
  } catch {
    return null
  }
}

async function readTemplates(
  dir: string,
  read: (name: string) => string | null,
): Promise<Readonly<Record<string, string>>> {
  const folder = 'additional_chat_templates'
  const names: readonly string[] = await readdir(join(dir, folder)).catch((): string[] => [])
  const templates: Record<string, string> = {}
  for (const name of names.filter((file) => file.endsWith('.jinja')).toSorted())
    templates[name.slice(0, -'.jinja'.length)] = read(join(folder, name)) ?? ''
  return templates
}

async function noTokenizer(dir: string, id: string): Promise<ModelError> {
  const present: readonly string[] = await readdir(dir).catch((): string[] => [])
  const older = [
    'tokenizer.model',
    'spiece.model',
    'sentencepiece.bpe.model',
    'spm.model',
    'vocab.json',
    'vocab.txt',
    'tekken.json',
  ]
  const found = older.filter((name) => present.includes(name))
  const convert = `Convert it once in Python: AutoTokenizer.from_pretrained("${id}").save_pretrained(folder) writes tokenizer.json; then pass --tokenizer folder.`
  return new ModelError(
    found.length > 0
      ? `the tokenizer is only there in an older form (${found.join(', ')}), without tokenizer.json`
      : 'there is no tokenizer.json',
    `${id}/tokenizer.json`,
    found.length > 0 ? convert : 'Name a tokenizer with --tokenizer.',
  )
}

function tokenizerOf(
  files: TokenizerFiles,
  id: string,
  hashes: Readonly<Record<string, string>>,
  ofModel: Json | null,
): OpenTokenizer {
  const { config } = files
  const tokenTypes = givesTokenTypes(config, ofModel)
  if (config.split_special_tokens === true)
    throw new ModelError('split_special_tokens is not supported', `${id}/tokenizer_config.json`)
  const names = specialTokens(files)
  const { backend, json, notes } = openBackend(files, names, id, ofModel)
  if (tokenTypes && backend.postProcessor.process([], null, true).typeIds.some((type) => type !== 0))
    throw new ModelError('gives a single text token types other than 0: not supported', `${id}/tokenizer.json`)
  const templates = chatTemplates(files, `${id}/tokenizer_config.json`)
  const idOf = (token: string | undefined): number | null =>
    token === undefined ? null : (backend.idOf(token) ?? null)
  const cleanUp = config.clean_up_tokenization_spaces === true

  return {
    encode(text, { addSpecialTokens, pair }) {
      if (pair === undefined) return { ids: encodeText(backend, text, addSpecialTokens), typeIds: null }
      const { ids, typeIds } = encodePair(backend, text, pair, addSpecialTokens)
      return { ids, typeIds: tokenTypes ? typeIds : null }
    },
    decode: (ids) => backend.decode(ids, cleanUp),
    tokens: (ids) => Array.from(ids, (token) => backend.tokenOf(token) ?? ''),
    wrap: (first, second) => backend.postProcessor.process(first, second, true).ids,
    notes,
    idOf,
    bosId: idOf(names.bos_token),
    eosId: idOf(names.eos_token),
    padId: idOf(names.pad_token),
    unkId: idOf(names.unk_token),
    specialContents: specialContents(json),
    normalizes: normalizationOf(json.normalizer),
    bosToken: names.bos_token ?? null,
    eosToken: names.eos_token ?? null,
    size: backend.size,
    chatTemplates: templates,
    chatTemplate: templates.default ?? null,
    specialTokens: names,
    modelMaxLength: modelMaxLength(config),
    tokenizerClass: typeof config.tokenizer_class === 'string' ? config.tokenizer_class : null,
    tokenTypes,
    truncationSide: config.truncation_side === 'left' ? 'left' : 'right',
    sha256: digest(hashes),
    files: hashes,
  }
}

const specialContents = ({ added_tokens }: Json): string[] =>
  ((added_tokens ?? []) as readonly Json[]).flatMap(({ special, content }) =>
    special === true && typeof content === 'string' && content !== '' ? [content] : [],
  )

function openBackend(
  files: TokenizerFiles,
  names: Readonly<Record<string, string>>,
  id: string,
  ofModel: Json | null,
): { readonly backend: Backend; readonly json: Json; readonly notes: readonly string[] } {
  try {
    const where = `${id}/tokenizer_config.json`
    const { json, vocabulary, notes } = effectiveTokenizer(files, where)
    const backend = buildBackend(json, names.eos_token, vocabulary)
    frameOf((first, second) => backend.postProcessor.process(first, second, true).ids)
    const anew = rebuiltClass(files.tokenizerJson, files.config, ofModel)
    const rebuilt = anew === null ? null : rebuiltNote(anew, files, where, { json, backend })
    const all = [...notes, ...backend.notes, ...(rebuilt === null ? [] : [rebuilt])]
    return { backend, json, notes: all.map((note) => `${id}: ${note}`) }
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause
    throw new ModelError(
      `the tokenizer cannot be built: ${(cause as Error).message}`,
      `${id}/tokenizer.json`,
      REFUSED,
      {
        cause,
      },
    )
  }
}
const REFUSED =
  'Save the tokenizer again with save_pretrained() of transformers, whose library reads the same file, or download it again.'

/** One hash over names and hashes of the files. */
function digest(hashes: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256')
  for (const [name, value] of Object.entries(hashes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\0${value}\n`)
  return hash.digest('hex')
}
