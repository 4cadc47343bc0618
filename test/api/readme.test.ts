import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

const read = (path: string): string => readFileSync(packagePath(path), 'utf8')
const pages = [
  'README.md',
  ...readdirSync(packagePath('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
/** SMILES has `](` too. */
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
/** Page, and what it points at: a path from the root of the package, and an anchor or ''. */
const links = pages.flatMap((page) =>
  [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [path, anchor = ''] = target.split('#')
      return [page, path === '' ? page : join(page, '..', path!), anchor] as const
    }),
)
const { files } = JSON.parse(read('package.json')) as { readonly files: readonly string[] }

/** GitHub's name of a heading. @example anchorOf('In 8 or 4 bits') // 'in-8-or-4-bits' */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

/** A reader of the README stands in a clone or before the package that npm installed: both have what it points at. */
describe('the README and the guides', () => {
  it('have links', () => expect(links.length).toBeGreaterThan(40))
  it.each(links)('%s: %s#%s is there, and in the package', (_page, target, anchor) => {
    expect(existsSync(packagePath(target))).toBe(true)
    expect(files.some((entry) => target === entry || target.startsWith(`${entry}/`)) || target === 'README.md').toBe(
      true,
    )
    if (anchor === '') return
    const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!))
    expect(headings).toContain(anchor)
  })
  it('the README names every guide', () => {
    const named = links.flatMap(([page, target]) => (page === 'README.md' ? [target] : []))
    expect(pages.filter((page) => page !== 'README.md' && !named.includes(page))).toEqual([])
  })
  it('names in the hint of a bad row what the package holds', () =>
    expect(files).toContain('test/data/pairs/README.md'))
})
