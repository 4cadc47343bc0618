import type { Attend } from './attention.ts'
import type { Value } from './graph.ts'
import type { Builder } from './ops.ts'
import { castFrom } from './weights.ts'

/**
 * ALiBi: a head adds slope · position of a key to its products with the queries (Press et al. 2022, arXiv:2108.12409), before
 * they are scaled. As transformers computes it for Falcon (`build_alibi_tensor`): the slopes are rounded to bfloat16, and so is
 * each product, whatever the model's own type; positions count the tokens that the mask lets through.
 */

/** [positions, heads] */
export function alibiTable(heads: number, positions: number): Float32Array {
  const slopes = alibiSlopes(heads).map(bfloat16)
  const table = new Float32Array(positions * heads)
  for (let t = 0; t < positions; t++)
    for (let h = 0; h < heads; h++) table[t * heads + h] = bfloat16(slopes[h]! * bfloat16(t))
  return table
}

/** 2^(-8 i / n) for the largest power of two n ≤ heads; the heads beyond it take every other slope of 2 n. */
function alibiSlopes(heads: number): number[] {
  const n = 2 ** Math.floor(Math.log2(heads))
  const base = (count: number): number => Math.fround(2 ** -(2 ** -(Math.log2(count) - 3)))
  return Array.from({ length: heads }, (_, h) =>
    Math.fround(h < n ? base(n) ** (h + 1) : base(2 * n) ** (2 * (h - n) + 1)),
  )
}

const float = new Float32Array(1)
const word = new Uint32Array(float.buffer)

/** Rounded to the nearest bfloat16, a tie to the even one. */
function bfloat16(value: number): number {
  float[0] = value
  word[0] = (word[0]! + 0x7fff + ((word[0]! >>> 16) & 1)) & 0xffff0000
  return float[0]!
}

/**
 * Attention with ALiBi, in every form and without a bias of its own: the bias is a product of places that are added to each head,
 *
 *     q' = [q, which of its group the head is, −bias of the query],   k' = [k, biases of the group's heads, 1],
 *
 * so that q' · k' = q · k + bias(key) − bias(query). What a query subtracts is the same for all its keys and leaves the softmax
 * as it is; it keeps the numbers small, which matters in half precision. v is filled up with zeros.
 */
export class Alibi {
  /** Heads of the table that the graph wants as its input `alibi` [table, heads]; null: no layer has asked. */
  heads: number | null = null

  constructor(
    readonly builder: Builder,
    readonly positions: Value,
    readonly shape: Value,
  ) {}

  around(attend: Attend): Attend {
    const { graph } = this.builder
    return (q, k, v, spec) => {
      const { heads, kvHeads, headDim } = spec
      const group = heads / kvHeads
      const wide = headDim + group + 1
      const biases = this.#biases(heads)
      const sizes = (...dims: readonly number[]): Value =>
        graph.op('Concat', [this.shape, graph.ints(dims)], { axis: 0 })
      /** The places are float32 and take the type of x. */
      const widened = (x: Value, count: number, ...places: readonly Value[]): Value => {
        const own = graph.op('Reshape', [x, sizes(count, headDim)])
        const added = places.map((y) => castFrom(graph, y, 'float', this.builder.type))
        return graph.op('Reshape', [graph.op('Concat', [own, ...added], { axis: 3 }), sizes(count * wide)])
      }
      const everywhere = (x: Value, count: number, width: number): Value => graph.op('Expand', [x, sizes(count, width)])
      const mixed = attend(
        widened(
          q,
          heads,
          everywhere(this.#places(heads, group), heads, group),
          graph.op('Neg', [graph.op('Reshape', [biases, sizes(heads, 1)])]),
        ),
        widened(
          k,
          kvHeads,
          graph.op('Reshape', [biases, sizes(kvHeads, group)]),
          everywhere(graph.float(1), kvHeads, 1),
        ),
        widened(v, kvHeads, everywhere(graph.float(0), kvHeads, group + 1)),
        { ...spec, headDim: wide },
      )
      const own = graph.op('Slice', [
        graph.op('Reshape', [mixed, sizes(heads, wide)]),
        graph.ints([0]),
        graph.ints([headDim]),
        graph.ints([3]),
      ])
      return graph.op('Reshape', [own, sizes(heads * headDim)])
    }
  }

  /** [batch, seq, heads] */
  #biases(heads: number): Value {
    const { graph } = this.builder
    if (this.heads === null) graph.input('alibi', 'float', ['table', heads])
    this.heads = heads
    return graph.op('Gather', ['alibi', this.positions])
  }

  /** [heads, group]: 1 where the column is the head's place in its group. */
  #places(heads: number, group: number): Value {
    const places = Float32Array.from({ length: heads * group }, (_, i) =>
      Math.floor(i / group) % group === i % group ? 1 : 0,
    )
    return this.builder.graph.inline(`places_${heads}_${group}`, [heads, group], places)
  }
}
