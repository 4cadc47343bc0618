import type { ScoredCompletion } from '../../types.ts'
import type { AdvantageRecord, GroupRecord, GroupsReport } from './group-input.ts'
import { groupsByInterest } from './group-interest.ts'
import { verdictsOf } from './group-verdicts.ts'
import type { Limits } from './limits.ts'
import type { Picked } from './picked.ts'
import {
  type Column,
  choiceColumn,
  type Detail,
  detailOf,
  expectedPart,
  numberColumn,
  type Ranked,
  type RowTable,
  rowTable,
  textColumn,
} from './row-table.ts'

/**
 * Rows of the groups' browser, the most interesting first: as many groups as have together no more completions than the page has rows
 * for. null without groups.
 */
export function groupTable(
  report: GroupsReport | undefined,
  { pool, drawings }: Picked,
  limits: Limits,
): RowTable | null {
  if (report === undefined || report.findings.length === 0) return null
  const { findings } = report
  const points = advantagesOf(report.advantages)
  const shown: GroupRecord[] = []
  let completions = 0
  for (const i of groupsByInterest(findings)) {
    const finding = findings[i]!
    completions += Math.min(limits.gallery, finding.group.completions.length)
    if (completions > limits.rows && shown.length > 0) break
    shown.push(finding)
  }
  const details = shown.map((finding): Detail => {
    const { group } = finding
    const own = points.get(group.id)
    const ranks = ranksOf(group.completions)
    const votes = [tallyOf(finding.answers), tallyOf(finding.voteKeys)] as const
    const order = inGallery(finding, ranks, limits.gallery)
    return {
      prompt: pool.add(group.prompt),
      ...expectedPart(drawings.answers?.expected(group.id), pool, drawings),
      more: group.completions.length - order.length,
      completions: order.map((i) => {
        const completion = group.completions[i]!
        const detail = detailOf(completion, `Completion ${completion.index}`, pool, drawings.single(completion))
        return { ...detail, ranked: rankedOf(finding, i, ranks[i]!, votes, own?.get(completion.index) ?? null) }
      }),
    }
  })
  return rowTable('groups', columnsOf(shown), details, pool, drawings, findings.length, limits)
}

/** Indices of the completions that are shown, from the highest score down; what is picked is always among them. */
function inGallery({ group, row }: GroupRecord, ranks: readonly (number | null)[], most: number): readonly number[] {
  const order = [...group.completions.keys()].sort((a, b) => (ranks[a] ?? Infinity) - (ranks[b] ?? Infinity) || a - b)
  const picks = new Set([row.rm_pick, row.voting_pick, row.voting_canonical_pick])
  return order.filter((i, place) => place < most || picks.has(i))
}

function rankedOf(
  { answers, voteKeys, row }: GroupRecord,
  i: number,
  rank: number | null,
  [texts, molecules]: readonly [Tally, Tally],
  point: AdvantageRecord | null,
): Ranked {
  const marks = [
    [row.rm_pick, row.rm_pick_tied > 1 ? `highest score, first of ${row.rm_pick_tied}` : 'highest score'],
    [row.voting_canonical_pick, 'vote by molecule'],
    [row.voting_pick, 'vote by exact answer'],
  ] as const
  return {
    rank,
    marks: marks.flatMap(([pick, words]) => (pick === i ? [words] : [])),
    advantages: point === null ? null : [point.verifier, point.learned],
    votes: [texts.get(answers[i] ?? null) ?? null, molecules.get(voteKeys[i] ?? null) ?? null],
  }
}

/** How many completions have each answer; those without one are not in it. */
type Tally = ReadonlyMap<string | null, number>
function tallyOf(keys: readonly (string | null)[]): Tally {
  const tally = new Map<string, number>()
  for (const key of keys) if (key !== null) tally.set(key, (tally.get(key) ?? 0) + 1)
  return tally
}

/** From the highest score down, 1 first; equal scores share the better rank. */
function ranksOf(completions: readonly ScoredCompletion[]): readonly (number | null)[] {
  const sorted = completions.flatMap(({ score }) => (score === null ? [] : [score])).sort((a, b) => b - a)
  const rank = new Map<number, number>()
  for (const [i, score] of sorted.entries()) if (!rank.has(score)) rank.set(score, i + 1)
  return completions.map(({ score }) => (score === null ? null : rank.get(score)!))
}

function advantagesOf(points: readonly AdvantageRecord[]): ReadonlyMap<string, ReadonlyMap<number, AdvantageRecord>> {
  const byId = new Map<string, Map<number, AdvantageRecord>>()
  for (const point of points) {
    const own = byId.get(point.id) ?? new Map<number, AdvantageRecord>()
    byId.set(point.id, own.set(point.index, point))
  }
  return byId
}

/** The verdict on what a method chooses, in a word. */
const statusAt = ({ group }: GroupRecord, index: number | null): string =>
  index === null ? 'none' : (group.completions[index]?.verifiableStatus ?? 'none')

function columnsOf(shown: readonly GroupRecord[]): readonly Column[] {
  const passed = ({ group }: GroupRecord): number =>
    group.completions.filter(({ verifiableStatus }) => verifiableStatus === 'pass').length
  return [
    textColumn('id', 'Group', shown, ({ group }) => group.id),
    choiceColumn('subset', 'Subset', shown, ({ group }) => group.subset),
    numberColumn('n', 'Completions', shown, ({ group }) => group.completions.length),
    numberColumn('passed', 'Right', shown, passed),
    choiceColumn('pick', 'Highest score', shown, (finding) => statusAt(finding, finding.row.rm_pick)),
    choiceColumn('vote', 'Vote by molecule', shown, (finding) => statusAt(finding, finding.row.voting_canonical_pick)),
    choiceColumn('first', 'First one', shown, (finding) => statusAt(finding, 0)),
    numberColumn('regret', 'Regret', shown, ({ row }) => row.regret),
    choiceColumn('verdicts', 'Verdicts', shown, ({ group }) => verdictsOf(group)),
    numberColumn('advantage_sign_agreement', 'Signs agree', shown, ({ row }) => row.advantage_sign_agreement),
    numberColumn('advantage_kendall_tau_b', 'τ-b', shown, ({ row }) => row.advantage_kendall_tau_b),
  ]
}
