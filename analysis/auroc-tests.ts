import { aurocDifference } from '../src/agreement/auroc-difference.ts'
import { Coder } from '../src/agreement/columns.ts'
import { passes } from '../src/agreement/completions.ts'
import { benjaminiHochberg, holm } from '../src/stats/index.ts'
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
  const place = new Map(b.completions.key.map((key, i) => [key, i]))
  const prompts = new Coder()
  const rows: { label: number; a: number; b: number; cluster: number }[] = []
  let missing = 0
  a.completions.key.forEach((key, i) => {
    const j = place.get(key)
    if (j === undefined) return
    const [scoreA, scoreB] = [a.completions.score[i]!, b.completions.score[j]!]
    const rewards = [a.completions.reward[i]!, b.completions.reward[j]!].filter((r) => !Number.isNaN(r))
    const verdicts = new Set(rewards.map(passes))
    if (Number.isNaN(scoreA) || Number.isNaN(scoreB) || verdicts.size !== 1) {
      missing++
      return
    }
    const { names, code } = a.completions.cluster
    rows.push({ label: verdicts.has(true) ? 1 : 0, a: scoreA, b: scoreB, cluster: prompts.add(names[code[i]!]!) })
  })
  return {
    label: Float64Array.from(rows, (r) => r.label),
    a: Float64Array.from(rows, (r) => r.a),
    b: Float64Array.from(rows, (r) => r.b),
    cluster: Int32Array.from(rows, (r) => r.cluster),
    clusters: prompts.names.length,
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
