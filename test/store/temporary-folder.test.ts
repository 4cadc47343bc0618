import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { packagePath } from '../../src/package.ts'
import { spaceName } from '../../src/process-space.ts'
import { temporaryFolder } from '../../src/temporary-folder.ts'

const dir = mkdtempSync(join(tmpdir(), 'temporary-'))
afterAll(() => rmSync(dir, { recursive: true }))
const host = spaceName()

it('takes away what killed processes left, and nothing else', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const make = (name: string, hoursAgo = 0): string => {
    const path = join(dir, name)
    mkdirSync(path)
    writeFileSync(join(path, 'scores.csv'), '')
    const seconds = Date.now() / 1000 - hoursAgo * 3600
    utimesSync(path, seconds, seconds)
    return name
  }
  const target = join(dir, 'target')
  mkdirSync(target)
  writeFileSync(join(dir, `chemherm-${gone}-${host}-file00`), '')
  symlinkSync(target, join(dir, `chemherm-${gone}-${host}-link00`))
  const stays = [
    make(`chemherm-${process.pid}-${host}-abcdef`, 5),
    make('chemherm-1-elsewhere-abcdef', 0.5),
    make(`other-${gone}-${host}-abcdef`),
    make(`chemherm-${gone}-${host}-abcdefg`),
    make('chemherm-results'),
    'target',
    `chemherm-${gone}-${host}-file00`,
    `chemherm-${gone}-${host}-link00`,
  ]
  make(`chemherm-${gone}-${host}-abcdef`)
  make('chemherm-2-elsewhere-abcdef', 1.1)
  const own = temporaryFolder(join(dir, 'chemherm'))
  expect(basename(own.path)).toMatch(new RegExp(`^chemherm-${process.pid}-${host}-\\w{6}$`))
  expect(readdirSync(dir).sort()).toEqual([...stays, basename(own.path)].sort())
  writeFileSync(join(own.path, 'x'), '')
  own.remove()
  expect(readdirSync(dir).sort()).toEqual(stays.sort())
})

it('goes with its process, also where that ends at once', () => {
  const code = `
    import { writeFileSync } from 'node:fs'
    import { temporaryFolder } from ${JSON.stringify(packagePath('src/temporary-folder.ts'))}
    const { path } = temporaryFolder(${JSON.stringify(join(dir, 'ends'))})
    writeFileSync(path + '/x', '')
    console.log(path)
    process.exit(130)`
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: packagePath(),
    encoding: 'utf8',
  })
  expect(stdout).toContain(join(dir, 'ends-'))
  expect(existsSync(stdout.trim())).toBe(false)
})

it('where the system makes none, that is said', () => {
  expect(() => temporaryFolder(join(dir, 'missing', 'x'))).toThrow(DataError)
  expect(() => temporaryFolder(join(dir, 'missing', 'x'))).toThrow('cannot be written')
})
