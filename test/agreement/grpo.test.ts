import { describe, expect, it } from 'vitest'
import { advantageStatistics } from '../../src/agreement/advantage-statistics.ts'
import { AGREEMENT_COLUMNS, agreementRow } from '../../src/agreement/agreement.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { STATISTIC_MEANINGS } from '../../src/agreement/codebook/statistics.ts'
import {
  CURRICULUM_COLUMNS,
  CURRICULUM_KEYS,
  CurriculumSum,
  curriculumCells,
  curriculumChoice,
  curriculumProblems,
  curriculumRows,
} from '../../src/agreement/curriculum.ts'
import {
  ADVANTAGE_COLUMNS,
  advantageCells,
  advantagePoints,
  type GrpoSettings,
  grpoAdvantages,
} from '../../src/agreement/grpo.ts'
import { groupAdvantages } from '../../src/groups/advantages.ts'
import { below, prng } from '../../src/prng.ts'
import { clusterBootstrapCi, kendallTauB, pearson } from '../../src/stats/index.ts'
import type { CompletionGroup, Statistic } from '../../src/types.ts'
import { groupOfParts, type Part } from './group-data.ts'

const grpo = (more: Partial<GrpoSettings> = {}): GrpoSettings => ({
  scaleRewards: 'group',
  multiObjectiveAggregation: 'sum_then_normalize',
  rewardWeights: [1, 1, 1],
  groupBatchSize: 4,
  ...more,
})
const bootstrap = { seed: 0, resamples: 400, learned: true }
const one = (parts: readonly Part[], more: Partial<GrpoSettings> = {}) =>
  [...grpoAdvantages([groupOfParts('g', parts)], grpo(more))][0]!.of
const byName = (found: readonly Statistic[], subset = 'all') =>
  Object.fromEntries(found.filter((s) => s.subset === subset).map((s) => [s.statistic, s]))

describe('the advantages of a group', () => {
  it('verifier: format and accuracy by weight; learned: the score; mix: all three', () => {
    const parts = [
      { format: 1, reward: 1, score: 2 },
      { format: 1, reward: 0, score: 3 },
      { format: 0, reward: 0, score: -1 },
    ]
    const { verifier, learned, mix } = one(parts, { rewardWeights: [0.5, 2, 0.1] })
    expect(verifier.rewards).toEqual([2.5, 0.5, 0])
    expect(verifier.advantages).toEqual(groupAdvantages([2.5, 0.5, 0]))
    // of the score itself, whatever its weight in the mix
    expect(learned.advantages).toEqual(groupAdvantages([2, 3, -1]))
    expect(mix.rewards).toEqual([2.7, 0.8, -0.1])
    expect(mix.advantages).toEqual(groupAdvantages([2.5 + 0.1 * 2, 0.5 + 0.1 * 3, 0 - 0.1]))
  })

  it('a completion without accuracy has no reward by the verifier, and none of the mix: it is no wrong answer', () => {
    const { verifier, learned, mix } = one([
      { reward: 1, score: 1 },
      { reward: null, score: 2 },
      { reward: 0, score: null },
      { reward: 0, score: 0 },
    ])
    expect(verifier.rewards).toEqual([2, null, 1, 1])
    expect(verifier.advantages).toEqual(groupAdvantages([2, null, 1, 1]))
    expect(learned.advantages).toEqual(groupAdvantages([1, 2, null, 0]))
    expect(mix.rewards).toEqual([3, null, null, 1])
    expect(mix.advantages).toEqual(groupAdvantages([3, null, null, 1]))
  })

  it('a reward of weight 0 is left out, and may be missing', () => {
    const parts = [
      { format: null, reward: 1, score: null },
      { format: null, reward: 0, score: null },
    ]
    const { verifier, mix } = one(parts, { rewardWeights: [0, 2, 0] })
    expect(verifier.rewards).toEqual([2, 0])
    expect(mix).toEqual(verifier)
  })

  it('a batch is so many consecutive groups; the last may have fewer', () => {
    const rewards = [
      [1, 0],
      [4, 0],
      [9, 0],
    ]
    const groups = rewards.map((of, g) =>
      groupOfParts(
        String(g),
        of.map((reward) => ({ reward, score: null })),
      ),
    )
    const found = [
      ...grpoAdvantages(groups, grpo({ scaleRewards: 'batch', groupBatchSize: 2, rewardWeights: [0, 1, 1] })),
    ]
    expect(found.map(({ batch }) => batch)).toEqual([0, 0, 1])
    const of = (i: number, batch: number[][]) => groupAdvantages(rewards[i]!, { scale: 'batch', batch })
    expect(found.map((group) => group.of.verifier.advantages)).toEqual([
      of(0, rewards.slice(0, 2)),
      of(1, rewards.slice(0, 2)),
      of(2, rewards.slice(2)),
    ])
  })

  it('normalize_then_sum: each reward in its group, then the sums over the batch', () => {
    const some = [
      [1, 0, 0],
      [0, 1, 1],
    ].map((of, g) =>
      groupOfParts(
        String(g),
        of.map((reward, i) => ({ reward, score: reward + i })),
      ),
    )
    const settings = grpo({ multiObjectiveAggregation: 'normalize_then_sum', rewardWeights: [0, 2, 0.5] })
    const sums = some.map(({ completions }) => {
      const accuracy = groupAdvantages(completions.map((c) => c.verifiableReward))
      return groupAdvantages(completions.map((c) => c.score)).map((score, i) => 2 * accuracy[i]! + 0.5 * score)
    })
    const found = [...grpoAdvantages(some, settings)].flatMap(({ of }) => of.mix.advantages)
    for (const [i, want] of groupAdvantages(sums.flat()).entries()) expect(found[i]).toBeCloseTo(want, 12)
  })

  it.each([
    ['all right', [1, 1], [0, 1], 'all_right', null],
    ['all wrong', [0, 0], [0, 1], 'all_wrong', null],
    ['partial credit', [0.5, 0.5], [0, 1], 'constant', null],
    ['one completion', [1], [0.3], 'too_few', 'too_few'],
    ['one verified', [1, null], [0, 0], 'too_few', 'all_right'],
    ['equal scores of right and wrong', [1, 0], [2, 2], null, 'constant'],
    ['all unverifiable', [null, null], [1, 2], 'missing', null],
    ['all unverifiable, equal scores', [null, null], [2, 2], 'missing', 'constant'],
    ['no completion', [], [], 'missing', 'missing'],
    ['no score', [1, 0], [null, null], null, 'missing'],
  ] as const)('why there is none: %s', (_, rewards, scores, verifier, learned) => {
    const parts = rewards.map((reward, i) => ({ reward, score: scores[i]! }))
    const of = one(parts)
    expect([of.verifier.noSignal, of.learned.noSignal]).toEqual([verifier, learned])
    const choice = curriculumChoice([...grpoAdvantages([groupOfParts('g', parts)], grpo())][0]!)
    const keep = (reason: string | null) => (reason === 'missing' ? null : reason === null)
    expect(choice).toMatchObject({
      n: rewards.length,
      keep_verifier: keep(verifier),
      keep_learned: keep(learned),
      reason_verifier: verifier,
      reason_learned: learned,
    })
  })
})

/** Groups of 0 to 6 completions: formats, partial credit, missing rewards and scores; some prompts have two groups. */
function randomGroups(count: number, seed: number): CompletionGroup[] {
  const random = prng(seed)
  return Array.from({ length: count }, (_, g) => {
    const easy = random()
    const parts = Array.from({ length: below(random, 7) }, (): Part => {
      const reward = random() < 0.1 ? null : random() < easy ? 1 : random() < 0.2 ? 0.5 : 0
      const score = random() < 0.1 ? null : Math.round(4 * ((reward ?? 0) + 2 * random())) / 4
      return { reward, format: Number(random() < 0.9), score }
    })
    return groupOfParts(`g${g}`, parts, { subset: g % 3 === 0 ? 'a' : 'b', cluster: `p${g % (count - 10)}` })
  })
}

describe('agreement.csv, scope advantages', () => {
  const groups = randomGroups(80, 4)
  const found = advantageStatistics(groups, grpo(), bootstrap)
  /** The same by plain loops over the completions, from groupAdvantages alone. */
  const naive = (source: 'learned' | 'mix', subset: string) => {
    const rows = groups
      .filter((group) => subset === 'all' || group.subset === subset)
      .flatMap(({ id, cluster, completions }) => {
        const rewards = completions.map((c) =>
          c.verifiableReward === null ? null : c.formatReward! + c.verifiableReward,
        )
        const others = completions.map((c, i) =>
          source === 'learned' ? c.score : c.score === null || rewards[i] === null ? null : rewards[i]! + c.score,
        )
        const [a, b] = [groupAdvantages(rewards), groupAdvantages(others)]
        return completions.map((c, i) => ({
          id,
          cluster,
          status: c.verifiableStatus,
          x: rewards[i] === null ? null : a[i]!,
          y: others[i] === null ? null : b[i]!,
        }))
      })
    const both = rows.filter((row) => row.x !== null && row.y !== null)
    const decided = both.filter((row) => row.x !== 0 && row.y !== 0)
    const share = (of: typeof rows, is: (row: (typeof rows)[number]) => boolean) => of.filter(is).length / of.length
    const scored = rows.filter((row) => row.y !== null)
    const taus = [...new Set(both.map((row) => row.id))].flatMap((id) => {
      const own = both.filter((row) => row.id === id)
      const tau = kendallTauB(
        own.map((row) => row.x!),
        own.map((row) => row.y!),
      )
      return tau === null ? [] : [tau]
    })
    const raised = scored.filter((row) => row.status !== 'unverifiable' && row.y! > 0)
    const total = (of: typeof rows) => of.reduce((sum, row) => sum + row.y!, 0)
    return {
      rows,
      decided,
      values: {
        [`advantage_sign_agreement_${source}`]: share(decided, (row) => row.x! > 0 === row.y! > 0),
        [`advantage_kendall_tau_b_${source}`]: taus.reduce((a, b) => a + b, 0) / taus.length,
        [`advantage_pearson_${source}`]: pearson(
          both.map((row) => row.x!),
          both.map((row) => row.y!),
        )!,
        [`pushed_up_of_failing_${source}`]: share(
          scored.filter((row) => row.status === 'fail'),
          (row) => row.y! > 0,
        ),
        [`pushed_down_of_passing_${source}`]: share(
          scored.filter((row) => row.status === 'pass'),
          (row) => row.y! < 0,
        ),
        [`pushed_up_of_rejected_${source}`]: share(
          both.filter((row) => row.x! < 0),
          (row) => row.y! > 0,
        ),
        [`pushed_down_of_favoured_${source}`]: share(
          both.filter((row) => row.x! > 0),
          (row) => row.y! < 0,
        ),
        [`push_on_failing_${source}`]: total(raised.filter((row) => row.status === 'fail')) / total(raised),
        [`mean_abs_advantage_${source}`]: scored.reduce((sum, row) => sum + Math.abs(row.y!), 0) / scored.length,
      },
    }
  }

  it.each(['learned', 'mix'] as const)('%s: plain loops give the same values, in each subset', (source) => {
    for (const subset of ['all', 'a', 'b']) {
      const own = byName(found, subset)
      for (const [name, value] of Object.entries(naive(source, subset).values))
        expect(own[name]!.value, `${subset} ${name}`).toBeCloseTo(value, 10)
      const signs = own[`advantage_sign_agreement_${source}`]!
      const { rows, decided } = naive(source, subset)
      expect(signs).toMatchObject({ n: decided.length, clusters: new Set(decided.map((row) => row.cluster)).size })
      expect(signs.n + signs.ties + signs.missing).toBe(rows.length)
    }
  })

  it('groups without an advantage, and why', () => {
    const of = (source: 'verifier' | 'learned' | 'mix') =>
      [...grpoAdvantages(groups, grpo())].map((group) => group.of[source].noSignal)
    const own = byName(found)
    for (const source of ['verifier', 'learned', 'mix'] as const) {
      const some = of(source).filter((why) => why !== 'missing')
      const reasons = ['all_right', 'all_wrong', 'constant', 'too_few'] as const
      for (const why of reasons)
        expect(own[`zero_advantage_${why}_${source}`]!.value).toBe(some.filter((w) => w === why).length / some.length)
      expect(own[`zero_advantage_${source}`]).toMatchObject({
        value: expect.closeTo(some.filter((why) => why !== null).length / some.length, 12),
        n: some.length,
        missing: groups.length - some.length,
      })
    }
  })

  it('intervals are those of resampled prompts', () => {
    const { decided } = naive('learned', 'all')
    const line = byName(found).advantage_sign_agreement_learned!
    expect(line.ciMethod).toBe('cluster bootstrap, percentile, 400 resamples, seed 0')
    const other = clusterBootstrapCi(
      decided.map((row) => Number(row.x! > 0 === row.y! > 0)),
      decided.map((row) => row.cluster),
      undefined,
      { resamples: 4000, seed: 9 },
    )!
    // two bootstraps of 400 and 4,000 resamples
    expect(Math.abs(line.ciLow! - other.low)).toBeLessThan(0.02)
    expect(Math.abs(line.ciHigh! - other.high)).toBeLessThan(0.02)
  })

  it('every line has its place, its meaning and its method', () => {
    const keys = found.map((s) => `${s.scope}|${s.subset}|${s.statistic}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const s of found) {
      expect(s.value === null).toBe(s.reason !== null)
      if (s.value !== null) expect(s.ciMethod!.startsWith('none: '), JSON.stringify(s)).toBe(s.ciLow === null)
      expect(s.clusters, JSON.stringify(s)).toBeLessThanOrEqual(s.n)
      expect(STATISTIC_MEANINGS).toHaveProperty([s.statistic])
      expect(agreementRow(s)).toHaveLength(AGREEMENT_COLUMNS.length)
    }
    expect(
      undocumented({
        'advantages.csv': ADVANTAGE_COLUMNS,
        'curriculum.jsonl': CURRICULUM_KEYS,
        'curriculum.csv': CURRICULUM_COLUMNS,
      }),
    ).toEqual([])
  })

  it('shuffled groups give the same lines where advantages do not depend on the batch', () => {
    const turned = [...groups].reverse()
    expect(byName(advantageStatistics(turned, grpo(), bootstrap))).toEqual(byName(found))
  })

  it("TRL's share of zero deviation counts completions", () => {
    const some = [
      groupOfParts(
        'a',
        [1, 1].map((reward) => ({ reward, score: 1 })),
      ),
      groupOfParts(
        'b',
        [1, 0, 1].map((reward) => ({ reward, score: 1 })),
      ),
      groupOfParts(
        'c',
        [1, null, null].map((reward) => ({ reward, score: null })),
      ),
    ]
    const own = byName(advantageStatistics(some, grpo(), bootstrap))
    // 2 of 8; the lone reward has a deviation of NaN, which TRL does not count
    expect(own.frac_reward_zero_std_verifier!.value).toBe(2 / 8)
    expect(own.zero_advantage_verifier!.value).toBe(2 / 3)
  })

  it.each([
    ['nothing', []],
    ['an empty group', [groupOfParts('g', [])]],
    ['one completion', [groupOfParts('g', [{ reward: 1, score: 1 }])]],
    [
      'none verified',
      [
        groupOfParts('g', [
          { reward: null, score: 1 },
          { reward: null, score: 2 },
        ]),
      ],
    ],
    [
      'none scored',
      [
        groupOfParts('g', [
          { reward: 1, score: null },
          { reward: 0, score: null },
        ]),
      ],
    ],
    [
      'all equal',
      [
        groupOfParts('g', [
          { reward: 1, score: 1 },
          { reward: 1, score: 1 },
        ]),
      ],
    ],
  ] as const)('%s: a value, or none with its reason', (_, some) => {
    for (const s of advantageStatistics(some, grpo(), bootstrap)) {
      expect(s.value === null).toBe(s.reason !== null)
      if (s.value !== null) expect(Number.isFinite(s.value)).toBe(true)
    }
  })

  it('without a model only the verifier has lines', () => {
    const own = advantageStatistics(groups, grpo(), { ...bootstrap, learned: false })
    expect(own.every(({ statistic }) => statistic.endsWith('_verifier'))).toBe(true)
    expect(byName(own).mean_abs_advantage_verifier!.value).toBe(byName(found).mean_abs_advantage_verifier!.value)
  })
})

describe('the files', () => {
  const groups = randomGroups(40, 8)

  it('advantages.csv: a missing reward has advantage 0, one that nobody has is empty', () => {
    const cells = [...grpoAdvantages(groups, grpo())].flatMap(advantageCells)
    const at = (name: (typeof ADVANTAGE_COLUMNS)[number]) => ADVANTAGE_COLUMNS.indexOf(name)
    expect(cells).toHaveLength(groups.reduce((sum, { completions }) => sum + completions.length, 0))
    for (const row of cells) {
      expect(row).toHaveLength(ADVANTAGE_COLUMNS.length)
      const alone = cells.filter((other) => other[0] === row[0]).every((other) => other[at('score')] === null)
      if (row[at('score')] === null) expect(row[at('advantage_learned')]).toBe(alone ? null : 0)
      expect(row[at('reward_verifier')] === null).toBe(row[at('verifiable_status')] === 'unverifiable')
    }
    const points = [...advantagePoints(groups, grpo())]
    const both = cells.filter((row) => row[at('score')] !== null && row[at('reward_verifier')] !== null)
    expect(points.map(Object.values)).toEqual(
      both.map((row) =>
        (['id', 'subset', 'index', 'advantage_verifier', 'advantage_learned'] as const).map((name) => row[at(name)]),
      ),
    )
  })

  it.each(['sum_then_normalize', 'normalize_then_sum'] as const)(
    'curriculum.csv, %s: with all rollouts a group is trivial where no advantage differs from 0',
    (multiObjectiveAggregation) => {
      const settings = grpo({ multiObjectiveAggregation })
      const options = { fraction: 0.5, numGenerations: 6, epochs: 4, groupBatchSize: 8, seed: 2 }
      for (const source of ['verifier', 'learned', 'mix'] as const) {
        const problems = curriculumProblems(groups, source, settings)
        const signal = [...grpoAdvantages(groups, settings)].map(({ of }) => of[source].noSignal === null)
        expect(
          problems.map(({ rollouts, isTrivial }) => !isTrivial(Array.from({ length: rollouts }, (_, i) => i))),
        ).toEqual(signal)
        const rows = [...curriculumRows(problems, source, options)]
        expect(rows).toHaveLength(20)
        const sum = new CurriculumSum()
        for (const row of rows) {
          sum.add(row)
          expect(curriculumCells(row)).toHaveLength(CURRICULUM_COLUMNS.length)
        }
        const own = byName(sum.statistics(source, 30, 2))
        for (const name of Object.keys(own)) expect(STATISTIC_MEANINGS).toHaveProperty([name])
        // every problem was seen without a curriculum, and nothing in the buffer becomes trivial
        const kept = signal.filter(Boolean).length / signal.length
        expect(own[`curriculum_nontrivial_share_without_${source}`]!.value).toBeCloseTo(kept, 12)
        expect(own[`curriculum_seen_share_without_${source}`]!.value).toBe(1)
        expect(own[`curriculum_sustainable_fraction_${source}`]!.value).toBe(1)
        expect(own[`curriculum_nontrivial_share_${source}`]!.value).toBeGreaterThan(kept)
        expect(own[`curriculum_kept_share_${source}`]!.value).toBeLessThanOrEqual(kept)
      }
    },
  )

  it('a reward that nobody has is not simulated: absent, not 0', () => {
    const lines = new CurriculumSum().statistics('learned', 30, 2)
    expect(lines).toHaveLength(6)
    for (const line of lines)
      expect(line).toMatchObject({ value: null, n: 0, reason: 'no_completion_with_the_reward', ciMethod: null })
  })

  it('curriculum.csv: nothing from the buffer, nothing from the data', () => {
    const trivial = [groupOfParts('a', [{ reward: 1, score: 1 }]), groupOfParts('b', [{ reward: 1, score: 1 }])]
    const rows = (some: readonly CompletionGroup[], fraction: number) => [
      ...curriculumRows(curriculumProblems(some, 'verifier', grpo()), 'verifier', {
        ...{ fraction, numGenerations: 4, epochs: 3, groupBatchSize: 2, seed: 0 },
      }),
    ]
    const reason = (some: readonly CompletionGroup[], fraction: number) =>
      rows(some, fraction).map((row) => curriculumCells(row).at(-1))
    expect(reason(trivial, 1)).toEqual(['nothing_from_buffer', 'nothing_from_buffer', 'nothing_from_buffer'])
    const sum = new CurriculumSum()
    for (const row of rows(trivial, 1)) sum.add(row)
    expect(byName(sum.statistics('verifier', 2, 0)).curriculum_sustainable_fraction_verifier).toMatchObject({
      value: null,
      reason: 'nothing_from_buffer',
    })
    const live = ['a', 'b'].map((id) =>
      groupOfParts(id, [
        { reward: 1, score: 1 },
        { reward: 0, score: 1 },
      ]),
    )
    expect(reason(live, 1)).toEqual(['nothing_from_buffer', 'nothing_from_data', 'nothing_from_data'])
    expect(reason(live, 0.5)).toEqual(['nothing_from_buffer', null, null])
  })
})
