import { DataError, DeviceError, HarnessError, InterruptedError } from '../errors.ts'
import { readBounded, UnreadError } from '../read-regular.ts'
import { onHangUpIgnored, onStopSignal } from '../stop-signals.ts'
import { isDiskError, systemWords, unwrittenWords } from '../system-words.ts'
import { visibleLine } from '../visible-text.ts'
import { asCalled, keptBy } from './command.ts'
import { LARGEST_BYTES } from './largest-config.ts'
import { jsonLine, stackText } from './screen.ts'

/**
 * Runs a bin's main function: its exit code, or one clear message and the code of the error family, or a bug with its stack.
 * @param early a signal that came before this was loaded (start.ts)
 */
export async function runMain(
  bin: string,
  main: () => Promise<number>,
  early: NodeJS.Signals | null = null,
): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreGoneReader)
  onHangUpIgnored(() => sayOn(bin))
  const fail = (error: unknown): number =>
    explain(bin, error, (text) => process.stderr.write(text), asksForJson(process.argv.slice(2)))
  const end = (signal: NodeJS.Signals): never =>
    process.exit(fail(new InterruptedError('interrupted', signal, keptBy(bin))))
  if (early !== null) end(early)
  // while a batch or a server is at work, that one says when to end
  const ignore = onStopSignal(end)
  try {
    process.exitCode = await main()
  } catch (error) {
    process.exitCode = fail(error)
  } finally {
    ignore()
  }
}

/** `run-rm … | head`, or a terminal that has closed: who reads no further does not stop a run, whose results are files. */
function ignoreGoneReader(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && !(error.code === 'EIO' && this.isTTY)) throw error
}

/** A hang-up without a terminal: a word, for who sent it by hand. */
function sayOn(bin: string): void {
  const message = 'goes on, as under nohup: no terminal is attached; SIGINT or SIGTERM stops it'
  if (asksForJson(process.argv.slice(2))) process.stderr.write(jsonLine({ level: 'warn', message, where: 'SIGHUP' }))
  else process.stderr.write(`${bin}: SIGHUP: ${message}\n`)
}

/** `--log-format json`, or that key of the `--config` file; flags and file may be what is wrong, so that they are not parsed here. */
export function asksForJson(argv: readonly string[]): boolean {
  const flags = argv.join('\n').replace(/(^|\n)--log_format/g, '$1--log-format')
  const named = /(?:^|\n)--log-format[=\n](.*)/.exec(flags)?.[1]
  if (named !== undefined) return named === 'json'
  const path = /(?:^|\n)--config[=\n](.*)/.exec(flags)?.[1]
  if (path === undefined) return false
  try {
    return /^['"]?log[-_]format['"]?\s*:\s*['"]?json\b/m.test(readBounded(path, LARGEST_BYTES).toString('utf8'))
  } catch {
    return false
  }
}

/** V8 reserves about 10 GB of addresses for each WebAssembly memory, of which there are a dozen. */
const NO_ADDRESSES = /WebAssembly.*(?:out of memory|could not allocate memory)/i

/** What a disk says that takes or gives no more, in whatever file, or a limit of the process's addresses; no bug of ours. */
function expectedOf(error: unknown): unknown {
  if (error instanceof Error && !(error instanceof HarnessError) && NO_ADDRESSES.test(error.message))
    return new DeviceError(
      'the system gives no more addresses to WebAssembly, which reserves 10 GB of them for each of its memories (it uses a small part)',
      'ulimit -v',
      'Lift the limit of virtual memory (ulimit -v unlimited; a limit of real memory does no harm), or set NODE_OPTIONS=--disable-wasm-trap-handler, with which 12 GB are enough.',
      { cause: error },
    )
  if (error instanceof UnreadError)
    return new DataError(
      error.message,
      error.path,
      'A file belongs there, or nothing: take it away, and run it again.',
      { cause: error },
    )
  if (error instanceof HarnessError || !isDiskError(error)) return error
  const { path = 'output', syscall } = error
  const words = syscall === 'read' ? `cannot be read: ${systemWords(error)}` : unwrittenWords(error)
  return new DataError(
    words.replace('cannot be read: cannot be read', 'cannot be read'),
    path,
    'What was measured is kept: run it again when that is mended, and files that are there without run.json are of no whole run.',
    { cause: error },
  )
}

/**
 * Writes what went wrong and returns the exit code. Expected trouble prints a message, a bug its stack.
 * @param bin the command as the user called it
 */
export function explain(bin: string, thrown: unknown, write: (text: string) => void, json = false): number {
  const error = expectedOf(thrown)
  if (json) {
    const expected = error instanceof HarnessError
    const { where, hint: short, exitCode } = expected ? error : { where: null, hint: null, exitCode: 1 }
    const hint = short === null ? null : asCalled(short, bin)
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    write(jsonLine({ level: 'error', message, where, hint, exitCode, ...(!expected && { stack }) }))
    return exitCode
  }
  if (error instanceof HarnessError) {
    write(`${bin}: ${visibleLine(error.where)}: ${visibleLine(error.message)}\n`)
    if (error.hint !== null) write(`  ${visibleLine(asCalled(error.hint, bin))}\n`)
    return error.exitCode
  }
  write(`${bin}: a bug in chemherm, please report it:\n${stackText(error)}\n`)
  return 1
}
