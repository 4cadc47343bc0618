import { promptCluster } from '../plain-text.ts'
import type { Text } from '../types.ts'
import type { PlanOptions } from './plan.ts'

/** Completions and tokens that are planned together, whichever come first: memory holds two windows of texts. */
const COMPLETIONS = 16_384
const TOKENS = 4_000_000
/** The first window is so much smaller, and each is twice the one before, so that a model does not wait long for its first texts. */
const FIRST = 8

/** What of a run is planned together: how full it is, and which of its rows share a prompt. */
export class Window {
  #completions = 0
  #tokens = 0
  #rows = 0
  readonly #part: number
  readonly #plan: Pick<PlanOptions, 'prompts'>
  readonly #shares: boolean
  readonly #groups = new Map<string, number>()

  /** The first window, or, by `part`, one of so many parts of the largest. */
  constructor(plan: Pick<PlanOptions, 'prompts'>, part = FIRST) {
    this.#plan = plan
    this.#part = part
    this.#shares = plan.prompts ?? false
  }

  /** The one behind it. */
  next(): Window {
    return new Window(this.#plan, Math.max(1, this.#part / 2))
  }

  /**
   * A number for each row; where prompts are rows of their own, the same for all with this prompt, so that its tokens are computed once per
   * batch. Elsewhere a group is one row of the graph, whose attention grows with the square of its length; where sequences are packed (the CPU's
   * form) they share whatever they begin with, without groups.
   */
  groupOf(prompt: Text): number {
    const row = this.#rows++
    if (!this.#shares) return row
    const cluster = promptCluster(prompt)
    const group = this.#groups.get(cluster) ?? row
    this.#groups.set(cluster, group)
    return group
  }
  add(tokens: number): void {
    this.#completions++
    this.#tokens += tokens
  }
  get full(): boolean {
    return this.#completions >= COMPLETIONS / this.#part || this.#tokens >= TOKENS / this.#part
  }
}
