import { ModelError } from '../../errors.ts'
import type { MeasurementKind } from '../../types.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Ignored } from '../spec.ts'
import { armorm } from './armorm.ts'
import { bertPooler } from './bert-pooler.ts'
import type { Head } from './head.ts'
import { logProb } from './log-prob.ts'
import { score } from './score.ts'

/** Heads that give rewards, in the order in which they are asked. A new head is one file and one line. */
const REWARD_HEADS: readonly Head[] = [armorm, bertPooler, score]

/**
 * The head of a checkpoint for a use.
 * @param leftOver throws where tensors are left that `ignored` does not explain: an unknown head is named by its tensors
 * @throws ModelError where the checkpoint was made for the other use, or has no head that is known here
 */
export function headOf(
  checkpoint: Checkpoint,
  kind: MeasurementKind,
  leftOver: (ignored: readonly Ignored[]) => void,
): Head {
  const reward = REWARD_HEADS.find((head) => head.claims(checkpoint))
  if (kind === 'head') {
    if (reward !== undefined) return reward
    leftOver([{ pattern: /^lm_head\.(weight|bias)$/, reason: 'the causal head' }])
    throw new ModelError(
      `has no classification head (tensor "score.weight")${saidArchitecture(checkpoint)}: it gives no rewards`,
      checkpoint.dir,
      'A causal language model is measured by log-probabilities: run-dpo --model … --ref-model …; as a generative judge it is not run here.',
    )
  }
  if (reward === undefined) return logProb
  throw new ModelError(
    `has a classification head (${reward.name})${saidArchitecture(checkpoint)}: it gives rewards, no log-probabilities`,
    checkpoint.dir,
    'A reward model is measured by run-rm --model …',
  )
}

function saidArchitecture({ config }: Checkpoint): string {
  const { architectures } = config
  return Array.isArray(architectures) && typeof architectures[0] === 'string'
    ? `, config.json says ${architectures[0].slice(0, 60)}`
    : ''
}
