import type { EncoderSpec, Ignored } from '../spec.ts'

/** What config.json of every encoder says. */
interface EncoderConfig {
  readonly model_type: string
  readonly vocab_size: number
  readonly pad_token_id?: number | null | undefined
}
/** What an architecture says of itself; the last norm, relative positions and convolution where it has them. */
type Own = Pick<EncoderSpec, 'hidden' | 'maxPositions' | 'embedding' | 'layers' | 'ignored'> &
  Partial<Pick<EncoderSpec, 'finalNorm' | 'relative' | 'convolution'>>

/** The record of an encoder. */
export const encoderSpec = (config: EncoderConfig, own: Own): EncoderSpec => ({
  architecture: config.model_type,
  causal: false,
  vocab: config.vocab_size,
  padTokenId: config.pad_token_id ?? null,
  finalNorm: null,
  relative: null,
  convolution: null,
  ...own,
})

/** Tensors of the head that a model was pretrained with. */
export const pretrainingHead = (pattern: RegExp): Ignored => ({
  pattern,
  reason: "pretraining's head; the classification head is read",
})
