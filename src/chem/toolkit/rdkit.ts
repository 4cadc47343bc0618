import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { MainModule, Mol, MolList, Reaction } from '@rdkit/rdkit'
import { PythonError } from '../../python/error.ts'
import { withoutBogusChirality } from './bogus-chirality.ts'
import { MoleculeTooLarge, ToolkitFailure } from './molecule.ts'
import { checkRdkitVersion } from './rdkit-version.ts'
import { smilesPart } from './smiles-tokens.ts'
import { readable } from './too-large.ts'

// ◆ The only file that touches @rdkit/rdkit: RDKit's MinimalLib in WebAssembly, as handles that must be freed.

/**
 * RDKit's build reserves 64 KB of C stack right above its static data: a chain of 850 atoms overruns it silently, and what follows is
 * anything from a trap to an endless loop. We give it a stack of its own from the heap, so large that V8's own stack ends first, with a
 * clean RangeError.
 */
const STACK_BYTES = 32 * 1024 * 1024
/**
 * WebAssembly's memory never shrinks: an instance that has grown beyond this is replaced. A fresh one takes 36 MB (its stack among them),
 * one that has judged drugs for 10⁵ completions 43 MB, one that holds the largest molecules that are read some 90 MB.
 */
const WORN_BYTES = 160e6
/** Memory that one instance may take, its stack among it: whatever is read, a process stays below 1 GB. RDKit would go on to 4 GB. */
const MOST_BYTES = 384e6
/** What RDKit throws leaves the arguments of the call and the exception in its memory: after so many an instance is replaced. */
const MOST_THROWN = 1000

const require = createRequire(import.meta.url)

interface Build {
  readonly module: WebAssembly.Module
  /** Names of exports, which this build minifies. */
  readonly malloc: string
  readonly restoreStack: string
}
let build: Build | null = null
function compile(): Build {
  if (build !== null) return build
  checkRdkitVersion()
  const path = require.resolve('@rdkit/rdkit')
  const script = readFileSync(path, 'utf8')
  const exportName = (symbol: string): string => {
    const match = new RegExp(`[,;]_*${symbol}=wasmExports\\["([^"]+)"\\]`).exec(script)
    if (match === null) throw new Error(`@rdkit/rdkit: no export "${symbol}" in ${path}`)
    return match[1]!
  }
  build = {
    module: new WebAssembly.Module(readFileSync(path.replace(/\.js$/, '.wasm'))),
    malloc: exportName('malloc'),
    restoreStack: exportName('emscripten_stack_restore'),
  }
  return build
}

/** What a SMILES string must not be taken for: MinimalLib also reads mol blocks and JSON. */
const OTHER_FORMATS = /M {2}END|commonchem|rdkitjson/
/** Hydrogens that are atoms of their own: [H], [2H], [H+], [H:1], but not [He] or [CH3]. */
const HYDROGEN_ATOM = /\[\d*H[^a-z]/
const CHIRAL_MARK = /@+(?:(?:TH|AL|SP|TB|OH)\d+)?/g
const LONE_SURROGATE = /\p{Surrogate}/u
const KEEP_HYDROGENS = '{"removeHs":false}'
const UNCHECKED = '{"removeHs":false,"sanitize":false}'
const REMOVABLE =
  'DegreeZero HigherDegrees OnlyHNeighbors Isotopes DummyNeighbors DefiningBondStereo WithWedgedBond WithQuery Mapped InSGroups Nonimplicit Hydrides NontetrahedralNeighbors'.split(
    ' ',
  )
/** `Chem.RemoveAllHs`. */
const ALL_HYDROGENS = JSON.stringify(Object.fromEntries(REMOVABLE.map((what) => [`remove${what}`, true])))

let shared: Promise<Rdkit> | null = null

/** How a string is read. */
export type Reading = 'usual' | 'keep-hydrogens' | 'unchecked'

/**
 * One instance of RDKit. What its C++ throws has left every frame by C++'s own rules when it arrives here (WebAssembly's exceptions run
 * the destructors on their way, as Python's do at the same place), except that nobody puts the stack back: we do, and go on with the
 * instance. A trap or an overrun stack runs no destructor and may leave it in any state: it is then broken for good, and so are its handles.
 */
export class Rdkit {
  private broken = false
  private thrown = 0
  private readonly heap: Heap
  private readonly patterns = new Map<string, Mol>()
  private readonly reactions = new Map<string, Reaction>()
  private constructor(
    /** MinimalLib itself, for drawings: they ask more of it than the rewards do. */
    readonly api: MainModule,
    memory: WebAssembly.Memory,
    private readonly emptyStack: () => void,
  ) {
    this.heap = new Heap(memory)
  }

  /** The thread's own, for what needs none to itself: opened once (the first molecule alone costs 30 ms), and replaced where it is worn. */
  static shared(): Promise<Rdkit> {
    const opened = (shared ?? Rdkit.load()).then((rdkit) => (rdkit.isWorn ? Rdkit.load() : rdkit))
    shared = opened
    opened.catch(() => {
      if (shared === opened) shared = null
    })
    return opened
  }

  /** About 0.1 s for the first instance of a process (compilation), 10 ms for another. */
  static async load(): Promise<Rdkit> {
    const { module, malloc, restoreStack } = compile()
    const factory = require('@rdkit/rdkit') as (options: unknown) => Promise<MainModule>
    let exports: WebAssembly.Exports = {}
    const api = await factory({
      instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
        const instance = new WebAssembly.Instance(module, imports)
        exports = instance.exports
        done(instance)
        return exports
      },
    })
    const stack = (exports[malloc] as (bytes: number) => number)(STACK_BYTES) >>> 0
    if (stack === 0) throw new ToolkitFailure('RDKit has no memory for its stack')
    const restore = exports[restoreStack] as (pointer: number) => void
    const emptyStack = (): void => restore((stack + STACK_BYTES) & ~15)
    emptyStack()
    api.disable_logging()
    const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory)!
    return new Rdkit(api, memory, emptyStack)
  }

  get isBroken(): boolean {
    return this.broken
  }
  /** Broken, or sound but larger than an instance should be, or one that has thrown often: time for a fresh one. */
  get isWorn(): boolean {
    return this.broken || this.thrown >= MOST_THROWN || this.memoryBytes > WORN_BYTES
  }
  get version(): string {
    return this.api.version()
  }
  get memoryBytes(): number {
    return this.heap.bytes
  }

  /**
   * `MolFromSmiles`, or null. Hydrogen atoms stay in the graph unless `usual`; valences are not looked at with `unchecked`.
   * The handle must be freed.
   * @throws MoleculeTooLarge before it is read; the instance stays sound
   */
  open(smiles: string, reading: Reading = 'usual'): MolHandle | null {
    if (LONE_SURROGATE.test(smiles)) throw new PythonError('UnicodeEncodeError', 'surrogates not allowed')
    const given = readable(smiles)
    if ('refused' in given) throw new MoleculeTooLarge(given.refused)
    if (given.text === null) return null
    const text = OTHER_FORMATS.test(given.text) ? smilesPart(given.text).core : given.text
    const mol = this.guard(() => {
      if (reading === 'unchecked') return this.api.get_mol(text, UNCHECKED)
      if (reading === 'keep-hydrogens' || !HYDROGEN_ATOM.test(text)) return this.api.get_mol(text, KEEP_HYDROGENS)
      if (!text.includes('@')) return this.api.get_mol(text)
      const whole = this.api.get_mol(text, KEEP_HYDROGENS)
      if (whole !== null) {
        const fixed = withoutBogusChirality(text, whole.get_json())
        whole.delete()
        return this.api.get_mol(fixed)
      }
      // over-valent, unless a hydrogen that goes is to blame (`[H]=C`): chiral carbon must not hide it by losing its own
      const flat = this.api.get_mol(text.replace(CHIRAL_MARK, ''))
      flat?.delete()
      return flat === null ? null : this.api.get_mol(text)
    })
    return mol === null ? null : new MolHandle(mol, this)
  }

  /** The query of a SMARTS pattern, kept for the life of the instance: callers' patterns come from fixed lists. */
  pattern(smarts: string): Mol {
    let query = this.patterns.get(smarts)
    if (query === undefined) {
      const parsed = this.guard(() => this.api.get_qmol(smarts))
      if (parsed === null) throw new Error(`not a SMARTS pattern: ${smarts}`)
      query = parsed
      this.patterns.set(smarts, query)
    }
    return query
  }

  /** The reaction of a reaction SMARTS, kept like `pattern`. */
  reaction(smarts: string): Reaction {
    let reaction = this.reactions.get(smarts)
    if (reaction === undefined) {
      const parsed = this.guard(() => this.api.get_rxn(smarts, '{"useSmiles":false}'))
      if (parsed === null) throw new Error(`not a reaction SMARTS: ${smarts}`)
      reaction = parsed
      this.reactions.set(smarts, reaction)
    }
    return reaction
  }

  /**
   * `ReactionFromSmarts(smarts).RunReactants(reactants)`: SMILES of the first product of each outcome, as it stands (not sanitised), in
   * RDKit's order. A reaction of another number of reactants has none.
   */
  react(smarts: string, reactants: readonly MolHandle[], most: number): string[] {
    const reaction = this.reaction(smarts)
    return this.guard(() => {
      const list = new this.api.MolList()
      const outcomes: string[] = []
      try {
        for (const reactant of reactants) reactant.appendTo(list)
        const found = reaction.run_reactants(list, most)
        for (let i = 0; i < found.size(); i++) {
          const products = found.get(i)
          const first = products?.at(0)
          if (first) outcomes.push(first.get_smiles())
          first?.delete()
          products?.delete()
        }
        found.delete()
      } finally {
        list.delete()
      }
      return outcomes
    })
  }

  /** From here on the instance is broken. */
  giveUp(): void {
    this.broken = true
  }

  /**
   * Runs a call into WebAssembly; nothing in there calls back, so its stack is empty before and after.
   * @throws ToolkitFailure where RDKit threw, or wanted more memory than it gets: it reports that as a string that it cannot read
   */
  guard<T>(call: () => T): T {
    if (this.broken) throw new ToolkitFailure('RDKit failed on an earlier molecule and is not yet restarted')
    this.heap.refused = false
    let answer: T
    try {
      answer = call()
    } catch (cause) {
      if (cause instanceof WebAssembly.Exception) this.goOn()
      else this.giveUp()
      throw new ToolkitFailure(this.heap.refused ? WANTED_MORE : `RDKit failed: ${told(cause)}`, { cause })
    }
    if (this.heap.refused) throw new ToolkitFailure(WANTED_MORE)
    return answer
  }

  private goOn(): void {
    this.emptyStack()
    this.thrown++
  }
}

const MORGAN = '{"radius":2,"nBits":2048}'
const WANTED_MORE = `RDKit wanted more than ${MOST_BYTES / 1e6} MB for it`
const told = (cause: unknown): string =>
  cause instanceof WebAssembly.Exception
    ? 'its C++ threw an exception'
    : cause instanceof Error
      ? cause.message
      : String(cause)

/** An instance's memory, which grows up to a limit. */
class Heap {
  /** Growth was refused since this was last set to false. */
  refused = false
  constructor(private readonly memory: WebAssembly.Memory) {
    const grow = memory.grow.bind(memory)
    // RDKit's script asks here; a growth that throws is to its allocator one that memory does not allow
    memory.grow = (pages) => {
      if (this.bytes + pages * PAGE_BYTES <= MOST_BYTES) return grow(pages)
      this.refused = true
      throw new RangeError(WANTED_MORE)
    }
  }
  get bytes(): number {
    return this.memory.buffer.byteLength
  }
}
const PAGE_BYTES = 65_536

/** One molecule inside an instance. */
export class MolHandle {
  constructor(
    private readonly mol: Mol,
    private readonly rdkit: Rdkit,
  ) {}

  get atomCount(): number {
    return this.rdkit.guard(() => this.mol.get_num_atoms())
  }
  /** rdkitjson; it cannot be written for the empty molecule. */
  json(): string {
    return this.rdkit.guard(() => this.mol.get_json())
  }
  /** Canonical and isomeric, unless the options say otherwise. */
  smiles(options?: string): string {
    return this.rdkit.guard(() => (options === undefined ? this.mol.get_smiles() : this.mol.get_smiles(options)))
  }
  /** RDKit's folded Morgan fingerprint, 256 bytes: without a graph, in a quarter of the time. */
  morganBits(): Uint8Array {
    return this.rdkit.guard(() => this.mol.get_morgan_fp_as_uint8array(MORGAN) as Uint8Array)
  }
  hasPattern(smarts: string): boolean {
    const query = this.rdkit.pattern(smarts)
    return this.rdkit.guard(() => this.mol.get_substruct_match(query)) !== '{}'
  }
  countPattern(smarts: string): number {
    const query = this.rdkit.pattern(smarts)
    const found = this.rdkit.guard(() => this.mol.get_substruct_matches(query))
    return found === '{}' ? 0 : (JSON.parse(found) as unknown[]).length
  }
  descriptors(): Record<string, number> {
    return JSON.parse(this.rdkit.guard(() => this.mol.get_descriptors())) as Record<string, number>
  }
  has(part: MolHandle): boolean {
    return this.rdkit.guard(() => this.mol.get_substruct_match(part.mol)) !== '{}'
  }
  /** Places of the SMARTS pattern, each set of atoms once: atoms by the pattern's order. */
  placesOf(smarts: string): number[][] {
    const query = this.rdkit.pattern(smarts)
    const found = this.rdkit.guard(() => this.mol.get_substruct_matches(query))
    return found === '{}' ? [] : (JSON.parse(found) as { readonly atoms: number[] }[]).map(({ atoms }) => atoms)
  }
  /** Standard InChI; '' where InChI has none for it. */
  inchi(): string {
    return this.rdkit.guard(() => this.mol.get_inchi())
  }
  /** CIP labels of its stereocentres by atom: R, S, r, s, or ? where none is given. */
  stereocentres(): Map<number, string> {
    const tags = JSON.parse(this.rdkit.guard(() => this.mol.get_stereo_tags())) as {
      readonly CIP_atoms: readonly (readonly [number, string])[]
    }
    return new Map(tags.CIP_atoms.map(([atom, label]) => [atom, label.slice(1, -1)]))
  }
  appendTo(list: MolList): void {
    list.append(this.mol)
  }
  removeAllHydrogens(): void {
    this.rdkit.guard(() => this.mol.remove_hs_in_place(ALL_HYDROGENS))
  }
  /** Nothing to free in a broken instance: it goes as a whole. */
  free(): void {
    if (!this.rdkit.isBroken) this.mol.delete()
  }
}
