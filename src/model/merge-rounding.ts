import { ModelError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Factors } from './delta.ts'
import type { TensorRef } from './safetensors.ts'
import { readTensor } from './tensor-values.ts'
import type { AdaptedTensor } from './weights.ts'

/** Matrices and rows of each that are looked at. */
const MATRICES = 32
const ROWS = 4

/**
 * How far a merge in bfloat16, as `merge_and_unload` on a base that was loaded in bfloat16 makes it, is from the merge in float32; of
 * the weights, over a sample of rows. `rms` beside `deltaRms` says how much of what the adapter adds is lost in rounding.
 */
export interface MergeRounding {
  readonly matrices: number
  readonly rows: number
  /** max |bf16(bf16(W) + Δ) − (W + Δ)| */
  readonly largest: number
  readonly rms: number
  /** Root mean square of Δ = scale · B·A itself. */
  readonly deltaRms: number
}

/** null where no matrix is adapted by plain factors, or a weight is not finite. @throws ModelError where a factor is not */
export function mergeRounding(checkpoint: Checkpoint, adapted: readonly AdaptedTensor[]): MergeRounding | null {
  const plain = adapted.flatMap(({ name, layout }) => {
    const delta = checkpoint.adapter?.deltas.get(name)
    const isFloat8 = checkpoint.tensors.get(name)?.dtype === 'F8_E4M3'
    return delta?.kind === 'factors' && delta.magnitude === null && !isFloat8 ? [{ name, layout, delta }] : []
  })
  const step = Math.max(1, plain.length / MATRICES)
  const chosen = Array.from({ length: Math.min(plain.length, MATRICES) }, (_, i) => plain[Math.floor(i * step)]!)
  let [largest, squares, deltaSquares, rows, count] = [0, 0, 0, 0, 0]
  for (const { name, layout, delta } of chosen) {
    const ref = checkpoint.tensors.get(name)!
    const deltaRow = rowsOf(checkpoint, delta, delta.embedding || layout === 'in,out')
    for (const row of sampleOf(ref.shape[0]!)) {
      const w = readTensor(rowOf(ref, row))
      const d = deltaRow(row)
      for (let j = 0; j < w.length; j++) {
        const difference = Math.abs(toBfloat16(toBfloat16(w[j]!) + d[j]!) - (w[j]! + d[j]!))
        largest = Math.max(largest, difference)
        squares += difference ** 2
        deltaSquares += d[j]! ** 2
      }
      rows++
      count += w.length
    }
  }
  // a weight of the base that is not finite is named by the check of all weights
  if (count === 0 || !Number.isFinite(largest + squares + deltaSquares)) return null
  return {
    matrices: chosen.length,
    rows,
    largest,
    rms: Math.sqrt(squares / count),
    deltaRms: Math.sqrt(deltaSquares / count),
  }
}

const sampleOf = (rows: number): number[] =>
  Array.from({ length: Math.min(rows, ROWS) }, (_, i) => Math.floor((i * rows) / Math.min(rows, ROWS)))

/** One row of a matrix as a tensor of its own. */
function rowOf(ref: TensorRef, row: number): TensorRef {
  const length = ref.length / ref.shape[0]!
  return { ...ref, shape: ref.shape.slice(1), offset: ref.offset + row * length, length }
}

/** Rows of Δ: of B·A, or of its transpose. */
function rowsOf(
  { tensors }: Checkpoint,
  { a, b, r, scale }: Factors,
  transposed: boolean,
): (row: number) => Float64Array {
  const [valuesA, valuesB] = [readFactor(tensors.get(a)!), readFactor(tensors.get(b)!)]
  const inputs = valuesA.length / r
  const outputs = valuesB.length / r
  return (row) => {
    const sum = new Float64Array(transposed ? outputs : inputs)
    for (let k = 0; k < r; k++) {
      const factor = scale * (transposed ? valuesA[k * inputs + row]! : valuesB[row * r + k]!)
      for (let j = 0; j < sum.length; j++)
        sum[j]! += factor * (transposed ? valuesB[j * r + k]! : valuesA[k * inputs + j]!)
    }
    return sum
  }
}

/** @throws ModelError where a value is not finite */
function readFactor(ref: TensorRef): Float32Array {
  const values = readTensor(ref)
  const bad = values.find((value) => !Number.isFinite(value))
  if (bad !== undefined)
    throw new ModelError(
      `the adapter's tensor "${ref.name}" holds ${bad}: every score would be wrong`,
      ref.file,
      'The adapter is damaged or its training diverged; fetch it again or use another one.',
    )
  return values
}

const word = new Float32Array(1)
const bits = new Uint32Array(word.buffer)
/** The nearest bfloat16, ties to even. @example toBfloat16(1.005) // 1.0078125 */
export function toBfloat16(value: number): number {
  word[0] = value
  const kept = bits[0]!
  bits[0] = (kept + 0x7fff + ((kept >>> 16) & 1)) & 0xffff0000
  return word[0]
}
