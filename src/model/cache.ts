import type { Attend } from './attention.ts'
import type { Graph, Value } from './graph.ts'
import type { ElementType } from './onnx.ts'
import type { AttentionSpec } from './spec.ts'
import { cast, castFrom } from './weights.ts'

/** What one layer keeps of every token: a key and a value of `kvHeads · headDim` numbers each. */
export interface CachedLayer {
  readonly kvHeads: number
  /** As attention sees it: with the places that ALiBi adds. */
  readonly headDim: number
}

/**
 * Attention of a text's new tokens to those that were computed before, whose keys and values are inputs of the graph, and to each other.
 * A row is a text: the first `past_lengths`[row] places of its past are real, and its new tokens stand behind these. Rows of new tokens are
 * padded on the right.
 *
 * Inputs: `past_lengths` [batch]; of every layer `past_key_l`, `past_value_l` [batch, kvHeads, past, headDim]. Outputs: of every layer
 * `key_l`, `value_l` [batch, kvHeads, seq, headDim], those of the new tokens alone: whoever keeps the cache puts them behind the others. So no
 * run gives back the past, which onnxruntime-node would copy every time, also into a tensor that is given for it. All are float32: a
 * half type fits in, and JavaScript has no bfloat16.
 *
 * The operator is ONNX's Attention with a mask. GroupQueryAttention knows caches, too, but copies each into a present of the whole length
 * before it reads it: 30 layers of 16 rows of 1,000 tokens took 138 ms of CPU time, this 85.
 */
export class KeyValueCache {
  readonly layers: CachedLayer[] = []
  readonly #masks = new Map<number | null, Value>()
  #places: { readonly seen: Value; readonly distance: Value } | null = null

  constructor(
    readonly graph: Graph,
    readonly type: ElementType,
    /** [batch, seq] of the new tokens. */
    readonly shape: Value,
  ) {
    graph.input('past_lengths', 'int64', ['batch'])
  }

  /** Called once for every layer, in order. */
  get attend(): Attend {
    return (q, k, v, spec) => {
      const { graph } = this
      const { heads, kvHeads, headDim } = spec
      const byHead = (x: Value, count: number): Value =>
        graph.op('Transpose', [graph.op('Reshape', [x, this.#sizes(count, headDim)])], { perm: [0, 2, 1, 3] })
      const { keys, values } = this.#extend(byHead(k, kvHeads), byHead(v, kvHeads), spec)
      const mixed = graph.op('Attention', [byHead(q, heads), keys, values, this.#mask(spec.window)], {
        scale: { float: spec.scale },
        ...(spec.softcap !== null && { softcap: { float: spec.softcap } }),
      })
      return graph.op('Reshape', [graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), this.#sizes(heads * headDim)])
    }
  }

  /** Keys and values [batch, kvHeads, seq, headDim] of the new tokens, given out, and behind those of the past. */
  #extend(key: Value, value: Value, { kvHeads, headDim }: AttentionSpec): { keys: Value; values: Value } {
    const { graph, type } = this
    const l = this.layers.push({ kvHeads, headDim }) - 1
    const behindPast = (name: 'key' | 'value', x: Value): Value => {
      const past = graph.input(`past_${name}_${l}`, 'float', ['batch', kvHeads, 'past', headDim])
      graph.output(`${name}_${l}`, 'float', ['batch', kvHeads, 'seq', headDim], castFrom(graph, x, type, 'float'))
      return graph.op('Concat', [castFrom(graph, past, 'float', type), x], { axis: 2 })
    }
    return { keys: behindPast('key', key), values: behindPast('value', value) }
  }

  #sizes(...dims: readonly number[]): Value {
    return this.graph.op('Concat', [this.shape, this.graph.ints(dims)], { axis: 0 })
  }

  /** What is added to the scores, [batch, 1, seq, past + seq]: 0 where a key is seen. float16's lowest finite number is enough for every type. */
  #mask(window: number | null): Value {
    const known = this.#masks.get(window)
    if (known !== undefined) return known
    const { graph, type } = this
    this.#places ??= this.#seenPlaces()
    const { seen, distance } = this.#places
    const near = window === null ? seen : graph.op('And', [seen, graph.op('Less', [distance, graph.int(window)])])
    const mask = cast(graph, graph.op('Where', [near, graph.float(0), graph.float(-65504)]), type)
    this.#masks.set(window, mask)
    return mask
  }

  /** Which keys a query sees, and how far behind it they stand, [batch, 1, seq, past + seq]. */
  #seenPlaces(): { seen: Value; distance: Value } {
    const { graph } = this
    const count = (length: Value): Value => graph.op('Range', [graph.int(0), length, graph.int(1)])
    const lengths = graph.op('Unsqueeze', ['past_lengths', graph.ints([1])])
    const past = count(graph.op('Gather', [graph.op('Shape', ['past_key_0']), graph.int(2)]))
    const queries = graph.op('Add', [lengths, count(graph.op('Gather', [this.shape, graph.int(1)]))])
    const pastPlaces = graph.op('Add', [graph.op('Mul', [lengths, graph.int(0)]), past])
    const keys = graph.op('Concat', [pastPlaces, queries], { axis: 1 })
    const real = graph.op('Concat', [graph.op('Less', [past, lengths]), graph.op('Equal', [queries, queries])], {
      axis: 1,
    })
    const distance = graph.op('Sub', [
      graph.op('Unsqueeze', [queries, graph.ints([1, 3])]),
      graph.op('Unsqueeze', [keys, graph.ints([1, 2])]),
    ])
    const before = graph.op('GreaterOrEqual', [distance, graph.int(0)])
    return { seen: graph.op('And', [before, graph.op('Unsqueeze', [real, graph.ints([1, 2])])]), distance }
  }
}
