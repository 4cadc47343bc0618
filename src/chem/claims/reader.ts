import type { Token } from './tokens.ts'

/** A place in a list of tokens. What reads on and finds nothing goes back to where it began. */
export class Reader {
  constructor(
    readonly tokens: readonly Token[],
    public i = 0,
  ) {}

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.i + ahead]
  }
  /** Is the next token one of these words or marks? */
  is(...texts: readonly string[]): boolean {
    const token = this.peek()
    return token !== undefined && token.kind !== 'chemical' && texts.includes(token.text)
  }
  /** Steps over the next token if it is one of these. */
  eat(...texts: readonly string[]): boolean {
    if (!this.is(...texts)) return false
    this.i++
    return true
  }
  /** Steps over a phrase, or over nothing. */
  eatAll(phrase: string): boolean {
    const words = phrase.split(' ')
    for (const [k, text] of words.entries()) {
      const token = this.peek(k)
      if (token === undefined || token.kind === 'chemical' || token.text !== text) return false
    }
    this.i += words.length
    return true
  }
  eatAny(phrases: readonly string[]): string | null {
    return phrases.find((phrase) => this.eatAll(phrase)) ?? null
  }
  /** Runs `read`, and goes back where it gives null. */
  attempt<T>(read: () => T | null): T | null {
    const from = this.i
    const result = read()
    if (result === null) this.i = from
    return result
  }
}
