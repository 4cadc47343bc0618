import { KeyIndex } from './key-index.ts'
import { type Keys, sameKeys } from './key-list.ts'
import type { Run, Texts } from './runs.ts'

/**
 * Runs whose keys mean one row each. Rows of one id (with role and index) are the same row where every hash that both runs have is
 * equal: of the prompt, of the completions. A row that is another gets a key of its own, so that nothing pairs it.
 */
export type Unit = 'pair' | 'completion'
export interface Matched {
  readonly runs: readonly Run[]
  /** What is counted: pairs, or completions where no run has pairs. */
  readonly unit: Unit
  /** By scorer: pairs whose id another run has too, with another prompt or other completions. */
  readonly unlike: Readonly<Record<string, number>>
  /** The same between two scorers, under `twoOf`. */
  readonly unlikeTwo: Readonly<Record<string, number>>
}

/** @example twoOf('a', 'b') === twoOf('b', 'a') // true */
export const twoOf = (a: string, b: string): string => (a < b ? `${a}\u0000${b}` : `${b}\u0000${a}`)

/** @param runs of scorers with names of their own */
export function matchRows(runs: readonly Run[]): Matched {
  const pairs = matchKeys(runs.map((run) => run.pairs))
  const completions = matchKeys(runs.map((run) => run.completions))
  const unit: Unit = runs.some((run) => run.pairs.n > 0) ? 'pair' : 'completion'
  const counted = unit === 'pair' ? pairs : completions
  return {
    unit,
    runs: runs.map((run, i) => ({
      ...run,
      pairs: { ...run.pairs, key: pairs.keys[i]! },
      completions: { ...run.completions, key: completions.keys[i]! },
    })),
    unlike: Object.fromEntries(runs.map((run, i) => [run.model, counted.unlike[i]!])),
    unlikeTwo: Object.fromEntries(
      runs.flatMap((a, i) =>
        runs.flatMap((b, k) => (k > i ? [[twoOf(a.model, b.model), counted.unlikeTwo[i]![k]!]] : [])),
      ),
    ) as Record<string, number>,
  }
}

/** What is said of rows that are not compared. @example unlikeText(3, 'pair') // '3 pairs left out: the same id, another prompt …' */
export const unlikeText = (n: number, unit: Unit): string =>
  `${n.toLocaleString('en-US')} ${unit}${n === 1 ? '' : 's'} left out: the same id, another prompt or ${unit === 'pair' ? 'other completions' : 'another text'}`

/** A table of rows: keys, and hashes of what they hold. */
interface Rows {
  readonly key: Keys
  readonly texts?: Texts
}
const HASHES = ['prompt', 'renderedPrompt', 'completion', 'chosen', 'rejected'] as const

export interface MatchedKeys {
  readonly keys: readonly Keys[]
  /** By table: rows whose key another table has for another row. */
  readonly unlike: readonly number[]
  readonly unlikeTwo: readonly (readonly number[])[]
}

/**
 * Keys of every table, made unequal where the rows are. Tables that know more hashes come first; a row that knows less joins what it
 * fits, and none where it fits several. Memory: one entry per key, and more only for keys that stand for several rows.
 */
export function matchKeys(tables: readonly Rows[]): MatchedKeys {
  // one table is held against none: its rows stay one under a key, whatever they hold
  if (tables.length < 2)
    return { keys: tables.map(({ key }) => key), unlike: tables.map(() => 0), unlikeTwo: tables.map(() => [0]) }
  if (alike(tables))
    return {
      keys: tables.map(() => tables[0]!.key),
      unlike: tables.map(() => 0),
      unlikeTwo: tables.map(() => tables.map(() => 0)),
    }
  const columns = tables.map(({ texts }) =>
    HASHES.map((name) => (texts?.[name]?.some((hash) => !Number.isNaN(hash)) ? texts[name]! : null)),
  )
  const known = columns.map((all) => all.filter((column) => column !== null).length)
  const order = tables.map((_, i) => i).sort((a, b) => known[b]! - known[a]! || a - b)
  const starts: number[] = []
  let size = 0
  for (const { key } of tables) {
    starts.push(size)
    size += key.length
  }
  /** Hashes that two tables have at least: the others tell nothing. */
  const telling = HASHES.map((_, h) => h).filter((h) => columns.filter((all) => all[h] !== null).length > 1)
  // A row is its number over all tables.
  const tableOf = (row: number): number => {
    let table = tables.length - 1
    while (starts[table]! > row) table--
    return table
  }
  const everyHash = (a: number, b: number, holds: (a: number, b: number) => boolean): boolean => {
    const [here, there] = [tableOf(a), tableOf(b)]
    for (const h of telling) {
      const x = columns[here]![h]?.[a - starts[here]!] ?? Number.NaN
      const y = columns[there]![h]?.[b - starts[there]!] ?? Number.NaN
      if (!holds(x, y)) return false
    }
    return true
  }
  const same = (a: number, b: number): boolean =>
    everyHash(a, b, (x, y) => x === y || Number.isNaN(x) || Number.isNaN(y))
  const knowsAll = (a: number, b: number): boolean => everyHash(a, b, (x, y) => Number.isNaN(y) || !Number.isNaN(x))

  const first = new KeyIndex(size, (row) => {
    const table = tableOf(row)
    return tables[table]!.key.at(row - starts[table]!)!
  })
  /** Keys with rows unlike the first: for each different row the rows that stand for it, several where none knows all hashes. */
  const variants = new Map<string, number[][]>()
  const variantOf = (key: string, row: number): number => {
    const top = first.put(row)
    const all = variants.get(key)
    if (top === -1 || (all === undefined && same(top, row) && knowsAll(top, row))) return 0
    const list = all ?? [[top]]
    if (all === undefined) variants.set(key, list)
    const fitting = list.filter((rows) => rows.every((other) => same(other, row)))
    if (fitting.length !== 1) return list.push([row]) - 1
    if (!fitting[0]!.some((other) => knowsAll(other, row))) fitting[0]!.push(row)
    return list.indexOf(fitting[0]!)
  }
  const keys: Keys[] = tables.map(({ key }) => key)
  /** Tables by variant, of the keys that have several. */
  const members = new Map<string, number[][]>()
  for (const table of order) {
    const { key } = tables[table]!
    // a list of its own where a key of it changes: else the memory of all keys a second time
    let own: string[] | null = null
    let i = -1
    for (const plain of key) {
      i++
      const variant = variantOf(plain, starts[table]! + i)
      if (variant === 0) continue
      own ??= [...key]
      own[i] = `${plain}\u0000other ${variant}`
    }
    keys[table] = own ?? key
  }
  for (const [table, { key }] of variants.size === 0 ? [] : tables.entries()) {
    let i = -1
    for (const plain of key) {
      i++
      const list = variants.get(plain)
      if (list === undefined || list.length < 2) continue
      const own = keys[table]!.at(i)!
      const variant = own === plain ? 0 : Number(own.slice(own.lastIndexOf(' ') + 1))
      const sets = members.get(plain) ?? list.map((): number[] => [])
      members.set(plain, sets)
      sets[variant]!.push(table)
    }
  }
  const unlike = tables.map(() => 0)
  const unlikeTwo = tables.map(() => tables.map(() => 0))
  for (const sets of members.values())
    for (const [v, here] of sets.entries())
      for (const a of here) {
        const others = new Set(sets.flatMap((set, w) => (w === v ? [] : set)).filter((b) => b !== a))
        if (others.size > 0) unlike[a]!++
        for (const b of others) unlikeTwo[a]![b]!++
      }
  return { keys, unlike, unlikeTwo }
}

/** Whether all tables have the rows of the first, each once, in its order, with the same hashes: as runs on the same data have. */
function alike([first, ...others]: readonly Rows[]): boolean {
  return (
    KeyIndex.of(first!.key).distinct &&
    others.every(
      ({ key, texts }) =>
        sameKeys(first!.key, key) && HASHES.every((name) => sameHashes(first!.texts?.[name], texts?.[name])),
    )
  )
}
function sameHashes(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.length !== b.length) return false
  for (let row = 0; row < a.length; row++)
    if (a[row] !== b[row] && !(Number.isNaN(a[row]!) && Number.isNaN(b[row]!))) return false
  return true
}
