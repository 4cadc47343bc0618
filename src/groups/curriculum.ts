import { below, type Prng } from '../prng.ts'

/** A problem with its recorded rollouts. */
export interface Problem {
  /** How many rollouts there are. */
  readonly rollouts: number
  /** Whether a group of some of them (indices) has no advantage other than 0. */
  readonly isTrivial: (drawn: readonly number[]) => boolean
}

export interface CurriculumSettings {
  /** ε_cur, 0 … 1: share of a batch that comes from the buffer, as far as it reaches; 0 = no curriculum. */
  readonly fraction: number
  /** Groups of a batch. */
  readonly groupBatchSize: number
  /** Completions of a group; of a problem with fewer rollouts all. */
  readonly numGenerations: number
  /** As many steps as it takes without a buffer to go through the data so often. */
  readonly epochs: number
  /** Order of the data. */
  readonly order: Prng
  /** Draws from the buffer and of rollouts. */
  readonly draws: Prng
}

/** What one batch was made of, and what the buffer holds after it. */
export interface CurriculumStep {
  /** Count from 1. */
  readonly step: number
  readonly groups: number
  readonly fromBuffer: number
  /** Groups with an advantage other than 0. */
  readonly nonTrivial: number
  /** Those of them that came from the buffer. */
  readonly nonTrivialFromBuffer: number
  readonly buffer: number
  /** Problems that have been drawn from the data so far, each counted once. */
  readonly seen: number
}

/** Steps that so many passes through the data take without a buffer. */
export const curriculumSteps = (problems: number, { groupBatchSize, epochs }: CurriculumSettings): number =>
  Math.ceil((epochs * problems) / Math.min(groupBatchSize, problems))

/**
 * The advantage-based curriculum of ether0, on rollouts that were recorded. A problem whose group is not trivial enters the buffer; a
 * fraction of every batch is drawn from the buffer instead of the data; a problem whose group becomes trivial leaves the buffer (Narayanan
 * et al. 2025, arXiv:2506.17238, §4.2.1). Assumed, where the paper is silent: problems of one batch are drawn from the buffer without
 * replacement, all equally likely; the data are shuffled anew for each pass, and a batch may reach into the next; one batch may hold a
 * problem twice, from the buffer and from the data; the buffer changes after the batch; it starts empty and has no bound. A group is drawn
 * from the problem's rollouts without replacement, anew each time: the policy that made them does not learn here.
 */
export function* simulateCurriculum(
  problems: readonly Problem[],
  settings: CurriculumSettings,
): Generator<CurriculumStep, void> {
  const { fraction, numGenerations, order, draws } = settings
  const groups = Math.min(settings.groupBatchSize, problems.length)
  const data = new DataStream(problems.length, order)
  const buffer = new Buffer(problems.length)
  const share = Math.round(fraction * groups)
  const steps = problems.length === 0 ? 0 : curriculumSteps(problems.length, settings)
  for (let step = 1; step <= steps; step++) {
    const batch = buffer.draw(Math.min(share, buffer.size), draws)
    const fromBuffer = batch.length
    while (batch.length < groups) batch.push(data.next())
    const trivial = batch.map((p) => isTrivialGroup(problems[p]!, numGenerations, draws))
    for (const [i, p] of batch.entries()) {
      if (trivial[i]!) buffer.remove(p)
      else buffer.add(p)
    }
    const nonTrivial = (from: number, to: number): number => trivial.slice(from, to).filter((is) => !is).length
    yield {
      step,
      groups,
      fromBuffer,
      nonTrivial: nonTrivial(0, groups),
      nonTrivialFromBuffer: nonTrivial(0, fromBuffer),
      buffer: buffer.size,
      seen: data.seen,
    }
  }
}

function isTrivialGroup({ rollouts, isTrivial }: Problem, size: number, random: Prng): boolean {
  const all = Array.from({ length: rollouts }, (_, i) => i)
  if (rollouts > size) shuffleFirst(all, size, random)
  return isTrivial(rollouts > size ? all.slice(0, size) : all)
}

/** The largest ε_cur with which the buffer fills as fast as it empties: §4.2.1's bound from the trivial shares of data and buffer. */
export const sustainableFraction = (trivialOfData: number, trivialOfBuffer: number): number =>
  (1 - trivialOfData) / (1 - trivialOfData + trivialOfBuffer)

/** The first `count` become a random choice of all, in random order. */
function shuffleFirst(items: { [index: number]: number; readonly length: number }, count: number, random: Prng): void {
  for (let i = 0; i < count; i++) {
    const j = i + below(random, items.length - i)
    const item = items[i]!
    items[i] = items[j]!
    items[j] = item
  }
}

/** Problems in random order, pass after pass. */
class DataStream {
  seen = 0
  private readonly order: Int32Array
  private readonly random: Prng
  private at = 0
  constructor(problems: number, random: Prng) {
    this.order = Int32Array.from({ length: problems }, (_, i) => i)
    this.random = random
  }
  next(): number {
    if (this.at === this.order.length) this.at = 0
    if (this.at === 0) shuffleFirst(this.order, this.order.length, this.random)
    // the first pass meets every problem once
    if (this.seen < this.order.length) this.seen++
    return this.order[this.at++]!
  }
}

/** A set of problems to draw from. */
class Buffer {
  size = 0
  private readonly items: Int32Array
  /** Where each problem stands in `items`; -1 = it does not. */
  private readonly place: Int32Array
  constructor(problems: number) {
    this.items = new Int32Array(problems)
    this.place = new Int32Array(problems).fill(-1)
  }
  add(problem: number): void {
    if (this.place[problem] !== -1) return
    this.place[problem] = this.size
    this.items[this.size++] = problem
  }
  remove(problem: number): void {
    const at = this.place[problem]!
    if (at === -1) return
    const last = this.items[--this.size]!
    this.items[at] = last
    this.place[last] = at
    this.place[problem] = -1
  }
  /** Without replacement; they stay in the buffer. */
  draw(count: number, random: Prng): number[] {
    const { items, place } = this
    for (let i = 0; i < count; i++) {
      const j = i + below(random, this.size - i)
      const [a, b] = [items[i]!, items[j]!]
      items[i] = b
      items[j] = a
      place[b] = i
      place[a] = j
    }
    return Array.from(items.subarray(0, count))
  }
}
