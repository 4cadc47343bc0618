import { join } from 'node:path'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { DecoderSpec } from '../spec.ts'
import { gemma2 } from './gemma2.ts'
import { gpt2 } from './gpt2.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'

/** config.json's model_type → its reader. A new architecture is one file and one line. */
const ARCHITECTURES: ReadonlyMap<string, (checkpoint: Checkpoint) => DecoderSpec> = new Map([
  ['gemma2', gemma2],
  ['gpt2', gpt2],
  ['llama', llama],
  ['mistral', mistral],
  ['qwen2', qwen2],
  ['qwen3', qwen3],
])

export const supportedArchitectures: readonly string[] = [...ARCHITECTURES.keys()]

/** The decoder that a checkpoint describes. */
export function decoderSpec(checkpoint: Checkpoint): DecoderSpec {
  const type = checkpoint.config.model_type
  const read = typeof type === 'string' ? ARCHITECTURES.get(type) : undefined
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
