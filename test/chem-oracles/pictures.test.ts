import { expect, it, onTestFinished } from 'vitest'
import { Drawer } from '../../src/chem/toolkit/draw.ts'
import { PageSearch } from '../../src/chem/toolkit/page-search.ts'
import { drawPicture, PagePictures, pictureKey } from '../../src/chem/toolkit/pictures.ts'
import { Rdkit } from '../../src/chem/toolkit/rdkit.ts'

const SIZE = { width: 240, height: 170 }
const COUPLES = [
  { a: 'CC(=O)Oc1ccccc1', b: 'CC(=O)Oc1ccccc1C(=O)O', expected: 'CC(=O)Oc1ccccc1C(=O)O' },
  { a: 'CC(=O)Oc1ccccc1', b: 'CC[NH3+]', expected: null },
  { a: 'CCO>>CC=O', b: 'no molecule', expected: 'CCO' },
  { a: null, b: 'CCO', expected: null },
]
const open = () => Drawer.open()

it('are those of a drawer that reads a molecule anew each time; what was drawn before is left out', async () => {
  const drawer = await open()
  const differing = COUPLES.map(({ a, b }) => (a === null ? null : drawer.differingAtoms(a, b)))
  const alone = COUPLES.flatMap(({ a, b, expected }, i) => {
    const all = [
      { smiles: a, highlightAtoms: differing[i]?.a ?? [] },
      { smiles: b, highlightAtoms: differing[i]?.b ?? [] },
      { smiles: expected, highlightAtoms: [] },
    ]
    return all.flatMap(({ smiles, highlightAtoms }) =>
      smiles === null ? [] : [{ smiles, highlightAtoms, svg: drawPicture(drawer, { smiles, highlightAtoms }, SIZE) }],
    )
  })
  const reads = await countReads()
  const page = new PagePictures(new PageSearch())
  const found = await page.draw(COUPLES, SIZE, open)
  // of the first couple two, of the second two, of the third three (one of them a reaction), of the last none
  expect(reads()).toBe(7)
  expect(found.differing).toEqual(differing)
  const once = new Map(alone.map((picture) => [pictureKey(picture), picture]))
  expect(found.drawn).toEqual([...once.values()])
  expect(once.size).toBeLessThan(alone.length)
  expect((await page.draw(COUPLES, SIZE, open)).drawn).toEqual([])
})

/** How often RDKit was given a SMILES string since. */
async function countReads(): Promise<() => number> {
  const { api } = await Rdkit.shared()
  const { get_mol } = api
  let read = 0
  const counting = (...of: Parameters<typeof get_mol>) => {
    read++
    return get_mol(...of)
  }
  // its table of overloads is a property of the function
  api.get_mol = Object.assign(counting, get_mol) as typeof get_mol
  onTestFinished(() => {
    api.get_mol = get_mol
  })
  return () => read
}

it('are made, too, where RDKit gave up over what differs', async () => {
  const rdkit = await Rdkit.shared()
  const search = new PageSearch()
  search.differing = () => {
    rdkit.giveUp()
    return null
  }
  const { drawn } = await new PagePictures(search).draw([{ a: 'CCN', b: 'CCO', expected: null }], SIZE, open)
  expect(drawn.map(({ svg }) => svg)).toEqual(['CCN', 'CCO'].map((smiles) => expect.stringContaining(smiles)))
})
