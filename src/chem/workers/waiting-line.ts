/**
 * Jobs in the order in which they came. Taking some from the front costs what they cost, however many wait: a row may have 100,000
 * completions. What was taken is let go once it is half of the line.
 */
export class WaitingLine<T> {
  #items: T[] = []
  /** The first that still waits. */
  #from = 0

  get length(): number {
    return this.#items.length - this.#from
  }
  push(item: T): void {
    this.#items.push(item)
  }
  /** The next ones, at most `count`. */
  take(count: number): T[] {
    const taken = this.#items.slice(this.#from, this.#from + Math.max(0, count))
    this.#from += taken.length
    if (2 * this.#from >= this.#items.length) this.#keep(this.#items.slice(this.#from))
    return taken
  }
  /** To the front again. */
  putBack(items: Iterable<T>): void {
    this.#keep([...items, ...this.#items.slice(this.#from)])
  }
  /** All that fit leave the line. */
  leave(fits: (item: T) => boolean): T[] {
    const waiting = this.#items.slice(this.#from)
    this.#keep(waiting.filter((item) => !fits(item)))
    return waiting.filter(fits)
  }

  #keep(items: T[]): void {
    this.#items = items
    this.#from = 0
  }
}
