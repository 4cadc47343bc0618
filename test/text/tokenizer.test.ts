import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'

interface Described {
  readonly size: number
  readonly bos: readonly [string | null, number | null]
  readonly eos: readonly [string | null, number | null]
  readonly pad: readonly [string | null, number | null]
  readonly cases: readonly {
    readonly text: string
    readonly with: readonly number[]
    readonly without: readonly number[]
    readonly decoded: string
  }[]
  readonly pairs: readonly {
    readonly texts: readonly [string, string]
    readonly with: readonly [readonly number[], readonly number[]]
    readonly without: readonly [readonly number[], readonly number[]]
  }[]
}
interface Recipe {
  readonly config?: Readonly<Record<string, unknown>>
  readonly map?: Readonly<Record<string, unknown>>
  readonly model?: Readonly<Record<string, unknown>>
  readonly drop_map?: boolean
}
interface Golden {
  readonly tokenizers: Readonly<Record<string, Described>>
  readonly variants: Readonly<Record<string, Described>>
  readonly recipes: Readonly<Record<string, Recipe>>
}

const data = fileURLToPath(new URL('../data/text/', import.meta.url))
const golden = JSON.parse(gunzipSync(readFileSync(join(data, 'tokenizers.json.gz'))).toString()) as Golden
const scratch = mkdtempSync(join(tmpdir(), 'tokenizers-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** Every difference from the reference, as text, so that a failure shows what differs. */
function differences(tokenizer: OpenTokenizer, expected: Described): unknown[] {
  const found: unknown[] = []
  const check = (what: string, got: unknown, want: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(want)) found.push({ what, got, want })
  }
  check('bos', tokenizer.bosId, expected.bos[1])
  check('eos', tokenizer.eosId, expected.eos[1])
  check('pad', tokenizer.padId, expected.pad[1])
  check('bosToken', tokenizer.bosToken, expected.bos[0])
  for (const { text, ...want } of expected.cases) {
    const plain = tokenizer.encode(text, { addSpecialTokens: false }).ids
    check(`with: ${text}`, [...tokenizer.encode(text, { addSpecialTokens: true }).ids], want.with)
    check(`without: ${text}`, [...plain], want.without)
    check(`decoded: ${text}`, tokenizer.decode(Int32Array.from(want.without)), want.decoded)
  }
  for (const { texts, ...want } of expected.pairs)
    for (const [key, addSpecialTokens] of [
      ['with', true],
      ['without', false],
    ] as const) {
      const { ids, typeIds } = tokenizer.encode(texts[0], { addSpecialTokens, pair: texts[1] })
      check(`pair ${key}: ${texts.join(' | ')}`, [[...ids], [...(typeIds ?? [])]], want[key])
    }
  return found
}

/** The oracle asks for token types (`return_token_type_ids`); a folder asks for them so. */
const TYPED = { model_input_names: ['input_ids', 'token_type_ids', 'attention_mask'] }
function edited(
  folder: string,
  file: string,
  change: (json: Record<string, unknown>) => Record<string, unknown>,
): void {
  const path = join(folder, file)
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))))
}
function copyOf(base: string, name: string): string {
  const folder = join(scratch, name)
  cpSync(join(data, 'tokenizers', base), folder, { recursive: true })
  return folder
}

describe.each(Object.entries(golden.tokenizers))('tokenizer %s', (name, expected) => {
  it('gives the ids, token types and texts of transformers', async () => {
    const folder = copyOf(name, name)
    edited(folder, 'tokenizer_config.json', (config) => ({ ...config, ...TYPED }))
    const tokenizer = await openTokenizer(folder, { id: name })
    expect(differences(tokenizer, expected)).toEqual([])
    expect(tokenizer.size).toBe(expected.size)
  })
})

describe.each(Object.entries(golden.variants))('variant %s', (name, expected) => {
  it('reads tokenizer_config.json and special_tokens_map.json as transformers does', async () => {
    const [base, recipeName] = name.split('/') as [string, string]
    const recipe = golden.recipes[recipeName]!
    const folder = copyOf(base, name.replace('/', '-'))
    const edit = (file: string, change: Parameters<typeof edited>[2]): void => edited(folder, file, change)
    edit('tokenizer_config.json', (config) => ({ ...config, ...TYPED, ...recipe.config }))
    if (recipe.drop_map) rmSync(join(folder, 'special_tokens_map.json'))
    else if (recipe.map) edit('special_tokens_map.json', (map) => ({ ...map, ...recipe.map }))
    if (recipe.model)
      edit('tokenizer.json', (json) => ({ ...json, model: { ...(json.model as object), ...recipe.model } }))
    const tokenizer = await openTokenizer(folder, { id: name })
    expect(differences(tokenizer, expected)).toEqual([])
  })
})

it('covers every folder of test data', () => {
  expect(Object.keys(golden.tokenizers)).toEqual(readdirSync(join(data, 'tokenizers')).toSorted())
})

it('reads a run of byte tokens as UTF-8, or as one U+FFFD per byte (transformers 5.24 on the same file)', async () => {
  const tokenizer = await openTokenizer(join(data, '../parity/dpo-mistral/policy'), { id: 'dpo-mistral' })
  const cases: readonly (readonly [number[], string])[] = [
    [[200, 174], 'é'],
    [[33, 67, 133], '\uFFFD\uFFFD\uFFFD'],
    [[245, 164], '\uFFFD\uFFFD'],
    [[70, 200], '\uFFFD\uFFFD'],
    [[245, 164, 172, 175], '\u{1F9EA}'],
    [[244, 192, 196, 70], '\uFEFFA'],
  ]
  for (const [ids, text] of cases) expect(tokenizer.decode(Int32Array.from(ids))).toBe(text)
})
