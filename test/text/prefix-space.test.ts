import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-space-'))

async function notesWith(change: Record<string, unknown>): Promise<readonly string[]> {
  const dir = mkdtempSync(join(root, 'qwen2-'))
  cpSync(packagePath('test/data/parity/qwen2'), dir, { recursive: true })
  const file = join(dir, 'tokenizer_config.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }))
  return (await openTokenizer(dir, { id: 'qwen2' })).notes
}

it('an add_prefix_space that transformers follows and tokenizer.json does not have is said', async () => {
  const said = expect.stringMatching(
    /builds Qwen2Tokenizer anew from its vocabulary: \d+ of \d+ test texts have other token ids there, e\.g\. "Hello.*as tokenizer\.json says$/,
  )
  expect(await notesWith({ add_prefix_space: true, tokenizer_class: 'Qwen2Tokenizer' })).toEqual([said])
  expect(await notesWith({ add_prefix_space: false, tokenizer_class: 'Qwen2Tokenizer' })).toEqual([])
  // of a qwen2 model the class that the file names does not count (rebuilt-class.ts)
  expect(await notesWith({ add_prefix_space: true, tokenizer_class: 'PreTrainedTokenizerFast' })).toEqual([said])
})
