import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

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
