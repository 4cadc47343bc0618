import type { Graph, Value } from '../graph.ts'
import type { QuantisedLayout, QuantisedMatrix } from './layout.ts'
import { rowBytes } from './scheme.ts'

/**
 * Activations are float32 and stay so: what this attribute of MatMulNBits allows ONNX Runtime to compute with (1 = float32; 4 would round
 * activations to 8 bits).
 */
const FLOAT32_ACTIVATIONS = 1

/** x Wᵀ for `count` rows of W from `first` on, [n, inputs] → [n, count]; float32. */
export function quantisedProduct(
  graph: Graph,
  layout: QuantisedLayout,
  x: Value,
  matrix: QuantisedMatrix,
  first: number,
  count: number,
): Value {
  const { bits, block } = matrix.blocks
  const { blocks, packed } = rowBytes(matrix.blocks, matrix.inputs)
  return graph.contrib(
    'MatMulNBits',
    [x, ...constants(graph, layout, matrix, first, count, [blocks, packed / blocks])],
    {
      K: matrix.inputs,
      N: count,
      bits,
      block_size: block,
      accuracy_level: FLOAT32_ACTIVATIONS,
    },
  )
}

/** Rows of W as they enter products, by their indices [n] → float32 [n, inputs]. */
export function quantisedRows(graph: Graph, layout: QuantisedLayout, matrix: QuantisedMatrix, indices: Value): Value {
  const { bits, block } = matrix.blocks
  const { blocks, packed } = rowBytes(matrix.blocks, matrix.inputs)
  const [rows, ...others] = constants(graph, layout, matrix, 0, matrix.rows, [packed])
  const wide = graph.contrib('GatherBlockQuantized', [rows!, indices, ...others], {
    bits,
    block_size: block,
    gather_axis: 0,
    quantize_axis: 1,
  })
  if (blocks * block === matrix.inputs) return wide
  return graph.op('Slice', [wide, graph.ints([0]), graph.ints([matrix.inputs]), graph.ints([1])])
}

/** Packed weights, scales and, where the scheme has them, zero points of some rows. @param row shape of a packed row */
function constants(
  graph: Graph,
  layout: QuantisedLayout,
  matrix: QuantisedMatrix,
  first: number,
  count: number,
  row: readonly number[],
): Value[] {
  const bytes = rowBytes(matrix.blocks, matrix.inputs)
  const parts = layout.rows(matrix, first, count)
  const name = `${matrix.ref.name}[${matrix.first + first}:${matrix.first + first + count}] [${row.join(', ')}]`
  const packed = graph.external(`${name} packed`, 'uint8', [count, ...row], parts.packed)
  const scales = graph.external(`${name} scales`, 'float', [count, bytes.blocks], parts.scales)
  if (matrix.blocks.symmetric) return [packed, scales]
  return [packed, scales, graph.external(`${name} zeros`, 'uint8', [count, bytes.zeros], parts.zeros)]
}
