import type { Value } from './graph.ts'
import { type Builder, linear, norm } from './ops.ts'
import type { AttentionSpec, Linear, RelativePositions } from './spec.ts'
import { castFrom } from './weights.ts'

/** What a layer adds to its attention's scores: q and k [batch, seq, heads · headDim] → [batch, heads, seq, seq]. */
export type RelativeScores = (q: Value, k: Value, layer: number, spec: AttentionSpec) => Value

/**
 * The nodes of DeBERTa's distances. Rows of the table are gathered for the 2 · seq distances that occur, projected, and multiplied with
 * every query and key: [batch, heads, seq, 2 · seq]. A query's own keys are then a window of seq columns that moves by one from row to
 * row, which a change of shape picks without an index (`skew`).
 * Inputs: `query_rows` and `key_rows` [2 · seq], rows of the table for the distances seq − 1, seq − 2, …, −seq and for their negatives.
 */
export function relativeScores(
  builder: Builder,
  shape: Value,
  hidden: number,
  spec: RelativePositions,
): RelativeScores {
  const { graph, weights, type } = builder
  const rows = [2 * spec.span, hidden] as const
  // The projected table is constant and computed when the session opens. In float16 ONNX Runtime 1.30 ends the process there.
  const wide: Builder = { ...builder, type: 'float' }
  const whole = weights.as('float', spec.table, rows)
  const table = spec.norm === null ? whole : norm(wide, whole, spec.norm, hidden)
  const queryRows = graph.input('query_rows', 'int64', ['distances'])
  const keyRows = graph.input('key_rows', 'int64', ['distances'])
  const skew = skewOf(builder, shape)
  return (q, k, layer, { heads, headDim, scale }) => {
    const byHeads = graph.op('Concat', [shape, graph.ints([heads, headDim])], { axis: 0 })
    const byHead = (x: Value): Value =>
      graph.op('Transpose', [graph.op('Reshape', [x, byHeads])], { perm: [0, 2, 1, 3] })
    /** [batch, heads, seq, 2 · seq] → [batch, heads, seq, seq]: content against the projected rows of the distances. */
    const against = (content: Value, projection: Linear, which: Value): Value => {
      const projected = graph.op('Mul', [linear(wide, table, projection), graph.float(scale)])
      const distances = graph.op('Reshape', [graph.op('Gather', [projected, which]), graph.ints([-1, heads, headDim])])
      const columns = castFrom(graph, graph.op('Transpose', [distances], { perm: [1, 2, 0] }), 'float', type)
      return skew(graph.op('MatMul', [byHead(content), columns]), heads)
    }
    const { key, query } = spec.layers[layer]!
    const parts = [
      ...(key === null ? [] : [against(q, key, queryRows)]),
      ...(query === null ? [] : [graph.op('Transpose', [against(k, query, keyRows)], { perm: [0, 1, 3, 2] })]),
    ]
    return parts.length === 2 ? graph.op('Add', parts) : parts[0]!
  }
}

/**
 * [batch, heads, seq, 2 · seq] → [batch, heads, seq, seq]: of row i the columns seq − 1 − i … 2 · seq − 2 − i. Flattened, row i begins at
 * 2 · seq · i; rows of 2 · seq − 1 that begin at seq − 1 move by one from row to row, as wanted.
 */
function skewOf({ graph }: Builder, shape: Value): (x: Value, heads: number) => Value {
  const batch = graph.op('Gather', [shape, graph.ints([0])])
  const seq = graph.op('Gather', [shape, graph.ints([1])])
  const first = graph.op('Sub', [seq, graph.ints([1])])
  const width = graph.op('Add', [seq, first])
  const last = graph.op('Add', [first, graph.op('Mul', [seq, width])])
  const dims = (heads: number, ...sizes: readonly Value[]): Value =>
    graph.op('Concat', [batch, graph.ints([heads]), ...sizes], { axis: 0 })
  return (x, heads) => {
    const flat = graph.op('Reshape', [x, dims(heads, graph.ints([-1]))])
    const kept = graph.op('Slice', [flat, first, last, graph.ints([2])])
    const rows = graph.op('Reshape', [kept, dims(heads, seq, width)])
    return graph.op('Slice', [rows, graph.ints([0]), seq, graph.ints([3])])
  }
}

/** Rows of the table for the distances seq − 1, seq − 2, …, −seq and for their negatives, as the graph's inputs want them. */
export function distanceRows(
  { span, buckets }: RelativePositions,
  seq: number,
): { readonly queryRows: Int32Array; readonly keyRows: Int32Array } {
  const row = (bucket: number): number => Math.min(Math.max(bucket + span, 0), 2 * span - 1)
  const bucketOf = (distance: number): number =>
    buckets === null ? distance : logBucket(distance, buckets.count, buckets.farthest)
  const distances = Int32Array.from({ length: 2 * seq }, (_, i) => seq - 1 - i)
  // the position-to-content part asks for the distance of a key from its query, with the sign turned
  return {
    queryRows: distances.map((distance) => row(bucketOf(distance))),
    keyRows: distances.map((distance) => row(-bucketOf(distance))),
  }
}

/** transformers' make_log_bucket_position, in float32 as there. */
export function logBucket(distance: number, count: number, farthest: number): number {
  const middle = Math.trunc(count / 2)
  const away = distance < middle && distance > -middle ? middle - 1 : Math.abs(distance)
  if (away <= middle) return distance
  const ratio = f32(f32(Math.log(f32(away / middle))) / f32(Math.log(f32((farthest - 1) / middle))))
  return (Math.ceil(f32(ratio * (middle - 1))) + middle) * Math.sign(distance)
}

const f32 = Math.fround
