import { UsageError } from '../errors.ts'

/** `--head letters`: no head of the checkpoint, but two of the causal head's logits (model/heads/letters.ts). */
export const LETTERS = 'letters'

/** Which number of a classification head is the reward: one label's raw output, or its softmax probability; `all` keeps every label and scores none. */
export type HeadChoice =
  | { readonly kind: 'label'; readonly index: number }
  | { readonly kind: 'softmax'; readonly index: number }
  | { readonly kind: 'all' }

const HEAD = /^(softmax:)?(\d+)$/

/** @throws UsageError where `--head` can be the head of no model */
export function checkHead(flag: string | null): void {
  if (flag === null || flag === 'all' || flag === LETTERS || HEAD.test(flag)) return
  throw new UsageError(
    `"${flag}" is no head`,
    '--head',
    "Give a label's number from 0, softmax:K for a classifier's probability, all, or letters for a causal model that names the better of two answers.",
  )
}

/**
 * Reads `--head` against the model's labels. A head of several labels has no reward by itself: the flag must choose.
 * @param flag null = not given
 */
export function chooseHead(flag: string | null, labels: readonly string[]): HeadChoice {
  const list = labels.map((label, i) => `${i} (${label})`).join(', ')
  if (flag === null) {
    if (labels.length === 1) return { kind: 'label', index: 0 }
    throw new UsageError(
      `the model has ${labels.length} heads and none is chosen`,
      '--head',
      `Choose one of ${list}; softmax:K for a classifier's probability; all for every head.`,
    )
  }
  if (flag === 'all') return labels.length === 1 ? { kind: 'label', index: 0 } : { kind: 'all' }
  const match = HEAD.exec(flag)
  const index = Number(match?.[2])
  if (match?.[1] !== undefined && labels.length === 1)
    throw new UsageError(
      `the model has one label, ${list}, and the softmax of one is always 1`,
      '--head',
      'softmax:K is for a classifier of two labels or more. Leave --head out to read the raw output.',
    )
  if (match === null || index >= labels.length)
    throw new UsageError(
      `"${flag}" is none of the model's heads`,
      '--head',
      `The heads are ${list}${labels.length > 1 ? '; also softmax:K and all' : ''}.`,
    )
  return { kind: match[1] === undefined ? 'label' : 'softmax', index }
}

/** The reward of one completion from the raw outputs of all labels; null with `all`. */
export function headReward(values: readonly number[], choice: HeadChoice): number | null {
  if (choice.kind === 'all') return null
  if (choice.kind === 'label') return values[choice.index]!
  const top = Math.max(...values)
  const total = values.reduce((sum, v) => sum + Math.exp(v - top), 0)
  return Math.exp(values[choice.index]! - top) / total
}

/** What to say under `--head all` of a model of several labels: there is no number to rank completions by. */
export const allHeadsNote = (labels: readonly string[]): string =>
  `--head all: every label has a column of its own (head_0 …), and there is no single score, so no accuracy and no agreement; --head K scores by one of ${labels.map((label, i) => `${i} (${label})`).join(', ')}`
