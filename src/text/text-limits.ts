import { TextTooLong } from './unencodable.ts'
import type { ModelKind } from './vocabulary.ts'

/**
 * Characters (UTF-16 units) of a text that becomes tokens, as it is rendered and as it is normalized: some 250,000 tokens of English.
 * Tokenizing takes some 5 µs and up to 600 bytes for each character; a longer text is refused before any of it is spent.
 */
const MOST_CHARS = 1_000_000
/**
 * Characters without a place where the pre-tokenizer splits (of a byte-level tokenizer: bytes). BPE orders the merges of all of them in one
 * queue, Unigram keeps a lattice over them and, like the Rust library, copies a run of unknown characters once for each of them.
 */
const MOST_UNBROKEN: Readonly<Record<ModelKind, number>> = { BPE: 500_000, Unigram: 50_000, WordPiece: MOST_CHARS }

/** What a message says where no option mends a text that is too long. */
export const NO_OPTION_MENDS = 'whatever --max-length and --truncation say'

/** @throws TextTooLong */
export function checkChars(text: string): void {
  if (text.length > MOST_CHARS)
    throw new TextTooLong(
      `${counted(text.length)} characters, at most ${counted(MOST_CHARS)} are made into tokens, ${NO_OPTION_MENDS}`,
    )
}

/** @throws TextTooLong */
export function checkUnbroken(piece: string, kind: ModelKind): void {
  const most = MOST_UNBROKEN[kind]
  if (piece.length > most)
    throw new TextTooLong(
      `${counted(piece.length)} characters or bytes without a place where the tokenizer splits them, at most ${counted(most)} are made into tokens, ${NO_OPTION_MENDS}`,
    )
}

const counted = (n: number): string => n.toLocaleString('en')
