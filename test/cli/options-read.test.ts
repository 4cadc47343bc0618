import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, expect, it } from 'vitest'
import { asksForJson, isStarted } from '../../src/cli/fail.ts'
import { HERM_ACCEPTED } from '../../src/cli/herm-flags.ts'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { optionsGiven } from '../../src/cli/parse.ts'
import { type RunConfig, toRunConfig } from '../../src/setup/config.ts'
import { changesNothing } from '../../src/setup/unused.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-read-'))
afterAll(() => rmSync(folder, { recursive: true }))
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

it.each(Object.keys(BIN_OPTIONS) as RunConfig['bin'][])(
  '%s: no option stands in the table and is read nowhere',
  (bin) => {
    const read = new Set<string>()
    const args = new Proxy({}, { get: (_, name) => void read.add(String(name)) })
    toRunConfig(bin, args)
    // the mode flags and HERM's are the bin's own
    const own = ['config', 'dry-run', 'print-config', 'dump-rendered', ...Object.keys(HERM_ACCEPTED)]
    const lost = Object.keys(BIN_OPTIONS[bin]).filter((name) => !read.has(name) && !own.includes(name))
    expect(lost).toEqual([])
  },
)

it('knows which options were given, in whatever spelling, and in a file too', () => {
  const config = file('a.yaml', 'beta: 0.2\nref_free_type: sum\nmodel:\n')
  const given = optionsGiven(BIN_OPTIONS['run-dpo'], [
    '--batch_size=3',
    '--no-verify',
    '--soft',
    'true',
    '--config',
    config,
  ])
  expect([...given].sort()).toEqual(['batch-size', 'beta', 'config', 'ref-free-type', 'soft', 'verify'])
})

it('says of one option or of several that they change nothing', () => {
  expect(changesNothing(['a'], 'why')).toBe('--a changes nothing here: why')
  expect(changesNothing(['a', 'b', 'c'], 'why')).toBe('--a, --b and --c change nothing here: why')
})

it.each([
  [['--log-format', 'json'], true],
  [['--log_format=json'], true],
  [['--log-format', 'text', '--config', 'json.yaml'], false],
  [['--config', 'json.yaml', '--limit', '3'], true],
  [['--config=text.yaml'], false],
  [['--config', 'none.yaml'], false],
  [['--name', '--log-format json'], false],
])('%j asks for errors as JSON: %s', (argv, json) => {
  file('json.yaml', 'limit: 3\nlog_format: json\n')
  file('text.yaml', 'limit: 3\n')
  expect(asksForJson(argv.map((arg) => arg.replace(/(\w+\.yaml)/, join(folder, '$1'))))).toBe(json)
})

const [node, started] = process.argv
afterEach(() => {
  process.argv[0] = node!
  process.argv[1] = started!
})
it('knows the module that node was started with: by its path, without .js, by a link', () => {
  const path = file('bin.js', '')
  symlinkSync(path, join(folder, 'linked'))
  const url = pathToFileURL(path).href
  const as = (argument: string): boolean => {
    process.argv[1] = argument
    return isStarted(url)
  }
  expect([path, path.replace(/\.js$/, ''), join(folder, 'linked')].map(as)).toEqual([true, true, true])
  expect([file('other.js', ''), join(folder, 'none.js'), '-'].map(as)).toEqual([false, false, false])
})
