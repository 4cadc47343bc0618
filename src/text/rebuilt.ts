import { isRecord } from '../is-record.ts'
import { AddedVocabulary } from './added-vocabulary.ts'
import { type Backend, buildBackend, encodePair, encodeText } from './backend.ts'
import { declaredTokens } from './declared-tokens.ts'
import { type Rebuilt, rebuiltBy } from './rebuilt-steps.ts'
import { mergedConfig, namedTokens, tokenText } from './special-tokens.ts'
import type { EffectiveTokenizer, Json, TokenizerFiles } from './tokenizer-files.ts'
import { readVocabulary, shown } from './vocabulary.ts'

/**
 * tokenizer.json as transformers 5 has it where a class builds it anew: vocabulary, merges and most post-processors are the file's, all
 * other steps the class's, and only tokens that are declared beside the vocabulary are added.
 * @param name a class of rebuilt-class.ts; null comes back for one that is not known here
 * @throws RangeError where the class cannot take the file's vocabulary
 */
export function rebuiltTokenizer(
  name: string,
  files: TokenizerFiles,
  where: string,
): Pick<EffectiveTokenizer, 'json' | 'vocabulary'> | null {
  const { tokenizerJson } = files
  const rebuilt = rebuiltBy(name, mergedConfig(files), tokenizerJson)
  if (rebuilt === null) return null
  const named = { ...files, config: { ...rebuilt.names, ...files.config } }
  const model = modelOf(rebuilt, tokenizerJson.model as Json)
  const vocabulary = readVocabulary(model)
  const added = new AddedVocabulary(vocabulary)
  const listed = (Array.isArray(tokenizerJson.added_tokens) ? tokenizerJson.added_tokens : []) as Parameters<
    typeof declaredTokens
  >[1]
  added.add(declaredTokens(named, listed, added, where))
  const special = { special: true, lstrip: false, rstrip: false, single_word: false, normalized: false }
  if (rebuilt.plainSpecials)
    added.add([...namedTokens(named).values()].map((token) => ({ content: tokenText(token) ?? '', ...special })))
  const { normalizer, preTokenizer: pre_tokenizer, postProcessor } = rebuilt
  const idOf = (token: string): number | undefined => added.idOf(token) ?? vocabulary.idOf(token)
  const post_processor =
    postProcessor === 'own'
      ? tokenizerJson.post_processor
      : postProcessor === 'none'
        ? null
        : around(postProcessor, idOf)
  return {
    json: {
      version: '1.0',
      added_tokens: added.tokens(),
      normalizer,
      pre_tokenizer,
      post_processor,
      decoder: null,
      model,
    },
    vocabulary,
  }
}

function modelOf({ model: type, flags }: Rebuilt, { vocab, merges }: Json): Json {
  if (type === 'Unigram') {
    if (!Array.isArray(vocab))
      throw new RangeError('it takes a list of tokens and scores, tokenizer.json has an object')
    return { type, ...flags, vocab }
  }
  const pieces = Array.isArray(vocab) ? (vocab as readonly unknown[]) : null
  const ids = pieces
    ? Object.fromEntries(pieces.map((piece, i) => [String(Array.isArray(piece) ? piece[0] : piece), i]))
    : vocab
  return type === 'BPE' ? { type, ...flags, vocab: ids, merges: merges ?? [] } : { type, ...flags, vocab: ids }
}

function around(
  [first, last, between]: Exclude<Rebuilt['postProcessor'], string>,
  idOf: (token: string) => number | undefined,
): Json {
  const special = (id: string): Json => ({ SpecialToken: { id, type_id: 0 } })
  const text = (id: string): Json => ({ Sequence: { id, type_id: 0 } })
  const tokens = [...new Set([first, last])].map((token) => {
    const id = idOf(token)
    if (id === undefined) throw new RangeError(`${shown(token)} is not in its vocabulary`)
    return [token, { id: token, ids: [id], tokens: [token] }] as const
  })
  const single = [special(first), text('A'), special(last)]
  const gap = Array.from({ length: between - 1 }, () => special(last))
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, ...gap, text('B'), special(last)],
    special_tokens: Object.fromEntries(tokens),
  }
}

/** Texts that tell pipelines apart; %: each special token in turn. */
const PROBES: readonly string[] = [
  'Hello, world! 1234567',
  'a  b\n\nc\td',
  ' leading',
  'trailing ',
  'naïve café ﬁne Å',
  'CC(=O)Oc1ccccc1C(=O)O',
  "I'M sure they're HERE",
  '漢字 한국어',
  'x\r\ny',
  'Say %Hi',
  'a % b',
]
const PROBED_SPECIALS = 4

/**
 * What to say where transformers 5 gives other ids than tokenizer.json, or null.
 * @param own the tokenizer that is run here
 */
export function rebuiltNote(
  name: string,
  files: TokenizerFiles,
  where: string,
  own: Pick<EffectiveTokenizer, 'json'> & { readonly backend: Backend },
): string | null {
  const anew = `transformers 5 does not read tokenizer.json whole but builds ${name} anew from its vocabulary`
  let other: Backend
  try {
    const rebuilt = rebuiltTokenizer(name, files, where)
    if (rebuilt === null) return `${anew}; its token ids may differ from those here, which follow tokenizer.json`
    if (canonical(rebuilt.json) === canonical(own.json)) return null
    other = buildBackend(rebuilt.json, undefined, rebuilt.vocabulary)
  } catch (error) {
    return `transformers 5 would build ${name} anew from the vocabulary of tokenizer.json and stops at it (${(error as Error).message}); tokenizer.json is followed here`
  }
  const specials = ((own.json.added_tokens ?? []) as readonly Json[])
    .flatMap(({ special, content }) => (special === true ? [content as string] : []))
    .slice(0, PROBED_SPECIALS)
  const probes = PROBES.flatMap((text) =>
    text.includes('%') ? specials.map((token) => text.replace('%', () => token)) : [text],
  )
  const differ = probes.filter((text) => idsOf(own.backend, text) !== idsOf(other, text))
  const [text] = differ
  if (text === undefined)
    return pairsDiffer(own.backend, other) ? `${anew}, which puts other tokens between two texts` : null
  return `${anew}: ${differ.length} of ${probes.length} test texts have other token ids there, e.g. ${shown(text)} ${shortened(idsOf(other, text))}, here ${shortened(idsOf(own.backend, text))}, as tokenizer.json says`
}

const idsOf = (backend: Backend, text: string): string => {
  try {
    return `[${encodeText(backend, text, true).join(', ')}]`
  } catch {
    return 'none'
  }
}
const shortened = (ids: string): string => (ids.length <= 60 ? ids : `${ids.slice(0, 60)} …`)

function pairsDiffer(own: Backend, other: Backend): boolean {
  const ids = (backend: Backend): string => {
    try {
      return encodePair(backend, 'a', 'b', true).ids.join(' ')
    } catch {
      return 'none'
    }
  }
  return ids(own) !== ids(other)
}

/** The parts that make ids, in one spelling. */
function canonical({ added_tokens, normalizer, pre_tokenizer, post_processor, model }: Json): string {
  const { vocab: _, merges: __, ...flags } = model as Json
  const tokens = ((added_tokens ?? []) as readonly { readonly id: number }[]).toSorted((a, b) => a.id - b.id)
  return JSON.stringify([tokens, normalizer, pre_tokenizer, post_processor, flags].map(plain))
}
/** Without what is null, empty or only moves offsets. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, part]) => part !== null && part !== '' && part !== false && key !== 'trim_offsets')
      .map(([key, part]) => [key, plain(part)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}
