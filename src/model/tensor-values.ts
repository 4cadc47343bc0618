import { closeSync } from 'node:fs'
import { ModelError } from '../errors.ts'
import { openRegular } from '../read-regular.ts'
import { type Dtype, orModelError, readExactly, type TensorRef } from './safetensors.ts'

/** The dtypes that weights may have. Others (quantised, integer buffers) are listed by a checkpoint but never used as weights. */
const BYTES: Readonly<Partial<Record<Dtype, 1 | 2 | 4 | 8>>> = { F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1 }

const BLOCK_ELEMENTS = 1 << 18

/**
 * A tensor's values as float32, block by block in row-major order: memory stays at one block however large the tensor is.
 * F16, BF16 and F8_E4M3 (without its scale: float8.ts) widen exactly, F64 is rounded. A block is the caller's to keep.
 */
export function* tensorBlocks(ref: TensorRef, blockElements = BLOCK_ELEMENTS): Generator<Float32Array<ArrayBuffer>> {
  const width = BYTES[ref.dtype]
  if (width === undefined)
    throw new ModelError(
      `tensor "${ref.name}" is ${ref.dtype}; weights must be F64, F32, F16 or BF16`,
      ref.file,
      'Quantised checkpoints are not read: use the unquantised one, or save it dequantised.',
    )
  const fd = orModelError(ref.file, () => openRegular(ref.file))
  try {
    for (let done = 0; done < ref.length; done += blockElements * width) {
      const raw = readExactly(fd, ref.offset + done, Math.min(blockElements * width, ref.length - done), ref.file)
      yield widen(raw, ref.dtype, width)
    }
  } finally {
    closeSync(fd)
  }
}

/** All values of a tensor as float32, row-major; for small tensors (norms, biases, heads). */
export function readTensor(ref: TensorRef): Float32Array<ArrayBuffer> {
  const values = new Float32Array(ref.shape.reduce((product, dim) => product * dim, 1))
  let done = 0
  for (const block of tensorBlocks(ref)) {
    values.set(block, done)
    done += block.length
  }
  return values
}

function widen(raw: Buffer, dtype: Dtype, width: 1 | 2 | 4 | 8): Float32Array<ArrayBuffer> {
  const count = raw.length / width
  const values = new Float32Array(count)
  const bits = new Uint32Array(values.buffer)
  // Bit patterns, not numbers, are copied where possible: a signalling NaN stays one. (ONNX Runtime's platforms are little-endian.)
  if (dtype === 'F32') new Uint8Array(values.buffer).set(raw)
  else if (dtype === 'BF16') {
    const halves = new Uint16Array(count)
    new Uint8Array(halves.buffer).set(raw)
    for (let i = 0; i < count; i++) bits[i] = halves[i]! << 16
  } else if (dtype === 'F8_E4M3') for (let i = 0; i < count; i++) values[i] = FLOAT8[raw[i]!]!
  else if (dtype === 'F64') for (let i = 0; i < count; i++) values[i] = raw.readDoubleLE(8 * i)
  else for (let i = 0; i < count; i++) values[i] = halfToFloat(raw.readUInt16LE(2 * i))
  return values
}

/**
 * IEEE 754 binary16 bits → number: sign 1, exponent 5 (bias 15), fraction 10; exact.
 * @example halfToFloat(0x3c00) // 1
 */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/**
 * E4M3 without infinities (OCP 8-bit floating point, 2023) bits → number: sign 1, exponent 4 (bias 7), fraction 3; exact.
 * @example float8ToFloat(0x38) // 1
 */
export function float8ToFloat(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1
  const exponent = (bits >> 3) & 0xf
  const fraction = bits & 7
  if (exponent === 15 && fraction === 7) return Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -9 : sign * (8 + fraction) * 2 ** (exponent - 10)
}
const FLOAT8 = Float32Array.from({ length: 256 }, (_, bits) => float8ToFloat(bits))
