import type { Attend } from './attention.ts'
import type { CarriedKeys } from './carried.ts'
import type { Graph, Value } from './graph.ts'
import type { ElementType } from './onnx.ts'
import type { AttentionSpec } from './spec.ts'
import { castFrom } from './weights.ts'

/** What is added to the score of a key that a query does not see. */
const UNSEEN = -1e30

/** Columns of `blocks` (packing.ts, `blocksOf`): queries from … to, keys from … to, and the corners of the block's part of a mask. */
export const BLOCK_COLUMNS = [1, 1, 1, 1, 2, 2] as const

/**
 * Attention of the form `split`: a loop over blocks of queries, in float32; batch is 1. Each block gathers the keys and values of its path,
 * so that nothing is padded. A block's queries are the last of its keys, hence its mask is a part of one table, the same for all. Heads that share keys are
 * rows of one product. Of the square of scores, half a block is wasted.
 *
 * Inputs: `blocks` [blocks, 8], `keys` [keys] (places of the paths), `block_extent` [2] (most queries, most keys before them).
 * @param carried what the run before left, which `keys` counts from the end
 * @param prefix of these names, for other queries than all tokens
 */
export function splitAttention(graph: Graph, type: ElementType, carried: CarriedKeys, prefix = ''): Attend {
  const columns = BLOCK_COLUMNS.reduce<number>((sum, size) => sum + size, 0)
  const blocks = graph.input(`${prefix}blocks`, 'int64', [`${prefix}blocks`, columns])
  const keys = graph.input(`${prefix}keys`, 'int64', [`${prefix}keys`])
  const maskOf = staircases(graph, graph.input(`${prefix}block_extent`, 'int64', [2]))
  const count = graph.op('Gather', [graph.op('Shape', [blocks]), graph.int(0)])

  return (q, k, v, spec) => {
    const { heads, kvHeads, headDim } = spec
    const group = heads / kvHeads
    const shaped = (x: Value, ...dims: readonly number[]): Value => graph.op('Reshape', [x, graph.ints(dims)])
    const tokens = (x: Value): Value => shaped(castFrom(graph, x, type, 'float'), -1, kvHeads * headDim)
    const apart = (x: Value, dims: readonly number[], perm: readonly number[]): Value =>
      graph.op('Transpose', [shaped(x, ...dims)], { perm })
    const queries = apart(castFrom(graph, q, type, 'float'), [-1, kvHeads, group, headDim], [1, 2, 0, 3])
    const all = carried.behind(tokens(k), tokens(v), spec)
    const allKeys = shaped(all.keys, -1, kvHeads, headDim)
    const allValues = shaped(all.values, -1, kvHeads, headDim)
    const mask = maskOf(spec.window)

    const body = graph.body('block')
    const i = body.input(`${q}_block`, 'int64', [])
    const condition = body.input(`${q}_condition`, 'bool', [])
    const done = body.input(`${q}_done`, 'float', [], true)
    const sizes = [body.op('Gather', [blocks, i]), graph.ints(BLOCK_COLUMNS)]
    const [first, last, keyFrom, keyTo, maskFrom, maskTo] = body.ops('Split', sizes, BLOCK_COLUMNS.length, { axis: 0 })
    const path = body.op('Slice', [keys, keyFrom!, keyTo!, graph.ints([0])])
    const own = body.op('Slice', [queries, first!, last!, graph.ints([2])])
    const seen = body.op('Slice', [mask, maskFrom!, maskTo!, graph.ints([0, 1])])
    const scores = scoresOf(body, graph, spec, {
      rows: body.op('Reshape', [own, graph.ints([kvHeads, -1, headDim])]),
      keys: body.op('Gather', [allKeys, path]),
    })
    const shares = body.op('Softmax', [body.op('Add', [scores, seen])], { axis: -1 })
    const rows = body.op('Reshape', [shares, graph.ints([kvHeads, -1, 0])])
    const mixed = body.contrib('FusedMatMul', [rows, body.op('Gather', [allValues, path])], { transBatchB: 1 })
    const block = body.op('Reshape', [mixed, graph.ints([heads, -1, headDim])])
    body.output(`${q}_goes_on`, 'bool', [], condition)
    body.output(`${q}_with_block`, 'float', [], body.op('SequenceInsert', [done, block]), true)

    const none = graph.op('SequenceEmpty', [], { dtype: 1 })
    const blocksDone = graph.op('Loop', [count, '', none], { body: { body: body.record() } })
    const byHead = graph.op('ConcatFromSequence', [blocksDone], { axis: 1 })
    const byToken = graph.op('Transpose', [byHead], { perm: [1, 0, 2] })
    return castFrom(graph, graph.op('Reshape', [byToken, graph.ints([1, -1, heads * headDim])]), 'float', type)
  }
}

/** Scaled and capped, [heads, queries, keys]. @param rows [kvHeads, group · queries, headDim] @param keys [kvHeads, keys, headDim] */
function scoresOf(
  body: Graph,
  graph: Graph,
  { heads, scale, softcap }: AttentionSpec,
  { rows, keys }: { readonly rows: Value; readonly keys: Value },
): Value {
  const product = body.contrib('FusedMatMul', [rows, keys], { transB: 1, transBatchB: 1, alpha: { float: scale } })
  // 0: as many keys as before
  const byHead = body.op('Reshape', [product, graph.ints([heads, -1, 0])])
  if (softcap === null) return byHead
  const cap = graph.float(softcap)
  return body.op('Mul', [body.op('Tanh', [body.op('Div', [byHead, cap])]), cap])
}

/**
 * By window, what is added to scores: row r sees column c of [queries, before + queries] where c ≤ before + r. A block of n queries behind p keys has the
 * rows … n and the columns before − p … before + n.
 */
function staircases(graph: Graph, extent: Value): (window: number | null) => Value {
  const [queries, before] = graph.ops('Split', [extent, graph.ints([1, 1])], 2, { axis: 0 })
  const scalar = (x: Value): Value => graph.op('Squeeze', [x])
  const places = (count: Value): Value => graph.op('Range', [graph.int(0), scalar(count), graph.int(1)])
  const query = graph.op('Add', [places(queries!), before!])
  const key = places(graph.op('Add', [queries!, before!]))
  const distance = graph.op('Sub', [graph.op('Unsqueeze', [query, graph.ints([1])]), key])
  const seen = graph.op('GreaterOrEqual', [distance, graph.int(0)])
  const masks = new Map<number | null, Value>()
  return (window) => {
    const known = masks.get(window)
    if (known !== undefined) return known
    const visible = window === null ? seen : graph.op('And', [seen, graph.op('Less', [distance, graph.int(window)])])
    const mask = graph.op('Where', [visible, graph.float(0), graph.float(UNSEEN)])
    masks.set(window, mask)
    return mask
  }
}
