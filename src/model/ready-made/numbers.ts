import type { FileDtype } from '../../types.ts'
import type { OnnxModel } from './proto.ts'

/** Operators that multiply integers, or turn them into numbers first (ONNX and com.microsoft). */
const QUANTISED =
  /^(.*:)(MatMulInteger|ConvInteger|MatMulIntegerToFloat|DynamicQuantizeMatMul|DynamicQuantizeLinear|DequantizeLinear|QuantizeLinear|DynamicQuantizeLSTM|Q(Linear\w+|Gemm|Attention|EmbedLayerNormalization|Ordered\w+))$/
/** Operators on weights packed to their attribute `bits`; 4 where it is left out. */
const PACKED = /:(MatMulNBits|GatherBlockQuantized|QMoE)$/
const BNB4 = /:(MatMulBnb4|MatMulFpQ4)$/

const [FLOAT16, DOUBLE, BFLOAT16, UINT4, INT4] = [10, 11, 16, 21, 22]
const FLOAT8 = [17, 18, 19, 20, 24]

/**
 * What a file computes in, by its operators and by the types of its matrices: `q8`, `q4` … of quantised weights, with `f16` behind it
 * where the rest is half-precision. One matrix of half-precision is enough not to be called fp32.
 */
export function dtypeOfFile({ operators, tensors }: OnnxModel): FileDtype {
  const names = [...operators.keys()]
  const stored = new Set(tensors.filter(({ dims }) => dims.length >= 2).map(({ type }) => type))
  const casts = [...operators].flatMap(([name, { to }]) => (name === ':Cast' ? [...to] : []))
  const holds = (type: number): boolean => stored.has(type) || casts.includes(type)
  const half = holds(FLOAT16) ? 'fp16' : holds(BFLOAT16) ? 'bf16' : null
  const f16 = half === null ? '' : 'f16'
  if (names.some((name) => BNB4.test(name))) return 'bnb4'
  const packed = [...operators].flatMap(([name, { bits }]) =>
    PACKED.test(name) ? (bits.size > 0 ? [...bits] : [4]) : [],
  )
  if (packed.length > 0) return `q${Math.min(...packed)}${f16}`
  if (FLOAT8.some((type) => stored.has(type))) return 'fp8'
  if (names.some((name) => QUANTISED.test(name))) return stored.has(UINT4) || stored.has(INT4) ? `q4${f16}` : `q8${f16}`
  return half ?? (stored.has(DOUBLE) ? 'fp64' : 'fp32')
}
