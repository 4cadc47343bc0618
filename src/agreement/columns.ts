import { characters } from '../plain-text.ts'
import type { ScoredCompletion, ScoredPair } from '../types.ts'

/** Names as 0, 1, … in order of first appearance. */
export interface Coded {
  readonly code: Int32Array
  readonly names: readonly string[]
  /** Of `rankedCodes`: how many names there are; they are left out, the codes are their order. */
  readonly ranked?: number
}

/** Pairs as columns: what the statistics read, from records or from pairs.csv. NaN = absent. */
export interface PairColumns {
  readonly n: number
  readonly subset: Coded
  /** Prompts. */
  readonly cluster: Coded
  readonly margin: Float64Array
  /** Verifiable rewards; NaN where unverifiable. */
  readonly chosenReward: Float64Array
  readonly rejectedReward: Float64Array
  readonly chosenChars: Float64Array
  readonly rejectedChars: Float64Array
}
/** Completions as columns, from records or from scores.csv. */
export interface CompletionColumns {
  readonly n: number
  readonly subset: Coded
  readonly cluster: Coded
  readonly score: Float64Array
  readonly reward: Float64Array
  /** Tokens of the completion, as in scores.csv; characters where a scored completion has none. */
  readonly length: Float64Array
}

/** Growable coding of strings; `Coder.add` returns the code. */
export class Coder {
  readonly names: string[] = []
  private readonly seen = new Map<string, number>()
  add(name: string): number {
    const known = this.seen.get(name)
    if (known !== undefined) return known
    // A copy: a piece of a text that was read would keep the whole of it. Joined, it is no piece of another text, either.
    const own = [name.slice(0, 1), name.slice(1)].join('')
    this.seen.set(own, this.names.length)
    this.names.push(own)
    return this.names.length - 1
  }
}
export function coded(names: Iterable<string>, n: number): Coded {
  const coder = new Coder()
  const code = new Int32Array(n)
  let i = 0
  for (const name of names) code[i++] = coder.add(name)
  return { code, names: coder.names }
}

/** The verifiable reward that counts: an unverifiable completion has none, whatever Python's value was. */
export const verifiedReward = (c: ScoredCompletion): number =>
  c.verifiableStatus === 'unverifiable' ? Number.NaN : (c.verifiableReward ?? Number.NaN)

export function pairColumns(pairs: readonly ScoredPair[]): PairColumns {
  const column = (value: (p: ScoredPair) => number): Float64Array => Float64Array.from(pairs, value)
  return {
    n: pairs.length,
    subset: coded(
      pairs.map((p) => p.subset),
      pairs.length,
    ),
    cluster: coded(
      pairs.map((p) => p.cluster),
      pairs.length,
    ),
    margin: column((p) => p.margin ?? Number.NaN),
    chosenReward: column((p) => verifiedReward(p.chosen)),
    rejectedReward: column((p) => verifiedReward(p.rejected)),
    chosenChars: column((p) => characters(p.chosen.text)),
    rejectedChars: column((p) => characters(p.rejected.text)),
  }
}

/** Completions with the same prompt are one cluster, whatever their rows; where only pairs say what it is, theirs; else each row by itself. */
export function completionColumns(
  completions: readonly ScoredCompletion[],
  pairs: readonly ScoredPair[] = [],
): CompletionColumns {
  const cluster = new Map(pairs.map((p) => [p.id, p.cluster]))
  const n = completions.length
  const tokens = completions.every((c) => c.score === null || c.completionTokens !== null)
  return {
    n,
    subset: coded(
      completions.map((c) => c.subset),
      n,
    ),
    cluster: coded(
      completions.map((c) => c.cluster ?? cluster.get(c.id) ?? `row ${c.id}`),
      n,
    ),
    score: Float64Array.from(completions, (c) => c.score ?? Number.NaN),
    reward: Float64Array.from(completions, verifiedReward),
    length: Float64Array.from(
      completions,
      tokens ? (c) => c.completionTokens ?? Number.NaN : (c) => characters(c.text),
    ),
  }
}

/**
 * A subset's name where `all` stands for every row; two subsets never share one.
 * @example notAll('all') // 'all (subset)'
 * @example notAll('all (subset)') // 'all (subset) (subset)'
 */
export const notAll = (subset: string): string => (ALL_NAMES.test(subset) ? `${subset} (subset)` : subset)
const ALL_NAMES = /^all(?: \(subset\))*$/

/** Rows of each code, ascending, in one column: of 100,000 codes an array each would take 25 MB. */
export class CodeRows {
  /** How many codes there are. */
  readonly length: number
  readonly #rows: Int32Array
  /** Of each code the place behind its last row. */
  readonly #ends: Int32Array

  /** @param code of each row, below `codes` */
  constructor(code: Int32Array, codes: number) {
    this.length = codes
    this.#rows = new Int32Array(code.length)
    this.#ends = new Int32Array(codes)
    for (let i = 0; i < code.length; i++) this.#ends[code[i]!]!++
    let next = 0
    for (let c = 0; c < codes; c++) {
      const size = this.#ends[c]!
      this.#ends[c] = next
      next += size
    }
    for (let i = 0; i < code.length; i++) this.#rows[this.#ends[code[i]!]!++] = i
  }
  sizeOf(code: number): number {
    return this.#ends[code]! - this.#start(code)
  }
  of(code: number): Int32Array {
    return this.#rows.slice(this.#start(code), this.#ends[code])
  }
  #start(code: number): number {
    return code === 0 ? 0 : this.#ends[code - 1]!
  }
}
/** Rows of each code, ascending. */
export function rowsByCode({ code, names }: Coded): Int32Array[] {
  const rows = new CodeRows(code, names.length)
  return names.map((_, c) => rows.of(c))
}

/** Of each name its place among all in order, worked out once for columns that have the same. */
const ranks = new WeakMap<object, Int32Array>()
function ranksOf(column: Coded): Int32Array {
  const { names, ranked } = column
  const known = ranks.get(ranked === undefined ? names : column)
  if (known !== undefined) return known
  if (ranked !== undefined) {
    const rank = allRows(ranked)
    ranks.set(column, rank)
    return rank
  }
  const order = allRows(names.length).sort((a, b) => (names[a]! < names[b]! ? -1 : 1))
  const rank = new Int32Array(order.length)
  for (let k = 0; k < order.length; k++) rank[order[k]!] = k
  ranks.set(names, rank)
  return rank
}

/** The same column with the places of the names among all for codes, and no names: for other threads, which need the order alone. */
export function rankedCodes(column: Coded): Required<Coded> {
  const rank = ranksOf(column)
  const code = new Int32Array(column.code.length)
  for (let i = 0; i < code.length; i++) code[i] = rank[column.code[i]!]!
  return { code, names: [], ranked: rank.length }
}

/**
 * Clusters of the chosen rows, renumbered 0, 1, … in the order of their names: shuffled rows have the same resamples and folds. The cost is
 * that of the rows where they are few among the clusters: many small subsets do not each go through all prompts.
 */
export function clustersOf(cluster: Coded, rows: Int32Array): { cluster: Int32Array; clusters: number } {
  const ranks = ranksOf(cluster)
  const out = new Int32Array(rows.length)
  for (let k = 0; k < rows.length; k++) out[k] = ranks[cluster.code[rows[k]!]!]!
  if (rows.length * FEW_ROWS < ranks.length) {
    const sorted = out.slice().sort()
    const distinct = sorted.filter((rank, k) => k === 0 || rank !== sorted[k - 1])
    return { cluster: out.map((rank) => placeIn(distinct, rank)), clusters: distinct.length }
  }
  const renumbered = new Int32Array(ranks.length).fill(-1)
  for (const rank of out) renumbered[rank] = 0
  let clusters = 0
  for (let rank = 0; rank < ranks.length; rank++) if (renumbered[rank] === 0) renumbered[rank] = clusters++
  for (let k = 0; k < out.length; k++) out[k] = renumbered[out[k]!]!
  return { cluster: out, clusters }
}
/** Rows that are fewer than this share of all clusters are sorted; else all clusters are gone through. */
const FEW_ROWS = 16

/** Where a value stands in an ascending list that has it. */
function placeIn(ascending: Int32Array, value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The rows for which `keep` holds. */
export function filterRows(rows: Int32Array, keep: (row: number) => boolean): Int32Array {
  const kept = new Int32Array(rows.length)
  let n = 0
  for (let k = 0; k < rows.length; k++) if (keep(rows[k]!)) kept[n++] = rows[k]!
  return n === rows.length ? kept : kept.slice(0, n)
}
/** 0, 1, …, n − 1. */
export function allRows(n: number): Int32Array {
  const rows = new Int32Array(n)
  for (let i = 0; i < n; i++) rows[i] = i
  return rows
}
/** A value for each of the rows. A loop: Float64Array.from goes through an iterator, at ten times the cost. */
export function valuesOf(rows: Int32Array, value: (row: number) => number): Float64Array {
  const out = new Float64Array(rows.length)
  for (let k = 0; k < rows.length; k++) out[k] = value(rows[k]!)
  return out
}
/** The values in those rows. */
export function pick(values: Float64Array, rows: Int32Array): Float64Array {
  const out = new Float64Array(rows.length)
  for (let k = 0; k < rows.length; k++) out[k] = values[rows[k]!]!
  return out
}

/** What follows from columns, or from keys, worked out once: a statistic of each of many subsets must not go through all rows. */
export function derived<Columns extends object, Made = Float64Array>(
  make: (columns: Columns) => Made,
): (columns: Columns) => Made {
  const made = new WeakMap<Columns, Made>()
  return (columns) => {
    const known = made.get(columns) ?? make(columns)
    made.set(columns, known)
    return known
  }
}
