import { indexClusters } from './bootstrap.ts'
import { allFinite, sum } from './descriptive.ts'
import { sameLength } from './rank.ts'
import { chiSquareTail } from './special.ts'

export interface Homogeneity {
  readonly p: number
  /** Cochran's Q. */
  readonly statistic: number
  readonly df: number
  /** Groups that were compared. */
  readonly groups: number
  /** Share of the variation beyond chance, (Q − df)/Q, 0 at least. */
  readonly iSquared: number
}

/**
 * Do the means of groups differ beyond chance? Cochran's Q = Σ w (x̄ₛ − x̄_w)², w = 1/Var(x̄ₛ), on χ² with groups − 1 degrees of freedom,
 * with the variance that all groups have if they do not differ: Var(x̄ₛ) = σ²·(1 + (m̃ₛ − 1)ρ)/nₛ, where σ² is the variance of all values about
 * their common mean, ρ the correlation of two values of one cluster and group about it (0 at least), and m̃ₛ = Σ m²/nₛ the size of the group's
 * clusters. A group of zeros or of ones has a variance so, and counts. For single rows of 0 and 1 it is Pearson's χ² of homogeneity
 * (scipy.stats.chi2_contingency without correction). A cluster in several groups counts as one in each, which errs to the safe side.
 * null where fewer than two groups have a value, or no value differs from another.
 * @example homogeneity([1, 1, 0, 0], ['a', 'a', 'b', 'b'], [1, 2, 3, 4]).statistic // 4
 */
export function homogeneity(
  values: ArrayLike<number>,
  groups: ArrayLike<number | string>,
  clusters: ArrayLike<number | string>,
): Homogeneity | null {
  sameLength(values, groups)
  sameLength(values, clusters)
  const n = values.length
  if (!allFinite(values)) return null
  const group = indexClusters(groups instanceof Int32Array ? groups : Array.from(groups))
  if (group.clusters < 2) return null
  const own = indexClusters(clusters instanceof Int32Array ? clusters : Array.from(clusters))
  const cell = cellsOf(group.cluster, own.cluster, own.clusters)
  const centre = sum(values) / n
  const [size, total] = [new Float64Array(group.clusters), new Float64Array(group.clusters)]
  const [cellSize, cellTotal] = [new Float64Array(cell.clusters), new Float64Array(cell.clusters)]
  const groupOfCell = new Int32Array(cell.clusters)
  let squares = 0
  for (let i = 0; i < n; i++) {
    const [g, c, residual] = [group.cluster[i]!, cell.cluster[i]!, values[i]! - centre]
    size[g] = size[g]! + 1
    total[g] = total[g]! + values[i]!
    cellSize[c] = cellSize[c]! + 1
    cellTotal[c] = cellTotal[c]! + residual
    groupOfCell[c] = g
    squares += residual * residual
  }
  if (squares <= 1e-24 * n * Math.max(1, centre * centre)) return null
  const variance = squares / n
  // Σ over ordered pairs of rows of a cell of the product of their residuals
  const pairs = sum(cellSize.map((m) => m * (m - 1)))
  const products = sum(cellTotal.map((t) => t * t)) - squares
  const rho = pairs === 0 ? 0 : Math.min(1, Math.max(0, products / pairs / variance))
  const clusterSize = new Float64Array(group.clusters)
  cellSize.forEach((m, c) => {
    clusterSize[groupOfCell[c]!] = clusterSize[groupOfCell[c]!]! + (m * m) / size[groupOfCell[c]!]!
  })
  const weight = size.map((s, g) => s / (variance * (1 + (clusterSize[g]! - 1) * rho)))
  const pooled = sum(weight.map((w, g) => (w * total[g]!) / size[g]!)) / sum(weight)
  const statistic = sum(weight.map((w, g) => w * (total[g]! / size[g]! - pooled) ** 2))
  const df = group.clusters - 1
  const iSquared = statistic > df ? 1 - df / statistic : 0
  return { p: chiSquareTail(statistic, df), statistic, df, groups: group.clusters, iSquared }
}

/**
 * Distinct pairs of a group and a cluster, numbered in the order of their first rows. Most clusters are in one group: a table has their
 * first, a Map only the others.
 */
function cellsOf(group: Int32Array, cluster: Int32Array, clusters: number): { cluster: Int32Array; clusters: number } {
  const [firstGroup, firstCell] = [new Int32Array(clusters).fill(-1), new Int32Array(clusters)]
  const others = new Map<number, number>()
  const cells = new Int32Array(group.length)
  let count = 0
  for (let i = 0; i < cells.length; i++) {
    const [g, c] = [group[i]!, cluster[i]!]
    if (firstGroup[c] === -1) {
      firstGroup[c] = g
      firstCell[c] = count++
    }
    if (firstGroup[c] === g) cells[i] = firstCell[c]!
    else {
      const place = g * clusters + c
      const known = others.get(place) ?? count
      if (known === count) others.set(place, count++)
      cells[i] = known
    }
  }
  return { cluster: cells, clusters: count }
}
