/**
 * Numbers that look like numbers and say nothing: a model, a template or a tokenizer that cannot tell texts apart gives each the
 * same score, and every statistic of it is a tie. Fed completion by completion, in a few bytes.
 */
export class ScoreWatch {
  #count = 0
  #score: number | null = null
  #text: string | null = null
  #scoresDiffer = false
  #textsDiffer = false

  see({ score, textSha256 }: { readonly score: number | null; readonly textSha256: string | null }): void {
    if (score === null) return
    if (this.#count++ === 0) {
      this.#score = score
      this.#text = textSha256
    }
    if (score !== this.#score) this.#scoresDiffer = true
    if (textSha256 !== this.#text) this.#textsDiffer = true
  }

  /** One line, or null where scores differ or all texts are the same. */
  get warning(): string | null {
    if (this.#scoresDiffer || !this.#textsDiffer) return null
    return `all ${this.#count.toLocaleString('en')} scores are equal (${this.#score}), though the texts differ: the model or its tokenizer cannot tell them apart, and every comparison is a tie`
  }
}

/** What to say where completions are lost or read alike; `unscored` counts by reason. */
export function tokenDoubts(work: {
  readonly name: string
  readonly completions: number
  readonly notEmbedded: number
  /** Completions that have the same tokens as another text. */
  readonly sameTokens: number
}): string[] {
  const { name, completions, notEmbedded, sameTokens } = work
  const [all, lost, same] = [completions, notEmbedded, sameTokens].map((n) => n.toLocaleString('en'))
  return [
    ...(notEmbedded > 0 && (notEmbedded === completions || (completions >= MANY && notEmbedded * 2 > completions))
      ? [
          `${lost} of ${all} completions ${have(notEmbedded)} a token that ${name} has no embedding for: the tokenizer probably belongs to another model`,
        ]
      : []),
    ...(sameTokens > 0
      ? [
          `${same} of ${all} completions ${have(sameTokens)} the same tokens as another text, so ${name} scores both alike: the tokenizer or the truncation drops what differs`,
        ]
      : []),
  ]
}
/** Below so many completions a share says nothing. */
const MANY = 4
const have = (n: number): string => (n === 1 ? 'has' : 'have')
