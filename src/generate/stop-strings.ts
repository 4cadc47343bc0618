/**
 * Where a completion ends by its text. `find` is asked behind every token: only the last tokens are decoded then, as many as the longest
 * stop string can reach over (a character has at most four tokens), and the whole text where it shows there.
 */
export class StopStrings {
  readonly #reach: number

  constructor(
    readonly stops: readonly string[],
    readonly decode: (ids: Int32Array) => string,
  ) {
    this.#reach = 8 + 4 * Math.max(0, ...stops.map((stop) => stop.length))
  }

  /** Whether the tokens' text has a stop string in it. */
  isIn(ids: readonly number[]): boolean {
    if (this.stops.length === 0) return false
    const tail = ids.length <= this.#reach ? ids : ids.slice(-this.#reach)
    return (
      this.#first(this.decode(Int32Array.from(tail))) !== null &&
      this.#first(this.decode(Int32Array.from(ids))) !== null
    )
  }

  /** The text before the first stop string, as vLLM gives it; the whole where there is none. */
  before(text: string): string {
    return text.slice(0, this.#first(text) ?? text.length)
  }

  #first(text: string): number | null {
    const found = this.stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
    return found.length === 0 ? null : Math.min(...found)
  }
}
