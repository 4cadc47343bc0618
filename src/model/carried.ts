import type { CachedLayer } from './cache.ts'
import type { Graph, Value } from './graph.ts'

/**
 * Keys and values that go from one run to the next, for the form `split`: a run takes over those of tokens that the run before it computed, and keeps those of the
 * tokens that the next one begins with. So a prompt, or what all prompts begin with, is computed once though it is read in several runs. Keys are turned
 * already, so a carried token keeps the position that it was computed at.
 *
 * Inputs: of every layer `carried_key_l`, `carried_value_l` [carried, kvHeads · headDim], float32, no rows where nothing is carried; `kept` [kept], places of
 * the tokens to keep. Outputs: of every layer `kept_key_l`, `kept_value_l` [kept, kvHeads · headDim].
 */
export class CarriedKeys {
  /** Of every layer, in order. */
  readonly layers: CachedLayer[] = []

  readonly #leaving: (() => void)[] = []

  constructor(readonly graph: Graph) {
    graph.input('kept', 'int64', ['kept'])
  }

  /**
   * A layer's keys and values [tokens, kvHeads · headDim] with the carried ones behind them, so that the places −n … −1 of n carried tokens count
   * from the end, as ONNX's Gather does. Called once for every layer, in order.
   */
  behind(
    keys: Value,
    values: Value,
    { kvHeads, headDim }: CachedLayer,
  ): { readonly keys: Value; readonly values: Value } {
    const { graph } = this
    const l = this.layers.push({ kvHeads, headDim }) - 1
    const width = kvHeads * headDim
    const extended = (name: 'key' | 'value', own: Value): Value => {
      const carried = graph.input(carriedName(name, l), 'float', ['carried', width])
      const all = graph.op('Concat', [own, carried], { axis: 0 })
      this.#leaving.push(() => {
        graph.output(keptName(name, l), 'float', ['kept', width], graph.op('Gather', [all, 'kept']))
      })
      return all
    }
    return { keys: extended('key', keys), values: extended('value', values) }
  }

  /**
   * Adds what is kept, when the graph is whole. ONNX Runtime runs what its last node needs first (GraphViewer, reverse depth first from the nodes that
   * nothing follows): so the first layer's stands last, and each layer's is taken when its keys are there. In any other order the keys and values of
   * all layers would stay until the end.
   */
  leave(): void {
    for (const add of this.#leaving.reverse()) add()
  }
}

const carriedName = (what: string, l: number): string => `carried_${what}_${l}`
const keptName = (what: string, l: number): string => `kept_${what}_${l}`

/** By the input that takes it, the output that keeps it. */
export const keptOutputs = (layers: number): ReadonlyMap<string, string> =>
  new Map(
    Array.from({ length: layers }, (_, l) =>
      ['key', 'value'].map((what) => [carriedName(what, l), keptName(what, l)] as const),
    ).flat(),
  )
