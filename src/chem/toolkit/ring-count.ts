import { type SmilesToken, tokenizeSmiles } from './smiles-tokens.ts'

/** What a SMILES string spells of rings, told without reading it as a molecule. */
export interface RingCount {
  /** Rings of the ring system that has most: bonds − atoms + 1 of a part that no single bond holds together. */
  readonly largest: number
  /** Dummies in a ring system that has aromatic atoms, where they are most. */
  readonly aromaticDummies: number
}

const AROMATIC = /^(?:[bcnops]|\[\d*(?:b|c|n|o|p|s|se|te|as|si)(?![a-z]))/
const DUMMY = /^(?:\*|\[\d*(?:\*|#0(?!\d)))/

/** @returns null where the text is not spelled as SMILES is */
export function countRings(smiles: string): RingCount | null {
  const tokens = tokenizeSmiles(smiles)
  const graph = tokens === null ? null : spelledGraph(tokens)
  return graph === null ? null : countIn(graph)
}

interface Spelled {
  readonly atoms: readonly string[]
  /** Both atoms of each bond. */
  readonly bonds: readonly (readonly [number, number])[]
}

/** Atoms and bonds as they are written; null where a closure or a branch has nothing to hang on. */
function spelledGraph(tokens: readonly SmilesToken[]): Spelled | null {
  const atoms: string[] = []
  const bonds: [number, number][] = []
  const open = new Map<string, number>()
  const branches: number[] = []
  let previous = -1
  for (const { kind, text } of tokens) {
    if (kind === 'atom') {
      atoms.push(text)
      if (previous >= 0) bonds.push([previous, atoms.length - 1])
      previous = atoms.length - 1
    } else if (kind === 'open') branches.push(previous)
    else if (kind === 'close') previous = branches.pop() ?? -1
    else if (kind === 'dot') previous = -1
    else if (kind === 'closure') {
      if (previous < 0) return null
      const label = text.replace(/[%()]/g, '')
      const other = open.get(label)
      if (other === undefined) open.set(label, previous)
      else {
        bonds.push([other, previous])
        open.delete(label)
      }
    }
  }
  return { atoms, bonds }
}

function countIn({ atoms, bonds }: Spelled): RingCount {
  let aromaticDummies = 0
  const { largest } = ringsOf(atoms.length, bonds, (members) => {
    if (!members.some((atom) => AROMATIC.test(atoms[atom]!))) return
    aromaticDummies = Math.max(aromaticDummies, members.filter((atom) => DUMMY.test(atoms[atom]!)).length)
  })
  return { largest, aromaticDummies }
}

/**
 * Ring systems of a graph: parts that stay whole whichever bond is taken away. Bridges are found by Tarjan's low links, in time and memory
 * in proportion to atoms and bonds.
 * @param bonds both atoms of each
 * @param visit told the atoms of each ring system
 * @returns for each atom whether it is in a ring, and the rings of the ring system that has most
 */
export function ringsOf(
  atoms: number,
  bonds: Spelled['bonds'],
  visit: (members: readonly number[]) => void = () => {},
): { readonly inRing: readonly boolean[]; readonly largest: number } {
  const around: (readonly [atom: number, bond: number])[][] = Array.from({ length: atoms }, () => [])
  for (const [bond, [a, b]] of bonds.entries()) {
    around[a]!.push([b, bond])
    around[b]!.push([a, bond])
  }
  const order = new Int32Array(atoms).fill(-1)
  const low = new Int32Array(atoms)
  const next = new Int32Array(atoms)
  const cameBy = new Int32Array(atoms).fill(-1)
  const inRing = new Array<boolean>(atoms).fill(false)
  const part: number[] = []
  let [time, largest] = [0, 0]
  const close = (top: number): void => {
    const members = part.splice(part.lastIndexOf(top))
    if (members.length < 2) return
    const inside = new Set(members)
    let ends = 0
    for (const atom of members) {
      inRing[atom] = true
      for (const [other] of around[atom]!) if (inside.has(other)) ends++
    }
    largest = Math.max(largest, ends / 2 - members.length + 1)
    visit(members)
  }
  for (let root = 0; root < atoms; root++) {
    if (order[root] !== -1) continue
    const stack = [root]
    order[root] = low[root] = time++
    part.push(root)
    while (stack.length > 0) {
      const here = stack.at(-1)!
      const edge = around[here]![next[here]!++]
      if (edge === undefined) {
        stack.pop()
        const above = stack.at(-1)
        if (above !== undefined) low[above] = Math.min(low[above]!, low[here]!)
        if (low[here] === order[here]) close(here)
        continue
      }
      const [other, bond] = edge
      if (bond === cameBy[here]) continue
      if (order[other] === -1) {
        order[other] = low[other] = time++
        cameBy[other] = bond
        part.push(other)
        stack.push(other)
      } else low[here] = Math.min(low[here]!, order[other]!)
    }
  }
  return { inRing, largest }
}
