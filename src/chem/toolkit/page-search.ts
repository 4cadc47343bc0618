import { ownClock, type ThreadClock } from '../../thread-time.ts'
import type { Drawer } from './draw.ts'

/** Processor time of all searches for one page, in milliseconds, those of several threads together. Usual couples take 2 to 20 each. */
export const PAGE_SEARCH_MS = 20_000

/** Places of atoms in each of two molecules; null: not found, or no molecules; no_time: not looked for, as others of the page took its time. */
export type Differing = { readonly a: readonly number[]; readonly b: readonly number[] } | null | 'no_time'

/** The search for the atoms that two molecules do not share, on one thread, until its part of the page's time is over. */
export class PageSearch {
  #left: number
  readonly #clock: Pick<ThreadClock, 'read'>

  constructor(ms = PAGE_SEARCH_MS, clock: Pick<ThreadClock, 'read'> = ownClock()) {
    this.#left = ms
    this.#clock = clock
  }

  differing(drawer: Pick<Drawer, 'differingAtoms'>, a: string, b: string): Differing {
    if (this.#left <= 0) return 'no_time'
    const from = this.#clock.read()
    try {
      return drawer.differingAtoms(a, b)
    } finally {
      this.#left -= this.#clock.read() - from
    }
  }
}
