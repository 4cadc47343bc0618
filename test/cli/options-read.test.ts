import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { asksForJson } from '../../src/cli/fail.ts'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { parseArgs } from '../../src/cli/parse.ts'
import { changesNothing } from '../../src/setup/unused.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-read-'))
afterAll(() => rmSync(folder, { recursive: true }))
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

it('knows which options were given, in whatever spelling, and in a file too', async () => {
  const config = file('a.yaml', 'beta: 0.2\nref_free_type: sum\nmodel:\n')
  const given = await parseArgs({ name: 'run-dpo', summary: '', examples: [] }, BIN_OPTIONS['run-dpo'], [
    '--batch_size=3',
    '--no-verify',
    '--soft',
    'true',
    '--config',
    config,
  ])
  expect(given).toEqual({ batchSize: 3, beta: 0.2, config, refFreeType: 'sum', soft: true, verify: false })
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
