import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/cli/fail.ts'
import { createLog } from '../../src/cli/log.ts'
import { ModelError } from '../../src/errors.ts'
import { textTable } from '../../src/report/table.ts'
import { visibleJson, visibleLine, visibleLines, visibleName } from '../../src/visible-text.ts'

/** A window title, a cleared screen in C0 and C1, a forged line, text turned round. */
const HOSTILE = 'a\u001b]0;pwned\u0007\u009b2J\nrun-rm: all is well\r\u202ecba\u2066\u2028\u0000\ud800'
const ACTING = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069\ud800]/
const LONG = 'x'.repeat(100_000)

function logged(format: 'text' | 'json', message: string, fields = {}): { text: string; warnings: readonly string[] } {
  let text = ''
  const stream = { write: (part: string) => (text += part), isTTY: false } as unknown as NodeJS.WriteStream
  const log = createLog({ name: 'run-rm', quiet: false, format, stream, clock: () => 0 })
  log.warn(message, fields)
  return { text, warnings: log.warnings }
}
function told(error: unknown, json = false): string {
  let text = ''
  explain('run-rm', error, (part) => (text += part), json)
  return text
}

describe('what files say reaches the terminal as text', () => {
  it('shows what a terminal would obey as its escape', () => {
    expect(visibleLine('a\u001b[2J\n\tb\u202e\u009b')).toBe('a\\u001b[2J\\n\\tb\\u202e\\u009b')
    expect(visibleLines('a\n\tb\u001b')).toBe('a\n\tb\\u001b')
    expect(visibleLine('naïve Ångström 水 😀')).toBe('naïve Ångström 水 😀')
  })
  it('cuts a message and a name, and says so', () => {
    // what nobody sees makes two names look the same
    expect(visibleLine('a\u200bb\u00adc\ufeff\u{e0041}')).toBe('a\\u200bb\\u00adc\\ufeff\\udb40\\udc41')
    expect(visibleLine('\u{1f469}\u200d\u{1f52c}')).toBe('\u{1f469}\u200d\u{1f52c}')
    expect(visibleLine(LONG)).toBe(`${'x'.repeat(4000)}… (100,000 characters)`)
    expect(visibleName(LONG)).toBe(`${'x'.repeat(200)}… (100,000 characters)`)
  })
  it('a message of the log is one line, on the screen and in the manifest', () => {
    const { text, warnings } = logged('text', HOSTILE)
    expect(text.slice(0, -1)).not.toMatch(ACTING)
    expect(text.split('\n')).toHaveLength(2)
    expect(warnings[0]).not.toMatch(/[\x00-\x1f]/)
    expect(logged('text', LONG).text.length).toBeLessThan(4100)
  })
  it('JSON lines read as the same text and hold nothing raw', () => {
    const { text } = logged('json', HOSTILE, { task: LONG })
    expect(text.trimEnd()).not.toMatch(ACTING)
    expect(JSON.parse(text).message).toBe(HOSTILE)
    expect(text.length).toBeLessThan(5000)
    expect(JSON.parse(visibleJson({ [HOSTILE]: HOSTILE }, 2))).toEqual({ [HOSTILE]: HOSTILE })
  })
  it.each([
    ['an error', new ModelError(HOSTILE, HOSTILE, HOSTILE), 2],
    ['a bug', Object.assign(new Error('x'), { stack: HOSTILE }), 3],
  ])('%s: message, place and hint', (_, error, lines) => {
    const text = told(error)
    expect(text).not.toMatch(ACTING)
    expect(text.trimEnd().split('\n')).toHaveLength(lines)
    expect(told(error, true).trimEnd()).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/)
  })
  it('an error of any length is short', () => {
    expect(told(new ModelError(LONG, LONG, LONG)).length).toBeLessThan(12_200)
    expect(told(Object.assign(new Error('x'), { stack: LONG })).length).toBeLessThan(8200)
  })
  it('a table keeps its lines and its width', () => {
    const table = textTable([HOSTILE], [[LONG]])
    expect(table).not.toMatch(ACTING)
    expect(table.split('\n')).toHaveLength(3)
    expect(table.split('\n')[2]!.length).toBeLessThan(230)
  })
})

it('nothing but screen.ts, the log and explain writes to the terminal', () => {
  const MAY = ['src/cli/screen.ts', 'src/cli/log.ts', 'src/cli/fail.ts']
  const files = ['src', 'scripts']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts') && !/^scripts\/(bench|oracles)\//.test(file) && !MAY.includes(file))
  expect(files.length).toBeGreaterThan(200)
  const writes = /^(?!\s*(\*|\/\/)).*(process\.std(out|err)\.write\(|console\.(log|info|warn|error|table)\()/m
  expect(files.filter((file) => writes.test(readFileSync(file, 'utf8')))).toEqual([])
})
