import { readTensor, tensorBlocks } from '../tensor-values.ts'
import type { QuantisedMatrix } from './layout.ts'

/**
 * The rows of a weight matrix as float32, [≤ groupRows, inputs] at a time. torch's [out, in] is read as it comes; Conv1D's [in, out] is
 * read whole and turned, so that one such tensor is in memory.
 */
export function* matrixRows(
  { ref, layout, first, rows, inputs }: Pick<QuantisedMatrix, 'ref' | 'layout' | 'first' | 'rows' | 'inputs'>,
  groupRows: number,
): Generator<Float32Array<ArrayBuffer>> {
  if (layout === 'out,in') {
    const bytes = ref.length / ref.shape[0]!
    const part = { ...ref, offset: ref.offset + first * bytes, length: rows * bytes }
    yield* tensorBlocks(part, groupRows * inputs)
    return
  }
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
