import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { chooseDtype, floatProductsFor } from '../../src/model/dtype.ts'
import { toRunConfig } from '../../src/setup/config.ts'

describe('chooseDtype', () => {
  it.each([
    ['auto', 'cpu', ['BF16'], 'fp32'],
    ['auto', 'cuda', ['F32', 'BF16'], 'bf16'],
    ['auto', 'cuda', ['F16'], 'fp16'],
    ['auto', 'cuda', ['F32', 'F64'], 'fp32'],
    ['auto', 'webgpu', ['BF16'], 'fp32'],
    ['fp32', 'cuda', ['BF16'], 'fp32'],
    ['tf32', 'cuda', ['BF16'], 'tf32'],
    ['fp16', 'webgpu', ['F32'], 'fp16'],
    ['q8', 'cpu', ['BF16'], 'q8'],
    ['q4', 'cuda', ['F32'], 'q4'],
  ] as const)('%s on %s with %j: %s', (asked, device, stored, expected) => {
    expect(chooseDtype(asked, device, stored)).toBe(expected)
  })
  it('gives TF32 to nobody who did not name it', () => {
    for (const device of ['cpu', 'cuda', 'webgpu'] as const)
      for (const stored of [['F32'], ['BF16'], ['F16'], []])
        expect(chooseDtype('auto', device, stored)).not.toBe('tf32')
    expect(floatProductsFor('tf32')).toBe('tf32')
    for (const dtype of ['auto', 'fp32', 'fp16', 'bf16'] as const) expect(floatProductsFor(dtype)).toBe('fp32')
  })
})

describe('a dtype that the device cannot have is refused before any file is opened', () => {
  it.each([
    ['tf32', 'cpu', /CUDA's/],
    ['tf32', 'webgpu', /CUDA's/],
    ['bf16', 'cpu', /no bfloat16/],
    ['fp16', 'cpu', /float16 on the CPU/],
    ['bf16', 'webgpu', /no bfloat16/],
    ['q8', 'webgpu', /never tried on WebGPU/],
    ['q4', 'webgpu', /never tried on WebGPU/],
  ] as const)('%s on %s', (dtype, device, message) => {
    const open = () => toRunConfig('run-rm', { dtype, device })
    expect(open).toThrow(UsageError)
    expect(open).toThrow(message)
  })
  it('and otherwise kept', () => {
    expect(toRunConfig('run-dpo', { dtype: 'tf32', device: 'cuda:1' })).toMatchObject({
      dtype: 'tf32',
      device: 'cuda:1',
    })
    expect(toRunConfig('run-rm', { torchDtype: 'float16', dtype: 'auto', device: 'cuda' }).dtype).toBe('fp16')
  })
})
