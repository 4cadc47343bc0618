import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { packagePath } from '../../src/package.ts'
import type { CompletionRole, ScoredCompletion, ScoredPair } from '../../src/types.ts'

interface DemoRow {
  id: string
  subset: string
  problem_type: string
  prompt: { content: string }[]
  chosen: string
  rejected: string
  chosen_reward: number
  rejected_reward: number
  rejected_reason: string | null
  reject_kind: string
}
type Scores = Readonly<Record<string, readonly [chosen: number, rejected: number]>>

const csv = (file: string): Record<string, string>[] =>
  parse(readFileSync(packagePath(`test/data/demo/${file}`), 'utf8'), { columns: true })
/** Reference scores of the demo pairs by id: the reward model's, and the DPO pair's implicit rewards. */
export const rmScores = (): Scores =>
  Object.fromEntries(csv('expected-rm.csv').map((r) => [r.id!, [Number(r.chosen_score), Number(r.rejected_score)]]))
export const dpoScores = (beta = 0.1, reference = true): Scores =>
  Object.fromEntries(
    csv('expected-dpo.csv').map((r) => [
      r.id!,
      [
        beta * (Number(r.chosen_policy_sum) - (reference ? Number(r.chosen_ref_sum) : 0)),
        beta * (Number(r.rejected_policy_sum) - (reference ? Number(r.rejected_ref_sum) : 0)),
      ],
    ]),
  )

const outcome = (margin: number): 'win' | 'tie' | 'loss' => (margin > 0 ? 'win' : margin < 0 ? 'loss' : 'tie')

/** The embedded pairs as the scoring stages would hand them over; rewards are those of the file. */
export function demoPairs(scores: Scores): { pairs: ScoredPair[]; completions: ScoredCompletion[] } {
  const rows = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DemoRow)
  const pairs = rows.map((row): ScoredPair => {
    const side = (role: CompletionRole, text: string, score: number, reward: number): ScoredCompletion => ({
      id: row.id,
      subset: row.subset,
      problemType: row.problem_type,
      role,
      index: 0,
      text,
      score,
      scoreReason: null,
      verifiableReward: reward,
      verifiableStatus: reward >= 1 ? 'pass' : reward > 0 ? 'partial' : 'fail',
      verifiableReason: role === 'rejected' ? row.rejected_reason : null,
      formatReward: null,
      promptTokens: null,
      completionTokens: null,
    })
    const [c, r] = scores[row.id]!
    const chosen = side('chosen', row.chosen, c, row.chosen_reward)
    const rejected = side('rejected', row.rejected, r, row.rejected_reward)
    const verifiable = outcome(row.chosen_reward - row.rejected_reward)
    return {
      id: row.id,
      subset: row.subset,
      problemType: row.problem_type,
      cluster: createHash('sha256').update(JSON.stringify(row.prompt)).digest('hex').slice(0, 16),
      rejectedIndex: 0,
      prompt: row.prompt[0]!.content,
      chosen,
      rejected,
      margin: c - r,
      outcome: outcome(c - r),
      verifiableOutcome: verifiable,
      agree: c === r || verifiable === 'tie' ? null : outcome(c - r) === verifiable ? 1 : 0,
      extra: { reject_kind: row.reject_kind },
    }
  })
  return { pairs, completions: pairs.flatMap((p) => [p.chosen, p.rejected]) }
}
