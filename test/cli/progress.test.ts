import { describe, expect, it } from 'vitest'
import { downloadBar } from '../../src/cli/download-bar.ts'
import { createLog, type Log } from '../../src/cli/log.ts'

/** Progress lines of a log whose clock is moved by hand. */
function logAt(): { log: Log; said: () => string[]; wait: (seconds: number) => void } {
  let [text, ms] = ['', 0]
  const stream = { write: (part: string) => (text += part), isTTY: false } as unknown as NodeJS.WriteStream
  const log = createLog({ name: 'run-rm', quiet: false, format: 'text', stream, clock: () => ms })
  return { log, said: () => text.trimEnd().split('\n'), wait: (seconds) => void (ms += 1000 * seconds) }
}

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
    expect(said()).toEqual([
      'run-rm: scoring 4/10 completions, – left',
      'run-rm: scoring 5/10 completions, – left',
    ])
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
