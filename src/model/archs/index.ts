import { join } from 'node:path'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { checkHeadDim } from '../config.ts'
import type { ModelSpec } from '../spec.ts'
import { albert } from './albert.ts'
import { bert } from './bert.ts'
import { cohere } from './cohere.ts'
import { cohere2 } from './cohere2.ts'
import { deberta } from './deberta.ts'
import { debertaV2 } from './deberta-v2.ts'
import { distilbert } from './distilbert.ts'
import { electra } from './electra.ts'
import { falcon } from './falcon.ts'
import { gemma } from './gemma.ts'
import { gemma2 } from './gemma2.ts'
import { gemma3 } from './gemma3.ts'
import { gemma3Text } from './gemma3_text.ts'
import { gptNeox } from './gpt_neox.ts'
import { gpt2 } from './gpt2.ts'
import { granite } from './granite.ts'
import { hfOlmo } from './hf_olmo.ts'
import { internlm2 } from './internlm2.ts'
import { llama } from './llama.ts'
import { minicpm } from './minicpm.ts'
import { ministral } from './ministral.ts'
import { mistral } from './mistral.ts'
import { mixtral } from './mixtral.ts'
import { modernbert } from './modernbert.ts'
import { olmo } from './olmo.ts'
import { olmo2 } from './olmo2.ts'
import { olmo3 } from './olmo3.ts'
import { olmoe } from './olmoe.ts'
import { opt } from './opt.ts'
import { phi } from './phi.ts'
import { phi3 } from './phi3.ts'
import { qwen2 } from './qwen2.ts'
import { qwen2Moe } from './qwen2_moe.ts'
import { qwen3 } from './qwen3.ts'
import { qwen3Moe } from './qwen3_moe.ts'
import { roberta } from './roberta.ts'
import { smollm3 } from './smollm3.ts'
import { stablelm } from './stablelm.ts'
import { starcoder2 } from './starcoder2.ts'

/** config.json's model_type → its reader. A new architecture is one file and one line. */
const ARCHITECTURES = new Map<string, (checkpoint: Checkpoint) => ModelSpec>([
  ['albert', albert],
  ['bert', bert],
  ['camembert', roberta],
  ['cohere', cohere],
  ['cohere2', cohere2],
  ['deberta', deberta],
  ['deberta-v2', debertaV2],
  ['distilbert', distilbert],
  ['electra', electra],
  ['falcon', falcon],
  ['gemma', gemma],
  ['gemma2', gemma2],
  ['gemma3', gemma3],
  ['gemma3_text', gemma3Text],
  ['gpt2', gpt2],
  ['gpt_neox', gptNeox],
  ['gpt_neox_reward_model', gptNeox],
  ['granite', granite],
  ['hf_olmo', hfOlmo],
  ['internlm2', internlm2],
  ['llama', llama],
  ['minicpm', minicpm],
  ['ministral', ministral],
  ['mistral', mistral],
  ['mixtral', mixtral],
  ['modernbert', modernbert],
  ['olmo', olmo],
  ['olmo2', olmo2],
  ['olmo3', olmo3],
  ['olmoe', olmoe],
  ['opt', opt],
  ['phi', phi],
  ['phi3', phi3],
  ['qwen2', qwen2],
  ['qwen2_moe', qwen2Moe],
  ['qwen3', qwen3],
  ['qwen3_moe', qwen3Moe],
  ['roberta', roberta],
  ['smollm3', smollm3],
  ['stablelm', stablelm],
  ['starcoder2', starcoder2],
  ['xlm-roberta', roberta],
])

export const supportedArchitectures: readonly string[] = [...ARCHITECTURES.keys()]

/** The model that a checkpoint describes. */
export function modelSpec(checkpoint: Checkpoint): ModelSpec {
  const type = checkpoint.config.model_type
  const read = typeof type === 'string' ? ARCHITECTURES.get(type) : undefined
  if (read === undefined && isEncoderDecoder(checkpoint.config))
    throw new ModelError(
      `${type === undefined ? 'the model' : `"model_type" is ${JSON.stringify(type)?.slice(0, 80)}`}: an encoder-decoder, which writes an answer (SteamSHP: the letter of the better of two) and has no reward`,
      join(checkpoint.dir, 'config.json'),
      `Take a reward model with a classification head. Supported: ${supportedArchitectures.join(', ')}.`,
    )
  if (read === undefined)
    throw new ModelError(
      type === undefined
        ? 'has no "model_type"'
        : `"model_type" is ${JSON.stringify(type)?.slice(0, 80)}: not supported`,
      join(checkpoint.dir, 'config.json'),
      `Supported: ${supportedArchitectures.join(', ')}.`,
    )
  const spec = read(checkpoint)
  for (const { attention } of spec.layers) checkHeadDim(checkpoint, attention.headDim)
  return spec
}

/** T5 and its kin; their configs of before 2020 do not say so themselves. */
const ENCODER_DECODERS =
  /^(t5|mt5|umt5|byt5|switch_transformers|longt5|bart|mbart|led|pegasus(_x)?|bigbird_pegasus|marian|m2m_100|blenderbot(-small)?|prophetnet|fsmt|encoder-decoder)$/
const isEncoderDecoder = ({ model_type, is_encoder_decoder }: Checkpoint['config']): boolean =>
  is_encoder_decoder === true || (typeof model_type === 'string' && ENCODER_DECODERS.test(model_type))
