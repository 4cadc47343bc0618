import { describe, expect, it } from 'vitest'
import { downloadBar } from '../../src/cli/download-bar.ts'
import { createLog, type Log } from '../../src/cli/log.ts'

/** Progress lines of a log whose clock is moved by hand. */
function logAt(): { log: Log; said: () => string[]; wait: (seconds: number) => void } {
  let [text, ms] = ['', 0]
  const stream = { write: (part: string) => (text += part), isTTY: false } as unknown as NodeJS.WriteStream
  const log = createLog({ name: 'run-rm', quiet: false, format: 'text', stream, clock: () => ms })
  const wait = (seconds: number): void => {
    ms += 1000 * seconds
  }
  return { log, said: () => text.trimEnd().split('\n'), wait }
}

/** A terminal of 60 columns as far as a bar needs one: what its lines show in the end. */
function screenOf(text: string): string[] {
  const lines: string[] = ['']
  let [x, y, wraps, saved] = [0, 0, true, [0, 0] as [number, number]]
  const put = (char: string): void => {
    if (x >= 60 && wraps) [x, y] = [0, y + 1]
    const line = (lines[y] ?? '').padEnd(x)
    const at = Math.min(x, 59)
    lines[y] = line.slice(0, at) + char + line.slice(at + 1)
    x = at + 1
  }
  for (const [part] of text.matchAll(/\u001b(?:[78]|\[\??[\d;]*[A-Za-z])|[\s\S]/gu)) {
    if (part === '\r') x = 0
    else if (part === '\n') [x, y] = [0, y + 1]
    else if (part === '\u001b7') saved = [x, y]
    else if (part === '\u001b8') [x, y] = saved
    else if (part === '\u001b[1G') x = 0
    else if (/^\u001b\[0?K$/.test(part)) lines[y] = (lines[y] ?? '').slice(0, x)
    else if (part === '\u001b[?7h' || part === '\u001b[?7l') wraps = part.endsWith('h')
    else if (!part.startsWith('\u001b')) put(part)
  }
  return lines.map((line) => (line ?? '').trimEnd()).filter((line) => line !== '')
}

it('what is said while a bar is shown stands whole above it', () => {
  let text = ''
  const write = (part: string): boolean => {
    text += part
    return true
  }
  const stream = { write, isTTY: true, columns: 60 } as unknown as NodeJS.WriteStream
  const log = createLog({ name: 'run-rm', quiet: false, format: 'text', stream, clock: () => 0 })
  log.info('begins')
  const bar = log.progress('scoring', 10, 'rows')
  log.warn(`first ${'w'.repeat(60)} end`)
  bar.update(4)
  log.warn('second')
  bar.update(10)
  bar.stop()
  log.info('table')
  expect(screenOf(text)).toEqual([
    'run-rm: begins',
    `run-rm: warning: first ${'w'.repeat(37)}`,
    `${'w'.repeat(23)} end`,
    'run-rm: warning: second',
    expect.stringMatching(/^scoring ■+ 10\/10/),
    'run-rm: table',
  ])
})

describe('a rate is of the work of this start', () => {
  it('what an earlier start had measured is no work of this one', () => {
    const { log, said, wait } = logAt()
    const bar = log.progress('scoring', 1000, 'completions')
    bar.update(500, 500)
    wait(10)
    bar.update(520, 500)
    expect(said()).toEqual(['run-rm: scoring 520/1000 completions, 2.0 completions/s, 4 min 0 s left'])
  })
  it('where nothing was measured, or for less than half a second, there is none', () => {
    const { log, said, wait } = logAt()
    const found = log.progress('scoring', 10, 'completions')
    wait(3)
    found.update(4, 4)
    found.stop()
    const short = log.progress('scoring', 10, 'completions')
    wait(0.4)
    short.update(5)
    short.stop()
    expect(said()).toEqual(['run-rm: scoring 4/10 completions, – left', 'run-rm: scoring 5/10 completions, – left'])
  })
  it('a download that goes on counts what it receives', () => {
    const { log, said, wait } = logAt()
    const update = downloadBar(log)
    const [file, totalBytes] = ['model.safetensors', 4 * 2 ** 30]
    update({ file, receivedBytes: 2 * 2 ** 30, totalBytes })
    wait(10)
    update({ file, receivedBytes: 2 * 2 ** 30 + 100 * 2 ** 20, totalBytes })
    expect(said()).toEqual(['run-rm: fetching model.safetensors 2148/4096 MiB, 10.0 MiB/s, 3 min 15 s left'])
  })
})
