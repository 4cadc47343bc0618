import { promptCluster } from '../plain-text.ts'
import type { Text } from '../types.ts'

/** Completions and tokens that are planned together, whichever come first: memory holds one window of texts. */
const COMPLETIONS = 16_384
const TOKENS = 4_000_000

/** What of a run is planned together: how full it is, and which of its rows share a prompt. */
export class Window {
  #completions = 0
  #tokens = 0
  readonly #groups = new Map<string, number>()

  /** The same number for all rows with this prompt, so that a plan computes its tokens once. */
  groupOf(prompt: Text): number {
    const cluster = promptCluster(prompt)
    const group = this.#groups.get(cluster) ?? this.#groups.size
    this.#groups.set(cluster, group)
    return group
  }
  add(tokens: number): void {
    this.#completions++
    this.#tokens += tokens
  }
  get full(): boolean {
    return this.#completions >= COMPLETIONS || this.#tokens >= TOKENS
  }
}
