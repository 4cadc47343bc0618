import type { Vocabulary } from './vocabulary.ts'

/** A token of `added_tokens`, or one that another file adds. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly single_word: boolean
  readonly normalized: boolean
}
export type NewToken = Omit<AddedToken, 'id'>
export const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const

export const DAMAGED = 'The file is cut off or not a tokenizer of the `tokenizers` library; download it again.'

/** Added tokens with their ids as Rust gives them (tokenizers 0.23, tokenizer/added_vocabulary.rs): those in a file are not looked at. */
export class AddedVocabulary {
  readonly #tokens = new Map<string, AddedToken>()

  constructor(private readonly vocabulary: Vocabulary) {}

  has(content: string): boolean {
    return this.#tokens.has(content)
  }

  idOf(content: string): number | undefined {
    return this.#tokens.get(content)?.id
  }

  /** One call of `add_tokens`. A token that is there keeps its id and takes the new flags. */
  add(tokens: readonly NewToken[]): void {
    let next = this.tokens().reduce((free, { id }) => Math.max(free, id + 1), this.vocabulary.size)
    for (const token of tokens) {
      const { content } = token
      if (content === '') continue
      const id = this.idOf(content) ?? this.vocabulary.idOf(content) ?? next++
      this.#tokens.set(content, { ...token, id })
    }
  }

  tokens(): AddedToken[] {
    return [...this.#tokens.values()]
  }
}
