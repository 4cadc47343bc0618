import { type Blocks, rowBytes } from './scheme.ts'

/** Rows of a weight in the layout of ONNX Runtime's MatMulNBits. */
export interface PackedRows {
  /** [rows, blocks, block · bits / 8], low half of a byte first; what fills a row's last block stands for 0. */
  readonly packed: Uint8Array
  /** [rows, blocks] */
  readonly scales: Float32Array
  /** [rows, ⌈blocks · bits / 8⌉], packed alike; empty where symmetric. */
  readonly zeros: Uint8Array
}

/**
 * Rounds rows of weights, block by block, to w ≈ scale · (q − zero).
 * Symmetric: zero = 2^(bits − 1), scale = max |w| / (2^(bits − 1) − 1), so that q is never 0.
 * Else: scale = (max − min) / (2^bits − 1) over the block and 0, zero = −min / scale, rounded: 0 stays exactly 0.
 * Scales are rounded to float32 before anything is divided by them; halves are rounded up.
 * @param values [rows, inputs], finite
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
 */
export function quantiseRows(values: Float32Array, inputs: number, blocks: Blocks): PackedRows {
  const { bits, block, symmetric } = blocks
  const bytes = rowBytes(blocks, inputs)
  const rows = values.length / inputs
  const packed = new Uint8Array(rows * bytes.packed)
  const scales = new Float32Array(rows * bytes.blocks)
  const zeros = new Uint8Array(rows * bytes.zeros)
  const top = 2 ** bits - 1
  const middle = 2 ** (bits - 1)
  const perByte = 8 / bits
  for (let r = 0; r < rows; r++)
    for (let b = 0; b < bytes.blocks; b++) {
      const first = r * inputs + b * block
      const last = Math.min(first + block, (r + 1) * inputs)
      let low = 0
      let high = 0
      for (let i = first; i < last; i++) {
        low = Math.min(low, values[i]!)
        high = Math.max(high, values[i]!)
      }
      const scale = Math.fround(symmetric ? Math.max(high, -low) / (middle - 1) : (high - low) / top)
      const inverse = scale === 0 ? 0 : 1 / scale
      const zero = symmetric ? middle : Math.min(top, Math.floor(-low * inverse + 0.5))
      scales[r * bytes.blocks + b] = scale
      if (!symmetric) put(zeros, r * bytes.zeros, b, zero, bits)
      // numbers from 0 up: cutting off rounds down, so that half more rounds to the nearest
      const half = zero + 0.5
      const at = r * bytes.packed + (b * block) / perByte
      if (bits === 8) {
        packed.fill(zero, at, at + block)
        for (let i = first; i < last; i++) packed[at + i - first] = Math.min(top, (values[i]! * inverse + half) | 0)
      } else
        for (let i = 0; i < block; i += 2) {
          const [even, odd] = [first + i, first + i + 1]
          const low = even < last ? Math.min(top, (values[even]! * inverse + half) | 0) : zero
          const high = odd < last ? Math.min(top, (values[odd]! * inverse + half) | 0) : zero
          packed[at + (i >> 1)] = low | (high << 4)
        }
    }
  return { packed, scales, zeros }
}

/** The i-th number of a row that begins at byte `from`. */
function put(bytes: Uint8Array, from: number, i: number, value: number, bits: 8 | 4): void {
  if (bits === 8) bytes[from + i] = value
  else bytes[from + (i >> 1)]! |= value << (4 * (i & 1))
}
