import { closeSync } from 'node:fs'
import { openRegular } from '../read-regular.ts'
import { orModelError, readExactly, type TensorRef } from './safetensors.ts'

const BLOCK_BYTES = 1 << 22

/** Whether two tensors hold the same bytes of the same type and shape; stops at the first difference. */
export function sameBytes(a: TensorRef, b: TensorRef): boolean {
  if (a.dtype !== b.dtype || a.length !== b.length || a.shape.join() !== b.shape.join()) return false
  const files = [a, b].map((ref) => orModelError(ref.file, () => openRegular(ref.file)))
  try {
    for (let done = 0; done < a.length; done += BLOCK_BYTES) {
      const size = Math.min(BLOCK_BYTES, a.length - done)
      const [left, right] = [a, b].map((ref, i) => readExactly(files[i]!, ref.offset + done, size, ref.file))
      if (!left!.equals(right!)) return false
    }
    return true
  } finally {
    for (const file of files) closeSync(file)
  }
}
