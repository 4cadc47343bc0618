import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { readConfig, refuse } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { gemma3Text } from './gemma3_text.ts'
import { CAUSAL_HEAD } from './names.ts'

const gemma3Config = z.object({
  text_config: z.looseObject({
    // the multimodal class does not apply it
    final_logit_softcapping: z.null().optional(),
    tie_word_embeddings: z.boolean().default(true),
  }),
  tie_word_embeddings: z.boolean().default(true),
  quantization_config: z.null().optional(),
})

/** Where its language model's tensors stand: as first released and as transformers saves it, then as some versions of 4 did. */
const PREFIXES = ['language_model.model.', 'model.language_model.']
const OWN_HEAD = 'language_model.lm_head.weight'

/** Gemma 3 with eyes: of a text it reads what `text_config` describes, without them. transformers: models/gemma3, Gemma3Model. */
export function gemma3(checkpoint: Checkpoint): DecoderSpec {
  const { text_config: text, tie_word_embeddings: tied } = readConfig(gemma3Config, checkpoint)
  if (text.tie_word_embeddings !== tied)
    throw refuse(checkpoint, 'tie_word_embeddings', tied, `text_config says ${text.tie_word_embeddings}`)
  const config = { ...text, model_type: 'gemma3' }
  const prefix = PREFIXES.find((below) => checkpoint.tensors.has(`${below}norm.weight`))
  const spec = gemma3Text({ ...checkpoint, config }, prefix ?? PREFIXES[0])
  const head = checkpoint.tensors.has(OWN_HEAD) ? OWN_HEAD : CAUSAL_HEAD
  return {
    ...spec,
    logits: { ...spec.logits, weight: head },
    ignored: [
      ...spec.ignored,
      { pattern: /^(model\.)?(vision_tower|multi_modal_projector)\./, reason: 'reads images; a text has none' },
      { pattern: /^language_model\.lm_head\.weight$/, reason: 'the causal head, tied to the embedding or not read' },
    ],
  }
}
