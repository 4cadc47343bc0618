import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KINDS } from '../../src/make/kinds/index.ts'
import { newFolder } from '../cli/effects/shown.ts'
import { type Command, call } from '../command.ts'
import { moleculeFile } from '../make/molecules.ts'

const page = readFileSync(new URL('../../docs/pairs.md', import.meta.url), 'utf8')
const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(page) ?? []
const folder = newFolder()
/** What the page names, in a folder of the test's own. */
const placed = (word: string): string =>
  word === 'molecules.smi' ? moleculeFile() : /\.(jsonl|md)$/.test(word) ? join(folder, word) : word

test('docs/pairs.md: its commands do what it says', async () => {
  const commands = block.trim().split('\n')
  expect(commands.length).toBe(5)
  for (const command of commands) {
    const [, name = '', ...words] = command.split(' ')
    // takes minutes: test/big/chem-pairs-v1.ts
    if (words.includes('--benchmark')) continue
    const args = [
      ...words.map(placed),
      ...(name === 'run-verify' ? ['--output-dir', folder, '--resamples', '100'] : []),
    ]
    const { code, stderr } = await call(name as Command, args)
    // --validate finds that hedged answers are longer
    expect([0, words.includes('--validate') ? 4 : 0], stderr).toContain(code)
  }
  expect(readFileSync(join(folder, 'card.md'), 'utf8')).toContain('- CC0-1.0')
})

test('every kind has its line, and no other', () => {
  const kinds = [...page.matchAll(/^\| `(\w+)` \| /gm)].map(([, name]) => name!)
  expect(kinds.filter((name) => KINDS.has(name)).sort()).toEqual([...KINDS.keys()].sort())
})
