import { checkOneOf } from './options.ts'
import { sameLength } from './rank.ts'

type Label = number | string | boolean

/** counts[i][j] = how often the first rater gave labels[i] and the second labels[j]; labels ascending. */
export interface Confusion {
  readonly labels: readonly Label[]
  readonly counts: readonly (readonly number[])[]
  readonly n: number
}
/** @example confusionMatrix([1, 0, 1], [1, 1, 1]).counts // [[0, 1], [0, 2]] */
export function confusionMatrix(a: ArrayLike<Label>, b: ArrayLike<Label>): Confusion {
  sameLength(a, b)
  const kinds = new Set([...Array.from(a), ...Array.from(b)].map((label) => typeof label))
  if (kinds.has('string') && kinds.size > 1)
    throw new RangeError('labels are text for one rater and numbers for the other')
  // true and 1 are one label where booleans stand beside numbers
  const [p, q] = [a, b].map((of) => Array.from(of, (l): Label => (kinds.size > 1 ? Number(l) : l))) as [
    Label[],
    Label[],
  ]
  const labels = [...new Set([...p, ...q])].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0))
  const index = new Map(labels.map((label, i) => [label, i]))
  const counts = labels.map(() => labels.map(() => 0))
  for (let i = 0; i < a.length; i++) {
    const row = counts[index.get(p[i]!)!]!
    const j = index.get(q[i]!)!
    row[j] = row[j]! + 1
  }
  return { labels, counts, n: a.length }
}

/** scikit-learn takes numbers with a fraction for a regression's and refuses them; give levels as text ('0.5') instead. */
const isContinuous = ({ labels }: Confusion): boolean =>
  labels.some((label) => typeof label === 'number' && !Number.isInteger(label))

const rowSums = ({ counts }: Confusion): number[] => counts.map((row) => row.reduce((s, v) => s + v, 0))
const columnSums = ({ counts }: Confusion): number[] => counts.map((_, j) => counts.reduce((s, row) => s + row[j]!, 0))

/** Share of equal labels. */
export const percentAgreement = (a: ArrayLike<Label>, b: ArrayLike<Label>): number | null => {
  const { counts, n } = confusionMatrix(a, b)
  return n === 0 ? null : counts.reduce((s, row, i) => s + row[i]!, 0) / n
}

export type KappaWeights = 'linear' | 'quadratic' | null
/**
 * Cohen's κ = 1 − Σ w·observed / Σ w·expected, with disagreement weights w: 1 off the diagonal, |i − j| or (i − j)² over the
 * sorted labels (sklearn.metrics.cohen_kappa_score). null where both raters use one and the same label, or a number that is
 * not whole.
 * @example cohenKappa([1, 1, 0, 0], [1, 0, 0, 0]) // 0.5
 */
export function cohenKappa(
  a: ArrayLike<Label>,
  b: ArrayLike<Label>,
  { weights = null }: { readonly weights?: KappaWeights } = {},
): number | null {
  checkOneOf('weights', weights, [null, 'linear', 'quadratic'])
  const confusion = confusionMatrix(a, b)
  return isContinuous(confusion) ? null : kappaOfTable(confusion, weights)
}

export function kappaOfTable(confusion: Confusion, weights: KappaWeights = null): number | null {
  const { counts, n } = confusion
  if (n === 0) return null
  const [rows, columns] = [rowSums(confusion), columnSums(confusion)]
  let observed = 0
  let expected = 0
  for (let i = 0; i < counts.length; i++) {
    for (let j = 0; j < counts.length; j++) {
      const w = i === j ? 0 : weights === null ? 1 : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2
      observed += w * counts[i]![j]!
      expected += w * rows[i]! * columns[j]!
    }
  }
  return expected === 0 ? null : 1 - (observed * n) / expected
}

/**
 * Gwet's AC1 (2008, nominal): κ with chance agreement p_e = Σ π_k(1 − π_k) / (K − 1), π_k the mean of the two raters' shares.
 * Stays near the raw agreement where prevalence is skewed. `categories` = K where a label may be unused (2 for decisions).
 * @example gwetAc1([1, 1, 1, 1, 0], [1, 1, 1, 0, 1]) // p_a = 0.6, p_e = 2·0.8·0.2 = 0.32: (0.6 − 0.32)/0.68
 */
export function gwetAc1(
  a: ArrayLike<Label>,
  b: ArrayLike<Label>,
  { categories }: { readonly categories?: number } = {},
): number | null {
  const confusion = confusionMatrix(a, b)
  const k = Math.max(categories ?? 0, confusion.labels.length)
  if (confusion.n === 0 || k < 2) return null
  const [rows, columns] = [rowSums(confusion), columnSums(confusion)]
  const agreed = confusion.counts.reduce((s, row, i) => s + row[i]!, 0) / confusion.n
  const chance = rows.reduce((s, r, i) => {
    const share = (r + columns[i]!) / (2 * confusion.n)
    return s + share * (1 - share)
  }, 0)
  return (agreed - chance / (k - 1)) / (1 - chance / (k - 1))
}

/** Prevalence- and bias-adjusted κ: (K·p_a − 1)/(K − 1), Byrt et al. 1993. */
export function prevalenceAdjustedKappa(
  a: ArrayLike<Label>,
  b: ArrayLike<Label>,
  { categories }: { readonly categories?: number } = {},
): number | null {
  const { n, labels, counts } = confusionMatrix(a, b)
  const k = Math.max(categories ?? 0, labels.length)
  if (n === 0 || k < 2) return null
  return ((k * counts.reduce((s, row, i) => s + row[i]!, 0)) / n - 1) / (k - 1)
}

/**
 * Matthews' correlation of two labellings, any number of classes (Gorodkin's R_K); 0 where a side has one class only,
 * as sklearn.metrics.matthews_corrcoef. null for no rows, or a number that is not whole.
 */
export function mcc(a: ArrayLike<Label>, b: ArrayLike<Label>): number | null {
  const confusion = confusionMatrix(a, b)
  const { counts, n } = confusion
  if (n === 0 || isContinuous(confusion)) return null
  const [rows, columns] = [rowSums(confusion), columnSums(confusion)]
  const correct = counts.reduce((s, row, i) => s + row[i]!, 0)
  const dot = (p: number[], q: number[]): number => p.reduce((s, v, i) => s + v * q[i]!, 0)
  const both = (n * n - dot(rows, rows)) * (n * n - dot(columns, columns))
  return both === 0 ? 0 : (correct * n - dot(rows, columns)) / Math.sqrt(both)
}
