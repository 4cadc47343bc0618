import { type Prng, prng } from '../../src/prng.ts'
import { golden } from './golden.ts'

/** A text that somebody might send as a SMILES string to stop a verifier, to slow it down, or to have it say something wrong. */
export interface Hostile {
  readonly kind: string
  readonly smiles: string
}

type Edges = readonly (readonly [number, number])[]
const label = (n: number): string => (n < 10 ? String(n) : n < 100 ? `%${n}` : `%(${n})`)
const each = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i))
const of = <T>(items: readonly T[], random: Prng): T => items[Math.floor(random() * items.length)]!

/** A graph as SMILES: a walk in depth, a ring closure for each edge that it does not go; labels are used again where `reuse`. */
function spell(atoms: readonly string[], edges: Edges, reuse = true): string {
  const around: number[][] = atoms.map(() => [])
  for (const [a, b] of edges) {
    around[a]!.push(b)
    around[b]!.push(a)
  }
  const order: number[] = new Array<number>(atoms.length).fill(-1)
  const children: number[][] = atoms.map(() => [])
  const closures: { readonly other: number; readonly key: string }[][] = atoms.map(() => [])
  let time = 0
  const roots: number[] = []
  const seen = new Set<string>()
  for (const root of atoms.keys()) {
    if (order[root] !== -1) continue
    roots.push(root)
    order[root] = time++
    const stack: { readonly at: number; readonly from: number; next: number }[] = [{ at: root, from: -1, next: 0 }]
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const other = around[top.at]![top.next++]
      if (other === undefined) stack.pop()
      else if (order[other] === -1) {
        order[other] = time++
        children[top.at]!.push(other)
        stack.push({ at: other, from: top.at, next: 0 })
      } else if (other !== top.from) {
        const key = [Math.min(top.at, other), Math.max(top.at, other)].join()
        if (seen.has(key)) continue
        seen.add(key)
        closures[top.at]!.push({ other, key })
        closures[other]!.push({ other: top.at, key })
      }
    }
  }
  const free: number[] = []
  const labels = new Map<string, number>()
  let last = 0
  const write = (root: number): string => {
    let text = ''
    const stack: (number | string)[] = [root]
    while (stack.length > 0) {
      const at = stack.pop()!
      if (typeof at === 'string') {
        text += at
        continue
      }
      text += atoms[at]
      for (const { key } of closures[at]!) {
        const open = labels.get(key)
        if (open === undefined) {
          const n = (reuse ? free.pop() : undefined) ?? ++last
          labels.set(key, n)
          text += label(n)
        } else {
          text += label(open)
          free.push(open)
        }
      }
      const below = children[at]!
      for (const [i, child] of [...below.entries()].reverse())
        if (i === below.length - 1) stack.push(child)
        else stack.push(')', child, '(')
    }
    return text
  }
  return roots.map(write).join('.')
}

const clique = (n: number): Edges => each(n, (i) => each(i, (j) => [j, i] as const)).flat()
export const grid = (rows: number, columns: number): Edges =>
  each(rows * columns, (i) => {
    const [r, c] = [Math.floor(i / columns), i % columns]
    return [...(c + 1 < columns ? [[i, i + 1] as const] : []), ...(r + 1 < rows ? [[i, i + columns] as const] : [])]
  }).flat()
/** A brick wall: every cell a hexagon, so a patch of graphene. */
export const honeycomb = (rows: number, columns: number): Edges =>
  grid(rows, columns).filter(([a, b]) => b === a + 1 || (a + Math.floor(a / columns)) % 2 === 0)
const torus = (rows: number, columns: number): Edges =>
  each(rows * columns, (i) => {
    const [r, c] = [Math.floor(i / columns), i % columns]
    return [[i, r * columns + ((c + 1) % columns)] as const, [i, ((r + 1) % rows) * columns + c] as const]
  }).flat()
const hypercube = (dimensions: number): Edges =>
  each(2 ** dimensions, (i) => each(dimensions, (d) => [i, i ^ (1 << d)] as const).filter(([a, b]) => a < b)).flat()
/** Circulant: a ring with chords. */
export const circulant = (n: number, ...steps: number[]): Edges =>
  each(n, (i) => steps.map((step) => [i, (i + step) % n] as const)).flat()
const tree = (depth: number, arms: number): Edges => {
  const edges: [number, number][] = []
  let level = [0]
  let next = 1
  for (let d = 0; d < depth; d++) {
    const below: number[] = []
    for (const node of level)
      for (let k = 0; k < arms; k++) {
        edges.push([node, next])
        below.push(next++)
      }
    level = below
  }
  return edges
}
const random3 = (n: number, random: Prng): Edges => {
  const ends = each(3 * n, (i) => i % n)
  for (let i = ends.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[ends[i], ends[j]] = [ends[j]!, ends[i]!]
  }
  const pairs = new Map<string, readonly [number, number]>()
  for (let i = 0; i + 1 < ends.length; i += 2) {
    const [a, b] = [Math.min(ends[i]!, ends[i + 1]!), Math.max(ends[i]!, ends[i + 1]!)]
    if (a !== b) pairs.set(`${a},${b}`, [a, b])
  }
  return [...pairs.values()]
}
const nodes = (edges: Edges): number => edges.reduce((most, [a, b]) => Math.max(most, a, b), 0) + 1
export const graph = (edges: Edges, atom: string | ((i: number) => string) = 'C', reuse = true): string =>
  spell(
    each(nodes(edges), (i) => (typeof atom === 'string' ? atom : atom(i))),
    edges,
    reuse,
  )

const EDITS = [
  ...'CNOSPFIBcnosp()[]=#$123456789@+-/\\.%H*:~ ',
  ...'Cl Br [nH] [O-] [N+] [C@@H] [2H] [13C] -> <- %(123) [Pt@SP1] [Co@OH12] [H] [*] [#6] [C:1]'.split(' '),
  ...['\0', '\u00e9', '\u{1f9ea}', '\u202e', '\t', '\n'],
]
function edited(smiles: string, edits: number, random: Prng): string {
  const text = [...smiles]
  for (let k = 0; k < edits; k++) {
    const at = Math.floor(random() * (text.length + 1))
    const kind = random()
    if (kind < 0.4 && at < text.length) text[at] = of(EDITS, random)
    else if (kind < 0.7) text.splice(at, 0, of(EDITS, random))
    else text.splice(at, 1)
  }
  return text.join('')
}

const MB = 1_000_000
const big = (piece: string): string => piece.repeat(Math.ceil(MB / piece.length))
const CHAINS = [1, 10, 100, 500, 1000, 1500, 1999, 2000, 2001, 10_000, 100_000]
const EIGHT = [1, 2, 5, 10, 20, 50, 100, 300]
/** RDKit's C++ throws on these, or on something that is asked of them. */
const THROW = ['C1=CC2=CC=CC2=s1', 'c1c*ccc1', 'c1cc*cc1', 'C1=CC=C[nH]=*1', 'c1ccc~cc1', 'c1cccc~c1']
const METALS = ['Pt', 'Pd', 'Fe', 'Co', 'Ru', 'Zn', 'Cu', 'Au', 'Ir', 'Rh']

/** 741 of them and some more to cut from, the same at every call. */
export function hostileSmiles(): readonly Hostile[] {
  const random = prng(16)
  const all: Hostile[] = []
  const add = (kind: string, ...texts: readonly string[]): void => {
    for (const smiles of texts) all.push({ kind, smiles })
  }
  for (const n of CHAINS) add('a chain', 'C'.repeat(n), 'OCC'.repeat(n), '[13CH2]'.repeat(n))
  for (const n of [10, 100, 500, 1000, 1900, 5000, 50_000])
    add('branches in branches', `${'C('.repeat(n)}C${')'.repeat(n)}`, `${'N(C)('.repeat(n)}C${')'.repeat(n)}`)
  for (const n of [10, 300, 1900, 10_000, 300_000])
    add(
      'parentheses',
      '('.repeat(n),
      ')'.repeat(n),
      `C${'('.repeat(n)}C${')'.repeat(n)}`,
      'C('.repeat(n),
      `C${')'.repeat(n)}`,
      'C()'.repeat(n),
    )
  for (const [r, c] of [
    [3, 6],
    [6, 10],
    [10, 20],
    [20, 30],
    [30, 34],
    [31, 62],
    [40, 60],
    [100, 100],
  ] as const)
    add('fused rings', graph(honeycomb(r, c), 'c'), graph(honeycomb(r, c)), graph(grid(r, c)), graph(torus(r, c)))
  for (const n of [4, 5, 6, 10, 20, 30, 60])
    add('everything bound to everything', graph(clique(n)), graph(clique(n), '[Og]'))
  for (const n of [3, 4, 5, 6, 7, 8, 9, 10]) add('a hypercube', graph(hypercube(n)), graph(hypercube(n), '[U]'))
  for (const n of [20, 60, 200, 600, 1000, 1900])
    add(
      'a cage',
      graph(random3(n, random)),
      graph(random3(n, random), 'c'),
      graph(random3(n, random), (i) => (i % 7 === 0 ? '[C@H]' : 'C')),
      graph(circulant(n, 1, 2)),
      graph(circulant(n, 1, 7), '[Si]'),
      graph(circulant(n, 1, Math.floor(n / 2)), 'C'),
    )
  for (const n of [10, 100, 1000, 10_000])
    add(
      'ring closures',
      each(n, (i) => `C%(${i + 10})`).join(''),
      `C${each(n, (i) => `%(${i + 10})`).join('')}`,
      'C11'.repeat(n),
      'C12'.repeat(n),
      `C${'1'.repeat(n)}`,
      'C%(99999999)CC%(99999999)'.repeat(n),
      `C%(${'9'.repeat(n)})C`,
    )
  for (const n of [5, 20, 100, 300, 600])
    add(
      'stereocentres',
      `C${'[C@H](F)'.repeat(n)}C`,
      `C${'[C@@H](O)[C@H](O)'.repeat(n)}C`,
      `${'C1C[C@H]1'.repeat(n)}C`,
      graph(grid(2, n), '[C@H]'),
      graph(circulant(2 * n, 1), '[C@](F)(Cl)'),
      `${'F/C=C/C=C\\'.repeat(n)}F`,
      each(n, () => 'C[C@H](F)Cl').join('.'),
    )
  for (const [depth, arms] of [
    [3, 3],
    [4, 3],
    [5, 3],
    [6, 3],
    [9, 2],
    [10, 2],
    [3, 10],
  ] as const)
    add(
      'a dendrimer',
      graph(tree(depth, arms)),
      graph(tree(depth, arms), (i) => (i % 3 === 0 ? '[Si]' : 'O')),
      graph(tree(depth, arms), '[C@@]'),
    )
  for (const n of [10, 100, 1000, 2000, 10_000])
    add(
      'fragments',
      each(n, () => 'C').join('.'),
      each(n, (i) => `[${i % 300}CH4]`).join('.'),
      each(n, () => '[Na+].[Cl-]').join('.'),
      each(n, () => 'c1ccccc1').join('.'),
      '.'.repeat(n),
      `${'C.'.repeat(n)}C`,
      each(n, (i) => `C%(${i + 10})`).join('.') + each(n, (i) => `.C%(${i + 10})`).join(''),
    )
  for (const n of [2, 15, 16, 127, 128, 999, 1000, 65536, 2 ** 31, '9'.repeat(40), '9'.repeat(5000)])
    add(
      'charges, isotopes, hydrogens',
      `[C+${n}]`,
      `[N-${n}]`,
      `[${n}C]`,
      `[CH${n}]`,
      `[C:${n}]`,
      `[#${n}]`,
      `C[${n}C@@H${n}-${n}:${n}]`,
    )
  add(
    'charges, isotopes, hydrogens',
    `[C${'+'.repeat(5000)}]`,
    `[O${'-'.repeat(20)}]`,
    '[C+-]',
    '[CH4H4]',
    '[999H]',
    '[0C]',
    '[H+5][H-5]',
  )
  for (const n of [1, 10, 1000, 100_000])
    add(
      'brackets',
      `${'['.repeat(n)}C${']'.repeat(n)}`,
      '[C'.repeat(n),
      'C]'.repeat(n),
      '[]'.repeat(n),
      `[${'C'.repeat(n)}]`,
    )
  for (const n of EIGHT)
    add(
      'no Kekulé structure',
      graph(honeycomb(3, 2 * n + 1), 'c'),
      graph(circulant(2 * n + 1, 1), 'c'),
      graph(random3(2 * n + 2, random), 'c'),
      graph(honeycomb(4, n + 2), (i) => (i % 5 === 0 ? 'n' : 'c')),
      graph(honeycomb(4, n + 2), (_i) => of(['n', 'c', 'c', 'c', 'o', 's', '[nH]'], random)),
      each(n, () => 'c1ccc2[nH]cnc2c1').join(''),
    )
  for (const n of EIGHT) {
    const metal = of(METALS, random)
    add(
      'dative bonds and metals',
      `${'N->'.repeat(Math.min(n, 9))}[${metal}]`,
      each(n, () => `[${metal}]<-N`).join(''),
      `[${metal}](${each(n, () => 'Cl').join(')(')})`,
      graph(circulant(2 * n + 2, 1), (i) => (i % 2 === 0 ? `[${metal}]` : 'N')).replaceAll('N', 'N->'),
      `[H]->[${metal}]<-${'C'.repeat(n)}`,
    )
  }
  for (const n of EIGHT)
    add(
      'dummies',
      '*'.repeat(n),
      graph(circulant(n + 3, 1), '*'),
      graph(circulant(n + 3, 1), (i) => (i % 3 === 0 ? '*' : 'c')),
      graph(honeycomb(3, n + 3), (i) => (i % 6 === 0 ? '[*]' : 'c')),
      `c1ccccc1${'[1*]'.repeat(n)}`,
    )
  for (const n of EIGHT)
    add(
      'radicals',
      '[C]'.repeat(n),
      '[CH2]'.repeat(n),
      graph(honeycomb(3, n + 3), '[C]'),
      '[O][O]'.repeat(n),
      each(n, () => '[OH]').join('.'),
    )
  for (const tag of [
    'SP1',
    'SP2',
    'SP3',
    'SP9',
    'TB1',
    'TB20',
    'TB21',
    'OH1',
    'OH30',
    'OH99',
    'AL1',
    'AL2',
    'TH1',
    'SP',
  ])
    add(
      'other stereo',
      `F[Pt@${tag}](Cl)(Br)I`,
      `N[Pt@${tag}](Cl)(Cl)N`,
      `S[Co@${tag}](F)(Cl)(Br)(I)C`,
      `C[C@${tag}](F)=C=C(F)C`,
      `C1CC[Pt@${tag}]1(N)N`,
    )
  for (const n of EIGHT)
    for (const [i, smiles] of THROW.entries())
      add('RDKit throws', i % 2 === 0 ? `${'C'.repeat(n)}${smiles}` : each(n, () => smiles).join('.'))
  for (const n of [1, 100, 10_000])
    add(
      'extensions',
      `CCO |${'$;'.repeat(n)}$|`,
      `CCO |${each(n, (i) => `c:${i}`).join()}|`,
      `CCO |(${each(n, () => '1,2,3;').join('')})|`,
      `CCO |Sg:n:${each(n, String).join()}::|`,
      `CCO |^1:${each(n, String).join()}|`,
      `CCO |w:${n}.${n},wU:${n}.0|`,
      `CC ${'x'.repeat(n)}`,
      `CC\t|${'|'.repeat(n)}`,
      `C[C@H](F)Cl |o1:${'1,'.repeat(n)}1|`,
    )
  for (const n of [1, 10, 100, 1000, 10_000])
    add(
      'hydrogens',
      `C${'[H]'.repeat(n)}`,
      `C${'([H])'.repeat(n)}`,
      each(n, () => '[H][H]').join('.'),
      `[H]${'[H]'.repeat(n)}`,
      `C${'([2H])C'.repeat(n)}`,
      `[H]O${'C([H])([H])'.repeat(n)}[H]`,
    )
  for (const char of [
    '\0',
    '\u0001',
    '\u00e9',
    '\u0130',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\u{1f9ea}',
    '\ud800',
    '\udc00',
    '\u212a',
    '\uff23',
  ])
    add('characters', char, `C${char}C`, `${char}CCO`, `CCO${char}`, `CCO ${char}`, char.repeat(3000))
  add(
    'a megabyte',
    ...[
      'C',
      'CC(',
      '[',
      '(',
      'C1',
      'C%',
      'c1ccccc1',
      'C.',
      ' ',
      '\0',
      '\u{1f9ea}',
      '[H]',
      '[C@H](F)',
      '*',
      '=',
      'x',
      '9',
    ].map(big),
  )
  add(
    'other formats',
    'CCO\n\n\n  0  0  0     0  0            999 V2000\nM  END',
    '{"commonchem":{"version":10}}',
    '{"rdkitjson":{"version":10}}',
    '\n\n\n  0  0\nM  END\n',
    'InChI=1S/CH4/h1H4',
    '[#6]~[!#7]',
    '[$(C=O)]',
    '{C}',
    'C>>C',
    'C>O>N',
    'C!C',
    '/'.repeat(500),
    '\\'.repeat(500),
    '='.repeat(500),
    '~C~'.repeat(100),
    'C$C',
    'C:C',
    'C:C:C:C',
    'c:c',
    'C-->C',
  )
  const drugs = golden<{ readonly smiles: string; readonly valid: boolean }>('molecules').filter(
    ({ smiles, valid }) => valid && smiles.length > 10 && smiles.length < 300,
  )
  while (all.length < 1000) add('edited drugs', edited(of(drugs, random).smiles, 1 + Math.floor(random() * 6), random))
  return all
}
