import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { type AddedToken, type AddedVocabulary, DAMAGED, FLAGS, type NewToken } from './added-vocabulary.ts'
import { extraTokens, mergedConfig, namedTokens, SPECIAL_NAMES, tokenText } from './special-tokens.ts'
import type { Json, TokenizerFiles } from './tokenizer-files.ts'
import { shown } from './vocabulary.ts'

/** added_tokens_decoder, in the order of its ids. */
export function decoderTokens(
  config: Json,
  where: string,
): readonly (Json & { readonly content: string; readonly id: number })[] {
  const { added_tokens_decoder: decoder } = config
  if (decoder === undefined || decoder === null) return []
  if (!isRecord(decoder))
    throw new ModelError(`"added_tokens_decoder" is ${shown(decoder)}, not an object of ids and tokens`, where, DAMAGED)
  const entries = Object.entries(decoder).map(([key, token]) => {
    if (!/^[+-]?\d+$/.test(key))
      throw new ModelError(`"added_tokens_decoder" has the id ${shown(key)}, not a whole number`, where, DAMAGED)
    if (!isRecord(token) || (token.content !== undefined && typeof token.content !== 'string'))
      throw new ModelError(`"added_tokens_decoder" has ${shown(token)} for ${key}, not a token`, where, DAMAGED)
    for (const flag of FLAGS)
      if (token[flag] !== undefined && typeof token[flag] !== 'boolean')
        throw new ModelError(
          `"added_tokens_decoder": ${flag} of ${key} is ${shown(token[flag])}, not true or false`,
          where,
          DAMAGED,
        )
    return { ...token, content: token.content ?? '', id: Number(key) }
  })
  return entries.toSorted((a, b) => a.id - b.id)
}

/**
 * What transformers 5 adds to tokenizer.json's added tokens once it has read them, in its order (tokenization_utils_tokenizers.py,
 * `TokenizersBackend.__init__`): added_tokens_decoder, whose flags win over those of tokenizer.json; without one, added_tokens.json and
 * tokenizer.json's own tokens once more; then special tokens that are not there yet. A token that has a name is special.
 */
export function declaredTokens(
  files: TokenizerFiles,
  listed: readonly AddedToken[],
  added: AddedVocabulary,
  where: string,
): readonly NewToken[] {
  const named = [...namedTokens(files).values()]
  const names = new Set(named.map(tokenText))
  const first = isRecord(files.config.added_tokens_decoder)
    ? decoderTokens(files.config, where)
    : legacyTokens(files, listed)
  const there = new Set(first.map(({ content }) => content))
  const missing = ({ content }: Declared): boolean => !added.has(content) && !there.has(content)
  const behind = [
    ...named.flatMap((token) => declared(token, true)),
    ...extraTokens(files).flatMap(({ token, file }) => declared(token, file === 'map')),
  ]
  return [...first, ...behind.filter(missing)].map((token) => flagged(token, names.has(token.content)))
}

type Declared = Partial<NewToken> & { readonly content: string }

/** A text is a special token, an object what it says, unless its place makes it special. */
function declared(token: unknown, special: boolean): Declared[] {
  if (typeof token === 'string') return [{ content: token, special: true }]
  const content = tokenText(token)
  return content === null ? [] : [{ ...(token as Declared), ...(special ? { special } : {}) }]
}

const flagged = (token: Declared, isNamed: boolean): NewToken => {
  const special = token.special === true || isNamed
  return {
    content: token.content,
    special,
    lstrip: token.lstrip === true,
    rstrip: token.rstrip === true,
    single_word: token.single_word === true,
    normalized: token.normalized ?? !special,
  }
}

/** added_tokens.json and tokenizer.json's list by their ids, of which one holds one token. */
function legacyTokens(files: TokenizerFiles, listed: readonly AddedToken[]): Declared[] {
  const special = stringsSaid(files)
  const byId = new Map<number, Declared>()
  for (const [content, id] of Object.entries(files.addedTokens ?? {})) {
    const isSpecial = special.has(content)
    byId.set(Number(id), { content, special: isSpecial, normalized: !isSpecial })
  }
  for (const token of listed) byId.set(token.id, token)
  return [...byId].toSorted(([a], [b]) => a - b).map(([, token]) => token)
}

/** Special tokens as transformers looks them up for added_tokens.json: an object of tokenizer_config.json is none yet. */
function stringsSaid(files: TokenizerFiles): ReadonlySet<string> {
  const merged = mergedConfig(files)
  const isRead = (value: unknown, fromMap: boolean): string[] =>
    typeof value === 'string' || fromMap ? [tokenText(value) ?? ''] : []
  return new Set([
    ...SPECIAL_NAMES.flatMap((name) => isRead(merged[name], merged[name] === files.specialTokensMap?.[name])),
    ...extraTokens(files).flatMap(({ token, file }) => isRead(token, file === 'map')),
  ])
}
