import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { answerPort } from '../../src/cli/answer-port.ts'
import { groupAdvantages } from '../../src/groups/advantages.ts'
import { bestOfN } from '../../src/groups/best-of-n.ts'
import { rerank } from '../../src/groups/rerank.ts'
import { voting } from '../../src/groups/voting.ts'
import { packagePath } from '../../src/package.ts'
import type { AdvantageRecord, GroupCurveRecord, GroupRecord, GroupsReport } from '../../src/report/html/group-input.ts'
import type { MoleculePort, ReportInput } from '../../src/report/html/input.ts'
import type { CompletionGroup, ScoredCompletion, Statistic } from '../../src/types.ts'
import { demoInput } from './demo-input.ts'

interface DemoGroup {
  readonly id: string
  readonly subset: string
  readonly problem_type: string
  readonly solution: string
  readonly prompt: readonly { readonly content: string }[]
  readonly completions: readonly {
    readonly completion: string
    readonly reward: number
    readonly format_reward: number
    readonly reason: string | null
    readonly answer: string | null
  }[]
}
const rows = readFileSync(packagePath('src/embedded/demo/groups.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as DemoGroup)
const golden = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/demo/expected-groups.json.gz'))).toString('utf8'),
) as { readonly rm_scores: Readonly<Record<string, readonly number[]>> }

/** The embedded groups with the golden scores of the demo reward model and the verdicts that the rows carry. */
export const demoGroups: readonly CompletionGroup[] = rows.map((row) => ({
  id: row.id,
  subset: row.subset,
  problemType: row.problem_type,
  cluster: row.id,
  prompt: row.prompt[0]!.content,
  completions: row.completions.map(
    ({ completion, reward, format_reward, reason }, index): ScoredCompletion => ({
      id: row.id,
      subset: row.subset,
      problemType: row.problem_type,
      role: 'completion',
      index,
      text: completion,
      score: golden.rm_scores[row.id]![index]!,
      scoreReason: null,
      verifiableReward: reward,
      verifiableStatus: reward === 1 ? 'pass' : 'fail',
      verifiableReason: reason,
      formatReward: format_reward,
      promptTokens: null,
      completionTokens: null,
    }),
  ),
}))
/** What each group asks for. */
export const demoSolutions: ReadonlyMap<string, string> = new Map(rows.map((row) => [row.id, row.solution]))
const answersOf = new Map(rows.map((row) => [row.id, row.completions.map(({ answer }) => answer)]))

/** A group as the run hands it over; what is not asked for here is left to the run's own tests. */
export function findingOf(group: CompletionGroup): GroupRecord {
  const answers = answersOf.get(group.id) ?? group.completions.map(() => null)
  const scores = group.completions.map(({ score }) => score)
  const rewards = group.completions.map((c) => (c.verifiableStatus === 'unverifiable' ? null : c.verifiableReward))
  const curve = bestOfN(scores, rewards)
  const pick = rerank(scores)
  return {
    group,
    answers,
    voteKeys: answers,
    row: {
      rm_pick: pick,
      rm_pick_tied: pick === null ? 0 : scores.filter((score) => score === scores[pick]).length,
      voting_pick: voting(answers),
      voting_canonical_pick: voting(answers),
      regret: curve.regret.at(-1) ?? null,
      advantage_sign_agreement: null,
      advantage_kendall_tau_b: null,
    },
  }
}

export function advantagesOf({ id, subset, completions }: CompletionGroup): readonly AdvantageRecord[] {
  const rewards = completions.map((c) => (c.verifiableStatus === 'unverifiable' ? null : c.verifiableReward))
  const scores = completions.map(({ score }) => score)
  const [verifier, learned] = [groupAdvantages(rewards), groupAdvantages(scores)]
  return completions.flatMap(({ index }, i) =>
    rewards[i] === null || scores[i] === null
      ? []
      : [{ id, subset, index, verifier: verifier[i]!, learned: learned[i]! }],
  )
}

/** Means over groups with a band of two standard errors, which the run's own intervals are not. */
function curvesOf(groups: readonly CompletionGroup[], subset: string): readonly GroupCurveRecord[] {
  const paths = groups.map(({ completions }) =>
    bestOfN(
      completions.map(({ score }) => score),
      completions.map(({ verifiableReward }) => verifiableReward),
    ),
  )
  const largest = Math.max(0, ...paths.map(({ expected }) => expected.length))
  const curve = (method: string, of: (path: (typeof paths)[number]) => readonly number[]): GroupCurveRecord => ({
    subset,
    method,
    points: Array.from({ length: largest }, (_, k) => {
      const values = paths.flatMap((path) => of(path)[k] ?? [])
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / values.length
      const [low, high] = [Math.max(0, mean - 2 * spread), Math.min(1, mean + 2 * spread)]
      return { n: k + 1, value: mean, low, high, groups: values.length, clusters: values.length, missing: 0 }
    }),
  })
  return [
    curve('best_of_n', ({ expected }) => expected),
    curve('pass_at_n', ({ oracle }) => oracle),
    curve('random', ({ random }) => random),
    curve('rerank', ({ expected }) => expected),
    curve('pass_prefix', ({ oracle }) => oracle),
  ]
}

const statistic = (name: string, value: number, scope = 'groups'): Statistic => ({
  scope,
  subset: 'all',
  statistic: name,
  value,
  ciLow: value - 0.1,
  ciHigh: value + 0.1,
  ciMethod: 'cluster bootstrap, percentile, 2000 resamples, seed 0',
  n: 60,
  clusters: 60,
  ties: 0,
  missing: 0,
  reason: null,
})

/** What a run over groups hands to the report. */
export function groupsReport(groups: readonly CompletionGroup[] = demoGroups): GroupsReport {
  const subsets = [...new Set(groups.map(({ subset }) => subset))]
  return {
    findings: groups.map(findingOf),
    curves: [
      ...curvesOf(groups, 'all'),
      ...subsets.flatMap((name) =>
        curvesOf(
          groups.filter(({ subset }) => subset === name),
          name,
        ),
      ),
    ],
    declines: [
      {
        pHolm: null,
        test: {
          subset: 'all',
          method: 'best_of_n',
          groups: 60,
          leftOut: 0,
          peakN: 3,
          peak: 0.402,
          lastN: 8,
          last: 0.367,
          decline: 0.035,
          interval: { interval: { low: -0.02, high: 0.09 } },
          p: 0.31,
          reason: null,
        },
      },
    ],
    topRewards: [
      {
        subset: 'all',
        measure: 'pass',
        points: [0.01, 0.1, 0.25, 0.5, 1].map((share) => ({
          share,
          value: 0.28 + 0.2 * (1 - share),
          made: { interval: { low: 0.2, high: 0.6 } },
          places: Math.round(480 * share),
          n: 480,
          clusters: 60,
        })),
      },
    ],
    advantages: groups.flatMap(advantagesOf),
    advantagesAre: 'A = (reward − mean of the group) / (its standard deviation + 1e−4).',
  }
}

export function groupsInput(
  molecules: MoleculePort | null = null,
  groups: readonly CompletionGroup[] = demoGroups,
): ReportInput {
  const input = demoInput(molecules, [])
  return {
    ...input,
    run: { ...input.run, dataset: 'demo-groups' },
    accuracy: null,
    statistics: [
      ...input.statistics,
      statistic('top1', 1 / 3),
      statistic('voting_string', 0.617),
      statistic('rerank', 0.367),
      statistic('pass_at_n', 0.883),
      statistic('top1_regret', 0.517),
      statistic('best_of_n@4', 0.36),
      statistic('zero_advantage_verifier', 6 / 60, 'advantages'),
      statistic('zero_advantage_all_right_verifier', 0, 'advantages'),
      statistic('zero_advantage_all_wrong_verifier', 6 / 60, 'advantages'),
      statistic('zero_advantage_constant_verifier', 0, 'advantages'),
      statistic('zero_advantage_learned', 0, 'advantages'),
    ],
    completions: groups.flatMap(({ completions }) => completions),
    prompts: new Map(groups.map(({ id, prompt }) => [id, prompt])),
    failures: [],
    calibration: null,
    suspects: [],
    answers: answerPort(demoSolutions, {
      extraction: 'strict',
      requireReasoning: true,
    }),
    groups: groupsReport(groups),
  }
}
