import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeviceError, UsageError } from '../../src/errors.ts'
import { deviceLine, type Machine, resolveDevice } from '../../src/model/device.ts'
import { missingLibraries, PROVIDER_FILES, parseLdd } from '../../src/model/device-libraries.ts'
import { productFeeds, productModel, readProduct } from '../../src/model/device-probe.ts'

let empty: string
let ready: string
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'binding-'))
  ready = mkdtempSync(join(tmpdir(), 'binding-'))
  for (const name of PROVIDER_FILES) writeFileSync(join(ready, name), '')
})
afterAll(() => {
  rmSync(empty, { recursive: true })
  rmSync(ready, { recursive: true })
})

/** A Linux machine with a GPU where everything works, but for what a test changes. */
const machine = (changes: Partial<Machine>): Machine => ({
  platform: 'linux',
  arch: 'x64',
  bindingFolder: ready,
  hasNvidiaDriver: true,
  missingLibraries: async () => [],
  probe: async () => ({ ok: true, floatProducts: 'fp32' }),
  ...changes,
})
const failing = (message: string): Partial<Machine> => ({ probe: async () => ({ ok: false, message }) })

describe('a device that works', () => {
  it.each([
    ['auto', { device: 'cuda', deviceId: 0, provider: 'CUDAExecutionProvider', why: 'CUDA computes on GPU 0' }],
    ['cuda', { device: 'cuda', deviceId: 0 }],
    ['cuda:3', { device: 'cuda', deviceId: 3, why: 'asked for' }],
    ['webgpu', { device: 'webgpu', deviceId: 0, provider: 'WebGpuExecutionProvider' }],
    ['cpu', { device: 'cpu', deviceId: null, provider: 'CPUExecutionProvider' }],
  ])('%s', async (requested, expected) => {
    expect(await resolveDevice(requested, 'fp32', machine({}))).toMatchObject(expected)
  })
  it('probes the GPU that was asked for', async () => {
    const probed: unknown[] = []
    const probe: Machine['probe'] = async (...args) => {
      probed.push(args)
      return { ok: true, floatProducts: 'fp32' }
    }
    await resolveDevice('cuda:2', 'fp32', machine({ probe }))
    expect(probed).toEqual([['cuda', 2]])
  })
})

describe('a device that does not: an error by name, the CPU with the reason under auto', () => {
  it.each<[string, () => Partial<Machine>, RegExp]>([
    [
      'another platform',
      () => ({ platform: 'darwin', arch: 'arm64' }),
      /CUDA is for Linux on x64; this is darwin on arm64/,
    ],
    [
      'no provider',
      () => ({ bindingFolder: empty }),
      /not set up: libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so not beside/,
    ],
    ['no driver', () => ({ bindingFolder: empty, hasNvidiaDriver: false }), /this machine shows no NVIDIA driver/],
    ['no libcuda', () => ({ missingLibraries: async () => ['libcuda.so.1'] }), /no NVIDIA driver: libcuda.so.1/],
    [
      'no cuBLAS',
      () => ({ missingLibraries: async () => ['libcublasLt.so.13', 'libcuda.so.1'] }),
      /not found: libcublasLt.so.13, libcuda.so.1/,
    ],
    [
      'no GPU',
      () => failing('CUDA failure 100: no CUDA-capable device is detected ; GPU=-1'),
      /no CUDA device: the libraries load/,
    ],
    ['no such GPU', () => failing('CUDA failure 101: invalid device ordinal'), /there is no GPU number 0/],
    [
      'old driver',
      () => failing('CUDA failure 35: CUDA driver version is insufficient'),
      /driver is too old for CUDA 13/,
    ],
    ['anything else', () => failing('a.cc:1 f() x was false. Bad thing\nstack'), /CUDA does not work: Bad thing$/],
    ['wrong sum', () => failing('computed 2 + 3 = 0'), /computed 2 \+ 3 = 0/],
  ])('%s', async (_, changes, reason) => {
    const error = await resolveDevice('cuda', 'fp32', machine(changes())).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DeviceError)
    expect(error).toMatchObject({ message: expect.stringMatching(reason), where: '--device cuda', exitCode: 6 })
    const auto = await resolveDevice('auto', 'fp32', machine(changes()))
    expect(auto.device).toBe('cpu')
    expect(auto.why).toMatch(new RegExp(reason.source.replace('$', '')))
  })
  it('names the way to mend it', async () => {
    const hint = async (changes: Partial<Machine>) =>
      (await resolveDevice('cuda', 'fp32', machine(changes)).catch((e: DeviceError) => e)) as DeviceError
    expect((await hint({ bindingFolder: empty })).hint).toContain('npx chemherm setup-cuda')
    expect((await hint({ missingLibraries: async () => ['libcurand.so.10'] })).hint).toContain('CHEMHERM_CUDA_LIBS')
    expect((await hint({ missingLibraries: async () => null, ...failing('x') })).hint).toContain('ldd is absent')
  })
  it('webgpu by name', async () => {
    await expect(resolveDevice('webgpu', 'fp32', machine(failing('Failed to get a WebGPU adapter')))).rejects.toThrow(
      /WebGPU does not work/,
    )
  })
  it.each(['gpu', 'cuda:', 'cuda:-1', 'cuda:x', 'CUDA', ''])('%j is a usage error', async (requested) => {
    await expect(resolveDevice(requested, 'fp32', machine({}))).rejects.toThrow(UsageError)
  })
})

describe('how a GPU multiplies float32 numbers', () => {
  const found = (floatProducts: 'fp32' | 'tf32'): Partial<Machine> => ({
    probe: async () => ({ ok: true, floatProducts }),
  })
  it('is read off the product', () => {
    const product = (value: number) => new Float32Array(16).fill(value)
    expect(readProduct(product(512.125))).toEqual({ ok: true, floatProducts: 'fp32' })
    // 1 + 2⁻¹² has 13 significant bits and TF32 keeps 11: it multiplies 1 by 1
    expect(readProduct(product(512))).toEqual({ ok: true, floatProducts: 'tf32' })
    // some kernels rounded: not exact anywhere is not needed
    expect(readProduct(Float32Array.of(512.125, 512))).toEqual({ ok: true, floatProducts: 'tf32' })
    for (const value of [0, Number.NaN, 512.0625, Number.POSITIVE_INFINITY])
      expect(readProduct(product(value))).toEqual({ ok: false, message: `computed 512 × (1 + 2⁻¹²) = ${value}` })
    expect(readProduct(Float32Array.of(512.125, Number.NaN))).toMatchObject({ ok: false })
  })
  it.each(['cuda', 'auto'])('TF32 under fp32 is refused on %s, with the way to mend it', async (requested) => {
    await expect(resolveDevice(requested, 'fp32', machine(found('tf32')))).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('TF32'),
      hint: expect.stringContaining('NVIDIA_TF32_OVERRIDE=0'),
    })
  })
  it('TF32 by name is used where it is, and refused where products are exact', async () => {
    const device = await resolveDevice('cuda', 'tf32', machine(found('tf32')))
    expect(device).toMatchObject({ device: 'cuda', floatProducts: 'tf32', verified: expect.stringContaining('TF32') })
    expect(deviceLine(device)).toBe(
      'device cuda:0: asked for; it multiplies float32 numbers in tf32, as a product showed',
    )
    await expect(resolveDevice('cuda', 'tf32', machine(found('fp32')))).rejects.toThrow(/exactly, though TF32/)
  })
  it('TF32 does not fall back to the CPU', async () => {
    const none = machine({ bindingFolder: empty })
    await expect(resolveDevice('auto', 'tf32', none)).rejects.toMatchObject({ where: '--dtype tf32', exitCode: 6 })
    await expect(resolveDevice('cpu', 'tf32', none)).rejects.toThrow(DeviceError)
  })
})

describe('on this machine', () => {
  it('auto finds a device, and a reason', async () => {
    const found = await resolveDevice('auto', 'fp32')
    expect(['cpu', 'cuda']).toContain(found.device)
    expect(found.why).not.toBe('')
  })
  it("the probe's model computes float32 products on the CPU: 512 × (1 + 2⁻¹²) = 512.125", async () => {
    const session = await ort.InferenceSession.create(productModel(), { executionProviders: ['cpu'] })
    const { product } = await session.run(productFeeds())
    const values = product?.data as Float32Array
    expect(values).toHaveLength(512 * 512)
    expect(new Set(values)).toEqual(new Set([512.125]))
    expect(readProduct(values)).toEqual({ ok: true, floatProducts: 'fp32' })
  })
})

describe('missing libraries', () => {
  it("are read off ldd's lines", () => {
    const output = `\tlinux-vdso.so.1 (0x00007ffc)
\tlibcublasLt.so.13 => not found
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f)
\tlibcuda.so.1 => not found
`
    expect(parseLdd(output)).toEqual(['libcublasLt.so.13', 'libcuda.so.1'])
  })
  it('of a file that is no library are unknown', async () => {
    expect(await missingLibraries(join(ready, PROVIDER_FILES[1]))).toBeNull()
  })
})
