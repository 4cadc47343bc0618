import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { buildBackend, encodeText } from '../../src/text/backend.ts'
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

describe('a model that the port would run otherwise, without a word', () => {
  const built = (model: Json) => () => buildBackend({ ...golden.cases.gpt2!.parts, model }, undefined)
  it('is refused by name', () => {
    expect(built({ type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' })).toThrow(/WordLevel/)
    expect(built({ ...golden.model, dropout: 0.1 })).toThrow(/dropout/)
    expect(built({ ...golden.model, continuing_subword_prefix: '##' })).toThrow(/continuing_subword_prefix/)
  })
})
