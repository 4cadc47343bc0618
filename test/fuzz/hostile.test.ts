import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../command.ts'
import { CASES, MORE } from './hostile/cases.ts'
import { type Measured, measured } from './hostile/measured.ts'

/**
 * Files that nobody should meet, through the commands: the exit code and the words of each, no stack, no character that a terminal obeys,
 * less than 1 GB, and no work of more than ten seconds. With CHEMHERM_HOSTILE_TABLE=FILE what was measured is written as a table.
 */
const CPU_S = 10
const MIB = 1000
const TABLE = process.env.CHEMHERM_HOSTILE_TABLE
const scratch = mkdtempSync(join(tmpdir(), 'hostile-'))
const lines: string[] = []
beforeAll(async () => {
  const { code } = await call('run-rm', [
    '--offline',
    '--device',
    'cpu',
    '--limit',
    '6',
    '--output-dir',
    join(scratch, 'made'),
    '--name',
    'm',
  ])
  expect(code).toBe(0)
  cpSync(join(scratch, 'made/m', readdirSync(join(scratch, 'made/m'))[0]!), join(scratch, 'run'), { recursive: true })
})
afterAll(() => {
  if (TABLE !== undefined)
    writeFileSync(
      TABLE,
      `| input | exit | what is said | CPU s | MiB |\n| --- | ---: | --- | ---: | ---: |\n${lines.join('\n')}\n`,
    )
})

/** What a terminal obeys, or what turns or hides what follows; a line break and the progress line's return are ours. */
const ACTING =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u
const STACK = /^\s+at .*[:(]\d+|a bug in chemherm, please report it:/m

describe('hostile input', () => {
  it.each(Object.entries(TABLE === undefined ? CASES : { ...CASES, ...MORE }))('%s', async (what, made) => {
    const folder = join(scratch, what.replaceAll(/\W+/g, '-'))
    mkdirSync(folder)
    const { command, args, code, says } = await made(folder)
    const results = join(folder, 'out')
    const given = ['analyze', 'verify-results', 'make-pairs'].includes(command)
      ? args
      : [...args, '--output-dir', results]
    const { text, cpuS, largestMiB, code: ended } = await measured(command, given)
    expect(text).toMatch(says)
    expect(ended).toBe(code)
    expect(text).not.toMatch(STACK)
    expect(text).not.toMatch(ACTING)
    if (cpuS !== null) expect(cpuS).toBeLessThan(CPU_S)
    if (largestMiB !== null) expect(largestMiB).toBeLessThan(MIB)
    lines.push(lineOf(what, { text, cpuS, largestMiB, code: ended }, says))
    for (const file of markdownIn(results)) expect(readFileSync(file, 'utf8')).not.toMatch(ACTING)
  })
})

const lineOf = (what: string, { text, cpuS, largestMiB, code }: Measured, says: RegExp): string => {
  const line = text.split('\n').find((one) => says.test(one)) ?? ''
  const words = line
    .replace(/^[\w-]+: (?:warning: )?/, '')
    .replaceAll(/\S*\/hostile-[^/]+\/[^/]+\//g, '')
    .slice(0, 160)
  return `| ${what} | ${code} | ${words.replaceAll('|', '\\|')} | ${cpuS?.toFixed(1)} | ${largestMiB} |`
}
function markdownIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(md|tex)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}
