import { passes } from '../src/agreement/completions.ts'
import { HarnessError } from '../src/errors.ts'
import { isFailure } from '../src/pairs/failure.ts'
import { readRows } from '../src/pairs/read.ts'
import { completionHash, plain } from '../src/plain-text.ts'
import type { ComparedGroup, ComparedGroups } from '../src/report/compare/input.ts'
import { LIMITS } from '../src/report/html/limits.ts'
import type { SolutionInput, VerdictStatus } from '../src/types.ts'
import type { Analysis } from './analyze.ts'
import { dataOf } from './best-of-n.ts'
import { placesIn } from './key-index.ts'
import { withoutData } from './row-texts.ts'
import type { RunGroup } from './run-groups.ts'
import { fingerprint, kindOf, type Run } from './runs.ts'

/** A group that every scoring run has, with what each picks. */
interface Shared {
  readonly group: RunGroup
  /** By run and completion. */
  readonly scores: readonly (readonly (number | null)[])[]
  /** By run: place of the highest score, the first of equal ones; null without a score. */
  readonly picks: readonly (number | null)[]
}

/**
 * ◆ The groups of the report, those of which some models pick a passing completion and others a failing one first. null where no run has groups.
 * @param dataFile `--data-file`
 */
export async function comparedGroups(
  { runs: all }: Analysis,
  dataFile: string | null,
): Promise<{
  readonly groups: ComparedGroups
  readonly solutions: ReadonlyMap<string, SolutionInput>
  readonly run: Run | null
} | null> {
  const runs = all.filter((run) => (run.groups?.length ?? 0) > 0 && kindOf(run) !== 'verifier')
  const [first] = runs
  if (first === undefined) return null
  const shared = sharedGroups(runs)
  const kind = shared.map(interestOf)
  const order = shared.map((_, i) => i).sort((a, b) => kind[a]! - kind[b]! || a - b)
  const shown: Shared[] = []
  let completions = 0
  for (const i of order) {
    completions += shared[i]!.group.rows.length
    if (completions > LIMITS.rows && shown.length > 0) break
    shown.push(shared[i]!)
  }
  const { found, run, missing } = await groupTexts(first, runs, shown, dataFile)
  return {
    run,
    solutions: new Map(
      [...found].flatMap(([id, { solution }]) => (solution === null ? [] : [[id, solution] as const])),
    ),
    groups: {
      total: shared.length,
      apart: first.groups!.length - shared.length,
      differing: kind.filter((rank) => rank === 0).length,
      scorers: runs.map(({ model }) => model),
      groups: shown.map((one) => comparedGroup(first, one, found.get(one.group.id))),
      withoutTexts: missing,
    },
  }
}

function sharedGroups(runs: readonly Run[]): Shared[] {
  const [first, ...others] = runs
  const places = others.map(({ completions }) => placesIn(first!.completions.key, completions.key))
  return first!.groups!.flatMap((group): Shared[] => {
    const twins = places.map((place) => group.rows.map((row) => place(row)))
    if (twins.some((rows) => rows.includes(-1))) return []
    const scores = [
      group.scores,
      ...twins.map((rows, k) => rows.map((row) => present(others[k]!.completions.score[row]!))),
    ]
    return [{ group, scores, picks: scores.map(pickOf) }]
  })
}
const present = (value: number): number | null => (Number.isNaN(value) ? null : value)

function pickOf(scores: readonly (number | null)[]): number | null {
  let best: number | null = null
  for (const [i, score] of scores.entries()) if (score !== null && (best === null || score > scores[best]!)) best = i
  return best
}

/** Picks that pass beside picks that fail; none passes though one could; no verdict or no pick; the others. */
function interestOf({ group, picks }: Shared): number {
  const verdicts = picks.map((pick) => (pick === null ? null : group.rewards[pick]!))
  const judged = verdicts.filter((reward) => reward !== null)
  const right = judged.filter(passes).length
  if (right > 0 && right < judged.length) return 0
  if (judged.length > 0 && right === 0 && group.rewards.some((reward) => reward !== null && passes(reward))) return 1
  return judged.length < picks.length ? 2 : 3
}

interface GroupTexts {
  readonly prompt: string
  /** By place in the group. */
  readonly texts: readonly string[]
  readonly problemType: string | null
  readonly solution: SolutionInput | null
}

/** Texts of the first run's groups, from the first data set that is there and holds what was scored. */
async function groupTexts(
  first: Run,
  runs: readonly Run[],
  shown: readonly Shared[],
  dataFile: string | null,
): Promise<{
  readonly found: ReadonlyMap<string, GroupTexts>
  readonly run: Run | null
  readonly missing: string | null
}> {
  const reasons = new Set<string>()
  const wanted = new Map(shown.map(({ group }) => [group.id, group]))
  for (const run of runs) {
    const reason = withoutData(run, dataFile)
    if (reason !== null) {
      reasons.add(reason)
      continue
    }
    try {
      const { files, split, columns } = await dataOf(run, dataFile)
      const found = new Map<string, GroupTexts>()
      for await (const row of readRows(files, { split, columns })) {
        const group = isFailure(row) ? undefined : wanted.get(row.id)
        if (group === undefined || isFailure(row)) continue
        const texts = group.rows.map((at) => {
          const index = first.completions.index[at]!
          const text = row.completions.find((c) => c.role === 'completion' && c.index === index)?.text
          const hash = first.completions.texts?.completion?.[at] ?? Number.NaN
          const own = text === undefined ? null : plain(text)
          return own !== null && (Number.isNaN(hash) || fingerprint(completionHash(own)) === hash) ? own : null
        })
        const { prompt, problemType, solution } = row
        if (texts.every((text) => text !== null))
          found.set(row.id, { prompt: plain(prompt), texts, problemType, solution })
        if (found.size === wanted.size) break
      }
      const lacking = wanted.size - found.size
      const missing =
        lacking === 0
          ? null
          : `${lacking.toLocaleString('en-US')} of these groups have other texts in the data, or none`
      return { found, run, missing }
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      reasons.add(error.where === null ? error.message : `${error.where}: ${error.message}`)
    }
  }
  return { found: new Map(), run: null, missing: [...reasons].join('; ') }
}

function comparedGroup(first: Run, { group, scores, picks }: Shared, known: GroupTexts | undefined): ComparedGroup {
  const { id, subset, cluster } = group
  const problemType = known?.problemType ?? null
  return {
    group: {
      id,
      subset,
      cluster,
      problemType,
      prompt: known?.prompt ?? '',
      completions: group.rows.map((row, i) => ({
        ...{ id, subset, cluster, problemType },
        role: 'completion',
        index: first.completions.index[row]!,
        text: known?.texts[i] ?? '',
        score: null,
        scoreReason: null,
        verifiableReward: group.rewards[i]!,
        verifiableStatus: statusOf(group.rewards[i]!),
        verifiableReason: null,
        formatReward: null,
        promptTokens: null,
        completionTokens: null,
      })),
    },
    texts: known !== undefined,
    scores,
    picks,
  }
}

const statusOf = (reward: number | null): VerdictStatus =>
  reward === null ? 'unverifiable' : passes(reward) ? 'pass' : reward > 0 ? 'partial' : 'fail'
