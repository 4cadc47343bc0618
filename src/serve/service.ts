import type { VerifyOptions } from '../chem/ether0/accuracy.ts'
import { formatReward } from '../chem/ether0/format.ts'
import { parseSolution } from '../chem/ether0/solution.ts'
import { verificationOf } from '../chem/workers/verifier.ts'
import { plain, promptCluster } from '../plain-text.ts'
import type { SolutionInput, Text, Unscored, VerdictStatus } from '../types.ts'
import type { ChemBackend } from './backend.ts'
import type { RewardEngine } from './engine.ts'
import type { Journal, JournalRow } from './journal.ts'
import { type MixRule, mixedReward } from './mix.ts'
import type { LearnedScore, ScoreRequest } from './request.ts'
import { NO_SOLUTION, NOT_FOUND, whyUnverifiable } from './unverifiable.ts'

/** A completion as it is verified, beside its place in what the model is asked. */
export interface Claim {
  /** What the verifier reads; null where it cannot be told from the prompt. */
  readonly completion: Text | null
  readonly solution: SolutionInput | null
}
/** Completions of one prompt, which are one row of the store. `learned` are their places in the scores. */
export interface ClaimedRow {
  readonly prompt: Text
  readonly claims: readonly Claim[]
  /** What the store keeps of a completion where the verifier cannot read it. */
  readonly texts: readonly Text[]
  readonly learned: readonly number[]
  /** The trainer's step, where it says so. */
  readonly step: number | null
}
/** One request of a client, as the routes hand it on: all of it is rated and kept, or nothing. */
export interface RewardRequest {
  readonly route: string
  readonly asked: ScoreRequest
  readonly rows: readonly ClaimedRow[]
  /** What the client is told: the reward, or the outputs of the model. */
  readonly told: 'reward' | 'outputs'
  readonly signal: AbortSignal
}

/** All that is known of one completion. */
export interface Rated {
  /** By the rule of the mix; null where a part that it needs is absent. */
  readonly reward: number | null
  readonly learned: number | null
  /** Why there is no score; else null. */
  readonly unscored: Unscored | null
  /** null where the completion is unverifiable. */
  readonly verifiable: number | null
  readonly status: VerdictStatus
  readonly reason: string | null
  /** Why the completion is unverifiable, in words; else null. */
  readonly verifiableMessage: string | null
  readonly format: number | null
  readonly score: LearnedScore
}

export interface ServiceOptions {
  readonly engine: RewardEngine
  readonly chem: ChemBackend
  readonly verify: VerifyOptions
  readonly rule: MixRule
  /** Null: nothing is kept. */
  readonly journal: Journal | null
  readonly now: () => Date
  /** Told of every completion that is about to be answered, by row: for the metrics. */
  /** Told of every verification that gave no verdict: the class of the error, or ether0's reason. */
  readonly onUnverifiable?: (cause: string) => void
  readonly onRated?: (route: string, rated: readonly (readonly Rated[])[]) => void
}

/** Rates the completions of requests: the model's score and the verifier's verdict side by side, mixed, kept, then told. */
export interface RewardService {
  readonly rule: MixRule
  /** Whether completions are judged with thought tags. */
  readonly reasoning: boolean
  /** In the order of the rows and their claims. */
  rate(request: RewardRequest): Promise<readonly (readonly Rated[])[]>
}

export function createRewardService(options: ServiceOptions): RewardService {
  const { engine, chem, verify, rule, journal } = options
  const reasoning = verify.reasoning ?? true
  const verdictOf = async ({ completion, solution }: Claim, signal: AbortSignal): Promise<Verdict> => {
    if (completion === null)
      return solution === null
        ? UNJUDGED
        : { ...UNJUDGED, reason: 'completion_not_found', verifiableMessage: NOT_FOUND }
    const text = plain(completion)
    if (solution === null) return { ...UNJUDGED, format: formatReward(text, { reasoning }) }
    const end = await chem.run({ kind: 'verify', completion: text, solution, options: verify }, signal)
    const verification = verificationOf(end, text, verify)
    const { value, status, reason, formatReward: format } = verification
    const why = whyUnverifiable(verification)
    if (why === null) return { verifiable: value, status, reason, verifiableMessage: null, format }
    options.onUnverifiable?.(why.cause)
    return { verifiable: null, status, reason, verifiableMessage: why.message, format }
  }
  return {
    rule,
    reasoning,
    async rate({ route, asked, rows, told, signal }) {
      // first: where the queue is full, nothing is verified either
      const scoring = engine.score(asked, signal)
      const judging = Promise.all(
        rows.map(({ claims }) => Promise.all(claims.map((claim) => verdictOf(claim, signal)))),
      )
      const [scores, verdicts] = await Promise.all([scoring, judging])
      // its client heard 503, or left, while the last verdict was computed: what nobody was told is not kept
      signal.throwIfAborted()
      const rated = rows.map(({ learned }, r) =>
        learned.map((place, c): Rated => {
          const score = scores[place]!
          const verdict = verdicts[r]![c]!
          return {
            reward: mixedReward({ learned: score.score, verifiable: verdict.verifiable }, rule),
            learned: score.score,
            unscored: score.unscored,
            ...verdict,
            score,
          }
        }),
      )
      const time = options.now().toISOString()
      await journal?.append({
        route,
        time,
        rows: (idOf) => rows.map((row, r) => keptRow(row, rated[r]!, told, idOf(r))),
      })
      options.onRated?.(route, rated)
      return rated
    },
  }
}

type Verdict = Pick<Rated, 'verifiable' | 'status' | 'reason' | 'verifiableMessage' | 'format'>
const UNJUDGED: Verdict = {
  ...{ verifiable: null, status: 'unverifiable', reason: null, format: null },
  verifiableMessage: NO_SOLUTION,
}

/** A row with its ratings as the store keeps it. */
function keptRow(
  { prompt, claims, texts, step }: ClaimedRow,
  rated: readonly Rated[],
  told: RewardRequest['told'],
  id: string,
): JournalRow {
  const solution = claims.find((claim) => claim.solution !== null)?.solution ?? null
  const problemType = solution === null ? null : problemTypeOf(solution)
  const cluster = promptCluster(prompt)
  return {
    prompt,
    completions: texts,
    step,
    solution,
    rewards: rated.map(({ reward }) => (told === 'reward' ? reward : null)),
    scored: rated.map((one, index) => ({
      id,
      subset: problemType ?? '',
      problemType,
      cluster,
      role: 'completion' as const,
      index,
      text: plain(texts[index]!),
      score: one.learned,
      scoreReason: one.unscored?.reason ?? null,
      verifiableReward: one.verifiable,
      verifiableStatus: one.status,
      verifiableReason: one.reason,
      formatReward: one.format,
      promptTokens: one.score.promptTokens,
      completionTokens: one.score.completionTokens,
    })),
    details: rated.map(({ score }) => ({
      truncated: score.truncated,
      scoredTokenIndex: score.scoredTokenIndex,
      textSha256: score.textSha256,
      own: score.own,
    })),
  }
}

/** Control characters of a client's would break a line of the store. */
const CONTROL = /\p{Cc}+/gu
function problemTypeOf(solution: SolutionInput): string | null {
  try {
    return parseSolution(solution).problem_type.replace(CONTROL, ' ')
  } catch {
    return null
  }
}
