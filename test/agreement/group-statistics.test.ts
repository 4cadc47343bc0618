import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { completionColumns } from '../../src/agreement/columns.ts'
import { groupAnalysis } from '../../src/agreement/group-analysis.ts'
import { groupMeasures } from '../../src/agreement/group-measures.ts'
import { curveGrid, LARGEST_N } from '../../src/agreement/group-paths.ts'
import type { GroupValues } from '../../src/agreement/group-values.ts'
import { bestOfN } from '../../src/groups/best-of-n.ts'
import { expectedVoting } from '../../src/groups/expected-voting.ts'
import { packagePath } from '../../src/package.ts'
import { prng } from '../../src/prng.ts'
import type { ScoredCompletion } from '../../src/types.ts'
import { correctness, golden } from '../groups/golden.ts'

// Statistics over groups against NumPy, SciPy and scikit-learn (scripts/oracles/group-statistics.py), and against plain loops.

interface Reference {
  readonly groups: readonly {
    readonly id: string
    readonly ndcg: number | null
    readonly mrr: number | null
    readonly best_of_4: number | null
    readonly gap: number | null
    readonly spread: number | null
    readonly margin: number | null
    readonly vote_string: readonly number[] | null
    readonly vote_canonical: readonly number[] | null
  }[]
  readonly top: readonly { readonly share: number; readonly value: number }[]
  readonly classifier_accuracy: number
  readonly completions: number
  readonly decline: {
    readonly groups: readonly { readonly scores: number[]; readonly rewards: number[] }[]
    readonly mean: readonly number[]
    readonly peak_n: number
    readonly decline: number
    readonly p: number
  }
}
const reference = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/groups/statistics.json.gz'))).toString('utf8'),
) as Reference

const analysis = (values: readonly GroupValues[], resamples = 200, probability = false, seed = 0) =>
  groupAnalysis(values, {
    settings: { seed, resamples },
    scored: true,
    probability,
    completions: completionColumns(values.flatMap(completionsOf)),
  })
const completionsOf = ({ id, subset, cluster, scores, rewards }: GroupValues): ScoredCompletion[] =>
  rewards.map((reward, index) => ({
    id,
    subset,
    cluster,
    index,
    problemType: null,
    role: 'completion',
    text: '',
    score: scores[index]!,
    scoreReason: null,
    verifiableReward: reward,
    verifiableStatus: reward === null ? 'unverifiable' : reward >= 1 ? 'pass' : 'fail',
    verifiableReason: null,
    formatReward: null,
    promptTokens: null,
    completionTokens: null,
  }))
const passes: readonly GroupValues[] = golden.groups.map((group) => ({
  id: group.id,
  subset: 's',
  cluster: group.id,
  scores: group.rm_scores,
  rewards: correctness(group),
  answers: group.answers,
  molecules: group.vote_keys,
}))
const near = (got: number | null, want: number | null, label: string): void => {
  if (got === null || want === null) expect(got, label).toBe(want)
  else expect(Math.abs(got - want), `${label}: ${got}, not ${want}`).toBeLessThan(1e-9)
}
const meanOf = (values: readonly (number | null)[]): number => {
  const known = values.filter((value) => value !== null)
  return known.reduce((a, b) => a + b, 0) / known.length
}

describe('the 60 groups of the reference', () => {
  it.each(golden.groups.map((group, g) => [group.id, g] as const))('%s', (_, g) => {
    const [group, want, found] = [golden.groups[g]!, reference.groups[g]!, groupMeasures(passes[g]!)]
    const rewards = groupMeasures({ ...passes[g]!, rewards: group.rewards })
    near(found.mrr, want.mrr, 'mrr')
    near(found.best_of_4, want.best_of_4, 'best of 4')
    near(found.gap, want.gap, 'gap')
    near(found.spread, want.spread, 'spread')
    // scikit-learn refuses a single document
    if (found.n_used > 1) near(rewards.ndcg, want.ndcg, 'ndcg')
    const correct = correctness(group).map((right) => right ?? 0)
    for (const [keys, path] of [
      [group.answers, want.vote_string],
      [group.vote_keys, want.vote_canonical],
    ] as const)
      for (const [i, value] of (path ?? []).entries())
        near(expectedVoting(keys, correct)![i]!, value, `vote at ${i + 1}`)
  })

  const { statistics, topRewards, curves } = analysis(passes, 200, true)
  const of = (name: string) => statistics.find(({ statistic, subset }) => statistic === name && subset === 'all')!
  it('have its means', () => {
    const { groups } = reference
    near(of('mrr').value, meanOf(groups.map((group) => group.mrr)), 'mrr')
    near(of('best_of_4').value, meanOf(groups.map((group) => group.best_of_4)), 'best of 4')
    near(of('ties_accuracy').value, meanOf(groups.map(({ gap }) => gap && Number(gap > 0))), 'ties accuracy')
    const both = groups.filter(({ gap, spread }) => gap !== null && spread !== null)
    near(of('ties_preferred').value, meanOf(both.map(({ gap, spread }) => Number(gap! > spread!))), 'ties preferred')
    near(of('ties_margin').value, meanOf(both.map(({ margin }) => margin)), 'ties margin')
    near(of('ties_spread').value, meanOf(groups.map(({ spread }) => spread)), 'spread')
    near(of('kendall_tau_b').value, meanOf(passes.map((group) => groupMeasures(group).kendall_tau_b)), 'tau-b')
    expect(of('ties_accuracy').ties).toBe(groups.filter(({ gap }) => gap === 0).length)
    expect(of('mrr')).toMatchObject({ n: groups.filter(({ mrr }) => mrr !== null).length })
  })
  it("have scikit-learn's accuracy of a threshold of ½", () => {
    expect(of('cls_acc')).toMatchObject({ n: reference.completions })
    near(of('cls_acc').value, reference.classifier_accuracy, 'cls_acc')
  })
  it("have NumPy's reward of the top share", () => {
    const [pass] = topRewards
    for (const [i, { share, value }] of reference.top.entries()) {
      expect(pass!.points[i]).toMatchObject({ share, n: reference.completions })
      near(pass!.points[i]!.value, value, `top ${share}`)
    }
  })
  it('have one interval where they have one value: all is from the same resamples', () => {
    const first = curves.filter(
      ({ subset, method }) => subset === 'all' && ['best_of_n', 'pass_at_n', 'random'].includes(method),
    )
    for (const { points } of first)
      expect([points[0]!.low, points[0]!.high]).toEqual([first[0]!.points[0]!.low, first[0]!.points[0]!.high])
    const long = passes.map((group) => ({
      ...group,
      scores: group.scores.slice(0, 4),
      rewards: group.rewards.slice(0, 4),
      answers: group.answers!.slice(0, 4),
      molecules: null,
    }))
    const four = analysis(
      long.filter(({ rewards, scores }) => rewards.length === 4 && ![...rewards, ...scores].includes(null)),
    )
    const line = (name: string) =>
      four.statistics.find(({ statistic, subset }) => statistic === name && subset === 'all')!
    for (const name of ['rerank', 'voting_string'])
      expect(line(`${name}@4`)).toMatchObject({ ...line(name), statistic: `${name}@4`, ties: 0 })
  })
  it('have curves between their floor and their ceiling, and each part of them', () => {
    const curve = (method: string) => curves.find((one) => one.method === method && one.subset === 'all')!.points
    const [best, pass, random] = [curve('best_of_n'), curve('pass_at_n'), curve('random')]
    for (const [k, { n, value, groups, kl }] of best.entries()) {
      expect(value!).toBeLessThanOrEqual(pass[k]!.value! + 1e-12)
      expect([pass[k]!.groups, random[k]!.groups, curve('regret')[k]!.groups]).toEqual([groups, groups, groups])
      near(curve('regret')[k]!.value, pass[k]!.value! - value!, `regret at ${n}`)
      const gain = pass[k]!.value! - random[k]!.value!
      if (gain > 1e-9) near(curve('normalized_gain')[k]!.value, (value! - random[k]!.value!) / gain, `gain at ${n}`)
      else expect(curve('normalized_gain')[k]).toMatchObject({ value: null, reason: 'nothing_to_gain' })
      near(kl, golden.kl_best_of_n[n]!, 'kl')
      if (value! > 0 && value! < 1 && groups > 1)
        expect([best[k]!.low! <= value!, best[k]!.high! >= value!]).toEqual([true, true])
    }
  })
})

describe('the decline after the peak', () => {
  const values: GroupValues[] = reference.decline.groups.map(({ scores, rewards }, g) => ({
    id: String(g),
    subset: 's',
    cluster: String(g),
    scores,
    rewards,
    answers: null,
    molecules: null,
  }))
  it('has the chance that every resample of the reference gives', () => {
    const { declines, statistics } = analysis(values, 20_000)
    const { test, family, pHolm } = declines[0]!
    const { peak_n, decline, p, mean } = reference.decline
    expect(test).toMatchObject({ peakN: peak_n, lastN: 6, groups: 5, clusters: 5, leftOut: 0, method: 'best_of_n' })
    near(test.decline, decline, 'decline')
    near(test.peak, mean[peak_n - 1]!, 'peak')
    near(test.last, mean.at(-1)!, 'last')
    // drawn against all 3125: four standard errors
    expect(Math.abs(test.pResampled! - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20_000))
    expect(test.p).toBe(Math.max(test.pResampled!, test.pExchanged!))
    expect([family, pHolm]).toEqual(['decline of best_of_n', test.p])
    near(statistics.find(({ statistic }) => statistic === 'best_of_n_decline')!.value, decline, 'decline')
  })
  it('is not found where the curve rises, and p is then 1', () => {
    const rising = values.map((group) => ({ ...group, scores: group.rewards.map((reward, i) => reward! * 10 + i) }))
    const { test } = analysis(rising).declines[0]!
    expect(test).toMatchObject({ decline: 0, p: 1 })
  })
  it('is tested on the groups that reach its end, the others counted', () => {
    const short = values.map((group, g) =>
      g < 2 ? { ...group, scores: group.scores.slice(0, 3), rewards: group.rewards.slice(0, 3) } : group,
    )
    const { test } = analysis(short).declines[0]!
    expect(test).toMatchObject({ lastN: 6, groups: 3, leftOut: 2 })
  })
  it('of a score that means nothing is found no more often than its p says', () => {
    const random = prng(7)
    let hits = 0
    const runs = 150
    for (let run = 0; run < runs; run++) {
      const noise = Array.from(
        { length: 12 },
        (_, g): GroupValues => ({
          id: String(g),
          subset: 's',
          cluster: String(g),
          scores: Array.from({ length: 6 }, random),
          rewards: Array.from({ length: 6 }, () => Number(random() < 0.4)),
          answers: null,
          molecules: null,
        }),
      )
      if (analysis(noise, 200, false, run).declines[0]!.test.p! <= 0.1) hits++
    }
    // a tenth, and three standard errors
    expect(hits).toBeLessThanOrEqual(runs * 0.1 + 3 * Math.sqrt(runs * 0.09))
  })
  it.each([2, 4, 15])(
    'nor of %i prompts with few right answers, where resampling prompts alone finds it',
    (prompts) => {
      const random = prng(8)
      const runs = 150
      const hits = { p: 0, pResampled: 0 }
      for (let run = 0; run < runs; run++) {
        const noise = Array.from({ length: prompts }, (_, g) =>
          group(
            String(g),
            Array.from({ length: 16 }, random),
            Array.from({ length: 16 }, () => Number(random() < 0.2)),
          ),
        )
        const { test } = analysis(noise, 200, false, run).declines[0]!
        for (const name of ['p', 'pResampled'] as const) if (test[name]! <= 0.05) hits[name]++
      }
      expect(hits.p).toBeLessThanOrEqual(runs * 0.05 + 3 * Math.sqrt(runs * 0.0475))
      expect(hits.pResampled).toBeGreaterThan(runs * 0.1)
    },
  )
  it('has the chance that every exchange of the rewards gives', () => {
    const scores = [
      [4, 3, 3, 1],
      [1, 2, 3, 4],
    ]
    const rewards = [
      [0, 1, 0, 1],
      [1, 0, 1, 0],
    ]
    const { test } = analysis(
      scores.map((own, g) => group(String(g), own, rewards[g]!)),
      20_000,
    ).declines[0]!
    const decline = (drawn: readonly (readonly number[])[]): number => {
      const curves = drawn.map((own, g) => bestOfN(scores[g]!, own).expected)
      const mean = [0, 1, 2, 3].map((k) => (curves[0]![k]! + curves[1]![k]!) / 2)
      return Math.max(...mean) - mean[3]!
    }
    const orders = permutations([0, 1, 2, 3])
    const own = decline(rewards)
    expect(test.decline).toBeCloseTo(own, 12)
    const drawn = orders.flatMap((a) =>
      orders.map((b) => decline([a.map((i) => rewards[0]![i]!), b.map((i) => rewards[1]![i]!)])),
    )
    const p = drawn.filter((one) => one >= own - 1e-12).length / drawn.length
    expect(p).toBeGreaterThan(0.05)
    expect(Math.abs(test.pExchanged! - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20_000))
  })
})

const permutations = (list: readonly number[]): number[][] =>
  list.length < 2
    ? [[...list]]
    : list.flatMap((first) => permutations(list.filter((one) => one !== first)).map((rest) => [first, ...rest]))

const group = (id: string, scores: number[], rewards: (number | null)[]): GroupValues => ({
  id,
  subset: 's',
  cluster: id,
  scores,
  rewards,
  answers: null,
  molecules: null,
})

describe('groups of unequal size', () => {
  const values = [group('a', [1], [1]), group('b', [3, 2, 1], [0, 1, 1]), group('c', [2, 2, 1], [1, 0, 0])]
  const { statistics } = analysis(values)
  const find = (name: string) => statistics.find(({ statistic }) => statistic === name)
  it('all count in best of n, which is over as many as each has', () => {
    expect(find('best_of_n')).toMatchObject({ value: (1 + 0 + 0.5) / 3, n: 3, clusters: 3, ties: 1, missing: 0 })
    expect(find('best_of_n@3')).toMatchObject({ value: (0 + 0.5) / 2, n: 2 })
  })
  it('have no regret of rounding at n = 1', () => {
    const thirds = Array.from({ length: 9 }, (_, g) =>
      group(String(g), [g, 3, 1, 2, 5, 4, 7], [0, 1, 1, 0, g % 2, 0, 1]),
    )
    expect(analysis(thirds).statistics.find(({ statistic }) => statistic === 'regret@1')).toMatchObject({
      value: 0,
      ciLow: null,
      ciMethod: 'none: no variation between resamples',
    })
  })
})

describe('curves of groups of any size', () => {
  it('have every n up to 64, then fewer, and always the last', () => {
    expect(curveGrid(0)).toEqual([])
    expect(curveGrid(1)).toEqual([1])
    expect(curveGrid(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const grid = curveGrid(10_000)
    expect(grid.at(-1)).toBe(LARGEST_N)
    expect(grid.length).toBeLessThan(130)
    expect(grid.slice(0, 64)).toEqual(Array.from({ length: 64 }, (_, i) => i + 1))
    for (const [i, n] of grid.entries()) if (i > 0) expect(n).toBeGreaterThan(grid[i - 1]!)
  })
  it('say that they end before a very large group does', () => {
    const rewards = Array.from({ length: 2000 }, (_, i) => i % 2)
    const group = { id: 'g', subset: 's', cluster: 'c', scores: rewards, rewards, answers: null, molecules: null }
    const { notes, curves } = analysis([group, { ...group, id: 'h', cluster: 'd' }], 10)
    expect(notes).toEqual([`curves end at n = ${LARGEST_N}: a group has 2000 completions`])
    expect(curves.find(({ method }) => method === 'best_of_n')!.points.at(-1)).toMatchObject({ n: LARGEST_N, value: 1 })
  })
})
