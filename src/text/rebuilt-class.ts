import { isRecord } from '../is-record.ts'
import type { Json } from './tokenizer-files.ts'

/**
 * The class of a model_type (models/auto/tokenization_auto.py, TOKENIZER_MAPPING_NAMES of transformers 5.24, without
 * mistral-common). `null`: tokenizer.json is read whole.
 */
const OF_MODEL_TYPE: Readonly<Record<string, string | null>> = {
  ...Object.fromEntries(
    ['mistral', 'mixtral', 'ministral', 'internlm2', 'phi3', 'modernbert', 'olmo2', 'olmo3', 'granite', 'stablelm'].map(
      (type) => [type, null],
    ),
  ),
  ...Object.fromEntries(['qwen2', 'qwen2_moe', 'qwen3', 'qwen3_moe'].map((type) => [type, 'Qwen2Tokenizer'])),
  ...Object.fromEntries(['gemma', 'gemma2', 'gemma3', 'gemma3_text'].map((type) => [type, 'GemmaTokenizer'])),
  ...Object.fromEntries(['gpt2', 'opt', 'phi', 'starcoder2'].map((type) => [type, 'GPT2Tokenizer'])),
  ...Object.fromEntries(['gpt_neox', 'olmo', 'olmoe'].map((type) => [type, 'GPTNeoXTokenizer'])),
  ...Object.fromEntries(['bert', 'distilbert', 'electra'].map((type) => [type, 'BertTokenizer'])),
  cohere: 'CohereTokenizer',
  cohere2: 'CohereTokenizer',
  roberta: 'RobertaTokenizer',
  'xlm-roberta': 'XLMRobertaTokenizer',
  albert: 'AlbertTokenizer',
  deberta: 'DebertaTokenizer',
  'deberta-v2': 'DebertaV2Tokenizer',
}

/** Model types whose tokenizer_class transformers 5 takes for wrong (MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS), of those above. */
const CLASS_NOT_TRUSTED: readonly string[] = ['internlm2', 'modernbert', 'phi3', 'qwen2']

/** Classes that build their steps themselves, by the names that a file may give them. */
const BUILDERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'LlamaTokenizer',
      'GemmaTokenizer',
      'GPT2Tokenizer',
      'Qwen2Tokenizer',
      'GPTNeoXTokenizer',
      'BertTokenizer',
      'RobertaTokenizer',
      'XLMRobertaTokenizer',
      'AlbertTokenizer',
      'DebertaV2Tokenizer',
      'DebertaTokenizer',
      'CohereTokenizer',
    ].map((name) => [name, name]),
  ),
  DistilBertTokenizer: 'BertTokenizer',
  ElectraTokenizer: 'BertTokenizer',
  BartTokenizer: 'RobertaTokenizer',
  LongformerTokenizer: 'RobertaTokenizer',
}

/** Others that do and that no architecture here belongs to: named, not compared. */
const NOT_KNOWN =
  /^(Barthez|BigBird|Blenderbot|CLIP|Camembert|CodeGen|CodeLlama|Funnel|Herbert|Luke|MBart|MBart50|MPNet|MarkupLM|MobileBert|Nllb|OpenAIGPT|Pegasus|Qwen3_5|Reformer|RemBert|RoFormer|Splinter|SqueezeBert|T5|Udop|XGLM|XLNet)Tokenizer$/

/**
 * The class by which transformers 5 builds a tokenizer anew from its vocabulary and merges (AutoTokenizer.from_pretrained), instead of
 * reading tokenizer.json whole as 4.x did; null where it reads it whole. A class of the checkpoint's own (auto_map) is code that is not run
 * here.
 */
export function rebuiltClass(tokenizerJson: Json, config: Json, modelConfig: Json | null): string | null {
  const { auto_map: map } = config
  if (Array.isArray(map) || (isRecord(map) && map.AutoTokenizer !== undefined)) return null
  const type = typeof modelConfig?.model_type === 'string' ? modelConfig.model_type : ''
  const ofType = Object.hasOwn(OF_MODEL_TYPE, type) ? OF_MODEL_TYPE[type]! : null
  const said = [config.tokenizer_class, modelConfig?.tokenizer_class].find((name) => typeof name === 'string')
  if (said === undefined) return ofType
  const name = said.replace(/Fast$/, '')
  const distrusted = CLASS_NOT_TRUSTED.includes(type)
  if (distrusted) return ofType
  if (name === 'LlamaTokenizer' && isByteLevel(tokenizerJson)) return null
  if (Object.hasOwn(OF_MODEL_TYPE, type) && ofType === null) return null
  if (Object.hasOwn(BUILDERS, name)) return BUILDERS[name]!
  return NOT_KNOWN.test(name) ? name : null
}

function isByteLevel({ pre_tokenizer: step, decoder }: Json): boolean {
  const parts = [step, decoder].flatMap((part): readonly unknown[] =>
    isRecord(part) ? [part, ...listOf(part.pretokenizers), ...listOf(part.decoders)] : [],
  )
  return parts.some((part) => isRecord(part) && part.type === 'ByteLevel')
}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
