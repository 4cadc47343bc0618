/**
 * Perfect matching of an undirected graph, the step of SELFIES encoding that chooses double bonds. A port of selfies 2.2.0,
 * `utils/matching_utils.py` (Apache-2.0, Krenn, Lo, Pollice et al.). A molecule has several Kekulé structures, so the *choice* must be
 * Python's own: ties in the heap go to the smaller index, and the order in which unmatched nodes are tried is that of `set.pop()`.
 * @param graph adjacency list, neighbours in the order in which the bonds were met
 * @returns the mate of every node, or null where no perfect matching is found
 */
export function findPerfectMatching(graph: readonly (readonly number[])[]): number[] | null {
  const mates = greedyMatching(graph)
  const unmatched = new IntSet()
  mates.forEach((mate, node) => {
    if (mate === -1) unmatched.add(node)
  })
  while (unmatched.size > 0) {
    const path = augmentingPath(graph, unmatched.pop(), mates)
    if (path === null) return null
    for (let i = 0; i < path.length; i += 2) {
      mates[path[i]!] = path[i + 1]!
      mates[path[i + 1]!] = path[i]!
    }
    unmatched.delete(path[0]!)
    unmatched.delete(path.at(-1)!)
  }
  return mates
}

/** Maximal matching, nodes with the fewest free neighbours first. Returns −1 for the unmatched. */
function greedyMatching(graph: readonly (readonly number[])[]): number[] {
  const mates = new Array<number>(graph.length).fill(-1)
  const free = graph.map((neighbours) => neighbours.length)
  const queue = new PairHeap()
  free.forEach((degree, node) => {
    queue.push(degree, node)
  })
  while (queue.size > 0) {
    const node = queue.pop()
    if (mates[node] !== -1 || free[node] === 0) continue
    const mate = graph[node]!.find((i) => mates[i] === -1)!
    mates[node] = mate
    mates[mate] = node
    for (const adj of [...graph[node]!, ...graph[mate]!]) {
      free[adj]!--
      if (mates[adj] === -1 && free[adj]! > 0) queue.push(free[adj]!, adj)
    }
  }
  return mates
}

/** Breadth-first search for an augmenting path from an unmatched root; pairs (a, b) to be matched, or null. */
function augmentingPath(
  graph: readonly (readonly number[])[],
  root: number,
  mates: readonly number[],
): number[] | null {
  const parents = new Map<number, readonly [number, number]>([[root, [-1, -1]]])
  const queue = [root]
  let end = -1
  for (let head = 0; head < queue.length && end === -1; head++) {
    const node = queue[head]!
    for (const adj of graph[node]!) {
      const mate = mates[adj]!
      if (mate === -1) {
        if (adj === root) continue
        parents.set(adj, [node, adj])
        end = adj
        break
      }
      if (!parents.has(mate)) {
        parents.set(mate, [node, adj])
        queue.push(mate)
      }
    }
  }
  if (end === -1) return null
  const path: number[] = []
  for (let node = end; node !== root; node = parents.get(node)![0])
    path.push(parents.get(node)![1], parents.get(node)![0])
  return path
}

/** Min-heap of (degree, node), ties by node; equal entries are interchangeable, so any correct heap pops in Python's order. */
class PairHeap {
  private readonly items: number[][] = []
  get size(): number {
    return this.items.length
  }
  push(degree: number, node: number): void {
    const { items } = this
    let i = items.push([degree, node]) - 1
    while (i > 0 && less(items[i]!, items[(i - 1) >> 1]!)) {
      swap(items, i, (i - 1) >> 1)
      i = (i - 1) >> 1
    }
  }
  pop(): number {
    const { items } = this
    swap(items, 0, items.length - 1)
    const node = items.pop()![1]!
    for (let i = 0; ; ) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < items.length && less(items[child]!, items[least]!)) least = child
      }
      if (least === i) return node
      swap(items, i, least)
      i = least
    }
  }
}
const less = (a: readonly number[], b: readonly number[]): boolean => a[0]! < b[0]! || (a[0] === b[0] && a[1]! < b[1]!)
const swap = (items: number[][], i: number, j: number): void => {
  const held = items[i]!
  items[i] = items[j]!
  items[j] = held
}

const EMPTY = -1
const DUMMY = -2
const LINEAR_PROBES = 9

/**
 * A set of small non-negative integers that pops in CPython 3.11's order: an open-addressed table where hash(i) = i, probed nine
 * slots ahead and then by perturbation, popped from a moving finger (Objects/setobject.c).
 */
export class IntSet {
  private table = new Int32Array(8).fill(EMPTY)
  private used = 0
  private fill = 0
  private finger = 0
  get size(): number {
    return this.used
  }
  add(value: number): void {
    const slot = this.find(value)
    if (this.table[slot] === value) return
    this.table[slot] = value
    this.used++
    this.fill++
    if (this.fill * 5 >= (this.table.length - 1) * 3) this.resize()
  }
  delete(value: number): void {
    const slot = this.find(value)
    if (this.table[slot] !== value) return
    this.table[slot] = DUMMY
    this.used--
  }
  pop(): number {
    const mask = this.table.length - 1
    let slot = this.finger & mask
    while (this.table[slot]! < 0) slot = (slot + 1) & mask
    const value = this.table[slot]!
    this.table[slot] = DUMMY
    this.used--
    this.finger = slot + 1
    return value
  }
  /** The slot that holds the value, or the first unused slot on its probe path. */
  private find(value: number): number {
    const mask = this.table.length - 1
    let i = value & mask
    for (let perturb = value; ; ) {
      const probes = i + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0
      for (let slot = i; slot <= i + probes; slot++) {
        if (this.table[slot] === EMPTY || this.table[slot] === value) return slot
      }
      perturb >>>= 5
      i = (i * 5 + 1 + perturb) & mask
    }
  }
  private resize(): void {
    let length = 8
    while (length <= this.used * 4) length *= 2
    const old = this.table
    this.table = new Int32Array(length).fill(EMPTY)
    for (const value of old) if (value >= 0) this.table[this.find(value)] = value
    this.fill = this.used
  }
}
