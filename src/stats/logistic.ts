import { indexClusters } from './bootstrap.ts'
import { invert } from './correlation.ts'
import { allFinite } from './descriptive.ts'
import { normalTwoSided } from './special.ts'

export interface Logistic {
  /** Constant first, then one a column. */
  readonly coefficients: readonly number[]
  readonly standardErrors: readonly number[]
  /** Two-sided Wald p-values. */
  readonly p: readonly number[]
  readonly logLikelihood: number
  readonly iterations: number
}
export interface LogisticOptions {
  /** Clusters for sandwich (cluster-robust) standard errors; default: from the information matrix. */
  readonly clusters?: readonly (string | number)[]
  /** false: no constant is added. */
  readonly constant?: boolean
}
/** Why there is no fit. */
export type LogisticFailure =
  | 'no_rows'
  | 'one_class'
  | 'label_outside_0_to_1'
  | 'not_finite'
  | 'collinear'
  | 'separated'

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))
/** ln(1 + eˣ) without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

const MAX_ITERATIONS = 100
/** |linear predictor| that maximum likelihood reaches only where the classes are separated. */
const SEPARATED = 30

/** As `logisticRegression`, with the reason where there is no fit. */
export function fitLogistic(
  X: readonly (readonly number[])[],
  y: ArrayLike<number>,
  options: LogisticOptions = {},
): Logistic | { readonly failure: LogisticFailure } {
  const n = X.length
  if (n !== y.length) throw new RangeError(`${n} rows of X, ${y.length} of y`)
  const columns = Array.from(X[0] ?? [], (_, j) => {
    const column = new Float64Array(n)
    for (let i = 0; i < n; i++) column[i] = X[i]![j]!
    return column
  })
  return fitColumns(columns, y, options)
}

/** `fitLogistic` of columns, which is how many rows are held. @param start coefficients to begin at; default 0 */
export function fitColumns(
  columns: readonly Float64Array[],
  y: ArrayLike<number>,
  { clusters, constant = true }: LogisticOptions = {},
  start?: readonly number[],
): Logistic | { readonly failure: LogisticFailure } {
  const n = y.length
  if (n === 0) return { failure: 'no_rows' }
  const design = constant ? [new Float64Array(n).fill(1), ...columns] : columns
  if (!columns.every(allFinite) || !allFinite(y)) return { failure: 'not_finite' }
  let positives = 0
  for (let i = 0; i < n; i++) {
    if (y[i]! < 0 || y[i]! > 1) return { failure: 'label_outside_0_to_1' }
    positives += y[i]!
  }
  if (constant && (positives === 0 || positives === n)) return { failure: 'one_class' }
  const k = design.length
  const beta = Float64Array.from(start ?? new Array<number>(k).fill(0))
  let likelihood = Number.NEGATIVE_INFINITY
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    const { value, largest, gradient, information } = derivatives(design, y, beta)
    if (largest > SEPARATED && value > -1e-6 * n) return { failure: 'separated' }
    const inverse = invert(information)
    if (inverse === null) return { failure: iteration === 1 ? 'collinear' : 'separated' }
    const step = inverse.map((row) => row.reduce((s, v, j) => s + v * gradient[j]!, 0))
    step.forEach((s, j) => {
      beta[j] = beta[j]! + s
    })
    const done = step.every((s, j) => Math.abs(s) <= 1e-12 * Math.max(1, Math.abs(beta[j]!)))
    if (done || (iteration > 20 && Math.abs(value - likelihood) <= 1e-15 * Math.abs(value))) {
      const variance = clusters === undefined ? inverse : sandwich(design, y, beta, inverse, clusters)
      const standardErrors = variance.map((row, j) => Math.sqrt(row[j]!))
      const coefficients = [...beta]
      const p = coefficients.map((b, j) => normalTwoSided(b / standardErrors[j]!))
      return { coefficients, standardErrors, p, logLikelihood: value, iterations: iteration }
    }
    likelihood = value
  }
  return { failure: 'separated' }
}

/** Log-likelihood at beta with its gradient and information, and the largest |linear predictor|. */
function derivatives(
  design: readonly Float64Array[],
  y: ArrayLike<number>,
  beta: Float64Array,
): {
  readonly value: number
  readonly largest: number
  readonly gradient: Float64Array
  readonly information: readonly number[][]
} {
  const k = design.length
  const n = y.length
  const gradient = new Float64Array(k)
  const flat = new Float64Array(k * k)
  const row = new Float64Array(k)
  let value = 0
  let largest = 0
  for (let i = 0; i < n; i++) {
    let eta = 0
    for (let j = 0; j < k; j++) {
      row[j] = design[j]![i]!
      eta += row[j]! * beta[j]!
    }
    const size = Math.abs(eta)
    largest = Math.max(largest, size)
    // sigmoid and softplus, from one exponential
    const e = Math.exp(-size)
    const p = eta >= 0 ? 1 / (1 + e) : e / (1 + e)
    value += y[i]! * eta - (Math.max(eta, 0) + Math.log1p(e))
    const residual = y[i]! - p
    for (let a = 0; a < k; a++) {
      gradient[a] = gradient[a]! + row[a]! * residual
      for (let b = 0; b < k; b++) flat[a * k + b] = flat[a * k + b]! + row[a]! * row[b]! * p * (1 - p)
    }
  }
  const information = Array.from({ length: k }, (_, a) => Array.from(flat.subarray(a * k, (a + 1) * k)))
  return { value, largest, gradient, information }
}

/** H⁻¹ (Σ_c g_c g_cᵀ) H⁻¹ · C/(C − 1): statsmodels' cov_type='cluster' up to its factor (n − 1)/(n − k). */
function sandwich(
  design: readonly Float64Array[],
  y: ArrayLike<number>,
  beta: Float64Array,
  inverse: readonly (readonly number[])[],
  labels: readonly (string | number)[],
): number[][] {
  const { cluster, clusters } = indexClusters(labels)
  const k = beta.length
  const scores = beta.reduce<Float64Array[]>((all) => [...all, new Float64Array(clusters)], [])
  for (let i = 0; i < y.length; i++) {
    let eta = 0
    for (let j = 0; j < k; j++) eta += design[j]![i]! * beta[j]!
    const residual = y[i]! - sigmoid(eta)
    const c = cluster[i]!
    for (let j = 0; j < k; j++) scores[j]![c] = scores[j]![c]! + design[j]![i]! * residual
  }
  const meat = inverse.map((_, a) => inverse.map((_, b) => scores[a]!.reduce((s, g, c) => s + g * scores[b]![c]!, 0)))
  const times = (p: readonly (readonly number[])[], q: readonly (readonly number[])[]): number[][] =>
    p.map((row) => q[0]!.map((_, j) => row.reduce((s, v, i) => s + v * q[i]![j]!, 0)))
  const factor = clusters / (clusters - 1)
  return times(times(inverse, meat), inverse).map((row) => row.map((v) => v * factor))
}

/**
 * Maximum-likelihood logistic regression of y (0 or 1) on the columns of X and a constant, by Newton's method
 * (statsmodels Logit). null where there is no finite maximum: one class, separated classes, collinear columns.
 * @param X rows, without the constant
 */
export function logisticRegression(
  X: readonly (readonly number[])[],
  y: ArrayLike<number>,
  options: LogisticOptions = {},
): Logistic | null {
  const fit = fitLogistic(X, y, options)
  return 'failure' in fit ? null : fit
}
