import { allFinite } from './descriptive.ts'
import { type BinaryLabels, distinctLabels, indicator } from './labels.ts'
import { ranksInOrder, sameLength } from './rank.ts'
import { sortOrder } from './sort-order.ts'

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting ½
 * (= Mann–Whitney U / (n₁ n₀); sklearn.metrics.roc_auc_score). Two whole numbers as labels, the larger is the positive class.
 * null with one class only or a score that is not finite; a constant score has 0.5.
 * @example auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) // 0.75
 */
export const auroc = (labels: BinaryLabels, scores: ArrayLike<number>): number | null =>
  aurocInOrder(labels, scores, sortOrder(scores))

/** `auroc` of scores whose ascending order is at hand. */
export function aurocInOrder(labels: BinaryLabels, scores: ArrayLike<number>, order: Int32Array): number | null {
  sameLength(labels, scores)
  const classes = distinctLabels(labels)
  if (classes?.length !== 2 || !allFinite(scores)) return null
  const y = indicator(labels, classes[1]!)
  const ranks = ranksInOrder(scores, order)
  let positives = 0
  let rankSum = 0
  for (let i = 0; i < y.length; i++) {
    if (y[i] === 0) continue
    positives++
    rankSum += ranks[i]!
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (y.length - positives))
}

/**
 * Average precision Σ (R_k − R_{k−1}) P_k over distinct thresholds, no interpolation (sklearn.metrics.average_precision_score).
 * The label 1 is the positive class. Without a positive it is 0, as there; null for no rows, a score that is not finite, or
 * two labels that are not 1.
 */
export const averagePrecision = (labels: BinaryLabels, scores: ArrayLike<number>): number | null =>
  averagePrecisionInOrder(labels, scores, sortOrder(scores))

/** `averagePrecision` of scores whose ascending order is at hand. */
export function averagePrecisionInOrder(
  labels: BinaryLabels,
  scores: ArrayLike<number>,
  order: Int32Array,
): number | null {
  sameLength(labels, scores)
  const n = labels.length
  const classes = distinctLabels(labels)
  if (n === 0 || classes === null || (classes.length === 2 && !classes.includes(1)) || !allFinite(scores)) return null
  const y = indicator(labels, 1)
  let positives = 0
  for (const label of y) positives += label
  if (positives === 0) return 0
  let found = 0
  let total = 0
  for (let i = n - 1, j = n - 1; i >= 0; i = j) {
    const before = found
    for (j = i; j >= 0 && scores[order[j]!] === scores[order[i]!]; j--) found += y[order[j]!]!
    total += ((found - before) / positives) * (found / (n - 1 - j))
  }
  return total
}

/**
 * Mean AUROC over groups (prompts) that have both classes, each group counting the same: how well the score ranks the
 * completions of one prompt, whatever the level of the prompt.
 * @returns null without such a group; `groups` = how many there are
 */
export function withinGroupAuroc(
  labels: BinaryLabels,
  scores: ArrayLike<number>,
  groups: ArrayLike<number | string>,
): { readonly value: number | null; readonly groups: number } {
  sameLength(labels, scores)
  sameLength(labels, groups)
  const rows = new Map<number | string, number[]>()
  for (let i = 0; i < labels.length; i++) {
    const list = rows.get(groups[i]!)
    if (list === undefined) rows.set(groups[i]!, [i])
    else list.push(i)
  }
  let total = 0
  let count = 0
  for (const list of rows.values()) {
    const value = auroc(
      list.map((i) => labels[i]!),
      list.map((i) => scores[i]!),
    )
    if (value === null) continue
    total += value
    count++
  }
  return { value: count === 0 ? null : total / count, groups: count }
}
