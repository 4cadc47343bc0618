import { DeviceError, DeviceMemoryError } from '../errors.ts'
import type { Device } from './providers.ts'

/**
 * What ONNX Runtime says where memory ran out: its arenas and allocators (core/framework/bfc_arena.cc, allocator.cc), CUDA (cudaErrorMemoryAllocation
 * is 2), cuBLAS and cuDNN, whose workspaces are allocated apart, and C++'s own exception on the CPU.
 */
const WORDS = [
  /Failed to allocate memory for requested buffer of size (\d+)/,
  /is smaller than requested bytes of (\d+)/,
  /ran out of memory trying to allocate (\d+)/,
  /std::bad_alloc|bad allocation/,
  /CUDA (?:failure|error)\s*:?\s*2\b|cudaErrorMemoryAllocation/,
  /CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS\w*ALLOC\w*FAILED/,
  /out of memory/i,
] as const

/** Whether a message says that memory ran out, and how many bytes were asked for, where it says that too. */
export function memoryTrouble(message: string): { readonly bytes: number | null } | null {
  for (const words of WORDS) {
    const found = words.exec(message)
    if (found !== null) return { bytes: found[1] === undefined ? null : Number(found[1]) }
  }
  return null
}

/** What is thrown where a run of a graph fails. */
export function runFailure(cause: Error, what: string, device: Device): DeviceError {
  const Failure = memoryTrouble(cause.message) === null ? DeviceError : DeviceMemoryError
  const hint =
    Failure === DeviceMemoryError
      ? 'Lower --batch-tokens, or end what else uses this memory.'
      : 'If memory ran out, lower --batch-tokens.'
  return new Failure(`${what}: ${cause.message.slice(0, 600)}`, `--device ${device}`, hint, { cause })
}
