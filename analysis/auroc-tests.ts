import { aurocDifference } from '../src/agreement/auroc-difference.ts'
import { passes } from '../src/agreement/completions.ts'
import { benjaminiHochberg, holm } from '../src/stats/index.ts'
import { placesIn } from './key-index.ts'
import { AUROC_FAMILY, type PairedTest } from './paired-tests.ts'
import type { Run } from './runs.ts'

/** Completions that two runs share: both scores, the verdict, the prompt. */
interface Shared {
  readonly label: Float64Array
  readonly a: Float64Array
  readonly b: Float64Array
  readonly cluster: Int32Array
  readonly clusters: number
  /** Shared completions that lack a score or a verdict, or on which the two runs' verdicts differ. */
  readonly missing: number
}

/**
 * Every two scorers by the AUROC of their scores for passing the verifier, on the completions that both scored (chosen, rejected and
 * those of groups alike). A run without verdicts takes the other's; a completion that the two judge differently is left out.
 * Holm and Benjamini–Hochberg are over all of them.
 */
export function aurocTests(runs: readonly Run[]): PairedTest[] {
  const raw = runs.flatMap((a, i) => runs.slice(i + 1).map((b) => compare(a, b, sharedCompletions(a, b))))
  const p = raw.map((r) => r.p)
  const [byHolm, byBh] = [holm(p), benjaminiHochberg(p)]
  return raw.map((r, i) => ({ ...r, pHolm: byHolm[i]!, pBh: byBh[i]! }))
}

function sharedCompletions(a: Run, b: Run): Shared {
  const place = placesIn(a.completions.key, b.completions.key)
  const { key: keys, score, reward, cluster: prompt } = a.completions
  const [label, scoreA, scoreB] = [
    new Float64Array(keys.length),
    new Float64Array(keys.length),
    new Float64Array(keys.length),
  ]
  const cluster = new Int32Array(keys.length)
  // Prompts in the order of their first row.
  const numbers = new Int32Array(prompt.names.length).fill(-1)
  let [n, clusters, missing] = [0, 0, 0]
  for (let i = 0; i < keys.length; i++) {
    const j = place(i)
    if (j === -1) continue
    const [own, other] = [reward[i]!, b.completions.reward[j]!]
    const verdict = Number.isNaN(own) ? other : own
    const apart = !Number.isNaN(own) && !Number.isNaN(other) && passes(own) !== passes(other)
    if (Number.isNaN(score[i]!) || Number.isNaN(b.completions.score[j]!) || Number.isNaN(verdict) || apart) {
      missing++
      continue
    }
    label[n] = passes(verdict) ? 1 : 0
    scoreA[n] = score[i]!
    scoreB[n] = b.completions.score[j]!
    const code = prompt.code[i]!
    if (numbers[code] === -1) numbers[code] = clusters++
    cluster[n] = numbers[code]!
    n++
  }
  return {
    label: label.subarray(0, n),
    a: scoreA.subarray(0, n),
    b: scoreB.subarray(0, n),
    cluster: cluster.subarray(0, n),
    clusters,
    missing,
  }
}

function compare(a: Run, b: Run, shared: Shared): PairedTest {
  const found = aurocDifference(shared)
  const { length: n } = shared.label
  return {
    statistic: 'auroc',
    a: a.model,
    b: b.model,
    n,
    clusters: shared.clusters,
    missing: shared.missing,
    valueA: found.a,
    valueB: found.b,
    difference: found.difference,
    low: found.ci.interval?.low ?? null,
    high: found.ci.interval?.high ?? null,
    ciMethod: found.ci.method,
    mcnemar: null,
    test: found.test,
    p: found.p,
    pHolm: null,
    pBh: null,
    family: AUROC_FAMILY,
    reason: n === 0 && shared.missing > 0 ? 'no_completion_scored_and_verified_by_both' : found.reason,
  }
}
