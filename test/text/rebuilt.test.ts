import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { buildBackend, encodeText } from '../../src/text/backend.ts'
import { rebuiltTokenizer } from '../../src/text/rebuilt.ts'
import { rebuiltClass } from '../../src/text/rebuilt-class.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import type { Json, TokenizerFiles } from '../../src/text/tokenizer-files.ts'
import { UnencodableText } from '../../src/text/unencodable.ts'

/** scripts/oracles/text-rebuilt.py: what AutoTokenizer opens, and the ids of what it builds. */
interface Golden {
  readonly texts: readonly string[]
  readonly dispatch: readonly (readonly [base: string, modelType: string, name: string | null, opened: string])[]
  readonly cases: readonly {
    readonly base: string
    readonly class: string
    readonly options: Json
    readonly opened?: string
    readonly ids?: readonly (readonly number[])[]
    readonly error?: string
  }[]
}
const golden = JSON.parse(gunzipSync(readFileSync(packagePath('test/data/text/rebuilt.json.gz'))).toString()) as Golden

function filesOf(base: string, options: Json, name: string | null): TokenizerFiles {
  const read = (file: string): Json =>
    JSON.parse(readFileSync(packagePath('test/data/text/tokenizers', base, file), 'utf8')) as Json
  const { tokenizer_class: _, ...config } = read('tokenizer_config.json')
  return {
    tokenizerJson: read('tokenizer.json'),
    config: { ...config, ...options, ...(name === null ? {} : { tokenizer_class: name }) },
    specialTokensMap: read('special_tokens_map.json'),
    addedTokens: null,
    templateFile: null,
    templateJson: null,
    namedTemplates: {},
  }
}

describe('which class transformers 5 builds anew', () => {
  it.each(['gpt2', 'starling-34b'])('as AutoTokenizer, for every model type and class: %s', (base) => {
    const { tokenizerJson } = filesOf(base, {}, null)
    const differs = golden.dispatch.flatMap(([from, type, name, opened]) => {
      if (from !== base) return []
      const found = rebuiltClass(tokenizerJson, { tokenizer_class: name ?? undefined }, { model_type: type })
      // it stops at the vocabulary of another kind
      const stops = opened.startsWith('error') && found !== null
      return stops || (found ?? 'TokenizersBackend') === opened ? [] : [[type, name, found, opened]]
    })
    expect(differs).toEqual([])
  })
})

describe('what a class builds gives the ids of transformers 5', () => {
  it.each(golden.cases.map((one) => [`${one.base} as ${one.class} ${JSON.stringify(one.options)}`, one] as const))(
    '%s',
    (_, one) => {
      const files = filesOf(one.base, one.options, one.class)
      const name = rebuiltClass(files.tokenizerJson, files.config, { model_type: 'llama' })
      if (name === null) {
        expect(one.opened).toBe('TokenizersBackend')
        return
      }
      const build = () => {
        const { json, vocabulary } = rebuiltTokenizer(name, files, 'm')!
        const backend = buildBackend(json, undefined, vocabulary)
        return golden.texts.map((text) => {
          try {
            return [...encodeText(backend, text, true)]
          } catch (error) {
            if (error instanceof UnencodableText) return null
            throw error
          }
        })
      }
      if (one.ids === undefined) {
        let found: unknown = null
        try {
          found = build().includes(null) ? null : 'ids'
        } catch {}
        expect(found).toBeNull()
      } else expect(build()).toEqual(one.ids)
    },
  )
})

describe('a tokenizer that transformers 5 builds anew', () => {
  const open = async (base: string, config: Json, model: Json) => {
    const dir = mkdtempSync(join(tmpdir(), 'chemherm-rebuilt-'))
    cpSync(packagePath('test/data/text/tokenizers', base), dir, { recursive: true })
    const file = join(dir, 'tokenizer_config.json')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...config }))
    writeFileSync(join(dir, 'config.json'), JSON.stringify(model))
    const { notes } = await openTokenizer(dir, { id: 'm' })
    rmSync(dir, { recursive: true })
    return notes
  }
  const llama = { model_type: 'llama' }

  it('is said with an example where its ids are others', async () => {
    const [note, ...more] = await open('starling-34b', { tokenizer_class: 'LlamaTokenizer' }, llama)
    expect(more).toEqual([])
    const said =
      /^m: transformers 5 does not read tokenizer\.json whole but builds LlamaTokenizer anew from its vocabulary: \d+ of \d+ test texts have other token ids there, e\.g\. (".*") (\[.*?\]), here (\[.*?\]), as tokenizer\.json says$/
    const [, text, there, here] = said.exec(note!)!
    expect(there).not.toBe(here)
    // the example's ids by the backend of the test above, whose ids are transformers'
    const files = filesOf('starling-34b', {}, 'LlamaTokenizer')
    const { json, vocabulary } = rebuiltTokenizer('LlamaTokenizer', files, 'm')!
    const ids = encodeText(buildBackend(json, undefined, vocabulary), JSON.parse(text!) as string, true)
    expect(there).toBe(`[${ids.join(', ')}]`)
  })

  it('is not mentioned where its ids are the same', async () => {
    expect(await open('gpt2', { tokenizer_class: 'GPT2Tokenizer', add_prefix_space: true }, llama)).toEqual([])
    expect(await open('qwen2-rm', { tokenizer_class: 'LlamaTokenizerFast' }, llama)).toEqual([])
    expect(await open('starling-34b', { tokenizer_class: 'LlamaTokenizer' }, { model_type: 'mistral' })).toEqual([])
  })

  it('is said where the class cannot take the vocabulary, or is none that is known here', async () => {
    expect(await open('gpt2', { tokenizer_class: 'AlbertTokenizer' }, llama)).toEqual([
      expect.stringMatching(/would build AlbertTokenizer anew .* stops at it \(it takes a list of tokens and scores/),
    ])
    expect(await open('gpt2', { tokenizer_class: 'T5TokenizerFast' }, llama)).toEqual([
      expect.stringMatching(/builds T5Tokenizer anew from its vocabulary; its token ids may differ/),
    ])
  })
})
