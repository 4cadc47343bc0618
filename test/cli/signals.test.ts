import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

const dir = mkdtempSync(join(tmpdir(), 'signals-'))
afterAll(() => rmSync(dir, { recursive: true }))

const MAIN = (body: string): string => `
  import { onStopSignal } from './src/stop-signals.ts'
  import { begun } from './src/unfinished.ts'
  import { writeFileSync } from 'node:fs'
  import { runMain } from './src/cli/fail.ts'
  await runMain('run-rm', async () => { ${body} })
`
function ended(body: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', MAIN(body)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stdout.once('data', () => child.kill('SIGTERM'))
    child.once('close', (code, signal) => resolve({ code, signal, said }))
  })
}

it('a signal while nothing waits for it ends as 130, with what was kept, and takes half files away', async () => {
  const partial = JSON.stringify(join(dir, 'report.html.partial'))
  const { code, signal, said } = await ended(
    `begun(${partial}); writeFileSync(${partial}, 'half'); console.log('ready'); await new Promise((done) => setTimeout(done, 60_000)); return 0`,
  )
  expect({ code, signal }).toEqual({ code: 130, signal: null })
  expect(said).toBe('run-rm: SIGTERM: interrupted\n  What was measured is kept; run the same command again to go on.\n')
  expect(readdirSync(dir)).toEqual([])
})

it('what is at work decides, and gives the decision back', async () => {
  const { code } = await ended(
    `return new Promise((done) => { const t = setTimeout(done, 60_000, 1); onStopSignal(() => { clearTimeout(t); done(7) }); console.log('ready') })`,
  )
  expect(code).toBe(7)
  const after = await ended(
    `onStopSignal(() => {})(); console.log('ready'); await new Promise((done) => setTimeout(done, 60_000)); return 0`,
  )
  expect(after.code).toBe(130)
})

it('a listener that a package brings has no say', async () => {
  // signal-exit's, below proper-lockfile: with it loaded, a signal outside of the measuring was lost
  const { code, said } = await ended(
    `await import('./src/hub/download.ts'); console.log('ready', process.listenerCount('SIGTERM')); await new Promise((done) => setTimeout(done, 60_000)); return 0`,
  )
  expect(code).toBe(130)
  expect(said).toContain('SIGTERM: interrupted')
})

const preload = join(dir, 'preload.cjs')
/** Ends with a signal so many milliseconds after it began to listen for one: after some five in which Node reads its first 100 lines of ours. */
function startedAnd(signal: NodeJS.Signals, afterMs: number, [bin, ...args]: readonly string[]) {
  return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) => {
    const child = spawn(process.execPath, ['--require', preload, packagePath('dist/scripts', `${bin}.js`), ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      cwd: mkdtempSync(join(dir, 'cwd-')),
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
    })
    let said = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stdio[3]!.once('data', () => setTimeout(() => child.kill(signal), afterMs))
    child.once('close', (code, by) => resolve({ code, signal: by, said }))
  })
}
it.each([
  ['run-rm', 'run-rm --device cpu'],
  ['chemherm run-rm', 'chemherm run-rm --log-format json'],
  ['analyze', 'analyze'],
  ['serve-rewards', 'serve-rewards --port 0'],
])('%s: a signal while its modules are loaded ends as 130, with what is kept', async (name, line) => {
  writeFileSync(
    preload,
    "process.on('newListener', (name) => { if (name === 'SIGTERM') process.nextTick(() => { try { require('fs').writeSync(3, '.') } catch {} }) })",
  )
  for (const [i, afterMs] of [0, 20, 50, 100, 200, 400].entries()) {
    const signal = i % 2 === 0 ? 'SIGTERM' : 'SIGINT'
    const ended = await startedAnd(signal, afterMs, line.split(' '))
    // what it was sent for may be done before: no run to analyse, a server that ends by itself
    if (afterMs > 20 && ended.code === { analyze: 3, 'serve-rewards': 0 }[name]) continue
    expect(ended).toMatchObject({ code: 130, signal: null })
    // a run that got that far has said before what it runs on
    const last = ended.said.trimEnd().split('\n').at(-1)!
    if (line.includes('json')) expect(JSON.parse(last)).toMatchObject({ where: signal, exitCode: 130 })
    else expect(ended.said).toMatch(new RegExp(`^${name}: ${signal}: interrupted\n  .+(kept|again|--store)`, 'm'))
  }
})

/** What becomes of a process that is sent SIGHUP twice, a moment apart, and then `last`. */
function hungUp(terminal: boolean, body: string, last: NodeJS.Signals, flags: readonly string[] = []) {
  const fake = join(dir, 'terminal.cjs')
  writeFileSync(fake, "require('tty').isatty = () => true; require('module').syncBuiltinESMExports()")
  const before = terminal ? ['--require', fake] : []
  return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) => {
    const child = spawn(
      process.execPath,
      [...before, '--import', 'tsx', '--input-type=module', '-e', MAIN(body), '--', 'run-rm', ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stdout.once('data', () => {
      for (const [i, signal] of (['SIGHUP', 'SIGHUP', last] as const).entries())
        setTimeout(() => child.kill(signal), 300 * i)
    })
    child.once('close', (code, signal) => resolve({ code, signal, said }))
  })
}
const WAITS = "console.log('ready'); await new Promise((done) => setTimeout(done, 60_000)); return 0"

it('without a terminal a run goes on after a hang-up, as nohup asks (which node takes back), and says so once', async () => {
  const { code, signal, said } = await hungUp(false, WAITS, 'SIGTERM')
  expect({ code, signal }).toEqual({ code: 130, signal: null })
  expect(said.split('\n').slice(0, 2)).toEqual([
    'run-rm: SIGHUP: goes on, as under nohup: no terminal is attached; SIGINT or SIGTERM stops it',
    'run-rm: SIGTERM: interrupted',
  ])
  const json = await hungUp(false, WAITS, 'SIGTERM', ['--log-format', 'json'])
  expect(
    json.said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { level: 'warn', where: 'SIGHUP' },
    { level: 'error', where: 'SIGTERM', exitCode: 130 },
  ])
})

it('a terminal that closes asks to end, once, and ends the process without a core file', async () => {
  const body = `return new Promise((done) => { const t = setTimeout(done, 60_000, 1); let n = 0
    onStopSignal((signal) => { n += 1; console.error(signal, n); if (n === 1) setTimeout(() => { clearTimeout(t); done(0) }, 1000) }); console.log('ready') })`
  const asked = await hungUp(true, body, 'SIGHUP')
  expect(asked).toEqual({ code: null, signal: 'SIGHUP', said: 'SIGHUP 1\n' })
})
