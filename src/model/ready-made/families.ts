import { join } from 'node:path'
import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import { isRecord } from '../../is-record.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { count, labelConfig, readConfig } from '../config.ts'

/** What config.json says of a model whose graph is ready-made. */
export interface Facts {
  readonly architecture: string
  /** Every token sees the whole text, and the head reads all of it. */
  readonly encoder: boolean
  readonly vocab: number
  readonly padTokenId: number | null
  readonly maxPositions: number
  /** Whether positions may be rows of a table: beyond the last there is nothing. False where the config names a rotary base. */
  readonly learnedPositions: boolean
  /** Kinds of tokens (BERT's two texts); 1 or 0: the model knows none. */
  readonly tokenTypes: number
  readonly layers: number
  /** Positions are counted over the tokens that are not masked. */
  readonly countsAttended: boolean
}

/** transformers' encoders by model_type. */
const ENCODERS: ReadonlySet<string> = new Set(
  (
    'albert bert big_bird camembert canine convbert data2vec-text deberta deberta-v2 distilbert electra ernie esm eurobert flaubert fnet ' +
    'funnel ibert layoutlm longformer luke megatron-bert mobilebert modernbert mpnet mra neobert new nezha nomic_bert nystromformer ' +
    'perceiver qdqbert rembert roberta roberta-prelayernorm roc_bert roformer splinter squeezebert xlm xlm-roberta xlm-roberta-xl xlnet xmod yoso'
  ).split(' '),
)

/** Their positions start behind the pad id, so that the table has so many rows more than positions. */
const AFTER_PAD: ReadonlySet<string> = new Set(
  'camembert data2vec-text ibert longformer luke mpnet roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod'.split(
    ' ',
  ),
)

const schema = z.object({
  model_type: z.string(),
  vocab_size: count,
  pad_token_id: z.int().nullish(),
  max_position_embeddings: count.nullish(),
  n_positions: count.nullish(),
  max_seq_len: count.nullish(),
  type_vocab_size: z.int().nonnegative().nullish(),
  is_encoder_decoder: z.literal(false).nullish(),
  num_hidden_layers: count.nullish(),
  n_layer: count.nullish(),
  n_layers: count.nullish(),
})
const ROTARY = [
  'rope_theta',
  'rope_parameters',
  'rope_scaling',
  'rotary_emb_base',
  'global_rope_theta',
  'rotary_dim',
  'alibi',
]

/** @throws ModelError where config.json does not say how long a text may be, or is of an encoder-decoder */
export function factsOf(checkpoint: Checkpoint): Facts {
  const config = readConfig(schema, checkpoint)
  const { model_type: type, pad_token_id: pad = null } = config
  if (checkpoint.config.reward_token_id !== undefined)
    throw new ModelError(
      'has a "reward_token_id", which its own code appends to every text: not done for a ready-made export',
      join(checkpoint.dir, 'config.json'),
      'Leave --graph onnx out.',
    )
  if (checkpoint.config.cand1_prefix_id !== undefined)
    throw new ModelError(
      'is a model that compares two answers (PairRM: "cand1_prefix_id"), read at three places: not done for a ready-made export',
      join(checkpoint.dir, 'config.json'),
      'Leave --graph onnx out.',
    )
  const rows = config.max_position_embeddings ?? config.n_positions ?? config.max_seq_len ?? null
  if (rows === null)
    throw new ModelError(
      'says nowhere how many positions the model has (max_position_embeddings)',
      join(checkpoint.dir, 'config.json'),
    )
  const short = lengthOfOneRope(checkpoint.config)
  return {
    architecture: type,
    encoder: ENCODERS.has(type),
    vocab: config.vocab_size,
    padTokenId: pad,
    maxPositions: short ?? (AFTER_PAD.has(type) ? rows - (pad ?? 1) - 1 : rows),
    learnedPositions:
      short !== null || !ROTARY.some((key) => checkpoint.config[key] !== undefined && checkpoint.config[key] !== null),
    tokenTypes: config.type_vocab_size ?? 1,
    layers: config.num_hidden_layers ?? config.n_layer ?? config.n_layers ?? 0,
    countsAttended: type === 'opt',
  }
}

/**
 * Rotary frequencies that change with a text's length (dynamic, longrope): an export has those of the text that it was traced with, so
 * that longer ones than the model was first trained on are not scored. null: they do not change.
 */
function lengthOfOneRope(config: Checkpoint['config']): number | null {
  const given = config.rope_scaling ?? config.rope_parameters
  if (!isRecord(given) || !CHANGING.has(String(given.rope_type ?? given.type))) return null
  const original = [
    given.original_max_position_embeddings,
    config.original_max_position_embeddings,
    config.max_position_embeddings,
  ].find((length) => typeof length === 'number')
  return (original as number | undefined) ?? null
}
const CHANGING: ReadonlySet<string> = new Set(['dynamic', 'longrope', 'su'])

export const startsAfterPad = ({ architecture }: Facts): boolean => AFTER_PAD.has(architecture)

/** Names of the labels, as transformers has them: id2label, else num_labels, else as many as the file gives. */
export function labelsOf(checkpoint: Checkpoint, width: number | null): readonly string[] {
  const { id2label, num_labels } = readConfig(labelConfig, checkpoint)
  const named = id2label
    ? Object.entries(id2label)
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([, name]) => name)
    : null
  const labels = named ?? Array.from({ length: num_labels ?? width ?? 2 }, (_, i) => `LABEL_${i}`)
  if (width !== null && labels.length !== width)
    throw new ModelError(
      `the file gives ${width} values, config.json names ${labels.length} labels: ${labels.slice(0, 8).join(', ')}`,
      checkpoint.dir,
    )
  return labels
}
