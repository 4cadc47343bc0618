import type { Mol, MolList } from '@rdkit/rdkit'
import { ownClock, type ThreadClock } from '../../thread-time.ts'
import { cleanSvg } from './draw-svg.ts'
import { ToolkitFailure } from './molecule.ts'
import { Rdkit } from './rdkit.ts'
import { countRings } from './ring-count.ts'
import { readable } from './too-large.ts'

/** Size in CSS pixels. */
export interface DrawOptions {
  readonly width?: number
  readonly height?: number
}
export interface DrawMoleculeOptions extends DrawOptions {
  /** Indices of atoms in the SMILES string's order; bonds between two of them are highlighted, too. */
  readonly highlightAtoms?: readonly number[]
  /** `#rrggbb`; default amber. */
  readonly highlightColour?: string
}

/** Beyond this a drawing is an ink blot. */
const MAX_ATOMS = 250
/** Of one molecule, in characters: no drawing of a longer one can be read. */
const MAX_SMILES = 700
/** Of a reaction: two of the longest molecules, in as many parts as it likes. 90,000 characters of them took 53 s and gave 28 MB. */
const MAX_REACTION = 2 * MAX_SMILES
/**
 * Of one ring system (C60 has 31): the search looks at its clock between steps, and with 81 rings in 200 atoms one step took 18 s of processor time.
 */
const MAX_COMPARED_RINGS = 40
/** Processor time for the search of the largest common substructure; what it takes longer for is not compared. */
const MCS_SECONDS = 1
/** RDKit's own limit, whole seconds on the wall: twice that at first, more on a machine that does not get to it. */
const [FIRST_WALL_SECONDS, LONGEST_WALL_SECONDS] = [2, 64]

/** Readable on white and on near-black: every colour has a contrast of at least 3 : 1 with both. Carbon takes the text's colour. */
const PALETTE = {
  '-1': [0, 0, 0],
  6: [0, 0, 0],
  7: [0.22, 0.47, 0.9],
  8: [0.87, 0.24, 0.24],
  9: [0.13, 0.56, 0.3],
  15: [0.8, 0.42, 0.05],
  16: [0.62, 0.5, 0.05],
  17: [0.13, 0.56, 0.3],
  35: [0.68, 0.38, 0.2],
  53: [0.6, 0.37, 0.83],
} as const
const AMBER = '#F2B134'

/**
 * ◆ Drawings of molecules and reactions, as SVG text; null where RDKit cannot read the input, or it is too large to draw.
 * On the thread's own RDKit; where that fails inside, nothing more is drawn until the next `open`.
 */
export class Drawer {
  /** What was read since `keep`; null: could not be read. */
  private kept: Map<string, Opened | null> | null = null
  private constructor(
    private readonly rdkit: Rdkit,
    private readonly clock: Pick<ThreadClock, 'read'>,
  ) {}

  /** @param clock of this thread, in milliseconds of processor time */
  static async open(clock: Pick<ThreadClock, 'read'> = ownClock()): Promise<Drawer> {
    return new Drawer(await Rdkit.shared(), clock)
  }

  get isBroken(): boolean {
    return this.rdkit.isBroken
  }

  /** From now on a molecule is read once and stays open, until `release`: for a few that are compared and drawn. */
  keep(): void {
    this.kept ??= new Map()
  }
  release(): void {
    for (const opened of this.kept?.values() ?? []) if (opened !== null) this.free(opened.mol)
    this.kept = null
  }

  /** @example drawer.molecule('CCO', { width: 200, height: 120, highlightAtoms: [2] }) */
  molecule(smiles: string, options: DrawMoleculeOptions = {}): string | null {
    return this.withMol(smiles, (opened) => {
      const { mol } = opened
      const atoms = (options.highlightAtoms ?? []).filter(
        (i) => Number.isInteger(i) && i >= 0 && i < mol.get_num_atoms(),
      )
      const colour = hexColour(options.highlightColour)
      const details = {
        width: options.width ?? 260,
        height: options.height ?? 180,
        atoms,
        bonds: atoms.length > 0 ? bondsWithin(opened, new Set(atoms)) : [],
        highlightColour: [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16) / 255),
        clearBackground: false,
        atomColourPalette: PALETTE,
      }
      return cleanSvg(mol.get_svg_with_highlights(JSON.stringify(details)), smiles, colour)
    })
  }

  /** A reaction SMILES, `reactants>agents>products`; the products may be missing. */
  reaction(reaction: string, options: DrawOptions = {}): string | null {
    if (reaction.length > MAX_REACTION) return null
    if (reaction.split(/[.>]/).some((part) => part.length > MAX_SMILES || 'refused' in readable(part))) return null
    const parsed = this.attempt(({ api }) => api.get_rxn(reaction, JSON.stringify({ useSmiles: true })))
    if (parsed === null) return null
    const details = {
      width: options.width ?? 640,
      height: options.height ?? 180,
      clearBackground: false,
      atomColourPalette: PALETTE,
    }
    try {
      return this.attempt(() => cleanSvg(parsed.get_svg_with_highlights(JSON.stringify(details)), reaction))
    } finally {
      this.free(parsed)
    }
  }

  /**
   * The atoms of each molecule that have no counterpart in the other: those outside the largest connected common substructure (RDKit's
   * FMCS: equal elements, equal bond orders, rings only with whole rings), and pairs of counterparts that differ in charge or isotope.
   * Null where RDKit cannot read one of them, where one has more than 40 rings in one ring system, and where the search takes more than a second of processor time (some large and very alike
   * ones): what it had found until then would hang on the machine. Stereo is not compared.
   */
  differingAtoms(a: string, b: string): { readonly a: number[]; readonly b: number[] } | null {
    if ([a, b].some((smiles) => smiles.length <= MAX_SMILES && ringsOf(smiles) > MAX_COMPARED_RINGS)) return null
    return this.withMol(a, (molA) =>
      this.withMol(b, (molB) => {
        const common = this.commonAtoms(molA.mol, molB.mol)
        if (common === null) return null
        const [matchA, matchB] = common
        const labelsA = atomLabels(molA)
        const labelsB = atomLabels(molB)
        const same = matchA.map((atom, i) => labelsA[atom] === labelsB[matchB[i]!])
        const outside = (count: number, match: readonly number[]): number[] => {
          const shared = new Set(match.filter((_, i) => same[i]))
          return Array.from({ length: count }, (_, i) => i).filter((i) => !shared.has(i))
        }
        return { a: outside(labelsA.length, matchA), b: outside(labelsB.length, matchB) }
      }),
    )
  }

  /** Counterparts: the i-th atom of the one stands for the i-th of the other. Null where the search takes too long. */
  private commonAtoms(a: Mol, b: Mol): [readonly number[], readonly number[]] | null {
    if (a.get_num_atoms() === 0 || b.get_num_atoms() === 0) return [[], []]
    const both = new this.rdkit.api.MolList()
    let query: Mol | null = null
    try {
      both.append(a)
      both.append(b)
      const found = this.largestCommon(both)
      if (found === null) return null
      const smarts = [found.smarts ?? ''].flat()[0]!
      // FMCS wants a bond; two single atoms (or none in common) have no substructure
      if (smarts === '') return [[], []]
      query = this.rdkit.api.get_qmol(smarts)
      return query === null ? [[], []] : [matchOf(a, query), matchOf(b, query)]
    } finally {
      if (query !== null) this.free(query)
      this.free(both)
    }
  }

  private largestCommon(both: MolList): { readonly smarts?: string | string[] } | null {
    for (let seconds = FIRST_WALL_SECONDS; ; seconds *= 2) {
      const from = this.clock.read()
      const found = JSON.parse(
        this.rdkit.api.get_mcs_as_json(
          both,
          JSON.stringify({
            Timeout: seconds,
            AtomCompare: 'Elements',
            BondCompare: 'OrderExact',
            RingMatchesRingOnly: true,
            CompleteRingsOnly: true,
          }),
        ),
      ) as { smarts?: string | string[]; canceled?: boolean }
      if (this.clock.read() - from > 1000 * MCS_SECONDS) return null
      if (found.canceled !== true) return found
      if (seconds >= LONGEST_WALL_SECONDS) return null
    }
  }

  private withMol<T>(smiles: string, use: (opened: Opened) => T | null): T | null {
    const known = this.kept?.get(smiles)
    const opened = known === undefined ? this.opened(smiles) : known
    if (opened === null) return null
    try {
      return this.attempt(() => use(opened))
    } finally {
      if (this.kept === null) this.free(opened.mol)
    }
  }

  private opened(smiles: string): Opened | null {
    const mol = this.read(smiles)
    const opened = mol === null ? null : { mol, contents: null }
    this.kept?.set(smiles, opened)
    return opened
  }

  private read(smiles: string): Mol | null {
    if (smiles.length > MAX_SMILES || 'refused' in readable(smiles)) return null
    const mol = this.attempt(({ api }) => api.get_mol(smiles))
    if (mol === null || this.attempt(() => mol.get_num_atoms() <= MAX_ATOMS)) return mol
    this.free(mol)
    return null
  }

  /** Where RDKit gives up there is no drawing of this one. */
  private attempt<T>(use: (rdkit: Rdkit) => T | null): T | null {
    try {
      return this.rdkit.guard(() => use(this.rdkit))
    } catch (error) {
      if (error instanceof ToolkitFailure) return null
      throw error
    }
  }

  /** Nothing to free in a broken instance: it goes as a whole. */
  private free(handle: { delete(): void }): void {
    if (!this.rdkit.isBroken) handle.delete()
  }
}

const ringsOf = (smiles: string): number => countRings(smiles)?.largest ?? 0

const matchOf = (mol: Mol, query: Mol): readonly number[] =>
  (JSON.parse(mol.get_substruct_match(query)) as { atoms?: number[] }).atoms ?? []

interface Contents {
  readonly atoms?: readonly { readonly z?: number; readonly chg?: number; readonly isotope?: number }[]
  readonly bonds?: readonly { readonly atoms: readonly [number, number] }[]
}
/** A molecule, and what RDKit's JSON says of it, once that was asked for. */
interface Opened {
  readonly mol: Mol
  contents: Contents | null
}
const jsonOf = (mol: Mol): Contents =>
  mol.get_num_atoms() === 0 ? {} : (JSON.parse(mol.get_json()) as { molecules: [Contents] }).molecules[0]
function contents(opened: Opened): Contents {
  opened.contents ??= jsonOf(opened.mol)
  return opened.contents
}

/** Element, charge and isotope of every atom, as one comparable word. */
const atomLabels = (opened: Opened): string[] =>
  (contents(opened).atoms ?? []).map(({ z = 6, chg = 0, isotope = 0 }) => `${z} ${chg} ${isotope}`)

const bondsWithin = (opened: Opened, atoms: ReadonlySet<number>): number[] =>
  (contents(opened).bonds ?? []).flatMap((bond, i) => (bond.atoms.every((atom) => atoms.has(atom)) ? [i] : []))

/** `#RRGGBB` in capitals, as RDKit writes it; what is no such colour is amber. */
const hexColour = (colour = AMBER): string => (/^#[0-9a-f]{6}$/i.test(colour) ? colour.toUpperCase() : AMBER)
