import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { buildBackend, encodeText } from '../../src/text/backend.ts'
import { mendPreTokenizer, type PreTokenizerLike } from '../../src/text/pre-tokenize.ts'
import type { Json } from '../../src/text/tokenizer-files.ts'

/** Ids of the Rust library for every way to split a text (scripts/oracles/text-pieces.py). */
interface Golden {
  readonly model: Json
  readonly texts: readonly string[]
  readonly cases: Readonly<Record<string, { readonly parts: Json; readonly ids: readonly (readonly number[])[] }>>
}
const golden = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/text/pieces.json.gz'))).toString('utf8'),
) as Golden

describe('pieces and added tokens: the ids of the Rust library', () => {
  it.each(Object.entries(golden.cases))('%s', (_, { parts, ids }) => {
    const backend = buildBackend({ ...parts, model: golden.model }, undefined)
    golden.texts.forEach((text, i) => {
      expect([...encodeText(backend, text, true)], JSON.stringify(text)).toEqual(ids[i])
    })
  })
})

describe('bytes as characters', () => {
  const PARTS: readonly Json[] = [
    {},
    { add_prefix_space: true },
    { use_regex: false },
    { add_prefix_space: true, use_regex: false },
  ]
  const port = (config: Json) => {
    const { pre_tokenizer } = new Tokenizer({ ...golden.cases.gpt2!.parts, model: golden.model, pre_tokenizer: config }, {})
    return pre_tokenizer as PreTokenizerLike
  } // biome-ignore format: one line each
  it.each(PARTS)('%j: plain text is spelt as the port spells it', (options) => {
    const config = { type: 'ByteLevel', ...options }
    const [own, mended] = [port(config), port(config)]
    mendPreTokenizer(mended, config)
    const ascii = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i))
    const plain = fc.string({ unit: fc.constantFrom('\n', ' ', ...ascii.slice(32, 127)), maxLength: 60 })
    // with control characters and letters of several bytes
    const any = fc.string({ unit: fc.constantFrom(...ascii, 'é', 'Ġ', '😀'), maxLength: 60 })
    const alike = (text: string): void => {
      expect(mended.pre_tokenize_text(text)).toEqual(own.pre_tokenize_text(text))
    }
    for (const one of [...ascii, "it's  2 \n\n x", '']) alike(one)
    fc.assert(fc.property(fc.oneof(plain, any), alike), { numRuns: 300 })
  })
})

describe('a model that the port would run otherwise, without a word', () => {
  const built = (model: Json) => () => buildBackend({ ...golden.cases.gpt2!.parts, model }, undefined)
  it('is refused by name', () => {
    expect(built({ type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' })).toThrow(/WordLevel/)
    expect(built({ ...golden.model, dropout: 0.1 })).toThrow(/dropout/)
    expect(built({ ...golden.model, continuing_subword_prefix: '##' })).toThrow(/continuing_subword_prefix/)
  })
})
