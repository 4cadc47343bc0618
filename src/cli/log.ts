import { Presets, SingleBar } from 'cli-progress'
import { visibleLine } from '../visible-text.ts'
import { lineEverySeconds } from './part.ts'
import { jsonLine } from './screen.ts'

/** What the bins say while they work. Everything goes to stderr; results go to stdout and files. */
export interface Log {
  info(message: string, fields?: Fields): void
  /** Something a reader of the numbers must know; also kept for the manifest. */
  warn(message: string, fields?: Fields): void
  progress(task: string, total: number, unit: string): Progress
  readonly warnings: readonly string[]
}
export type Fields = Readonly<Record<string, unknown>>
export interface Progress {
  /**
   * @param done absolute amount
   * @param found of it, what an earlier start had done: no work of this one, so that it is left out of the rate
   */
  update(done: number, found?: number): void
  stop(): void
}

export interface LogOptions {
  readonly name: string
  readonly quiet: boolean
  readonly format: 'text' | 'json'
  readonly stream: NodeJS.WriteStream
  /** Milliseconds since any fixed point. */
  readonly clock: () => number
}

/** A rate over a shorter time says nothing. */
const SHORTEST_RATED_S = 0.5

/** The log of a command: stderr, by the machine's clock. @param logFormat default text */
export const screenLog = (
  name: string,
  { quiet, logFormat = 'text' }: { readonly quiet: boolean; readonly logFormat?: 'text' | 'json' },
): Log => createLog({ name, quiet, format: logFormat, stream: process.stderr, clock: () => performance.now() })

export function createLog({ name, quiet, format, stream, clock }: LogOptions): Log {
  const warnings: string[] = []
  const started = clock()
  let shown: SingleBar | null = null
  const say = (level: 'info' | 'warn', message: string, fields: Fields = {}): void => {
    if (format === 'json')
      stream.write(jsonLine({ level, elapsedMs: Math.round(clock() - started), message, ...fields }))
    else {
      const line = `${name}: ${level === 'warn' ? 'warning: ' : ''}${visibleLine(message)}\n`
      if (shown === null) stream.write(line)
      else aboveBar(shown, line, stream)
    }
  }
  const info: Log['info'] = (message, fields) => {
    if (!quiet) say('info', message, fields)
  }
  const lines = (task: string, total: number, unit: string): Progress => {
    const from = clock()
    let last = from
    let [done, found] = [0, 0]
    const line = (): void => {
      const rate = rateOf(done - found, clock() - from)
      const pace = rate === null ? '' : `, ${rate.toFixed(1)} ${unit}/s`
      info(`${task} ${done}/${total} ${unit}${pace}${done < total ? `, ${leftText(total - done, rate)} left` : ''}`, {
        event: 'progress',
        task,
        done,
        found,
        total,
        unit,
      })
    }
    return {
      update(value, before = 0) {
        done = value
        found = before
        if (clock() - last < 1000 * lineEverySeconds()) return
        last = clock()
        line()
      },
      stop: line,
    }
  }
  const bar = (task: string, total: number, unit: string): Progress => {
    const from = clock()
    const single = new SingleBar(
      {
        format: `${visibleLine(task, 200)} {bar} {value}/{total} ${unit} | {rate} ${unit}/s | {left} left`,
        stream,
        hideCursor: true,
        fps: 8,
        barsize: 24,
        clearOnComplete: false,
      },
      Presets.rect,
    )
    single.start(total, 0, { rate: '–', left: '–' })
    shown = single
    return {
      update(done, found = 0) {
        const rate = rateOf(done - found, clock() - from)
        single.update(done, { rate: rate?.toFixed(1) ?? '–', left: leftText(total - done, rate) })
      },
      stop() {
        single.stop()
        if (shown === single) shown = null
      },
    }
  }
  const silent: Progress = { update() {}, stop() {} }
  return {
    info,
    warn(message, fields) {
      warnings.push(visibleLine(message))
      say('warn', message, fields)
    },
    progress: (task, total, unit) =>
      quiet ? silent : stream.isTTY && format === 'text' ? bar(task, total, unit) : lines(task, total, unit),
    warnings,
  }
}

/**
 * Writes a line in the place of the bar, and the bar below it. The bar's library goes back to where its line began when it stops, and lets no line
 * wrap in the meantime: what is only written behind the bar is cut off at the edge, and written over by what comes next.
 */
function aboveBar(bar: SingleBar, line: string, stream: NodeJS.WriteStream): void {
  stream.write(`\r\u001b[0K\u001b[?7h${line}\u001b[?7l\u001b7`)
  // it draws only what it has not drawn yet
  Object.assign(bar, { lastDrawnString: '' })
  bar.render()
}

/** Per second; null where nothing was done yet, or over too short a time. */
const rateOf = (done: number, ms: number): number | null =>
  done === 0 || ms < 1000 * SHORTEST_RATED_S ? null : (1000 * done) / ms

const leftText = (left: number, rate: number | null): string =>
  left === 0 ? '0 s' : rate === null ? '–' : etaText(left / rate)

/** @example etaText(3725) // '1 h 2 min' */
export function etaText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  const s = Math.ceil(seconds)
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}
