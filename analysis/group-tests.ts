import { Coder } from '../src/agreement/columns.ts'
import { passes } from '../src/agreement/completions.ts'
import { type BootstrapSettings, intervalOf, randomOf } from '../src/agreement/intervals.ts'
import { benjaminiHochberg, holm, signFlipTest } from '../src/stats/index.ts'
import { bootstrapSums, clusterTotals } from '../src/stats/sums.ts'
import { placesIn } from './key-index.ts'
import type { PairedTest } from './paired-tests.ts'
import type { RunGroup } from './run-groups.ts'
import type { Run } from './runs.ts'

const FAMILY = 'best of n of all pairs of scorers on this data set'

/**
 * Every two scorers by what they pick of a group: the share of groups whose highest score is at a passing completion, equal scores shared, over
 * the completions that both scored and the verifier judged. Signs of the prompts' differences are flipped; Holm and Benjamini–Hochberg are
 * over all of them.
 */
export function groupTests(runs: readonly Run[], settings: BootstrapSettings): PairedTest[] {
  const withGroups = runs.filter(({ groups }) => (groups?.length ?? 0) > 0)
  const raw = withGroups.flatMap((a, i) => withGroups.slice(i + 1).map((b) => compare(a, b, settings)))
  const p = raw.map((test) => test.p)
  const [byHolm, byBh] = [holm(p), benjaminiHochberg(p)]
  return raw.map((test, i) => ({ ...test, pHolm: byHolm[i]!, pBh: byBh[i]! }))
}

function compare(a: Run, b: Run, settings: BootstrapSettings): PairedTest {
  const place = placesIn(a.completions.key, b.completions.key)
  const prompts = new Coder()
  const rows: { a: number; b: number; cluster: number }[] = []
  let missing = 0
  for (const group of a.groups ?? []) {
    const twins = group.rows.map((row) => place(row))
    // a group of other completions is another one
    if (twins.includes(-1)) continue
    const values = shares(group, twins, b)
    if (values === null) missing++
    else rows.push({ a: values[0], b: values[1], cluster: prompts.add(group.cluster) })
  }
  const [n, clusters] = [rows.length, prompts.names.length]
  const cluster = Int32Array.from(rows, (row) => row.cluster)
  const of = (value: (row: (typeof rows)[number]) => number) => clusterTotals(cluster, clusters, (i) => value(rows[i]!))
  const { estimates, distributions } = bootstrapSums(
    [of(() => 1), of((row) => row.a), of((row) => row.b)],
    3,
    (sums, out) => {
      out[0] = (sums[1]! - sums[2]!) / sums[0]!
      out[1] = sums[1]! / sums[0]!
      out[2] = sums[2]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const made = n === 0 ? null : intervalOf(estimates[0]!, distributions[0]!, clusters, settings)
  const flip =
    n === 0
      ? null
      : signFlipTest(
          rows.map((row) => row.a - row.b),
          { clusters: [...cluster], weight: 'rows', seed: settings.seed },
        )
  return {
    statistic: 'best_of_n',
    a: a.model,
    b: b.model,
    n,
    clusters,
    missing,
    valueA: n === 0 ? null : estimates[1]!,
    valueB: n === 0 ? null : estimates[2]!,
    difference: n === 0 ? null : estimates[0]!,
    low: made?.interval?.low ?? null,
    high: made?.interval?.high ?? null,
    ciMethod: made?.method ?? null,
    mcnemar: null,
    test: flip === null ? null : flip.method === 'exact' ? 'sign_flip' : `sign_flip_${flip.method}`,
    p: flip?.p ?? null,
    pHolm: null,
    pBh: null,
    family: FAMILY,
    reason: n > 0 ? null : missing > 0 ? 'no_group_scored_and_verified_by_both' : 'no_group_in_common',
  }
}

/** Of the two scorers: how much of the first place of a group passing completions have; null where nothing can be compared. */
function shares(group: RunGroup, twins: readonly number[], b: Run): [number, number] | null {
  const used = twins.flatMap((row, i) => {
    const [own, other] = [group.scores[i]!, b.completions.score[row]!]
    const rewards = [group.rewards[i]!, b.completions.reward[row]!].filter((r) => r !== null && !Number.isNaN(r))
    const verdicts = new Set((rewards as number[]).map(passes))
    return own === null || Number.isNaN(other) || verdicts.size !== 1
      ? []
      : [{ a: own, b: other, passes: Number(verdicts.has(true)) }]
  })
  if (used.length === 0) return null
  const share = (score: (one: (typeof used)[number]) => number): number => {
    const top = used.reduce((best, one) => Math.max(best, score(one)), Number.NEGATIVE_INFINITY)
    const first = used.filter((one) => score(one) === top)
    return first.reduce((sum, one) => sum + one.passes, 0) / first.length
  }
  return [share((one) => one.a), share((one) => one.b)]
}
