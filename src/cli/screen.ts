import { cutText, visibleJson, visibleLine, visibleLines } from '../visible-text.ts'

/**
 * The one place that writes to the terminal (test/cli/screen.test.ts holds every file to it): names, labels and texts of untrusted files
 * stand in what is printed, and none of them may act on it or forge a line.
 */

/** Prints to stdout: lines, tables, YAML, as they are. */
export function printText(text: string): void {
  process.stdout.write(visibleLines(text))
}

/** Prints one line to stderr, for what has no log. */
export function printError(line: string): void {
  process.stderr.write(`${visibleLine(line)}\n`)
}

/** Longest stack of a bug that is shown, in UTF-16 units. */
const LONGEST_STACK = 8000
/** The stack of a bug: its own lines are kept. */
export function stackText(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return visibleLines(cutText(text, LONGEST_STACK))
}

/** A record of `--log-format json` on one line; its texts are cut as messages are. */
export function jsonLine(record: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(record).map(([key, value]) => [key, typeof value === 'string' ? cutText(value) : value])
  return `${visibleJson(Object.fromEntries(fields))}\n`
}
