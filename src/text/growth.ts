/**
 * How long a text may become, of what somebody else's template or tokenizer makes of it. Templates of the hub add a few thousand
 * characters, Unicode's normal forms at most 18 for one.
 * @param given characters (UTF-16 units) that come in
 */
export const grownLimit = (given: number): number => FREE_CHARS + FACTOR * given
const FREE_CHARS = 1_000_000
const FACTOR = 20

/** What a text grew beyond its limit. */
export class GrownTooLong extends Error {}

/** The characters that one text may still become, over all steps that replace some of it. */
export class Growth {
  #room = 0
  #limit = 0

  /** A new text. */
  start(given: number): void {
    this.#limit = grownLimit(given)
    this.#room = this.#limit
  }

  /** Call before `chars` more than were there before come into being. @throws GrownTooLong */
  add(chars: number): void {
    this.#room -= chars
    if (this.#room < 0) throw new GrownTooLong(`more than ${this.#limit.toLocaleString('en')} characters`)
  }

  /** `text.replaceAll(pattern, () => by)`, counted before it is built. */
  replaceAll(text: string, pattern: RegExp | string, by: string): string {
    return text.replaceAll(pattern, (found: string) => {
      if (by.length > found.length) this.add(by.length - found.length)
      return by
    })
  }

  /** Passes on what a step made of a text; of what cannot become much longer. */
  of(before: string, after: string): string {
    if (after.length > before.length) this.add(after.length - before.length)
    return after
  }
}
