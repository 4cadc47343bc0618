import type { Drawer, DrawOptions } from './draw.ts'
import type { Differing, PageSearch } from './page-search.ts'

/** A molecule or a reaction, as SMILES, and the atoms that are marked in its drawing. */
export interface Picture {
  readonly smiles: string
  readonly highlightAtoms: readonly number[]
}
/** What stands beside each other on a page: two answers, whose atoms that differ are marked, and what the row expects. */
export interface Couple {
  readonly a: string | null
  readonly b: string | null
  readonly expected: string | null
}
/** Couples compared and drawn. */
export interface CouplePictures {
  /** In the order of the couples; null, too, where there are no two molecules. */
  readonly differing: readonly Differing[]
  readonly drawn: readonly (Picture & { readonly svg: string | null })[]
}

/** SVG text; null where RDKit draws nothing. In a reaction nothing is marked. */
export const drawPicture = (drawer: Drawer, { smiles, highlightAtoms }: Picture, size: DrawOptions): string | null =>
  smiles.includes('>') ? drawer.reaction(smiles, size) : drawer.molecule(smiles, { ...size, highlightAtoms })

/** By which a drawing is known. */
export const pictureKey = ({ smiles, highlightAtoms }: Picture): string => `${smiles}\n${highlightAtoms.join()}`

/** One thread's drawings for one page: none is made twice. */
export class PagePictures {
  readonly #drawn = new Set<string>()
  readonly #search: PageSearch

  constructor(search: PageSearch) {
    this.#search = search
  }

  /** @param open a drawer whose RDKit is sound */
  async draw(couples: readonly Couple[], size: DrawOptions, open: () => Promise<Drawer>): Promise<CouplePictures> {
    const differing: Differing[] = []
    const drawn: CouplePictures['drawn'][number][] = []
    for (const couple of couples) {
      let drawer = await open()
      drawer.keep()
      try {
        const found = this.#compare(drawer, couple)
        differing.push(found)
        if (drawer.isBroken) drawer = await open()
        for (const picture of this.#fresh(couple, found))
          drawn.push({ ...picture, svg: drawPicture(drawer, picture, size) })
      } finally {
        drawer.release()
      }
    }
    return { differing, drawn }
  }

  #compare(drawer: Drawer, { a, b }: Couple): Differing {
    return a === null || b === null || a === b ? null : this.#search.differing(drawer, a, b)
  }

  /** Those that were not drawn yet. */
  #fresh({ a, b, expected }: Couple, differing: Differing): Picture[] {
    const marks = differing === 'no_time' ? null : differing
    const all = [
      { smiles: a, highlightAtoms: marks?.a ?? [] },
      { smiles: b, highlightAtoms: marks?.b ?? [] },
      { smiles: expected, highlightAtoms: [] },
    ]
    return all.filter((picture): picture is Picture => {
      if (picture.smiles === null) return false
      const before = this.#drawn.size
      return this.#drawn.add(pictureKey(picture as Picture)).size > before
    })
  }
}
