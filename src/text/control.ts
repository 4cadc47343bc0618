import { SPECIAL_NAMES } from './special-tokens.ts'
import type { OpenTokenizer } from './tokenizer.ts'

/** Which texts hold tokens that steer the model instead of being read. */
export interface ControlTokens {
  /** The text of a turn holds a token that begins or ends turns, or BOS, EOS, pad …: an injection, or a text that was rendered before. */
  injects(text: string): boolean
  /** Any special token. */
  hasSpecial(text: string): boolean
}

/** Tags of thoughts and answers belong to a completion, even where a tokenizer marks them special and a template looks for them. */
const CONTENT = /think|thought|reason|answer|tool/i

/**
 * Control tokens of a tokenizer under a template: its named ones, and the special ones that the template writes itself. Other special tokens
 * (answer tags …) are content.
 */
export function controlTokens(
  { specialContents, specialTokens }: Pick<OpenTokenizer, 'specialContents' | 'specialTokens'>,
  template: string,
): ControlTokens {
  const named = new Set(SPECIAL_NAMES.map((name) => specialTokens[name]))
  const control = specialContents.filter(
    (content) => named.has(content) || (template.includes(content) && !CONTENT.test(content)),
  )
  const injection = anyOf(control)
  const special = anyOf(specialContents)
  // What stands behind a completion is nearly always the same.
  const known = new Map<string, boolean>()
  return {
    injects: (text) => injection?.test(text) ?? false,
    hasSpecial(text) {
      const found = known.get(text) ?? special?.test(text) ?? false
      if (known.size < 1000 && text.length < 100) known.set(text, found)
      return found
    },
  }
}

const anyOf = (texts: readonly string[]): RegExp | null =>
  texts.length === 0 ? null : new RegExp(texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'))
