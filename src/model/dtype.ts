import { UsageError } from '../errors.ts'
import type { Dtype, RunnerInfo } from '../types.ts'
import type { ElementType } from './onnx.ts'

/** Number formats that can be asked for; `auto` is float32 on the CPU and the checkpoint's own half type on a GPU. */
export const DTYPE_CHOICES = ['auto', 'fp32', 'tf32', 'fp16', 'bf16', 'q8', 'q4'] as const
export type DtypeChoice = (typeof DTYPE_CHOICES)[number]

/** The type of the graph's tensors. TF32 is no type of its own: float32 tensors whose products CUDA rounds to 10 bits. Nor are q8 and q4. */
export const ELEMENT_TYPES: Readonly<Record<Dtype, ElementType>> = {
  fp32: 'float',
  tf32: 'float',
  fp16: 'float16',
  bf16: 'bfloat16',
  q8: 'float',
  q4: 'float',
}

/**
 * Refuses what no checkpoint could make right; called before anything is opened.
 * @param device as asked for: auto, cpu, cuda, cuda:N, webgpu
 * @throws UsageError
 */
export function checkDtype(asked: DtypeChoice, device: string): void {
  const refuse = (why: string, hint: string): never => {
    throw new UsageError(why, `--dtype ${asked}`, hint)
  }
  if (device === 'webgpu' && (asked === 'q8' || asked === 'q4'))
    refuse('weights in few bits were never tried on WebGPU', 'Use --dtype fp16 or fp32, or --device cpu.')
  if (asked === 'tf32' && (device === 'cpu' || device === 'webgpu'))
    refuse(`is a format of CUDA's, and --device ${device} was asked for`, 'Use --device cuda, or --dtype fp32.')
  if (device === 'webgpu' && asked === 'bf16') refuse('WebGPU has no bfloat16', 'Use --dtype fp16 or fp32.')
  if (device === 'cpu' && (asked === 'fp16' || asked === 'bf16'))
    refuse(
      asked === 'bf16'
        ? 'ONNX Runtime has no bfloat16 matrix product for the CPU'
        : 'ONNX Runtime computes float16 on the CPU at 0.8 times the speed of float32, and less exactly',
      'Use --dtype fp32: half-precision checkpoints are widened exactly when they are opened.',
    )
}

/**
 * What a checkpoint is computed in on a device: the one place that decides it.
 * @param stored the types of its tensors, as safetensors names them
 */
export function chooseDtype(asked: DtypeChoice, device: RunnerInfo['device'], stored: Iterable<string>): Dtype {
  checkDtype(asked, device)
  if (asked !== 'auto') return asked as Dtype
  if (device === 'cpu') return 'fp32'
  const types = new Set(stored)
  if (types.has('BF16')) return device === 'webgpu' ? 'fp32' : 'bf16'
  return types.has('F16') ? 'fp16' : 'fp32'
}

/** How a device must compute products of float32 numbers for a dtype. The heads of half-precision models have some, too. */
export const floatProductsFor = (dtype: DtypeChoice): 'fp32' | 'tf32' => (dtype === 'tf32' ? 'tf32' : 'fp32')
