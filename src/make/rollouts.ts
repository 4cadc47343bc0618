import { distance as levenshtein } from 'fastest-levenshtein'
import { characters } from '../plain-text.ts'
import { namedPrng } from '../prng.ts'
import type { RowFailure } from '../types.ts'
import { chosenIsLonger, countPair, emptyCell, keepsAnswers } from './balance.ts'
import { shuffled } from './edits/edit.ts'
import type { VerifiedAnswer } from './jobs.ts'
import { type PairFile, pairKey } from './output.ts'
import { ask, type MakePool } from './pool.ts'
import type { PairRow } from './row.ts'
import { isRowFailure, type SourceItem } from './source.ts'

/** The kind that pairs of rollouts have. */
export const ROLLOUT = 'rollout'

export interface RolloutRequest {
  readonly source: () => AsyncIterable<SourceItem | RowFailure>
  readonly n: number | null
  readonly perPrompt: number
  /** Partial credit: smallest difference of two rewards that makes a pair; null = 1 against 0 alone. */
  readonly minMargin: number | null
  readonly balance: boolean
  readonly seed: number
  readonly pool: MakePool
  readonly file: PairFile
  readonly onFailure: (failure: RowFailure) => void
  readonly onProgress: (pairs: number) => void
  readonly stopped: () => boolean
}

/** Groups that are verified together. */
const CHUNK = 64

/**
 * Pairs of recorded rollouts: of each prompt an answer that passes against one that fails (with partial credit: that earns less), equal
 * answers once. With `balance`, a pair whose longer text would be the chosen one too often is left out, and counted. One pass; memory as
 * of makePairsOf. Returns whether it came to its end.
 */
export async function pairsOfRollouts(request: RolloutRequest): Promise<boolean> {
  const { file, stopped, n } = request
  const { state } = file
  let index = 0
  let chunk: { readonly item: SourceItem | RowFailure; readonly at: number }[] = []
  if (state.done) return true
  for await (const item of request.source()) {
    const at = index++
    if (at < state.next) continue
    chunk.push({ item, at })
    if (chunk.length < CHUNK) continue
    await pairChunk(chunk, request)
    chunk = []
    if (stopped()) return false
    if (n !== null && state.pairs >= n) break
  }
  if (chunk.length > 0) await pairChunk(chunk, request)
  if (stopped()) return false
  file.finish()
  return true
}

async function pairChunk(
  chunk: readonly { readonly item: SourceItem | RowFailure; readonly at: number }[],
  request: RolloutRequest,
): Promise<void> {
  const { pool, file, onFailure, minMargin, n } = request
  const { state } = file
  const verified = await Promise.all(
    chunk.map(async ({ item }) =>
      isRowFailure(item) || item.kind !== 'group'
        ? null
        : ask(pool, {
            kind: 'verify',
            completions: item.completions,
            solution: item.solution,
            soft: minMargin !== null,
          }),
    ),
  )
  const rows: Couple[] = []
  const fail = (failure: RowFailure): void => {
    state.unreadable[failure.reason] = (state.unreadable[failure.reason] ?? 0) + 1
    onFailure(failure)
  }
  for (const [i, { item, at }] of chunk.entries()) {
    const answer = verified[i]!
    if (isRowFailure(item)) fail(item)
    else if (item.kind !== 'group')
      fail({
        where: item.where,
        id: null,
        reason: 'not_a_group',
        message: 'no group of rollouts, among groups',
        hint: null,
      })
    else if (answer === null || typeof answer === 'string')
      fail({
        where: item.where,
        id: item.id,
        reason: answer ?? 'crash',
        message: 'verification was given up',
        hint: null,
      })
    else {
      const room = n === null ? request.perPrompt : Math.min(request.perPrompt, n - state.pairs - rows.length)
      rows.push(...pairsOfGroup(item, at, answer.answers, room, request))
    }
  }
  state.next += chunk.length
  file.commit(await Promise.all(rows.map((row) => withDistance(row, pool))))
  request.onProgress(state.pairs)
}

/** A pair, and the molecules of its answers. */
interface Couple {
  readonly row: PairRow
  readonly molecules: readonly [string | null, string | null]
}

async function withDistance({ row, molecules: [a, b] }: Couple, pool: MakePool): Promise<PairRow> {
  if (a === null || b === null) return row
  const answer = await ask(pool, { kind: 'distance', molecules: [a, b] })
  if (typeof answer === 'string' || answer.distance === null) return row
  return { ...row, distance: answer.distance, distance_reason: null }
}

/** A rollout with its verdict. */
interface Rollout extends VerifiedAnswer {
  readonly text: string
  readonly value: number
}

function pairsOfGroup(
  { id, where, prompt, solution, completions }: Extract<SourceItem, { kind: 'group' }>,
  at: number,
  answers: readonly VerifiedAnswer[],
  room: number,
  { minMargin, balance, seed, file }: RolloutRequest,
): Couple[] {
  const { state } = file
  const drop = (reason: string, count = 1): void => {
    state.dropped[ROLLOUT] ??= {}
    state.dropped[ROLLOUT][reason] = (state.dropped[ROLLOUT][reason] ?? 0) + count
  }
  const known = new Set<string>()
  const rollouts: Rollout[] = []
  for (const [i, answer] of answers.entries()) {
    const { value } = answer.verification
    // the same answer with the same verdict, however it was reasoned: once
    const key = `${value} ${answer.key}`
    if (value === null) drop('unverifiable')
    else if (known.has(key)) drop('same_answer')
    else {
      known.add(key)
      rollouts.push({ ...answer, value, text: completions[i]! })
    }
  }
  const couples = rollouts.flatMap((better) =>
    rollouts.flatMap((worse) => (isPair(better, worse, minMargin) ? [{ better, worse }] : [])),
  )
  if (couples.length === 0) {
    drop(rollouts.length === 0 ? 'no_verdict' : 'one_verdict_alone')
    return []
  }
  const random = namedPrng(seed, `rollouts ${at}`)
  const rows: Couple[] = []
  state.cells[ROLLOUT] ??= emptyCell()
  const cell = state.cells[ROLLOUT]
  const waiting = shuffled(couples, random)
  while (rows.length < room && waiting.length > 0) {
    const longer = chosenIsLonger(cell, random)
    const fits = ({ better, worse }: (typeof couples)[number]): boolean =>
      !balance || isLonger(better, worse) === longer || isLonger(better, worse) === null
    let found = waiting.findIndex(fits)
    if (found < 0) {
      // the other way round, as long as it stays within the slack
      found = waiting.findIndex(({ better, worse }) => withinSlack(cell, isLonger(better, worse)!))
      if (found < 0) {
        drop('length_balance', waiting.length)
        break
      }
    }
    const [{ better, worse }] = waiting.splice(found, 1) as [(typeof couples)[number]]
    if (!file.isNew(pairKey(ROLLOUT, solution, `${JSON.stringify(prompt)} ${better.key}`, worse.key))) {
      drop('duplicate')
      continue
    }
    countPair(cell, isLonger(better, worse), 0)
    const reason = worse.verification.reason
    const row: PairRow = {
      id: `${ROLLOUT}-${String(cell.pairs).padStart(6, '0')}`,
      subset: ROLLOUT,
      problem_type: /^[\s\S]*?!:![\s\S]*?!:!([\s\S]+)$/.exec(solution)?.[1] ?? '',
      reject_kind: ROLLOUT,
      prompt,
      chosen: better.text,
      rejected: worse.text,
      solution,
      changed: `${better.answer ?? 'no answer'} → ${worse.answer ?? 'no answer'}`,
      distance: null,
      distance_reason: 'not_two_molecules',
      edit_distance: better.answer === null || worse.answer === null ? null : levenshtein(better.answer, worse.answer),
      chosen_reward: better.value,
      rejected_reward: worse.value,
      margin: better.value - worse.value,
      rejected_reason: reason,
      molecule: better.molecule,
      source: `${where.split(/[/\\]/).at(-1)} (${id})`,
    }
    rows.push({ row, molecules: [better.molecule, worse.molecule] })
  }
  return rows
}

/** A pass against a fail; with partial credit, rewards that differ enough. */
const isPair = (better: Rollout, worse: Rollout, minMargin: number | null): boolean =>
  minMargin === null
    ? better.verification.status === 'pass' && worse.value === 0
    : better.value - worse.value >= minMargin

/** Null for equal lengths. */
function isLonger({ text }: Rollout, { text: other }: Rollout): boolean | null {
  const gap = characters(text) - characters(other)
  return gap === 0 ? null : gap > 0
}

/** Two pairs, or 2 % of them: the balance of answers, here of whole texts. */
const withinSlack = (cell: ReturnType<typeof emptyCell>, chosenLonger: boolean): boolean =>
  keepsAnswers(
    { ...cell, chosenAnswerLonger: cell.chosenLonger, rejectedAnswerLonger: cell.rejectedLonger },
    chosenLonger ? -1 : 1,
  )
