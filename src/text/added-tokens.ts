import { UnencodableText } from './unencodable.ts'
import { SPACES, WORD } from './whitespace.ts'

/** Added tokens, found in a text as the Rust library does (tokenizer/added_vocabulary.rs, `find_matches`). */

export interface AddedTokenRule {
  readonly content: string
  readonly single_word: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
}

/** A stretch of text, or the added token that stands for it. */
export interface Section {
  readonly text: string
  readonly token: string | null
}

interface Node {
  readonly next: Map<string, Node>
  rule: AddedTokenRule | null
  /** Another token that is written the same. Rust keeps both in a hash table and takes one by chance. */
  rival: string | null
}

/**
 * A splitter of texts at the leftmost, there the longest, of some tokens.
 * @param written what stands in the text for each token: its content, normalized where the token says so
 * @throws UnencodableText (the splitter) where two tokens are written as the text is
 */
export function tokenFinder(
  rules: readonly AddedTokenRule[],
  written: (content: string) => string,
): (text: string) => Section[] {
  const root: Node = { next: new Map(), rule: null, rival: null }
  for (const rule of rules) {
    let node = root
    for (const unit of written(rule.content).split('')) {
      const next: Node = node.next.get(unit) ?? { next: new Map(), rule: null, rival: null }
      node.next.set(unit, next)
      node = next
    }
    if (node === root) continue
    if (node.rule === null) node.rule = rule
    else node.rival = rule.content
  }
  return (text) => sectionsOf(text, root)
}

function sectionsOf(text: string, root: Node): Section[] {
  const sections: Section[] = []
  let done = 0
  for (let at = 0; at < text.length; ) {
    const found = longest(text, at, root)
    if (found === null) {
      at++
      continue
    }
    const { rule, end } = found
    at = end
    if (
      rule.single_word &&
      (ENDS_WITH_WORD.test(text.slice(Math.max(0, found.start - 2), found.start)) ||
        STARTS_WITH_WORD.test(text.slice(end)))
    )
      continue
    const start = rule.lstrip ? done + text.slice(done, found.start).search(RIGHT_SPACE) : found.start
    if (start > done) sections.push({ text: text.slice(done, start), token: null })
    sections.push({ text: text.slice(start, end), token: rule.content })
    // Stripped spaces may hold the next token: it is found all the same, as in Rust.
    done = rule.rstrip ? end + LEFT_SPACE.exec(text.slice(end))![0].length : end
  }
  if (done < text.length) sections.push({ text: text.slice(done), token: null })
  return sections
}

function longest(text: string, start: number, root: Node): { rule: AddedTokenRule; start: number; end: number } | null {
  let found: Node | null = null
  let end = start
  let node = root.next.get(text[start]!)
  for (let at = start + 1; node !== undefined; at++) {
    if (node.rule !== null) {
      found = node
      end = at
    }
    node = at < text.length ? node.next.get(text[at]!) : undefined
  }
  if (found === null) return null
  if (found.rival !== null)
    throw new UnencodableText(
      'tokenizer_error',
      `the added tokens ${JSON.stringify(found.rule!.content)} and ${JSON.stringify(found.rival)} are the same text behind the normalizer, so that the tokenizers library takes one of them by chance`,
    )
  return { rule: found.rule!, start, end }
}

const LEFT_SPACE = new RegExp(`^[${SPACES}]*`, 'u')
const RIGHT_SPACE = new RegExp(`(?<![${SPACES}])[${SPACES}]*$`, 'u')
const ENDS_WITH_WORD = new RegExp(`[${WORD}]$`, 'u')
const STARTS_WITH_WORD = new RegExp(`^[${WORD}]`, 'u')
