import { namedPrng, type Prng } from '../prng.ts'
import type { RowFailure } from '../types.ts'
import { chosenIsLonger, countPair, emptyCell, keepsAnswers } from './balance.ts'
import type { MadePair } from './jobs.ts'
import { KINDS } from './kinds/index.ts'
import { answerPart, type MakeState, type PairFile, pairKey } from './output.ts'
import { ask, type MakePool } from './pool.ts'
import type { PairRow } from './row.ts'
import { isRowFailure, type SourceItem } from './source.ts'

export interface MakeRequest {
  readonly source: () => AsyncIterable<SourceItem | RowFailure>
  readonly kinds: readonly string[]
  readonly builders: readonly string[]
  /** Null: one pair per row, if it makes one. */
  readonly n: number | null
  readonly seed: number
  readonly pool: MakePool
  readonly file: PairFile
  /** Whether a molecule, canonical and without stereo, is one that no pair may have. */
  readonly isHeldOut: (flat: string) => boolean
  readonly onFailure: (failure: RowFailure) => void
  readonly onProgress: (pairs: number) => void
  readonly stopped: () => boolean
}

/** Rows of the source that are worked on together. What is wanted is looked at between chunks, so that no draw depends on the workers. */
const CHUNK = 256
/** A kind that was tried on half of the rows of a pass and made less than this share of what it lacks is given up. */
const WORTH_A_PASS = 0.02

/**
 * Makes pairs until there are as many as wanted or the source has no more: passes over the source, one pair per row and pass. Memory:
 * one chunk, and 34–69 bytes per pair to know it again. Returns whether it came to its end.
 */
export async function makePairsOf(request: MakeRequest): Promise<boolean> {
  const { file } = request
  const { state } = file
  while (!state.done) {
    const whole = await onePass(request)
    if (!whole) return false
    if (!nextPass(request)) break
  }
  if (!state.done) file.finish()
  return true
}

/** One pass over the source from where the state stands. False where it was stopped. */
async function onePass(request: MakeRequest): Promise<boolean> {
  const { state } = request.file
  let index = 0
  let chunk: Numbered[] = []
  for await (const item of request.source()) {
    const at = index++
    if (at < state.next) continue
    chunk.push({ item, at })
    if (chunk.length < CHUNK) continue
    await makeChunk(chunk, request)
    chunk = []
    if (request.stopped()) return false
    if (wantedKinds(request).length === 0) return true
  }
  if (chunk.length > 0) await makeChunk(chunk, request)
  return !request.stopped()
}

interface Numbered {
  readonly item: SourceItem | RowFailure
  readonly at: number
}

/** Sets the state to the start of the next pass; false where none is worth it. */
function nextPass({ n, kinds, file: { state } }: MakeRequest): boolean {
  if (n === null || n <= state.pairs) return false
  const tired = kinds.filter((kind) => lacks(state, kind) > 0 && isTired(state, kind))
  const left = kinds.filter((kind) => !tired.includes(kind) && !isTired(state, kind))
  let spare = 0
  for (const kind of tired) {
    spare += lacks(state, kind)
    state.wanted[kind] = state.cells[kind]?.pairs ?? 0
  }
  for (const [i, kind] of left.entries())
    state.wanted[kind] = (state.wanted[kind] ?? 0) + Math.floor(spare / left.length) + (i < spare % left.length ? 1 : 0)
  if (left.length === 0) return false
  state.pass++
  state.next = 0
  state.inPass = {}
  state.tried = {}
  return true
}
const lacks = (state: MakeState, kind: string): number =>
  (state.wanted[kind] ?? Number.POSITIVE_INFINITY) - (state.cells[kind]?.pairs ?? 0)
/** Not worth another pass: tried often enough, and seldom or never with a pair. Other kinds make what it lacks. */
const isTired = (state: MakeState, kind: string): boolean =>
  (state.barren[kind] ?? 0) >= state.next ||
  ((state.tried[kind] ?? 0) * 2 >= state.next && (state.inPass[kind] ?? 0) <= WORTH_A_PASS * lacks(state, kind))

const wantedKinds = ({ kinds, file: { state } }: MakeRequest): string[] =>
  kinds.filter((kind) => lacks(state, kind) > 0)

async function makeChunk(chunk: readonly Numbered[], request: MakeRequest): Promise<void> {
  const { pool, seed, builders, file } = request
  const { state } = file
  const wanted = wantedKinds(request)
  const answers = await Promise.all(
    chunk.map(async ({ item, at }) => {
      if (isRowFailure(item) || item.kind === 'group') return null
      const stream = `${state.pass} ${at}`
      const kinds = byNeed(wanted, state, namedPrng(seed, `order ${stream}`))
      return ask(pool, { kind: 'make', input: item.input, kinds, builders, stream, seed })
    }),
  )
  const rows: PairRow[] = []
  for (const [i, { item }] of chunk.entries()) {
    const answer = answers[i]!
    if (isRowFailure(item)) fail(item, request)
    else if (answer === null) fail({ ...NOT_HERE, where: item.where, id: null }, request)
    else if (typeof answer === 'string') fail(gaveUp(item.where, answer), request)
    else {
      if (answer.unreadable === 'cannot_be_edited') drop(state, 'any', answer.unreadable)
      else if (answer.unreadable !== null) fail(unreadable(item.where, answer.unreadable), request)
      for (const { kind, reason } of answer.drops) drop(state, kind, reason)
      countTries(state, [...answer.drops.map(({ kind }) => kind), ...(answer.pair === null ? [] : [answer.pair.kind])])
      if (answer.pair !== null) {
        const row = accept(answer.pair, item.where.split(/[/\\]/).at(-1)!, state.pairs + rows.length, request)
        if (row !== null) rows.push(row)
      }
    }
  }
  state.next += chunk.length
  file.commit(rows)
  request.onProgress(state.pairs)
}

/** Told and counted in the first pass alone. */
function fail(failure: RowFailure, { file: { state }, onFailure }: MakeRequest): void {
  if (state.pass > 0) return
  state.unreadable[failure.reason] = (state.unreadable[failure.reason] ?? 0) + 1
  onFailure(failure)
}

/** Kinds in random order, those that lack most the likeliest to be first (Efraimidis and Spirakis 2006). */
function byNeed(kinds: readonly string[], state: MakeState, random: Prng): string[] {
  const weight = (kind: string): number => Math.min(lacks(state, kind), Number.MAX_SAFE_INTEGER)
  return kinds
    .map((kind) => ({ kind, key: Math.log(1 - random()) / weight(kind) }))
    .sort((a, b) => b.key - a.key)
    .map(({ kind }) => kind)
}

/** The pair as a row, if it is wanted, new, and keeps the balance; else it is counted as dropped. */
function accept(
  pair: MadePair,
  source: string,
  ordinal: number,
  { file, seed, isHeldOut }: MakeRequest,
): PairRow | null {
  const { state } = file
  const { kind, problem, changed, answerGap, texts } = pair
  if (lacks(state, kind) <= 0) return drop(state, kind, 'enough_of_this_kind')
  if (pair.flat.some(isHeldOut)) return drop(state, kind, 'held_out_molecule')
  state.cells[kind] ??= emptyCell()
  const cell = state.cells[kind]
  if (KINDS.get(kind)!.hard && !keepsAnswers(cell, answerGap)) return drop(state, kind, 'answer_length_balance')
  const longer = chosenIsLonger(cell, namedPrng(seed, `orientation ${ordinal}`))
  const { chosen, rejected } = longer ? texts.chosenLonger : texts.rejectedLonger
  if (!file.isNew(pairKey(kind, problem.solution, changed, answerPart(rejected)))) return drop(state, kind, 'duplicate')
  countPair(cell, longer, answerGap)
  state.inPass[kind] = (state.inPass[kind] ?? 0) + 1
  state.barren[kind] = 0
  return {
    id: `${kind}-${String(cell.pairs).padStart(6, '0')}`,
    subset: kind,
    problem_type: problem.type,
    reject_kind: kind,
    prompt: problem.prompt,
    chosen,
    rejected,
    solution: problem.solution,
    changed,
    distance: pair.distance,
    distance_reason: pair.distance === null ? 'not_two_molecules' : null,
    edit_distance: pair.editDistance,
    chosen_reward: 1,
    rejected_reward: 0,
    margin: 1,
    rejected_reason: pair.rejectedReason,
    molecule: pair.molecule,
    source,
  }
}

function countTries(state: MakeState, kinds: readonly string[]): void {
  for (const kind of new Set(kinds)) {
    state.tried[kind] = (state.tried[kind] ?? 0) + 1
    state.barren[kind] = (state.barren[kind] ?? 0) + 1
  }
}

function drop(state: MakeState, kind: string, reason: string): null {
  state.dropped[kind] ??= {}
  state.dropped[kind][reason] = (state.dropped[kind][reason] ?? 0) + 1
  return null
}

const NOT_HERE = {
  reason: 'group_among_rows',
  message: 'a group of rollouts among other rows',
  hint: 'Put groups into a file of their own.',
}
const WHY: Readonly<Record<string, string>> = {
  invalid_smiles: 'RDKit cannot read the SMILES string',
  unreadable_product: 'RDKit cannot read the product',
  toolkit_failed: 'RDKit gave up on it',
}
const unreadable = (where: string, reason: string): RowFailure => ({
  where,
  id: null,
  reason,
  message: WHY[reason] ?? reason,
  hint: null,
})
const GAVE_UP = {
  timeout: 'took too long',
  stalled: 'the machine did not get to it',
  crash: 'ended its worker',
} as const
const gaveUp = (where: string, how: keyof typeof GAVE_UP): RowFailure => ({
  where,
  id: null,
  reason: how,
  message: GAVE_UP[how],
  hint: null,
})
