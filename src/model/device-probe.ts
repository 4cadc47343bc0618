import * as ort from 'onnxruntime-node'
import { Graph } from './graph.ts'
import { encodeModel } from './onnx.ts'

export type GpuKind = 'cuda' | 'webgpu'

/** Whether a device computes, by making it compute; else ONNX Runtime's own words. */
export type Probe = { readonly ok: true } | { readonly ok: false; readonly message: string }

/**
 * Opens a session with one Add on the device alone and runs it: 2 + 3. `listSupportedBackends()` says the same with and
 * without the libraries, and a provider that opens may still place its nodes on the CPU, so that is switched off here.
 */
export async function probeDevice(kind: GpuKind, deviceId: number): Promise<Probe> {
  try {
    const session = await ort.InferenceSession.create(sumModel(), {
      executionProviders: [kind === 'cuda' ? { name: 'cuda', deviceId } : { name: 'webgpu' }],
      logSeverityLevel: 4,
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    })
    try {
      const scalar = (value: number): ort.Tensor => new ort.Tensor('float32', [value], [1])
      const { sum } = await session.run({ a: scalar(2), b: scalar(3) })
      const got = (sum!.data as Float32Array)[0]
      return got === 5 ? { ok: true } : { ok: false, message: `computed 2 + 3 = ${got}` }
    } finally {
      await session.release()
    }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

/** ONNX bytes: sum [1] = a [1] + b [1]. */
export function sumModel(): Uint8Array {
  const graph = new Graph('probe')
  const a = graph.input('a', 'float', [1])
  const b = graph.input('b', 'float', [1])
  graph.output('sum', 'float', [1], graph.op('Add', [a, b]))
  return encodeModel(graph.model(), (file) => file)
}
