import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agreement } from '../../src/agreement/agreement.ts'
import { bestOf } from '../../src/agreement/best-of.ts'
import { mineHacks } from '../../src/agreement/hacking.ts'
import { pairsOf } from '../../src/score/pairing.ts'
import type { CompletionRole, ScoredCompletion, ScoredPair, Statistic } from '../../src/types.ts'

interface Side {
  readonly score: number | null
  readonly reward: number | null
  readonly length: number
}
interface RunRow {
  readonly prompt: number
  readonly subset: string
  readonly chosen: readonly Side[]
  readonly rejected: readonly Side[]
}

/** Few distinct values, so that ties are many; some absent. */
const side: fc.Arbitrary<Side> = fc.record({
  score: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(-2, -1, -0.5, 0, 0.5, 1, 2) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  reward: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(0, 0.5, 1) }, { weight: 1, arbitrary: fc.constant(null) }),
  length: fc.integer({ min: 1, max: 12 }),
})
const rowsOf = (rejected: number): fc.Arbitrary<RunRow[]> =>
  fc.array(
    fc.record({
      prompt: fc.integer({ min: 0, max: 8 }),
      subset: fc.constantFrom('a', 'all', 'hep-go', 'hep-cpp'),
      chosen: fc.array(side, { minLength: 1, maxLength: 1 }),
      rejected: fc.array(side, { minLength: 1, maxLength: rejected }),
    }),
    { minLength: 1, maxLength: 25 },
  )

function runOf(rows: readonly RunRow[]): { pairs: ScoredPair[]; completions: ScoredCompletion[] } {
  const joined = rows.map((row, i) => {
    const of = (role: CompletionRole, sides: readonly Side[]): ScoredCompletion[] =>
      sides.map(({ score, reward, length }, index) => ({
        id: `r${i}`,
        subset: row.subset,
        problemType: null,
        role,
        index,
        text: 'x'.repeat(length),
        score,
        scoreReason: score === null ? 'too_long' : null,
        verifiableReward: reward,
        verifiableStatus: reward === null ? 'unverifiable' : reward >= 1 ? 'pass' : reward > 0 ? 'partial' : 'fail',
        verifiableReason: null,
        formatReward: null,
        promptTokens: 5,
        completionTokens: length,
      }))
    const completions = [...of('chosen', row.chosen), ...of('rejected', row.rejected)]
    return { completions, pairs: pairsOf({ prompt: `prompt ${row.prompt}`, extra: {} }, completions) }
  })
  return { pairs: joined.flatMap((j) => j.pairs), completions: joined.flatMap((j) => j.completions) }
}
const settings = { seed: 1, resamples: 60 }
const statisticsOf = (rows: readonly RunRow[]): readonly Statistic[] => {
  const { pairs, completions } = runOf(rows)
  return agreement(pairs, completions, settings).statistics
}
const keyOf = ({ scope, subset, statistic }: Statistic): string => `${scope}|${subset}|${statistic}`

describe('every line of agreement.csv, of any run', () => {
  it('has clusters ≤ n ≤ rows, its value in the interval, and a reason for what is absent', () => {
    fc.assert(
      fc.property(rowsOf(3), (rows) => {
        const { pairs, completions } = runOf(rows)
        for (const s of statisticsOf(rows)) {
          const line = JSON.stringify(s)
          expect(s.clusters, line).toBeLessThanOrEqual(s.n)
          expect(s.n + s.missing, line).toBeLessThanOrEqual(Math.max(pairs.length, completions.length))
          expect(s.value === null, line).toBe(s.reason !== null && s.reason !== '')
          expect(s.ciLow === null, line).toBe(s.ciHigh === null)
          if (s.value === null) expect([s.ciLow, s.ciMethod], line).toEqual([null, null])
          else expect(s.ciLow === null, line).toBe(s.ciMethod!.startsWith('none: '))
          if (s.ciLow !== null) {
            expect(s.ciLow, line).toBeLessThanOrEqual(s.value!)
            expect(s.ciHigh, line).toBeGreaterThanOrEqual(s.value!)
          }
        }
      }),
      { numRuns: 40, seed: 3 },
    )
  })
  it('does not change when the rows are shuffled', () => {
    fc.assert(
      fc.property(rowsOf(2), fc.infiniteStream(fc.nat()), (rows, order) => {
        // the random baseline goes by id: shuffle what is already joined
        const { pairs, completions } = runOf(rows)
        const shuffled = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, at: order.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item)
        const of = (p: ScoredPair[], c: ScoredCompletion[]) =>
          new Map(agreement(p, c, settings).statistics.map((s) => [keyOf(s), s]))
        const [before, after] = [of(pairs, completions), of(shuffled(pairs), shuffled(completions))]
        expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
        for (const [key, want] of before) {
          const got = after.get(key)!
          const round = (s: Statistic) =>
            [s.value, s.ciLow, s.ciHigh].map((v) => (v === null ? null : Number(v.toPrecision(9))))
          expect(round(got), key).toEqual(round(want))
          expect([got.n, got.clusters, got.ties, got.missing, got.ciMethod, got.reason], key).toEqual([
            want.n,
            want.clusters,
            want.ties,
            want.missing,
            want.ciMethod,
            want.reason,
          ])
        }
      }),
      { numRuns: 25, seed: 4 },
    )
  })
})

/** What says how model and verifier agree; the label chosen/rejected is neither's. */
const ORDERLESS =
  /^(agreement_rate.*|cohen_kappa|gwet_ac1|pabak|mcc|margin_auroc|margin_kendall_tau_b|cmh_odds_ratio|pass_rate|auroc.*|average_precision|kendall_tau_b.*|somers_d|spearman.*|hack_rate.*|sharpness|tie_rate|verifiable_tie_rate)$/

describe('chosen and rejected', () => {
  it('can change places in any row without moving what model and verifier agree on', () => {
    fc.assert(
      fc.property(rowsOf(1), fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }), (rows, swapped) => {
        const before = statisticsOf(rows)
        const after = new Map(
          statisticsOf(
            rows.map((row, i) => (swapped[i] ? { ...row, chosen: row.rejected, rejected: row.chosen } : row)),
          ).map((s) => [keyOf(s), s]),
        )
        const own = before.filter(
          (s) => (s.scope === 'pairs' || s.scope === 'completions') && ORDERLESS.test(s.statistic),
        )
        expect(own.length).toBeGreaterThan(20)
        for (const want of own) {
          const got = after.get(keyOf(want))!
          const round = (v: number | null) => (v === null ? null : Number(v.toPrecision(9)))
          const line = `${keyOf(want)} ${want.value} ${got.value}`
          expect([round(got.value), got.n, got.clusters], line).toEqual([round(want.value), want.n, want.clusters])
          // these are resampled beside wins and losses, which do change places: other draws
          if (/^(tie_rate|verifiable_tie_rate|sharpness)$/.test(want.statistic)) continue
          expect([round(got.ciLow), round(got.ciHigh)], line).toEqual([round(want.ciLow), round(want.ciHigh)])
        }
      }),
      { numRuns: 40, seed: 5 },
    )
  })
})

describe('suspects', () => {
  it('are at most a tenth, whatever the ties, and none of a constant score', () => {
    fc.assert(
      fc.property(rowsOf(3), (rows) => {
        const { completions } = runOf(rows)
        const present = completions.filter((c) => c.score !== null && c.verifiableReward !== null)
        const { suspects, tied } = mineHacks(completions)
        for (const kind of ['hack', 'verifier'] as const) {
          const found = suspects.filter((s) => s.kind === kind)
          // by brute force: no more than the places of a tenth score as much or more
          const sign = kind === 'hack' ? 1 : -1
          const places = present.length - Math.ceil(0.9 * (present.length - 1) - 1e-9)
          const passing = (c: ScoredCompletion) => c.verifiableReward! >= 1
          const wanted = present.filter(
            (c) =>
              passing(c) === (kind === 'verifier') &&
              present.filter((other) => sign * other.score! >= sign * c.score!).length <= places,
          )
          expect(new Set(found.map((s) => s.completion))).toEqual(new Set(wanted))
          expect(found.length + (tied[kind] > 0 ? 1 : 0)).toBeLessThanOrEqual(places + 1)
        }
        if (present.length > 1 && new Set(present.map((c) => c.score)).size === 1) expect(suspects).toEqual([])
      }),
      { numRuns: 60, seed: 6 },
    )
  })
})

describe('best of n', () => {
  it('has subsets with resamples of their own, n ≥ prompts, and says why an interval is absent', () => {
    fc.assert(
      fc.property(rowsOf(3), (rows) => {
        const best = bestOf(runOf(rows).pairs, settings)
        if (best === null) return
        for (const line of [best.overall, ...Object.values(best.subsets)]) {
          expect(line.clusters).toBeLessThanOrEqual(line.n)
          if (line.score !== null) expect(line.ci === null).toBe(line.ci_method!.startsWith('none: '))
          if (line.ci !== null) expect(line.ci.low <= line.score! && line.score! <= line.ci.high).toBe(true)
        }
      }),
      { numRuns: 40, seed: 7 },
    )
  })
})
