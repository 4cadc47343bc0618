import '../no-telemetry.ts'
import * as ort from 'onnxruntime-node'
import { Graph } from './graph.ts'
import { encodeModel } from './onnx.ts'

export type GpuKind = 'cuda' | 'webgpu'

/** How a device multiplies float32 numbers: with all of their 24 bits, or cut to TF32's 11. */
export type FloatProducts = 'fp32' | 'tf32'

/** Whether a device computes, and how, by making it compute; else ONNX Runtime's own words. */
export type Probe =
  | { readonly ok: true; readonly floatProducts: FloatProducts }
  | { readonly ok: false; readonly message: string }

/** Matrices of a size that a GPU multiplies on its tensor cores where it may. */
const SIZE = 512
/** 1 + 2⁻¹²: exact in float32, 1 in TF32, bfloat16 and float16. */
const FACTOR = 1 + 2 ** -12
/** Σ over SIZE products with 1, exact in any order of summation: 512.125. */
const EXACT = SIZE * FACTOR

/**
 * Opens a session with one matrix product on the device alone and runs it. `listSupportedBackends()` says the same with and without
 * the libraries, and a provider that opens may still place its nodes on the CPU, so that is switched off here. The product also tells
 * TF32 from float32, which ONNX Runtime's CUDA provider computes in unless it is forbidden, and says nowhere.
 */
export async function probeDevice(kind: GpuKind, deviceId: number): Promise<Probe> {
  try {
    const session = await ort.InferenceSession.create(productModel(), {
      executionProviders: [kind === 'cuda' ? { name: 'cuda', deviceId } : { name: 'webgpu' }],
      logSeverityLevel: 4,
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    })
    try {
      const { product } = await session.run(productFeeds())
      return readProduct(product!.data as Float32Array)
    } finally {
      await session.release()
    }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

/** Every element must be the exact sum (float32), or every element the sum of the rounded factors (TF32). */
export function readProduct(product: Float32Array): Probe {
  if (product.every((value) => value === EXACT)) return { ok: true, floatProducts: 'fp32' }
  const got = product.find((value) => value !== EXACT)!
  if (product.every((value) => value === EXACT || value === SIZE)) return { ok: true, floatProducts: 'tf32' }
  return { ok: false, message: `computed ${SIZE} × (1 + 2⁻¹²) = ${got}` }
}

/** ONNX bytes: product [SIZE, SIZE] = a [SIZE, SIZE] · b [SIZE, SIZE]. */
export function productModel(): Uint8Array {
  const graph = new Graph('probe')
  const dims = [SIZE, SIZE]
  const a = graph.input('a', 'float', dims)
  const b = graph.input('b', 'float', dims)
  graph.output('product', 'float', dims, graph.op('MatMul', [a, b]))
  return encodeModel(graph.model(), (file) => file)
}

/** All of `a` is 1 + 2⁻¹², all of `b` is 1. */
export function productFeeds(): Record<string, ort.Tensor> {
  const filled = (value: number): ort.Tensor =>
    new ort.Tensor('float32', new Float32Array(SIZE * SIZE).fill(value), [SIZE, SIZE])
  return { a: filled(FACTOR), b: filled(1) }
}
