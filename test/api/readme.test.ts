import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

const readme = readFileSync(packagePath('README.md'), 'utf8')
const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target!).filter((t) => !/^https?:/.test(t))
const { files } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { readonly files: readonly string[] }

/** A reader of the README stands in a clone or before the package that npm installed: both have what it points at. */
describe('the README', () => {
  it('has links', () => expect(links.length).toBeGreaterThan(4))
  it.each(links)('%s is there, and in the package', (target) => {
    expect(existsSync(packagePath(target))).toBe(true)
    expect(files.some((entry) => target === entry || target.startsWith(`${entry}/`))).toBe(true)
  })
  it('names in the hint of a bad row what the package holds', () =>
    expect(files).toContain('test/data/pairs/README.md'))
})
