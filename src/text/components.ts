import { isRecord } from '../is-record.ts'
import type { Json } from './tokenizer-files.ts'
import { shown } from './vocabulary.ts'

/**
 * The fields of normalizers and pre-tokenizers as the Rust library reads them (normalizers/*.rs, pre_tokenizers/*.rs). The JavaScript port
 * looks at none of them before it uses it: `"content": null` would write the word null into every text.
 */

type Field = readonly [what: string, fits: (value: unknown) => boolean]
const flag: Field = ['true or false', (value) => typeof value === 'boolean']
const text: Field = ['a text', (value) => typeof value === 'string']
const char: Field = ['one character', (value) => typeof value === 'string' && [...value].length === 1]
const size: Field = ['a whole number above 0', (value) => Number.isInteger(value) && (value as number) > 0]
const oneOf = (...names: readonly string[]): Field => [names.join(', '), (value) => names.includes(value as string)]
const pattern: Field = [
  '{"String": …} or {"Regex": …}',
  (value) => {
    if (!isRecord(value)) return false
    const [[kind, written] = [], ...rest] = Object.entries(value)
    return rest.length === 0 && (kind === 'String' || kind === 'Regex') && typeof written === 'string'
  },
]
const behavior = oneOf('Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous')
const orNull = ([what, fits]: Field): Field => [`${what}, or null`, (value) => value === null || fits(value)]

interface Part {
  readonly needs?: Readonly<Record<string, Field>>
  readonly may?: Readonly<Record<string, Field>>
}
const PARTS: Readonly<Record<'normalizer' | 'pre_tokenizer', Readonly<Record<string, Part>>>> = {
  normalizer: {
    BertNormalizer: {
      needs: { clean_text: flag, handle_chinese_chars: flag, lowercase: flag },
      may: { strip_accents: orNull(flag) },
    },
    Strip: { needs: { strip_left: flag, strip_right: flag } },
    Replace: { needs: { pattern, content: text } },
    Prepend: { needs: { prepend: text } },
    Precompiled: { needs: { precompiled_charsmap: text } },
  },
  pre_tokenizer: {
    ByteLevel: { needs: { add_prefix_space: flag, trim_offsets: flag }, may: { use_regex: flag } },
    Metaspace: {
      needs: { replacement: char },
      may: {
        add_prefix_space: orNull(flag),
        prepend_scheme: oneOf('first', 'never', 'always'),
        split: orNull(flag),
        str_rep: orNull(text),
      },
    },
    Split: { needs: { pattern, behavior, invert: flag } },
    Punctuation: { may: { behavior } },
    Digits: { needs: { individual_digits: flag } },
    FixedLength: { may: { length: size } },
  },
}
const LISTS = { normalizer: 'normalizers', pre_tokenizer: 'pretokenizers' } as const

/** @throws RangeError naming the place, where the library refuses the normalizer or the pre-tokenizer */
export function checkComponents(tokenizerJson: Json): void {
  for (const kind of ['normalizer', 'pre_tokenizer'] as const) check(kind, tokenizerJson[kind] ?? null, kind)
}

function check(kind: keyof typeof PARTS, part: unknown, place: string): void {
  if (part === null) return
  if (!isRecord(part)) throw new RangeError(`${place} is ${shown(part)}, not an object with a type`)
  if (part.type === 'Sequence') {
    const list = part[LISTS[kind]]
    if (!Array.isArray(list)) throw new RangeError(`${place}.${LISTS[kind]} is ${shown(list)}, not a list`)
    for (const [i, one] of list.entries()) {
      if (one === null) throw new RangeError(`${place}.${LISTS[kind]}[${i}] is null, not an object with a type`)
      check(kind, one, `${place}.${LISTS[kind]}[${i}]`)
    }
    return
  }
  if (kind === 'pre_tokenizer' && part.type === 'Replace')
    throw new RangeError(`${place} is of the type "Replace", which the tokenizers library has for normalizers alone`)
  // which other types there are is for the port to say
  if (typeof part.type !== 'string' || !Object.hasOwn(PARTS[kind], part.type)) return
  const { needs = {}, may = {} } = PARTS[kind][part.type]!
  for (const [name, [what, fits]] of [...Object.entries(needs), ...Object.entries(may)]) {
    const value = part[name]
    if (value === undefined && Object.hasOwn(may, name)) continue
    if (!fits(value)) throw new RangeError(`${place}.${name} is ${shown(value)}, not ${what}`)
  }
  if (part.type === 'Metaspace' && part.add_prefix_space === false)
    if (part.prepend_scheme !== 'never')
      throw new RangeError(
        `${place}.add_prefix_space is false, and prepend_scheme is ${shown(part.prepend_scheme)}, not "never"`,
      )
}
