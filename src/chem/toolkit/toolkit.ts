import { PythonError } from '../../python/error.ts'
import { molFormulaOf } from './formula.ts'
import { EMPTY_GRAPH, type MolGraph, parseGraph } from './graph.ts'
import { Lru, ownText } from './lru.ts'
import { type Molecule, MoleculeTooLarge, type MolToolkit, type RingSystem, ToolkitFailure } from './molecule.ts'
import { morganIds } from './morgan.ts'
import { type MolHandle, Rdkit, type Reading } from './rdkit.ts'
import { breaksAromaticRings, overstatesRings, type RingFragment, ringFragments, spellsBonds } from './ring-systems.ts'
import { smilesPart, tokenizeSmiles } from './smiles-tokens.ts'
import { smilesTree } from './smiles-tree.ts'
import { MAX_ATOMS } from './too-large.ts'

/**
 * Molecules kept, with what was computed of them; targets and completions come back. A character takes some 1.5 KB, two thirds of it in
 * RDKit's memory, which never shrinks: so 256 molecules of a drug's size are kept, but only 20 of the largest that are read.
 */
const KEPT_MOLECULES = 256
const KEPT_CHARACTERS = 40_000
const KEPT_RING_KEYS = 20_000

const NO_BITS = new Uint8Array(256)
const KEKULE = '{"doKekule":true}'
const FLAT = '{"doIsomericSmiles":false}'
const AS_READ = '{"canonical":false}'

/**
 * RDKit as the rewards see it. Molecules stay open in a bounded cache and are freed when they leave it; one that is asked again
 * afterwards is read again, so no caller holds anything to free. After a ToolkitFailure, `ready` puts a fresh RDKit in place.
 */
export class Toolkit implements MolToolkit {
  private readonly kept = new Lru<OpenMolecule | null>(KEPT_MOLECULES, {
    characters: KEPT_CHARACTERS,
    forgotten: (molecule) => molecule?.close(),
  })
  private readonly ringKeys = new Lru<string>(KEPT_RING_KEYS)
  private constructor(
    private rdkit: Rdkit,
    private readonly open: () => Promise<Rdkit>,
  ) {}

  /** On an RDKit of its own. */
  static async load(): Promise<Toolkit> {
    return new Toolkit(await Rdkit.load(), Rdkit.load)
  }
  /** The thread's own, on the RDKit that it shares with the drawings: opened once, sound again at every call. */
  static async shared(): Promise<Toolkit> {
    shared ??= Rdkit.shared().then((rdkit) => new Toolkit(rdkit, () => Rdkit.shared()))
    const toolkit = await shared
    await toolkit.recover()
    return toolkit
  }

  /** False after a failure, and where RDKit has taken too much memory, until `recover` has been awaited. */
  get ready(): boolean {
    return !this.rdkit.isWorn
  }
  /** Replaces a broken or too large instance; nothing to do otherwise. Molecules that are held are read again by the fresh one. */
  async recover(): Promise<void> {
    if (this.ready) return
    const fresh = await this.open()
    if (this.ready) return
    this.kept.clear()
    this.rdkit = fresh
  }
  get version(): string {
    return this.rdkit.version
  }
  get memoryBytes(): number {
    return this.rdkit.memoryBytes
  }

  read(smiles: string): Molecule | null {
    const known = this.kept.get(smiles)
    if (known !== undefined) return known
    const handle = this.rdkit.open(smiles)
    // an atom takes at least a character
    if (handle !== null && smiles.length > MAX_ATOMS && handle.atomCount > MAX_ATOMS) {
      const atoms = handle.atomCount
      handle.free()
      throw new MoleculeTooLarge(`a molecule of ${atoms} atoms; at most ${MAX_ATOMS} are judged`)
    }
    const molecule = handle === null ? null : new OpenMolecule(ownText(smiles), handle, this)
    this.kept.set(smiles, molecule)
    return molecule
  }

  matches(molecule: Molecule, smarts: string): boolean {
    return this.handleOf(molecule).hasPattern(smarts)
  }

  contains(molecule: Molecule, part: Molecule): boolean {
    // opened before use: reading one may push the other out
    const query = this.rdkit.open(part.smiles)!
    try {
      return this.handleOf(molecule).has(query)
    } finally {
      query.free()
    }
  }

  count(molecule: Molecule, smarts: string): number {
    return this.handleOf(molecule).countPattern(smarts)
  }

  /** Atoms of each match of the SMARTS pattern, each set of atoms once. */
  places(molecule: Molecule, smarts: string): number[][] {
    return this.handleOf(molecule).placesOf(smarts)
  }

  /** Standard InChI; '' where there is none. */
  inchi(molecule: Molecule): string {
    return this.handleOf(molecule).inchi()
  }

  /** CIP labels of the stereocentres by atom, ? where none is given. */
  stereocentres(molecule: Molecule): Map<number, string> {
    return this.handleOf(molecule).stereocentres()
  }

  /**
   * Products of a reaction SMARTS: canonical, each once, in RDKit's order; those that cannot be read are left out.
   * @param most outcomes at most, before equal ones are put together
   */
  react(smarts: string, reactants: readonly Molecule[], most = 32): string[] {
    const handles = reactants.map(({ smiles }) => this.rdkit.open(smiles)!)
    try {
      const products = this.rdkit.react(smarts, handles, most).map((smiles) => this.read(smiles)?.canonical)
      return [...new Set(products.filter((smiles) => smiles !== undefined))]
    } finally {
      for (const handle of handles) handle.free()
    }
  }

  /** RDKit gave up on a question about it: what it left of the molecule is not asked again. */
  forget(molecule: Molecule): void {
    this.kept.delete(molecule.smiles)
    if (molecule instanceof OpenMolecule) molecule.close()
  }

  private handleOf(molecule: Molecule): MolHandle {
    const open = molecule instanceof OpenMolecule ? molecule.handle : null
    const handle = open ?? (this.read(molecule.smiles) as OpenMolecule).handle
    if (handle === null) throw new Error('a molecule that was just read is open')
    return handle
  }

  /** Runs `use` on another spelling or part of a molecule, and frees it. Null where RDKit cannot read it. */
  withHandle<T>(smiles: string, reading: Reading, use: (handle: MolHandle) => T): T | null {
    const handle = this.rdkit.open(smiles, reading)
    if (handle === null) return null
    try {
      return use(handle)
    } finally {
      handle.free()
    }
  }

  /** Bloom key of a ring system: `molbloom.canon(MolToSmiles(RemoveAllHs(fragment)))`. */
  ringKey(fragment: RingFragment): string {
    const known = this.ringKeys.get(fragment.smiles)
    if (known !== undefined) return known
    const reading = fragment.hasDummy ? 'unchecked' : 'keep-hydrogens'
    const withoutHydrogens = (handle: MolHandle): string => {
      handle.removeAllHydrogens()
      return handle.smiles()
    }
    const bare =
      this.withHandle(fragment.smiles, reading, withoutHydrogens) ??
      this.withHandle(fragment.explicit(), reading, withoutHydrogens)
    const key = bare === null ? null : this.withHandle(bare, 'usual', (handle) => handle.smiles(KEKULE))
    if (key === null) throw new ToolkitFailure(`RDKit cannot read the ring system ${fragment.smiles}`)
    this.ringKeys.set(fragment.smiles, key)
    return key
  }
}

let shared: Promise<Toolkit> | null = null

class OpenMolecule implements Molecule {
  private readonly known: {
    atomCount?: number
    graph?: MolGraph
    canonical?: string
    flat?: string
    kekule?: string
    environments?: readonly number[]
    fingerprint?: Uint8Array
    formula?: string
    ringSystems?: readonly RingSystem[]
    descriptors?: Readonly<Record<string, number>>
  } = {}
  constructor(
    readonly smiles: string,
    private open: MolHandle | null,
    private readonly toolkit: Toolkit,
  ) {}

  get handle(): MolHandle | null {
    return this.open
  }
  close(): void {
    this.open?.free()
    this.open = null
  }

  get atomCount(): number {
    this.known.atomCount ??= this.ask((handle) => handle.atomCount)
    return this.known.atomCount
  }
  get graph(): MolGraph {
    this.known.graph ??= this.atomCount === 0 ? EMPTY_GRAPH : this.ask((handle) => parseGraph(handle.json()))
    return this.known.graph
  }
  get canonical(): string {
    this.known.canonical ??= this.ask((handle) => handle.smiles())
    return this.known.canonical
  }
  get flat(): string {
    this.known.flat ??= this.ask((handle) => handle.smiles(FLAT))
    return this.known.flat
  }
  get kekule(): string {
    this.known.kekule ??= this.ask((handle) => handle.smiles(KEKULE))
    return this.known.kekule
  }
  get environments(): readonly number[] {
    this.known.environments ??= morganIds(this.graph)
    return this.known.environments
  }
  get fingerprint(): Uint8Array {
    this.known.fingerprint ??= this.atomCount === 0 ? NO_BITS : this.ask((handle) => handle.morganBits())
    return this.known.fingerprint
  }
  get formula(): string {
    this.known.formula ??= molFormulaOf(this.graph)
    return this.known.formula
  }
  get ringSystems(): readonly RingSystem[] {
    this.known.ringSystems ??= this.findRingSystems()
    return this.known.ringSystems
  }

  get descriptors(): Readonly<Record<string, number>> {
    this.known.descriptors ??= this.ask((handle) => handle.descriptors())
    return this.known.descriptors
  }

  /** The open handle, or a fresh one for this question where the molecule has left the cache, or RDKit gave up on it before. */
  private ask<T>(question: (handle: MolHandle) => T): T {
    if (this.open === null) return this.toolkit.withHandle(this.smiles, 'usual', question)!
    try {
      return question(this.open)
    } catch (error) {
      this.toolkit.forget(this)
      throw error
    }
  }

  private findRingSystems(): RingSystem[] {
    const { graph } = this
    if (!graph.atoms.some(({ inRing }) => inRing)) return []
    if (breaksAromaticRings(graph))
      throw new PythonError('AtomKekulizeException', 'an aromatic ring that loses a dummy has no Kekulé structure')
    const { core, extended } = smilesPart(this.smiles)
    const found = (extended ? null : (fragments(core, graph) ?? this.spelled(core))) ?? this.respelled()
    if (found === null) throw new ToolkitFailure(`the ring systems of ${this.smiles} cannot be cut out`)
    return found.map((fragment) => ({ key: this.toolkit.ringKey(fragment), component: fragment.component }))
  }

  /** From a spelling with every hydrogen that it writes as an atom; the given one has some that RDKit removes. */
  private spelled(smiles: string): Fragment[] | null {
    const graph = this.toolkit.withHandle(smiles, 'keep-hydrogens', (handle) => parseGraph(handle.json()))
    return graph === null ? null : fragments(smiles, graph)
  }

  /** From RDKit's own spelling, where the given one has extensions or what we cannot tokenise. */
  private respelled(): Fragment[] | null {
    return this.spelled(this.ask((handle) => handle.smiles(AS_READ)))
  }
}

interface Fragment extends RingFragment {
  readonly component: number
}
function fragments(smiles: string, graph: MolGraph): Fragment[] | null {
  const tokens = tokenizeSmiles(smiles)
  if (tokens === null) return null
  const tree = smilesTree(tokens)
  if (tree.nodes.length !== graph.atoms.length || !spellsBonds(tree, graph) || overstatesRings(tree, graph)) return null
  return ringFragments(tree, graph).map((fragment) => ({ ...fragment, component: graph.component[fragment.atom]! }))
}
