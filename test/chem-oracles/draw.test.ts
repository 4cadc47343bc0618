import fc from 'fast-check'
import { JSDOM } from 'jsdom'
import { beforeAll, describe, expect, it } from 'vitest'
import { Drawer } from '../../src/chem/toolkit/draw.ts'
import { cleanSvg } from '../../src/chem/toolkit/draw-svg.ts'
import { Rdkit } from '../../src/chem/toolkit/rdkit.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'

let drawer: Drawer
beforeAll(async () => {
  drawer = await Drawer.open()
})

/** Parses as XML (throws where it is not well-formed) and lists the elements. */
const elements = (svg: string): Element[] => [
  ...new JSDOM(svg, { contentType: 'image/svg+xml' }).window.document.querySelectorAll('*'),
]

it('shares an RDKit with the thread, and draws as before once a broken one is replaced', async () => {
  const [before, toolkit] = [await Drawer.open(), await Toolkit.shared()]
  const drawn = before.molecule('CCO')
  expect(drawn).not.toBeNull()
  ;(await Rdkit.shared()).giveUp()
  expect([before.molecule('CCO'), before.differingAtoms('CCO', 'CCN'), before.reaction('CCO>>CC')]).toEqual([
    ...[null, null, null],
  ])
  expect(toolkit.ready).toBe(false)
  expect((await Drawer.open()).molecule('CCO')).toBe(drawn)
  expect(await Toolkit.shared()).toBe(toolkit)
  expect(toolkit.read('OCC')!.canonical).toBe('CCO')
  drawer = await Drawer.open()
})

describe('molecule', () => {
  it('is well-formed SVG of the asked size, in the colour of the text, without anything but shapes', () => {
    const svg = drawer.molecule('C[C@H](N)C(=O)Nc1ccccc1S(F)(=O)=O', { width: 300, height: 200 })!
    const [root, ...shapes] = elements(svg)
    expect(root!.getAttribute('viewBox')).toBe('0 0 300 200')
    expect(root!.getAttribute('aria-label')).toBe('C[C@H](N)C(=O)Nc1ccccc1S(F)(=O)=O')
    expect(new Set(shapes.map((e) => e.tagName))).toEqual(new Set(['path']))
    expect(shapes.flatMap((e) => e.getAttributeNames()).filter((n) => /^(id|class|style|on.*|href)$/.test(n))).toEqual(
      [],
    )
    expect(svg).toContain('stroke="currentColor"')
    expect(svg).not.toMatch(/#000000|<\?xml|<rect/)
  })

  it('highlights atoms and the bonds between them', () => {
    const plain = drawer.molecule('CCO')!
    const marked = drawer.molecule('CCO', { highlightAtoms: [1, 2], highlightColour: '#00ff00' })!
    const green = (svg: string) =>
      elements(svg)
        .filter((e) => e.getAttribute('fill') === '#00FF00')
        .map((e) => e.tagName)
    expect(green(plain)).toEqual([])
    expect(green(marked).sort()).toEqual(['ellipse', 'ellipse', 'path'])
    expect(marked).toContain('<g opacity="0.5"><')
    expect(plain).not.toContain('<g')
    // an index that no atom has is left out
    expect(drawer.molecule('CCO', { highlightAtoms: [7, -1, 0.5] })).toBe(plain)
  })

  it.each([
    ['what is no SMILES', 'not a molecule'],
    ['an open ring', 'c1ccc'],
    ['a chain that RDKit could not stand', 'C'.repeat(3000)],
    ['a molecule too large to see', 'C'.repeat(400)],
  ])('is null for %s', (_, smiles) => {
    expect(drawer.molecule(smiles)).toBeNull()
  })

  it('still works after those', () => {
    expect(drawer.molecule('CCO')).not.toBeNull()
  })

  it('gives the same text again', () => {
    expect(drawer.molecule('c1ccccc1O')).toBe(drawer.molecule('c1ccccc1O'))
  })
})

describe('reaction', () => {
  it.each(['CC(=O)O.OCC>[Na+]>CC(=O)OCC', 'CC(=O)O.OCC>[Na+]>', 'CC(=O)O.OCC>>'])('draws %s', (reaction) => {
    expect(elements(drawer.reaction(reaction)!).length).toBeGreaterThan(5)
  })
  it.each(['CC', 'x>>y', 'CC>>CC>>CC', ''])('is null for %j', (reaction) => {
    expect(drawer.reaction(reaction)).toBeNull()
  })

  it('is null where it is too long as a whole, or a part of it is one that is not read', () => {
    // 90 molecules of 690 atoms: each may be drawn, all of them took 36 s of processor time
    const before = process.cpuUsage()
    expect(drawer.reaction(`${Array.from({ length: 90 }, () => 'C'.repeat(690)).join('.')}>>C`)).toBeNull()
    // RDKit tries every subset of the dummies
    expect(drawer.reaction(`${'*1'.concat('c*'.repeat(30), '1')}>>C`)).toBeNull()
    const { user, system } = process.cpuUsage(before)
    expect(user + system).toBeLessThan(2e6)
    expect(drawer.reaction(`${Array.from({ length: 40 }, () => 'CCO').join('.')}>>C`)).not.toBeNull()
  })
})

describe('differingAtoms', () => {
  it.each([
    ['CCO', 'CCO', [], []],
    ['CCO', 'OCC', [], []],
    ['CCO', 'CCN', [2], [2]],
    // benzoic acid and benzamide differ in one atom; one chlorine more is one atom more
    ['OC(=O)c1ccccc1', 'NC(=O)c1ccccc1', [0], [0]],
    ['c1ccccc1', 'Clc1ccccc1', [], [0]],
    // the same skeleton, one charge
    ['CC(=O)O', 'CC(=O)[O-]', [3], [3]],
    ['C', '[13CH4]', [0], [0]],
    // a chain is no part of a ring
    ['CCCCCC', 'C1CCCCC1', [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]],
    ['C', 'N', [0], [0]],
    ['', 'C', [], [0]],
  ])('of %s and %s', (a, b, inA, inB) => {
    expect(drawer.differingAtoms(a, b)).toEqual({ a: inA, b: inB })
  })
  it('is null where one cannot be read', () => {
    expect(drawer.differingAtoms('CCO', 'nope')).toBeNull()
  })
  it('null where the search takes more than a second of processor time, however much was found', async () => {
    const ladder = (rung: string): string => `C1CC2CC1CC2C1CC2CC1CC2C1CC2CC1${rung}C2C1CC2CC1CC2C1CC2CC1CC2`
    expect(drawer.differingAtoms(ladder('C'), ladder('O'))).toBeNull()
    let now = 0
    const slow = await Drawer.open({ read: () => (now += 1001) })
    expect(slow.differingAtoms('CCO', 'CCN')).toBeNull()
    const quick = await Drawer.open({ read: () => (now += 1000) })
    expect(quick.differingAtoms('CCO', 'CCN')).toEqual({ a: [2], b: [2] })
  })
})

describe('cleanSvg', () => {
  it('lets through shapes with well-formed attributes only, whatever it is given', () => {
    const nasty = `<svg viewBox='0 0 10 10'><script>alert(1)</script><path d='M 0,0' onload='x()' style='fill:url(javascript:x);stroke:#000000'/>
      <image href='http://x'/><rect x='1' fill='#00ff00"><b' /><ellipse cx='1px' rx='expression(1)'/></svg>`
    expect(cleanSvg(nasty, '<i>"&')).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10" role="img" aria-label="&lt;i&gt;&quot;&amp;"><path d="M 0,0" stroke="currentColor"/><rect x="1"/><ellipse cx="1"/></svg>',
    )
  })
  it('is well-formed for any label', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (label) => {
        expect(elements(cleanSvg(`<svg viewBox='0 0 1 1'></svg>`, label)!)).toHaveLength(1)
      }),
      { numRuns: 60, seed: 1 },
    )
  })
})
