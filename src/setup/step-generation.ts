import { UsageError } from '../errors.ts'
import type { GenerationOptions } from '../generate/generate.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { openModel } from '../model/open.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import { withinBounds } from '../score/bounds.ts'
import { contextEncoder, type EncodedContext } from '../text/context.ts'
import { openRenderer } from '../text/renderer.ts'
import type { Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { RunConfig } from './config.ts'
import { type OpenGeneration, openGeneration } from './generation.ts'
import type { LoadedModel } from './models.ts'
import { stepEnd } from './step-channels.ts'

/** A model that continues reasonings. */
export interface StepGeneration {
  readonly generation: OpenGeneration
  /** Options of a draw or of greedy decoding. */
  options(
    own: Partial<Pick<GenerationOptions, 'n' | 'temperature' | 'topP' | 'maxNewTokens' | 'stop'>>,
  ): Omit<GenerationOptions, 'budget'>
  /** What stands before the next line. */
  encode(prompt: Text, lines: readonly string[]): EncodedContext | Unscored
}

/**
 * A model that was loaded to measure texts, as it continues them.
 * @param say told what takes long when it is opened
 */
export async function openStepGeneration(
  model: LoadedModel,
  config: RunConfig,
  device: ResolvedDevice,
  now: Date,
  say: (line: string) => void,
): Promise<StepGeneration> {
  const { opened, tokenizer, name, description } = model
  if (isReadyMade(opened))
    throw new UsageError(
      `${name} is a ready-made export: texts are continued on graphs that are built from a checkpoint`,
      '--model',
      'Name the checkpoint that it was made from.',
    )
  const { checkpoint, kind, device: where, deviceId } = opened
  const generating = openModel(checkpoint, { kind, device: where, deviceId, dtype: config.dtype, generates: true })
  const generation = await openGeneration({ ...model, opened: generating }, config, device, now, say)
  const renderer = await openRenderer(config.chatTemplate, tokenizer, { id: name, now })
  if (renderer.kind === 'pair')
    throw new UsageError('"pair" is for encoders; a text is continued behind a chat template', '--chat-template')
  const encode = contextEncoder(tokenizer, renderer)
  const bounds = {
    name,
    vocab: description.vocabSize,
    positions: null,
    tokenOf: (id: number) => tokenizer.tokens(Int32Array.of(id))[0] ?? '',
  }
  return {
    generation,
    options: (own) => ({ ...generation.options, ...own }),
    encode(prompt, lines) {
      const encoded = encode(prompt, lines, stepEnd(config))
      if (isUnscored(encoded)) return encoded
      const checked = withinBounds({ ...encoded, positionStart: 0 }, bounds)
      return isUnscored(checked) ? checked : encoded
    },
  }
}
