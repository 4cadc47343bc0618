import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { packagePath } from '../../src/package.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import { UnencodableText } from '../../src/text/unencodable.ts'

/** Odd ids and names in tokenizer.json, and what the Rust library makes of them (scripts/oracles/text-ids.py). */
interface Case {
  readonly tokenizer: string
  readonly config: Readonly<Record<string, unknown>> | null
  readonly map: Readonly<Record<string, unknown>> | null
  /** Ids of each text, null where the library stops at it. With a config transformers was asked. */
  readonly expected: 'refused' | Ids | { readonly ids: Ids; readonly bos: number | null; readonly pad: number | null }
}
type Ids = readonly (readonly number[] | null)[]
const golden = JSON.parse(gunzipSync(readFileSync(packagePath('test/data/text/ids.json.gz'))).toString('utf8')) as {
  readonly texts: readonly string[]
  readonly cases: Readonly<Record<string, Case>>
}

/** Where we refuse what the library takes, or the other way round. */
const DIVERGENCES: Readonly<Record<string, string>> = {
  'bpe: an id is 2^31': 'beyond Int32',
  'wordpiece: an id is 2^31': 'beyond Int32',
  'added: the id is 2^31': 'beyond Int32, though the library does not look at it',
  'post: ids are 2^31': 'beyond Int32',
  'bpe: an id is written 1.0': 'JavaScript reads 1.0 as 1',
  'wordpiece: an id is written 1.0': 'JavaScript reads 1.0 as 1',
  'bpe: an id is written 1e0': 'JavaScript reads 1e0 as 1',
  'wordpiece: an id is written 1e0': 'JavaScript reads 1e0 as 1',
  "bpe: an id is another's": 'the library merges by ids, the port by texts',
  'bpe: merged tokens share an id': 'the library merges by ids, the port by texts',
  'added: twice, other flags first':
    'transformers adds the list once more by its ids: the higher one counts (added.test.ts)',
  'post: nothing declared': 'the library stops at the first text, we at once',
  'post: a name that is not declared': 'the library stops at the first text, we at once',
  'post: as in the wild, nothing declared and no pair': 'the library stops at the first text, we at once',
  'post: single without the text': 'every text would have the same ids',
  'post: single with the second text': 'the library stops at the first text, we at once',
  'post: single twice the text': 'the text would be scored twice over',
}

const scratch = mkdtempSync(join(tmpdir(), 'ids-'))
afterAll(() => rmSync(scratch, { recursive: true }))
let folders = 0
async function open({ tokenizer, config, map }: Case): Promise<OpenTokenizer> {
  const folder = join(scratch, String(folders++))
  mkdirSync(folder)
  writeFileSync(join(folder, 'tokenizer.json'), tokenizer)
  if (config !== null) writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
  if (map !== null) writeFileSync(join(folder, 'special_tokens_map.json'), JSON.stringify(map))
  return openTokenizer(folder, { id: 'org/m' })
}
const idsOf = (tokenizer: OpenTokenizer): Ids =>
  golden.texts.map((text) => {
    try {
      return [...tokenizer.encode(text, { addSpecialTokens: true }).ids]
    } catch (error) {
      if (error instanceof UnencodableText) return null
      throw error
    }
  })
/** Ids, or `refused`, where a clear error names the file. */
async function outcome(files: Case): Promise<Case['expected']> {
  try {
    const tokenizer = await open(files)
    const ids = idsOf(tokenizer)
    return files.config === null ? ids : { ids, bos: tokenizer.bosId, pad: tokenizer.padId }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    expect(error.where).toMatch(/^org\/m\/tokenizer(_config)?\.json$/)
    expect(error.hint).not.toBeNull()
    return 'refused'
  }
}

describe('odd ids and names: as the Rust library, or refused', () => {
  it.each(Object.entries(golden.cases))('%s', async (name, files) => {
    const found = await outcome(files)
    if (name in DIVERGENCES) expect(found).not.toEqual(files.expected)
    else expect(found).toEqual(files.expected)
  })

  it('knows no divergence that is none', () => {
    expect(Object.keys(DIVERGENCES).filter((name) => !(name in golden.cases))).toEqual([])
  })
})
