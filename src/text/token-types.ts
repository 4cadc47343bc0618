import type { Json } from './tokenizer-files.ts'

/**
 * Whether transformers 5.23 gives a model the token types of a pair (0 for the first text, 1 for the second): where
 * `model_input_names` of tokenizer_config.json says so, else where the tokenizer's class does. The class is that of
 * tokenizer_config.json, else that of config.json, else that of its model_type (AutoTokenizer; models/auto/tokenization_auto.py).
 * In transformers 4 PreTrainedTokenizerFast and AlbertTokenizer gave types, in 5 they do not: the same checkpoint has other scores there.
 * @param config tokenizer_config.json
 * @param model config.json in the tokenizer's own folder, null where there is none
 */
export function givesTokenTypes(config: Json, model: Json | null): boolean {
  if (Array.isArray(config.model_input_names)) return config.model_input_names.includes('token_type_ids')
  const type = typeof model?.model_type === 'string' ? model.model_type : null
  if (type !== null && ALWAYS_PLAIN.has(type)) return false
  const named = config.tokenizer_class || model?.tokenizer_class
  if (typeof named === 'string') return TYPED_CLASSES.has(named.replace(/Fast$/, ''))
  return type !== null && TYPED_MODELS.has(type)
}

/** Classes with `token_type_ids` in their `model_input_names`; the names of transformers 4 stand for them. */
const TYPED_CLASSES: ReadonlySet<string> = new Set([
  'BertTokenizer',
  'ConvBertTokenizer',
  'DPRContextEncoderTokenizer',
  'DPRQuestionEncoderTokenizer',
  'DebertaTokenizer',
  'DebertaV2Tokenizer',
  'ElectraTokenizer',
  'FNetTokenizer',
  'LxmertTokenizer',
  'MobileBertTokenizer',
  'SqueezeBertTokenizer',
])

/** Architectures that are run here and whose class is one of these. */
const TYPED_MODELS: ReadonlySet<string> = new Set(['bert', 'deberta', 'deberta-v2', 'distilbert', 'electra'])

/** Whatever class is named: the files on the hub name wrong ones. */
const ALWAYS_PLAIN: ReadonlySet<string> = new Set(['modernbert'])
