import { describe, expect, it } from 'vitest'
import { prng } from '../../src/prng.ts'
import { delongClustered } from '../../src/stats/index.ts'
import {
  aurocInfluence,
  averagePrecisionInfluence,
  influenceError,
  kendallInfluence,
  spearmanInfluence,
  variedClusters,
} from '../../src/stats/influence.ts'
import { sorted } from '../../src/stats/sorted.ts'
import { weightedAuroc, weightedAveragePrecision, weightedKendall, weightedSpearman } from '../../src/stats/weighted.ts'

const random = prng(3)
const n = 60
const score = Float64Array.from({ length: n }, () => Math.floor(random() * 25))
const reward = score.map((s) => Math.floor(random() * 4 + s / 20) / 4)
const label = reward.map((r) => (r >= 0.75 ? 1 : 0))
const own = Int32Array.from(score, (_, i) => i)

describe('influence of a row', () => {
  /** Derivative of a weighted statistic under each row's weight, when every row stands `copies` times: its own pairs then count for nothing. */
  const numeric = (statistic: (weights: Float64Array) => number, copies = 400): Float64Array =>
    Float64Array.from(own, (i) => {
      const at = (share: number): number => {
        const weights = new Float64Array(n).fill(copies)
        weights[i] = copies * share
        return statistic(weights)
      }
      return (at(1.001) - at(0.999)) / 0.002
    })
  it.each([
    ['AUROC', aurocInfluence(label, sorted(score)), weightedAuroc(label, score, own)],
    ['average precision', averagePrecisionInfluence(label, sorted(score)), weightedAveragePrecision(label, score, own)],
    ['τ-b', kendallInfluence(sorted(reward), sorted(score)).tauB, weightedKendall(reward, score, own).tauB],
    ["Somers' D", kendallInfluence(sorted(reward), sorted(score)).somersD, weightedKendall(reward, score, own).somersD],
    ["Spearman's ρ", spearmanInfluence(sorted(reward), sorted(score)), weightedSpearman(reward, score, own)],
  ] as const)('is the derivative of %s, and sums to nothing', (_, influence, statistic) => {
    const other = numeric(statistic)
    for (const [i, v] of influence.entries()) expect(Math.abs(v - other[i]!)).toBeLessThan(1e-7)
    expect(Math.abs(influence.reduce((s, v) => s + v, 0))).toBeLessThan(1e-14)
  })

  it("gives the AUROC Obuchowski's clustered standard error, up to the factors of few clusters", () => {
    const rows = 3000
    const up = Float64Array.from({ length: rows }, () => (random() < 0.4 ? 1 : 0))
    const a = up.map((l) => l + 3 * random())
    const flat = new Float64Array(rows)
    const cluster = Int32Array.from(up, (_, i) => Math.floor(i / 3))
    const theirs = delongClustered(up, a, flat, cluster, rows / 3)!.standardError
    expect(influenceError(aurocInfluence(up, sorted(a)), cluster, rows / 3) / theirs).toBeCloseTo(1, 3)
  })

  it('counts the prompts that have another value than most', () => {
    expect(variedClusters(sorted([1, 1, 1, 0, 2, 1]), Int32Array.of(0, 0, 1, 1, 2, 3), 4)).toBe(2)
    expect(variedClusters(sorted([5, 5]), Int32Array.of(0, 1), 2)).toBe(0)
  })
})
