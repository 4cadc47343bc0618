import { ModelError } from '../src/errors.ts'
import { type HeadChoice, headReward } from '../src/score/head.ts'
import { planBatches } from '../src/score/plan.ts'
import type { Prepared } from '../src/score/subject.ts'
import { type ReadRule, readIndex } from '../src/text/read-index.ts'
import type { OpenTokenizer } from '../src/text/tokenizer.ts'
import type { Runner, Sequence } from '../src/types.ts'

/** The reward of a text up to and with one token. */
export interface PrefixReward {
  /** Count from 0 among the ids that the model reads (a first BOS that transformers masks is not among them). */
  readonly token: number
  readonly id: number
  /** What the token adds to the decoded text; '' inside a character of several tokens. */
  readonly text: string
  /** Unicode code points decoded so far: what places tokens of two tokenizers side by side. */
  readonly characters: number
  /** Whether the token belongs to the completion. */
  readonly completion: boolean
  readonly reward: number
}

/**
 * Reward of every prefix of what a reward model reads: the ids up to each token, the head at the rule's place in them. A decoder sees no
 * token that comes later, so that one run computes all prefixes, each token once. HERM's get_per_token_reward tokenizes each prefix of the
 * text anew; here the tokens are those of the whole text.
 */
export async function prefixRewards(
  runner: Runner,
  prepared: Prepared,
  choice: HeadChoice,
  {
    tokenizer,
    pooling,
    padTokenId,
  }: {
    readonly tokenizer: Pick<OpenTokenizer, 'decode'>
    readonly pooling: ReadRule
    readonly padTokenId: number | null
  },
): Promise<PrefixReward[]> {
  const { ids, typeIds, positionStart, start } = prepared
  if (typeIds !== null)
    throw new ModelError(
      'an encoder reads the whole text at every token',
      'per-token',
      'Prefixes have a reward with decoders only.',
    )
  const sequences = Array.from(ids, (_, i): Sequence => {
    const prefix = ids.subarray(0, i + 1)
    return {
      ids: prefix,
      typeIds: null,
      positionStart,
      reads: Int32Array.of(readIndex(prefix, pooling, padTokenId)),
      group: 0,
    }
  })
  const bounds = { batchTokens: Number.POSITIVE_INFINITY, batchSize: Number.POSITIVE_INFINITY }
  const batches = planBatches(sequences, { layout: 'shared', packed: runner.info.device === 'cpu', ...bounds })
  const rewards = new Float64Array(ids.length)
  for (const batch of batches) {
    const values = await runner.run(batch, sequences)
    batch.sequences.forEach((index, k) => {
      const reward = headReward(Array.from(values[k]!), choice)
      if (reward === null || !Number.isFinite(reward))
        throw new ModelError(`the reward after token ${index} is ${reward}`, 'per-token')
      rewards[index] = reward
    })
  }
  const texts = tokenTexts(ids, tokenizer)
  let characters = 0
  return Array.from(ids, (id, i): PrefixReward => {
    characters += [...texts[i]!].length
    return { token: i, id, text: texts[i]!, characters, completion: i >= start, reward: rewards[i]! }
  })
}

/**
 * What each id adds to the text. A character whose bytes come in several tokens belongs to the last of them. Decoded from the token
 * before on, because the first of a decoded run may lose its space; so the cost is linear.
 */
export function tokenTexts(ids: Int32Array, tokenizer: Pick<OpenTokenizer, 'decode'>): string[] {
  let [from, done] = [0, 0]
  return Array.from(ids, (_, i) => {
    const before = tokenizer.decode(ids.subarray(from, done))
    const after = tokenizer.decode(ids.subarray(from, i + 1))
    // an incomplete character decodes as U+FFFD
    if (after.endsWith('\ufffd') && i + 1 < ids.length) return ''
    from = done
    done = i + 1
    return after.slice(before.length)
  })
}
