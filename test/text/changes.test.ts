import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { packagePath } from '../../src/package.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { UnencodableText } from '../../src/text/unencodable.ts'

/** scripts/oracles/text-changes.py; `ids` null: transformers refuses the files. */
interface Changes {
  readonly texts: readonly string[]
  readonly cases: readonly {
    readonly name: string
    readonly base: string
    readonly changes: readonly (readonly [file: string, path: readonly string[], value: unknown])[]
    readonly ids: readonly (readonly [with_: readonly number[], without: readonly number[]])[] | null
  }[]
}
const { texts, cases } = JSON.parse(readFileSync(packagePath('test/data/text/changes.json'), 'utf8')) as Changes

const root = mkdtempSync(join(tmpdir(), 'chemherm-changes-'))
afterAll(() => rmSync(root, { recursive: true }))

function changed({ base, changes }: Changes['cases'][number], i: number): string {
  const dir = join(root, String(i))
  mkdirSync(dir)
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json']) {
    const from = join(packagePath('test/data', base), file)
    if (existsSync(from)) cpSync(from, join(dir, file))
  }
  for (const [file, path, value] of changes) {
    const document = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Record<string, unknown>
    let parent = document
    for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>
    if (JSON.stringify(value) === '{"delete":true}') delete parent[path.at(-1)!]
    else parent[path.at(-1)!] = value
    writeFileSync(join(dir, file), JSON.stringify(document))
  }
  return dir
}

/** Rows that Rust would give ids in another order than the characters': unscored here. */
const UNSCORED: ReadonlySet<string> = new Set(['a byte that is missing where bytes stand for characters 3'])

describe('a changed tokenizer: the ids of transformers, or refused as there', () => {
  it.each(cases.map((one, i) => [one.name, one, i] as const))('%s', async (name, one, i) => {
    const dir = changed(one, i)
    if (one.ids === null) {
      await expect(openTokenizer(dir, { id: 'm' })).rejects.toThrow(ModelError)
      return
    }
    const tokenizer = await openTokenizer(dir, { id: 'm' })
    for (const [t, [whole, bare]] of one.ids.entries()) {
      const encode = (addSpecialTokens: boolean) => [...tokenizer.encode(texts[t]!, { addSpecialTokens }).ids]
      if (UNSCORED.has(`${name} ${t}`)) {
        expect(() => encode(true)).toThrow(UnencodableText)
        continue
      }
      expect(encode(true), texts[t]).toEqual(whole)
      expect(encode(false), texts[t]).toEqual(bare)
    }
  })
})
