import { ModelError } from '../../errors.ts'
import type { MeasurementKind } from '../../types.ts'
import { headFiles, headPickleHint } from '../../weight-files.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { firstArchitecture } from '../config.ts'
import type { Ignored } from '../spec.ts'
import { armorm } from './armorm.ts'
import { beaver } from './beaver.ts'
import { bertPooler } from './bert-pooler.ts'
import { debertaPooler } from './deberta-pooler.ts'
import { distilbertClassifier } from './distilbert.ts'
import { encoderClassifier } from './encoder-classifier.ts'
import { grm } from './grm.ts'
import type { Head } from './head.ts'
import { internlm2 } from './internlm2.ts'
import { ldl } from './ldl.ts'
import { LETTERS } from './letters.ts'
import { logProb } from './log-prob.ts'
import { mlpScore } from './mlp-score.ts'
import { modernbertClassifier } from './modernbert.ts'
import { nextToken } from './next-token.ts'
import { oasst } from './oasst.ts'
import { pairRm } from './pairrm.ts'
import { qrm } from './qrm.ts'
import { qrmDirect } from './qrm-direct.ts'
import { qwen2Prm } from './qwen2-prm.ts'
import { regressionHead } from './regression-head.ts'
import { score } from './score.ts'
import { starling } from './starling.ts'
import { STEP_TOKENS } from './step-tokens.ts'
import { tokenClassification } from './token-classification.ts'
import { urm } from './urm.ts'
import { valueHead } from './value-head.ts'

/** Heads that give rewards, in the order in which they are asked. A new head is one file and one line. */
const REWARD_HEADS: readonly Head[] = [
  armorm,
  qrm,
  qrmDirect,
  urm,
  ldl,
  beaver,
  grm,
  regressionHead,
  starling,
  qwen2Prm,
  mlpScore,
  valueHead,
  oasst,
  pairRm,
  tokenClassification,
  internlm2,
  bertPooler,
  debertaPooler,
  distilbertClassifier,
  encoderClassifier,
  modernbertClassifier,
  score,
]

/** All heads, with those that must be asked for. */
export const headNames: readonly string[] = [
  ...[...REWARD_HEADS, logProb].map(({ name }) => name),
  STEP_TOKENS,
  LETTERS,
]

/** What a head is wanted for: a measurement, or the logits that a text is continued by. */
type HeadPurpose = MeasurementKind | 'text'

/**
 * The head of a checkpoint for a use.
 * @param asked a head that must be asked for, of a checkpoint that has none of its own
 * @param leftOver throws where tensors are left that `ignored` does not explain: an unknown head is named by its tensors
 * @throws ModelError where the checkpoint was made for the other use, or has no head that is known here
 */
export function headOf(
  checkpoint: Checkpoint,
  kind: HeadPurpose,
  leftOver: (ignored: readonly Ignored[]) => void,
  asked: Head | null = null,
): Head {
  const reward = REWARD_HEADS.find((head) => head.claims(checkpoint))
  if (asked !== null && reward === undefined) return asked
  if (asked !== null && reward !== undefined)
    throw new ModelError(
      `has a reward head (${reward.name})${saidArchitecture(checkpoint)}: its causal head (${asked.name}) is not read`,
      checkpoint.dir,
      'Leave --step-tokens or --head letters out: they are for causal language models without a head of their own.',
    )
  if (kind === 'head') {
    if (reward !== undefined) return reward
    const [pickled] = checkpoint.pickledHeads
    if (pickled !== undefined)
      throw new ModelError(
        `has its reward head in ${pickled}, a pickle; unpickling runs code, so it is never opened`,
        checkpoint.dir,
        headPickleHint(pickled),
      )
    leftOver([{ pattern: /^lm_head\.(weight|bias)$/, reason: 'the causal head' }])
    const { adapter } = checkpoint
    const lacks = 'no classification head (tensor "score.weight")'
    throw new ModelError(
      `${adapter === null ? `has ${lacks}` : `brings ${lacks}, and its base ${checkpoint.dir} has none`}${saidArchitecture(checkpoint)}: it gives no rewards${checkpoint.notes.map((note) => `; ${note}`).join('')}`,
      adapter?.dir ?? checkpoint.dir,
      'A causal language model is measured by log-probabilities: run-dpo --model … --ref-model …; as a generative judge it is not run here. One that was trained to mark steps is read with --step-tokens, one that was trained to name the better of two answers with --head letters.',
    )
  }
  if (reward === undefined) return kind === 'text' ? nextToken : logProb
  throw new ModelError(
    `${ownerOf(checkpoint)} a classification head (${reward.name})${saidArchitecture(checkpoint)}: it gives rewards, no ${kind === 'text' ? 'text' : 'log-probabilities'}`,
    checkpoint.adapter?.dir ?? checkpoint.dir,
    checkpoint.fileNames.some((name) => headFiles.includes(name))
      ? 'A reward model is measured by run-rm --model …; to measure its causal head, move the head beside the model out of the folder.'
      : 'A reward model is measured by run-rm --model …',
  )
}

/** Who has the head: of an adapter, it or its base. @example 'brings score.weight, so that its base /models/base has' */
function ownerOf({ adapter, dir }: Checkpoint): string {
  if (adapter === null) return 'has'
  return adapter.added.length === 0
    ? `adapts ${dir}, which has`
    : `brings ${adapter.added.join(', ')}, so that its base ${dir} has`
}

function saidArchitecture(checkpoint: Checkpoint): string {
  const said = firstArchitecture(checkpoint)
  return said === null ? '' : `, config.json says ${said}`
}
