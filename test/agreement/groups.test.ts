import { describe, expect, it } from 'vitest'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { CURVE_COLUMNS } from '../../src/agreement/group-curves.ts'
import { groupMeasures } from '../../src/agreement/group-measures.ts'
import { groupPaths } from '../../src/agreement/group-paths.ts'
import { firstOfKey, type GroupValues } from '../../src/agreement/group-values.ts'
import { GROUP_COLUMNS, groupCells, groupFinding } from '../../src/agreement/groups.ts'
import { OVER_OPTIMISATION_COLUMNS } from '../../src/agreement/over-optimisation.ts'
import { TOP_REWARD_COLUMNS } from '../../src/agreement/top-reward.ts'
import type { CompletionGroup, ScoredCompletion } from '../../src/types.ts'
import { correctness, type Group, golden } from '../groups/golden.ts'

// The reference's groups (goldens of TRL, NumPy, SciPy, RDKit), through what groups.csv and curves.csv are made of.

/** The reference's correctness in place of the reward, since our threshold is 1 and its thresholds are many. */
const asPass = (group: Group): GroupValues => ({ ...asReward(group), rewards: correctness(group) })
const asReward = (group: Group): GroupValues => ({
  id: group.id,
  subset: group.kind,
  cluster: group.id,
  scores: group.rm_scores,
  rewards: group.rewards,
  answers: group.answers,
  molecules: group.vote_keys,
})
const close = (got: number | null | undefined, want: number | null, label: string, bound = 1e-9): void => {
  if (want === null || got === null || got === undefined) return void expect(got ?? null, label).toBe(want)
  expect(Math.abs(got - want), `${label}: ${got}, not ${want}`).toBeLessThanOrEqual(bound * Math.max(1, Math.abs(want)))
}
/** What the reference says of a pick: where it is absent, the reference says 0 only where nobody answers. */
const worth = (pick: { readonly index: number | null; readonly reward: number | null }, group: Group) =>
  pick.index === null && group.rewards.every((reward) => reward === null) ? null : pick.reward

describe.each(golden.groups.map((group) => [group.id, group.kind, group] as const))('%s (%s)', (_, __, group) => {
  const { expected } = group
  const last = <T>(list: readonly T[]): T => list.at(-1)!

  it('has the reference picks in groups.csv', () => {
    const got = groupMeasures(asReward(group))
    const [text, molecule] = [last(expected.voting_string), last(expected.voting_canonical)]
    const [rerank, answered] = [last(expected.rerank), last(expected.rerank_answered)]
    expect(got).toMatchObject({
      n: group.n,
      n_verified: expected.n_scored,
      top1: group.rewards[0],
      voting: worth(text, group),
      voting_pick: text.index,
      voting_canonical: worth(molecule, group),
      voting_canonical_pick: molecule.index,
      rm_pick: rerank.index,
      rm_pick_answered: answered.index,
      rerank: rerank.index === null ? null : rerank.reward,
      rm_pick_reward: rerank.index === null ? null : rerank.reward,
      n_used: expected.best_of_n_used.length,
    })
    if (answered.index !== null) expect(got.rerank_answered).toBe(answered.reward)
    close(got.rm_expected_reward, expected.best_of_n.at(-1)?.expected ?? null, 'expected')
    close(got.regret, expected.best_of_n.at(-1)?.regret ?? null, 'regret', 1e-12)
    close(got.kendall_tau_b, expected.kendall_tau_b, 'tau-b')
    close(got.spearman, expected.spearman, 'rho')
    const passes = groupMeasures(asPass(group))
    expect(passes.n_correct).toBe(expected.n_correct)
    close(passes.best_of_n, expected.best_of_n.at(-1)?.expected_correct ?? null, 'best of n')
    expect(passes.pass_at_n).toBe(expected.pass_at.at(-1) ?? null)
  })

  it('has the reference curves', () => {
    const [pass, reward] = [groupPaths([asPass(group)], true, 'pass'), groupPaths([asReward(group)], true, 'reward')]
    for (const [k, n] of pass.grid.entries()) {
      const [share, mean] = [
        (name: keyof typeof pass.values) => num(pass.values[name][k]),
        (name: keyof typeof pass.values) => num(reward.values[name][k]),
      ]
      const best = expected.best_of_n.find((at) => at.n === n)
      close(share('best_of_n'), best?.expected_correct ?? null, `best of ${n}`)
      close(share('best_of_n'), share('best_of_n') === null ? null : (best?.expected_correct ?? null), `best of ${n}`)
      close(mean('best_of_n'), best?.expected ?? null, `reward of the best of ${n}`)
      close(mean('pass_at_n'), best?.oracle ?? null, `oracle of ${n}`)
      close(share('pass_at_n'), best?.pass ?? null, `pass at ${n}`)
      close(share('random'), best?.random_correct ?? null, `random at ${n}`)
      for (const [name, picks] of Object.entries({
        voting_string: expected.voting_string,
        voting_canonical: expected.voting_canonical,
      } as const)) {
        expect(num(reward.values[name as 'voting_string'][k]), `${name} of ${n}`).toBe(worth(picks[k]!, group))
      }
      const rerank = expected.rerank[k]!
      expect(mean('rerank')).toBe(rerank.index === null ? null : rerank.reward)
      if (expected.rerank_answered[k]!.index !== null)
        expect(mean('rerank_answered')).toBe(expected.rerank_answered[k]!.reward)
    }
    // without scores the completions that count are the verified ones: the reference's pass@k
    const verified = groupPaths([asPass(group)], false, 'pass').values.pass_at_n
    for (const [k, want] of expected.pass_at.entries()) close(verified[k], want, `pass@${k + 1} of the verified`)
    expect(groupPaths([asPass(group)], false, 'pass').values.best_of_n.every(Number.isNaN)).toBe(true)
    for (const [k, passed] of expected.pass_prefix.entries())
      if (expected.n_scored === group.n) expect(pass.values.pass_prefix[k]).toBe(Number(passed))
  })
})
const num = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)

describe('groups that are hardly any', () => {
  const completion = (index: number, text: string, over: Partial<ScoredCompletion> = {}): ScoredCompletion => ({
    id: 'g', subset: 's', problemType: null, role: 'completion', index, text, score: index, scoreReason: null, verifiableReward: 0,
    verifiableStatus: 'fail', verifiableReason: null, formatReward: 1, promptTokens: 1, completionTokens: 1, ...over,
  }) // biome-ignore format: one line says it
  const group = (completions: ScoredCompletion[]): CompletionGroup => ({
    id: 'g', subset: 's', problemType: null, cluster: 'c', prompt: 'p', completions,
  }) // biome-ignore format: one line says it
  const row = (completions: ScoredCompletion[], answers: (string | null)[]) =>
    groupFinding(group(completions), { answers, voteKeys: answers }).row
  const passing = { verifiableReward: 1, verifiableStatus: 'pass' } as const
  const bare = { verifiableReward: null, verifiableStatus: 'unverifiable' } as const

  it('one completion: it is every pick, and teaches nothing', () => {
    expect(row([completion(0, 'a', passing)], ['CCO'])).toMatchObject({
      n: 1, top1: 1, voting: 1, voting_canonical: 1, rerank: 1, pass_at_n: 1, rm_pick: 0, regret: 0, zero_advantage_verifier: 1,
      zero_advantage_rm: 1, kendall_tau_b: null, gap: null, spread: null, best_of_4: null, mrr: 1, reason: null,
    }) // biome-ignore format: one line says it
  })
  it('all equal: the lower index is picked and the tie counted, no rank correlation', () => {
    const same = [0, 1, 2].map((i) => completion(i, `t${i}`, { ...passing, score: 2 }))
    expect(row(same, ['a', 'b', 'c'])).toMatchObject({
      rerank: 1, rm_pick: 0, rm_pick_tied: 3, voting_tied: 3, voting_pick: 0, voting_votes: 1, kendall_tau_b: null, spearman: null,
      zero_advantage_verifier: 1, zero_advantage_rm: 1, regret: 0,
    }) // biome-ignore format: one line says it
  })
  it('all unverifiable: every reward is absent with its reason, the picks are there', () => {
    const found = row([completion(0, 'a', bare), completion(1, 'b', bare)], ['x', null])
    expect(found).toMatchObject({
      n_verified: 0, top1: null, voting: null, rerank: null, pass_at_n: null, best_reward: null, rm_pick: 1, voting_pick: 0,
    }) // biome-ignore format: one line says it
    expect(found.reason).toBe(
      'top1: unverifiable; voting: unverifiable; voting_canonical: unverifiable; rerank: unverifiable; rerank_answered: unverifiable; pass_at_n: unverifiable',
    )
  })
  it('nobody answers: a vote is worth 0, as in ReFT, but nothing where nothing is verified', () => {
    const found = row([completion(0, 'a'), completion(1, 'b', passing)], [null, null])
    expect(found).toMatchObject({
      voting: 0,
      voting_pick: null,
      voters: 0,
      voting_tied: 0,
      rerank_answered: 0,
      rerank: 1,
    })
    expect(row([completion(0, 'a', bare)], [null])).toMatchObject({ voting: null, rerank_answered: null })
  })
  it('an empty completion counts and has no answer; a duplicate votes each time', () => {
    const found = row([completion(0, ''), completion(1, 'b', passing), completion(2, 'b', passing)], [null, 'B', 'B'])
    expect(found).toMatchObject({
      n: 3, empty: 1, duplicates: 1, voters: 2, voting: 1, voting_pick: 1, voting_votes: 2, same_answer: '[null,1,1]',
    }) // biome-ignore format: one line says it
  })
  it('without scores: the columns of the model are empty', () => {
    const unscored = { score: null, scoreReason: 'no_model' }
    const found = row([completion(0, 'a', { ...passing, ...unscored }), completion(1, 'b', unscored)], ['x', 'y'])
    expect(found).toMatchObject({
      top1: 1, voting: 1, rerank: null, rm_pick: null, rm_pick_reward: null, zero_advantage_rm: null, advantage_kendall_tau_b: null,
      zero_advantage_verifier: 0, rm_pick_tied: 0,
    }) // biome-ignore format: one line says it
    expect(found.reason).toBe('rerank: not_scored; rerank_answered: not_scored')
  })
  it('writes its columns in the order of the contract, each in the code book', () => {
    expect(GROUP_COLUMNS.slice(0, 15)).toEqual(
      'id, subset, n, n_verified, top1, voting, rerank, pass_at_n, best_reward, rm_pick, rm_pick_reward, zero_advantage_verifier, zero_advantage_rm, advantage_sign_agreement, advantage_kendall_tau_b'.split(
        ', ',
      ),
    )
    expect(groupCells(row([completion(0, 'a')], ['x']))).toHaveLength(GROUP_COLUMNS.length)
    expect(
      undocumented({
        'groups.csv': GROUP_COLUMNS, 'curves.csv': CURVE_COLUMNS, 'over-optimisation.csv': OVER_OPTIMISATION_COLUMNS,
        'top-rewards.csv': TOP_REWARD_COLUMNS,
      }), // biome-ignore format: one line says it
    ).toEqual([])
    const columns = new Set<string>(GROUP_COLUMNS)
    expect(columns.size).toBe(GROUP_COLUMNS.length)
    expect(Object.keys(row([completion(0, 'a')], ['x'])).filter((name) => !columns.has(name))).toEqual([])
  })
  it('keeps what votes need', () => {
    expect(firstOfKey(['b', null, 'a', 'b', 'a'])).toEqual([0, null, 2, 0, 2])
  })
})
