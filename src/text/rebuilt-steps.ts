import { isRecord } from '../is-record.ts'
import { tokenText } from './special-tokens.ts'
import type { Json } from './tokenizer-files.ts'

/** What a class makes of the files: its steps, and the special tokens that it has where no file names them. */
export interface Rebuilt {
  readonly model: 'BPE' | 'WordPiece' | 'Unigram'
  /** Keys of `model` beside vocabulary and merges. */
  readonly flags: Json
  readonly normalizer: Json | null
  readonly preTokenizer: Json | null
  /** `own`: that of tokenizer.json; else the tokens around a text, and how many of the last stand between two. */
  readonly postProcessor: 'own' | 'none' | readonly [first: string, last: string, between: 1 | 2]
  /** Whether the special tokens lose their flags. */
  readonly plainSpecials?: true
  readonly names: Readonly<Record<string, string>>
}

const byteBpe = { dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false }
const bertNames = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
}
const robertaNames = {
  bos_token: '<s>',
  eos_token: '</s>',
  sep_token: '</s>',
  cls_token: '<s>',
  unk_token: '<unk>',
  pad_token: '<pad>',
  mask_token: '<mask>',
}
const debertaNames = { ...bertNames, bos_token: '[CLS]', eos_token: '[SEP]' }
const endOfText = { unk_token: '<|endoftext|>', bos_token: '<|endoftext|>', eos_token: '<|endoftext|>' }

const sequence = (normalizers: readonly Json[]): Json => ({ type: 'Sequence', normalizers })
const steps = (...pretokenizers: readonly Json[]): Json => ({ type: 'Sequence', pretokenizers })
const replace = (from: Json, content: string): Json => ({ type: 'Replace', pattern: from, content })
const byteLevel = (add_prefix_space: boolean, use_regex = true): Json => ({
  type: 'ByteLevel',
  add_prefix_space,
  trim_offsets: true,
  use_regex,
})
const metaspace = (prepend_scheme: 'always' | 'first' | 'never', split = true): Json => ({
  type: 'Metaspace',
  replacement: '▁',
  prepend_scheme,
  split,
})
const isOn = (value: unknown, otherwise: boolean): boolean =>
  value === undefined || value === null ? otherwise : value === true

/** tokenization_qwen2.py */
const QWEN_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const nameOf = (config: Json, name: string, otherwise: string): string => tokenText(config[name]) ?? otherwise

/** The character map of tokenizer.json's normalizer, the first one; a list of none or one. */
function charsmapOf({ normalizer }: Json): Json[] {
  const parts = isRecord(normalizer) && normalizer.type === 'Sequence' ? normalizer.normalizers : [normalizer]
  const found = (Array.isArray(parts) ? parts : []).find(
    (part): part is Json => isRecord(part) && part.type === 'Precompiled' && part.precompiled_charsmap !== undefined,
  )
  return found === undefined ? [] : [found]
}

/** The unknown token's place where its score is 0, else what tokenizer_config.json says, else 1. */
function debertaUnknown(config: Json, { model }: Json): number {
  const vocab = isRecord(model) && Array.isArray(model.vocab) ? (model.vocab as readonly unknown[]) : []
  const unknown = nameOf(config, 'unk_token', '[UNK]')
  const place = vocab.findIndex((entry) => Array.isArray(entry) && entry[0] === unknown && entry[1] === 0)
  return place >= 0 ? place : typeof config.unk_id === 'number' ? config.unk_id : 1
}

/** The `__init__` of each class in transformers 5.24 (models/<name>/tokenization_<name>.py), by tokenizer_config.json. */
const CLASSES: Readonly<Record<string, (config: Json, tokenizerJson: Json) => Rebuilt>> = {
  LlamaTokenizer: ({ add_prefix_space: prefix, legacy }) => ({
    model: 'BPE',
    flags: { ...byteBpe, fuse_unk: true, byte_fallback: true },
    normalizer: null,
    preTokenizer: metaspace(isOn(prefix, true) ? (isOn(legacy, false) ? 'always' : 'first') : 'never', false),
    postProcessor: 'own',
    names: { unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>' },
  }),
  GemmaTokenizer: (config) => ({
    model: 'BPE',
    flags: { ...byteBpe, fuse_unk: true, byte_fallback: true, unk_token: nameOf(config, 'unk_token', '<unk>') },
    normalizer: replace({ String: ' ' }, '▁'),
    preTokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    postProcessor: 'own',
    names: {
      unk_token: '<unk>',
      bos_token: '<bos>',
      eos_token: '<eos>',
      pad_token: '<pad>',
      mask_token: '<mask>',
    },
  }),
  GPT2Tokenizer: ({ add_prefix_space: prefix }) => ({
    model: 'BPE',
    flags: byteBpe,
    normalizer: null,
    preTokenizer: byteLevel(isOn(prefix, false)),
    postProcessor: 'own',
    names: endOfText,
  }),
  Qwen2Tokenizer: ({ add_prefix_space: prefix }) => ({
    model: 'BPE',
    flags: byteBpe,
    normalizer: { type: 'NFC' },
    preTokenizer: steps(
      { type: 'Split', pattern: { Regex: QWEN_WORDS }, behavior: 'Isolated', invert: false },
      byteLevel(isOn(prefix, false), false),
    ),
    postProcessor: 'own',
    plainSpecials: true,
    names: { unk_token: '<|endoftext|>', eos_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
  }),
  GPTNeoXTokenizer: ({ add_prefix_space: prefix }) => ({
    model: 'BPE',
    flags: byteBpe,
    normalizer: { type: 'NFC' },
    preTokenizer: byteLevel(isOn(prefix, false)),
    postProcessor: 'none',
    names: { ...endOfText, pad_token: '<|padding|>' },
  }),
  BertTokenizer: (config) => ({
    model: 'WordPiece',
    flags: {
      unk_token: nameOf(config, 'unk_token', '[UNK]'),
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: isOn(config.tokenize_chinese_chars, true),
      strip_accents: config.strip_accents ?? null,
      lowercase: isOn(config.do_lower_case, true),
    },
    preTokenizer: { type: 'BertPreTokenizer' },
    postProcessor: [nameOf(config, 'cls_token', '[CLS]'), nameOf(config, 'sep_token', '[SEP]'), 1],
    names: bertNames,
  }),
  RobertaTokenizer: (config) => ({
    model: 'BPE',
    flags: byteBpe,
    normalizer: null,
    preTokenizer: byteLevel(isOn(config.add_prefix_space, false)),
    postProcessor: [nameOf(config, 'cls_token', '<s>'), nameOf(config, 'sep_token', '</s>'), 2],
    names: robertaNames,
  }),
  XLMRobertaTokenizer: (config, tokenizerJson) => ({
    model: 'Unigram',
    flags: { unk_id: 3, byte_fallback: false },
    normalizer: charsmapOf(tokenizerJson)[0] ?? null,
    preTokenizer: steps(
      { type: 'WhitespaceSplit' },
      metaspace(isOn(config.add_prefix_space, true) ? 'always' : 'never'),
    ),
    postProcessor: [nameOf(config, 'bos_token', '<s>'), nameOf(config, 'eos_token', '</s>'), 2],
    names: robertaNames,
  }),
  AlbertTokenizer: (config, tokenizerJson) => ({
    model: 'Unigram',
    flags: { unk_id: 1, byte_fallback: false },
    normalizer: sequence([
      replace({ String: '``' }, '"'),
      replace({ String: "''" }, '"'),
      ...(isOn(config.keep_accents, false) ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
      ...(isOn(config.do_lower_case, true) ? [{ type: 'Lowercase' }] : []),
      ...charsmapOf(tokenizerJson),
    ]),
    preTokenizer: steps(
      { type: 'WhitespaceSplit' },
      metaspace(isOn(config.add_prefix_space, true) ? 'always' : 'never'),
    ),
    postProcessor: isRecord(tokenizerJson.post_processor) ? 'own' : ['[CLS]', '[SEP]', 1],
    names: { ...debertaNames, unk_token: '<unk>', pad_token: '<pad>' },
  }),
  DebertaV2Tokenizer: (config, tokenizerJson) => ({
    model: 'Unigram',
    flags: { unk_id: debertaUnknown(config, tokenizerJson), byte_fallback: false },
    normalizer: sequence([
      ...(isOn(config.do_lower_case, false) ? [{ type: 'Lowercase' }] : []),
      replace({ Regex: '\\s{2,}|[\\n\\r\\t]' }, ' '),
      { type: 'NFC' },
      { type: 'Strip', strip_left: false, strip_right: true },
    ]),
    preTokenizer: steps(
      ...(isOn(config.split_by_punct, false) ? [{ type: 'Punctuation', behavior: 'Isolated' }] : []),
      metaspace(isOn(config.add_prefix_space, true) ? 'always' : 'first'),
    ),
    postProcessor: [nameOf(config, 'cls_token', '[CLS]'), nameOf(config, 'sep_token', '[SEP]'), 1],
    names: debertaNames,
  }),
  DebertaTokenizer: (config) => ({
    model: 'BPE',
    flags: byteBpe,
    normalizer: null,
    preTokenizer: byteLevel(isOn(config.add_prefix_space, false)),
    postProcessor: [nameOf(config, 'cls_token', '[CLS]'), nameOf(config, 'sep_token', '[SEP]'), 2],
    names: debertaNames,
  }),
  CohereTokenizer: ({ add_prefix_space: prefix }) => ({
    model: 'BPE',
    flags: byteBpe,
    normalizer: { type: 'NFC' },
    preTokenizer: steps({ type: 'Digits', individual_digits: true }, byteLevel(isOn(prefix, false))),
    postProcessor: 'own',
    names: {
      unk_token: '<UNK>',
      bos_token: '<BOS_TOKEN>',
      eos_token: '<|END_OF_TURN_TOKEN|>',
      pad_token: '<PAD>',
      cls_token: '<CLS>',
      sep_token: '<SEP>',
      mask_token: '<MASK_TOKEN>',
    },
  }),
}

/** @param config tokenizer_config.json with special_tokens_map.json; null: no class of this name is known here */
export const rebuiltBy = (name: string, config: Json, tokenizerJson: Json): Rebuilt | null =>
  Object.hasOwn(CLASSES, name) ? CLASSES[name]!(config, tokenizerJson) : null
