import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { firstArchitecture, readConfig } from '../config.ts'
import { linear } from '../ops.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head } from './head.ts'
import { giveScores, layerOf, onlyOne, widened } from './layers.ts'
import { lastToken } from './places.ts'

const number = z.number()
const valueConfig = z.object({
  normalize_reward: z.boolean().nullish(),
  mean: number.nullish(),
  std: number.positive().nullish(),
})

/** OpenRLHF lets config.json name the head; its default was `value_head`, and is `score` (score.ts) since. */
const nameOf = ({ config }: Checkpoint): string => {
  const { value_head_prefix: prefix } = config
  return typeof prefix === 'string' && prefix !== 'score' ? prefix : 'value_head'
}

/**
 * OpenRLHF's reward model (get_llm_for_sequence_regression), w h at the last token, normalised by config.json's `mean` and `std` where it
 * says `normalize_reward`; and Ziya's, w h + b, whose class is not public.
 */
export const valueHead: Head = {
  name: 'value-head',
  kind: 'head',
  claims: (checkpoint) => checkpoint.tensors.has(`${nameOf(checkpoint)}.weight`),
  open(checkpoint, { hidden }) {
    const { normalize_reward, mean, std } = readConfig(valueConfig, checkpoint)
    const name = nameOf(checkpoint)
    const head = layerOf(checkpoint, name, hidden)
    onlyOne(checkpoint, head)
    if (normalize_reward === true && (mean == null || std == null))
      throw new ModelError(
        'config.json says "normalize_reward": true and lacks "mean" or "std"',
        checkpoint.dir,
        'OpenRLHF writes all three when it saves a trained reward model.',
      )
    return {
      name: 'value-head',
      kind: 'head',
      labels: ['reward'],
      text: BOTH_BOS,
      reads: lastToken,
      notes: notesOf(checkpoint, name, normalize_reward === true, mean ?? null),
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const { graph } = builder
        const value = linear(builder, widened(builder, x), head, 'float')
        if (normalize_reward !== true) return giveScores(builder, value)
        const centred = graph.op('Sub', [value, graph.float(mean!)])
        giveScores(builder, graph.op('Div', [centred, graph.float(std!)]))
      },
    }
  },
}

function notesOf(checkpoint: Checkpoint, name: string, normalized: boolean, mean: number | null): string[] {
  const notes: string[] = []
  if (firstArchitecture(checkpoint) === 'LlamaRewardModel' && checkpoint.tensors.has(`${name}.bias`))
    notes.push(
      'the class of this value head (Ziya) is not public: that it reads the last token is assumed, not checked against it',
    )
  if (normalized)
    notes.push('rewards are normalised by the "mean" and "std" of config.json, as "normalize_reward" says')
  else if (mean !== null)
    notes.push('config.json has a "mean" and "std" of rewards and no "normalize_reward": the raw output is taken')
  return notes
}
