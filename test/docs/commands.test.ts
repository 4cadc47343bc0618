import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { OPTIONS as ANALYZE } from '../../scripts/commands/analyze.ts'
import { OPTIONS as SERVE } from '../../scripts/commands/serve-rewards.ts'
import { OPTIONS as SUBMIT } from '../../scripts/commands/submit-eval-jobs.ts'
import { OPTIONS as VERIFY_RESULTS } from '../../scripts/commands/verify-results.ts'
import { OPTIONS as MAKE } from '../../src/cli/make/options.ts'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { parseArgs } from '../../src/cli/parse.ts'
import { packagePath } from '../../src/package.ts'
import { type OptionTable, readOptions } from '../../src/setup/option.ts'
import { type Command, call } from '../command.ts'

const PAGES = ['README.md', ...readdirSync(packagePath('docs')).map((name) => `docs/${name}`)].filter((page) =>
  page.endsWith('.md'),
)
/** Those that are more than a run; how to use one of the others is said by its own parser. */
const OTHERS: Readonly<Record<string, OptionTable>> = {
  analyze: ANALYZE,
  'serve-rewards': SERVE,
  'submit-eval-jobs': SUBMIT,
  'verify-results': VERIFY_RESULTS,
  'make-pairs': MAKE,
}

/** A line of a block as a shell would cut it: what follows ` #`, or two spaces, is a remark. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.replace(/^.*?\bnpx /, '').split(/ +#| {2,}| &&| &$| \| | > /)
  return command
    .replace(/^chemherm /, '')
    .trim()
    .split(' ')
    .map((word) => word.replace(/^'(.*)'$/, '$1').replace(/^"(.*)"$/, '$1'))
}
const commands = PAGES.flatMap((page) =>
  [...readFileSync(packagePath(page), 'utf8').matchAll(/^```(?!text)\w*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .filter((line) => /(^|&& |=\S+ )npx /.test(line))
      .map((line): readonly [string, readonly string[]] => [page, wordsOf(line)]),
  ),
)

describe('every command of the README and the guides is one', () => {
  test('and there are many', () => expect(commands.length).toBeGreaterThan(60))
  test.each(commands)('%s: %j', async (_page, [name = '', ...args]) => {
    if (Object.hasOwn(BIN_OPTIONS, name)) {
      // reads and checks every option, and opens nothing
      const { code, stderr } = await call(name as Command, [...args, '--print-config'])
      expect(code, stderr).toBe(0)
    } else if (Object.hasOwn(OTHERS, name)) {
      const table = OTHERS[name]!
      // a word that is no option is an action or a folder
      const given = await parseArgs({ name, summary: '', examples: [], positional: '' }, table, args)
      expect(() => readOptions(table, given!)).not.toThrow()
    } else expect(['setup-cuda', 'models']).toContain(name)
  })
})
