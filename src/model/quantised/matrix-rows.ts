import type { WeightScale } from '../float8.ts'
import { readTensor, tensorBlocks } from '../tensor-values.ts'
import type { QuantisedMatrix } from './layout.ts'

/**
 * The rows of a weight matrix as float32, [≤ groupRows, inputs] at a time, those in FP8 times their scales. torch's [out, in] is read as it
 * comes; Conv1D's [in, out] is read whole and turned, so that one such tensor is in memory.
 */
export function* matrixRows(
  {
    ref,
    scale,
    layout,
    first,
    rows,
    inputs,
  }: Pick<QuantisedMatrix, 'ref' | 'scale' | 'layout' | 'first' | 'rows' | 'inputs'>,
  groupRows: number,
): Generator<Float32Array<ArrayBuffer>> {
  if (layout === 'out,in') {
    const bytes = ref.length / ref.shape[0]!
    const part = { ...ref, offset: ref.offset + first * bytes, length: rows * bytes }
    const scales = scale === null ? null : { ...scale, values: readTensor(scale.ref) }
    let done = 0
    for (const values of tensorBlocks(part, groupRows * inputs)) {
      if (scales !== null) multiply(values, first + done, inputs, scales)
      done += values.length / inputs
      yield values
    }
    return
  }
  if (scale !== null) throw new Error(`${ref.name}: FP8 weights that are stored [inputs, outputs]`)
  const all = readTensor(ref)
  const total = ref.shape[1]!
  for (let done = 0; done < rows; done += groupRows) {
    const count = Math.min(groupRows, rows - done)
    const group = new Float32Array(count * inputs)
    for (let i = 0; i < inputs; i++)
      for (let r = 0; r < count; r++) group[r * inputs + i] = all[i * total + first + done + r]!
    yield group
  }
}

/** Rows of a matrix from row `first` on, in place. */
function multiply(
  values: Float32Array,
  first: number,
  inputs: number,
  { block: [high, wide], values: scales }: Pick<WeightScale, 'block'> & { readonly values: Float32Array },
): void {
  const perRow = Math.ceil(inputs / wide)
  for (let i = 0; i < values.length; i++) {
    const [row, column] = [first + Math.floor(i / inputs), i % inputs]
    values[i] = values[i]! * scales[Math.floor(row / high) * perRow + Math.floor(column / wide)]!
  }
}
