import { join } from 'node:path'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { DecoderSpec } from '../spec.ts'
import { cohere } from './cohere.ts'
import { cohere2 } from './cohere2.ts'
import { gemma } from './gemma.ts'
import { gemma2 } from './gemma2.ts'
import { gemma3 } from './gemma3.ts'
import { gemma3Text } from './gemma3_text.ts'
import { gptNeox } from './gpt_neox.ts'
import { gpt2 } from './gpt2.ts'
import { granite } from './granite.ts'
import { llama } from './llama.ts'
import { ministral } from './ministral.ts'
import { mistral } from './mistral.ts'
import { olmo2 } from './olmo2.ts'
import { olmo3 } from './olmo3.ts'
import { phi } from './phi.ts'
import { phi3 } from './phi3.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'
import { smollm3 } from './smollm3.ts'
import { stablelm } from './stablelm.ts'
import { starcoder2 } from './starcoder2.ts'

/** config.json's model_type → its reader. A new architecture is one file and one line. */
const ARCHITECTURES: ReadonlyMap<string, (checkpoint: Checkpoint) => DecoderSpec> = new Map([
  ['cohere', cohere],
  ['cohere2', cohere2],
  ['gemma', gemma],
  ['gemma2', gemma2],
  ['gemma3', gemma3],
  ['gemma3_text', gemma3Text],
  ['gpt2', gpt2],
  ['gpt_neox', gptNeox],
  ['granite', granite],
  ['llama', llama],
  ['ministral', ministral],
  ['mistral', mistral],
  ['olmo2', olmo2],
  ['olmo3', olmo3],
  ['phi', phi],
  ['phi3', phi3],
  ['qwen2', qwen2],
  ['qwen3', qwen3],
  ['smollm3', smollm3],
  ['stablelm', stablelm],
  ['starcoder2', starcoder2],
])

export const supportedArchitectures: readonly string[] = [...ARCHITECTURES.keys()]

/** The decoder that a checkpoint describes. */
export function decoderSpec(checkpoint: Checkpoint): DecoderSpec {
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
  return read(checkpoint)
}

/** T5 and its kin; their configs of before 2020 do not say so themselves. */
const ENCODER_DECODERS =
  /^(t5|mt5|umt5|byt5|switch_transformers|longt5|bart|mbart|led|pegasus(_x)?|bigbird_pegasus|marian|m2m_100|blenderbot(-small)?|prophetnet|fsmt|encoder-decoder)$/
const isEncoderDecoder = ({ model_type, is_encoder_decoder }: Checkpoint['config']): boolean =>
  is_encoder_decoder === true || (typeof model_type === 'string' && ENCODER_DECODERS.test(model_type))
