import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { newFolder } from '../cli/effects/shown.ts'

interface Try {
  readonly title: string
  readonly files: readonly { readonly name: string; readonly text: string }[]
  readonly commands: string
  readonly printed: string
}

const page = readFileSync(packagePath('docs/first-tries.md'), 'utf8')
const tries = page
  .split(/^## /m)
  .slice(1)
  .map((section): Try => {
    const block = (kind: string): string => new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)![1]!
    return {
      title: section.split('\n', 1)[0]!,
      files: [...section.matchAll(/^`([^`]+)`:\n```\w+\n([\s\S]*?)^```/gm)].map(([, name, text]) => ({
        name: name!,
        text: text!,
      })),
      commands: block('sh'),
      printed: block('text'),
    }
  })

/** A clone as the page's reader has it: its embedded models, and its commands behind `npx`. */
function clone(): string {
  const folder = newFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(packagePath('src'), join(folder, 'src'))
  symlinkSync(packagePath('.'), join(folder, 'node_modules/chemherm'))
  return folder
}
const NPX = `npx() { command="$1"; shift; node '${packagePath('dist/scripts')}'/"$command".js "$@"; }`
/** Widths of columns are no matter of the page. */
const words = (text: string): string => text.replaceAll(/\s+/g, ' ')
/** Everything that the page shows stands in the output, in its order; `…` is anything. */
function expectShown(output: string, printed: string): void {
  const said = words(output)
  let at = 0
  for (const part of printed.split(/[…\n]/).map((line) => words(line).trim())) {
    const found = said.indexOf(part, at)
    expect(found, `"${part}" after ${at} of\n${output}`).toBeGreaterThanOrEqual(0)
    at = found + part.length
  }
}

describe('docs/first-tries.md, typed by one who reads nothing else', () => {
  const folder = clone()
  test('has ten', () => expect(tries.length).toBe(10))
  test.each(tries)('$title', ({ files, commands, printed }) => {
    for (const { name, text } of files) writeFileSync(join(folder, name), text)
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `exec 2>&1; set -e; ${NPX}\n${commands}`], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, TMPDIR: process.env.TMPDIR, LC_ALL: 'C' },
    })
    expect(status, stdout + stderr).toBe(commands.includes('--device cuda') ? 6 : 0)
    expectShown(stdout, printed)
  })
})
