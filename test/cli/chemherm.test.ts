import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readCall } from '../../scripts/commands/chemherm.ts'
import { asCalled, COMMANDS, nameOf } from '../../src/cli/command.ts'
import { explain } from '../../src/cli/fail.ts'
import { DataError } from '../../src/errors.ts'
import { packagePath, packageVersion } from '../../src/package.ts'
import { call, type Done } from '../command.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-command-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const called = (...args: string[]): Promise<Done> => call('chemherm', args)

/** Too common a word, or no part of a run: `chemherm <command>` only. */
const OF_CHEMHERM_ALONE = ['models', 'setup-cuda', 'verify-results']

it('the table of commands has every bin of package.json', () => {
  const { bin } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { bin: Record<string, string> }
  expect(Object.keys(bin).sort()).toEqual(
    [...Object.keys(COMMANDS).filter((c) => !OF_CHEMHERM_ALONE.includes(c)), 'chemherm'].sort(),
  )
  for (const [name, path] of Object.entries(bin)) expect(path).toBe(`dist/scripts/${name}.js`)
})

it('without a command, with --help, -h and help: every command with what it does', async () => {
  const { stdout, ...rest } = await called()
  expect(rest).toEqual({ code: 0, stderr: '' })
  for (const [name, summary] of Object.entries(COMMANDS)) {
    expect(stdout).toContain(`chemherm ${name} `)
    expect(stdout).toContain(summary)
  }
  for (const word of ['--help', '-h', 'help']) expect(await called(word)).toEqual({ code: 0, stdout, stderr: '' })
  expect(await called('--version')).toEqual({ code: 0, stdout: `${packageVersion}\n`, stderr: '' })
})

it.each([
  ...Object.keys(JSON.parse(readFileSync(packagePath('package.json'), 'utf8')).bin).map((bin) => [bin, []]),
  ...OF_CHEMHERM_ALONE.map((command) => ['chemherm', [command]]),
] as [string, string[]][])('%s %j --version loads no package and none of the command’s modules', (bin, command) => {
  const coverage = mkdtempSync(join(folder, 'version-'))
  const env = { ...process.env, NODE_V8_COVERAGE: coverage }
  const args = [packagePath('dist/scripts', `${bin}.js`), ...command, '--version']
  const done = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  expect(done).toMatchObject({ status: 0, stdout: `${packageVersion}\n`, stderr: '' })
  const [file] = readdirSync(coverage)
  const { result } = JSON.parse(readFileSync(join(coverage, file!), 'utf8')) as { result: { url: string }[] }
  const loaded = result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
  expect(loaded.filter((url) => url.includes('node_modules'))).toEqual([])
  expect(loaded.length).toBeGreaterThan(1)
  expect(loaded.length).toBeLessThan(20)
})

it.each(Object.keys(COMMANDS))('help %s is its --help, under the name that was typed', async (command) => {
  const help = await called('help', command)
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout.startsWith(`chemherm ${command} [options]`)).toBe(true)
  expect(await called(command, '--help')).toEqual(help)
  // examples too can be typed as they stand
  expect(help.stdout).not.toMatch(/^ +(run-rm|run-dpo|run-verify|serve-rewards)\b/m)
})

it.each([
  [
    ['run-mr'],
    'chemherm: command line: "run-mr" is no command\n  Did you mean chemherm run-rm? The commands are run-rm, ',
  ],
  [['run_dpo'], 'Did you mean chemherm run-dpo?'],
  [['constructor'], '"constructor" is no command\n  The commands are '],
  [['help', 'analyse'], 'Did you mean chemherm analyze?'],
  [['help', 'run-rm', '--limit'], 'chemherm: help run-rm: explains one command, not also "--limit"'],
  [['--model', 'org/rm', 'run-rm'], 'chemherm: --model: stands before the command\n  The command comes first'],
  [
    ['run-rm', '--modle', 'x'],
    'chemherm run-rm: --modle: unknown flag\n  Did you mean --model? See chemherm run-rm --help.',
  ],
  [['run-rm', '--beta', '1'], 'chemherm run-rm: --beta: unknown flag\n  It is a flag of chemherm run-dpo. See'],
  [['setup-cuda', '--nothing'], 'chemherm setup-cuda: command line: Unknown option'],
  [['serve-rewards', '--port', 'x'], 'chemherm serve-rewards: --port: expects a number'],
])('%j is refused with exit 2', async (args, message) => {
  const done = await called(...args)
  expect(done).toMatchObject({ code: 2, stdout: '' })
  expect(done.stderr).toContain(message)
})

it('hints name commands as they can be typed', async () => {
  const nothing = await called('analyze', '--output-dir', folder)
  expect(nothing).toMatchObject({ code: 3 })
  expect(nothing.stderr).toMatch(/^chemherm analyze: .*\n {2}.* make one with chemherm run-rm\.\n$/s)
  let said = ''
  const error = new DataError('no run', 'here', 'make one with run-rm.')
  for (const name of ['analyze', 'chemherm analyze'])
    explain(name, error, (text) => {
      said += text
    })
  expect(said.match(/with .*/g)).toEqual(['with run-rm.', 'with chemherm run-rm.'])
})

it('only a word of its own is a command', () => {
  const text = 'run-rm && analyze; results/run-rm/demo --run-rm run-rm.yaml rerun-rm (run-dpo)'
  expect(asCalled(text, 'chemherm run-rm')).toBe(
    'chemherm run-rm && chemherm analyze; results/run-rm/demo --run-rm run-rm.yaml rerun-rm (run-dpo)',
  )
  expect(asCalled(text, 'run-rm')).toBe(text)
})

it('a command gets its own arguments', () => {
  expect(readCall(['run-rm', 'help', '--limit', '3'])).toMatchObject({
    command: 'run-rm',
    argv: ['help', '--limit', '3'],
  })
  expect(nameOf(['run-rm'])).toBe('chemherm run-rm')
  expect(nameOf(['toString'])).toBe('chemherm')
})

const bin = packagePath('dist/scripts/chemherm.js')
it('chemherm run-rm is run-rm, in a process of its own: the same table, and the same command in run.json', () => {
  const args = ['--limit', '2', '--no-verify', '--resamples', '100', '--device', 'cpu', '--quiet', '--output-dir']
  const start = (file: string, words: string[], to: string): string =>
    execFileSync(process.execPath, [file, ...words, ...args, join(folder, to)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', HOME: folder },
    })
  const short = start(packagePath('dist/scripts/run-rm.js'), [], 'short')
  expect(start(bin, ['run-rm'], 'long')).toBe(short)
  const commandOf = (to: string): string =>
    (JSON.parse(readFileSync(join(folder, to, 'demo-reward-model/demo-pairs/run.json'), 'utf8')) as { command: string })
      .command
  expect(commandOf('long')).toBe(commandOf('short').replace(/short$/, 'long'))
})

it('--help loads no command', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--trace-uncaught', bin, '--help'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', NODE_DEBUG: 'esm' },
  })
  expect(status).toBe(0)
  expect(stderr).toContain('dist/scripts/chemherm.js')
  expect(stderr).not.toMatch(/yargs|onnxruntime|run-model|analyze\.js/)
})
