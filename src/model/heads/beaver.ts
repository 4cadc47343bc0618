import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { readConfig } from '../config.ts'
import type { Value } from '../graph.ts'
import { type Builder, linear } from '../ops.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head } from './head.ts'
import { giveScores, layerOf, onlyOne, widened } from './layers.ts'
import { lastToken } from './places.ts'

const EPSILON = 1e-8

const one = z.array(z.number()).length(1)
const beaverConfig = z.object({
  score_type: z.enum(['reward', 'cost', 'critic']).default('reward'),
  do_normalize: z.boolean().nullish(),
  mean: one.nullish(),
  var: one.nullish(),
})
type BeaverConfig = z.infer<typeof beaverConfig>

/**
 * Beaver (safe-rlhf's LlamaForScore; Dai et al. 2023, arXiv:2310.12773): s = w h at the last token. Where `do_normalize` is true a reward is
 * (s − mean) / (√var + ε) and a cost s / (√var + ε), by the file's buffers, or config.json's numbers where the file has none. A cost is
 * negated, as RewardBench does, so that more is better.
 */
export const beaver: Head = {
  name: 'beaver',
  kind: 'head',
  claims: ({ tensors }) => tensors.has('score_head.weight'),
  open(checkpoint, { hidden }) {
    const config = readConfig(beaverConfig, checkpoint)
    const head = layerOf(checkpoint, 'score_head', hidden)
    onlyOne(checkpoint, head)
    checkNormalizer(checkpoint, config)
    const negated = config.score_type === 'cost'
    return {
      name: 'beaver',
      kind: 'head',
      labels: [negated ? 'negated cost' : config.score_type],
      text: BOTH_BOS,
      reads: lastToken,
      rowsPerOutput: 1,
      width: 0,
      ignored: [
        CAUSAL_HEAD_UNREAD,
        { pattern: /^normalizer\.count$/, reason: 'a counter of training' },
        { pattern: /^normalizer\.(mean|var)$/, reason: 'statistics that config.json does not ask for' },
      ],
      graph(builder, x) {
        const score = normalized(builder, linear(builder, widened(builder, x), head, 'float'), config)
        giveScores(builder, negated ? builder.graph.op('Neg', [score]) : score)
      },
    }
  },
}

/** [n, 1] → the same */
function normalized(builder: Builder, score: Value, config: BeaverConfig): Value {
  const { graph } = builder
  if (config.do_normalize !== true || config.score_type === 'critic') return score
  const deviation = graph.op('Add', [graph.op('Sqrt', [statistic(builder, config, 'var')]), graph.float(EPSILON)])
  const centred = config.score_type === 'cost' ? score : graph.op('Sub', [score, statistic(builder, config, 'mean')])
  return graph.op('Div', [centred, deviation])
}

/** [1] */
function statistic({ graph, weights }: Builder, config: BeaverConfig, name: 'mean' | 'var'): Value {
  const tensor = `normalizer.${name}`
  if (weights.has(tensor)) return weights.as('float', tensor, [1])
  return graph.inline(tensor, [1], Float32Array.of(config[name]![0]!))
}

/** @throws ModelError where scores are to be normalised and the numbers are nowhere; the class would take 0 and 1 */
function checkNormalizer({ tensors, dir }: Checkpoint, config: BeaverConfig): void {
  if (config.do_normalize !== true || config.score_type === 'critic') return
  const wanted = config.score_type === 'cost' ? (['var'] as const) : (['mean', 'var'] as const)
  const missing = wanted.find((name) => !tensors.has(`normalizer.${name}`) && config[name] == null)
  if (missing !== undefined)
    throw new ModelError(
      `config.json says "do_normalize": true; neither it ("${missing}") nor the weights ("normalizer.${missing}") say by what`,
      dir,
    )
}
