import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DeviceError, UsageError } from '../errors.ts'
import { bindingFolder, CUDA_PROVIDER, hasNvidiaDriver, missingLibraries, PROVIDER_FILES } from './device-libraries.ts'
import { type FloatProducts, type GpuKind, type Probe, probeDevice } from './device-probe.ts'
import { type Device, PROVIDERS } from './providers.ts'

/** The device that a run will use, and the evidence. */
export interface ResolvedDevice {
  readonly device: Device
  /** Number of the GPU; null on the CPU. */
  readonly deviceId: number | null
  /** ONNX Runtime's name of the execution provider. */
  readonly provider: string
  /** How it multiplies float32 numbers, as it was seen to do. */
  readonly floatProducts: FloatProducts
  /** How it was verified, for the manifest. */
  readonly verified: string
  /** Why this one, said on screen. */
  readonly why: string
}

/** What the machine offers; replaced in tests, which have no GPU. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  readonly bindingFolder: string
  readonly hasNvidiaDriver: boolean
  missingLibraries(file: string): Promise<string[] | null>
  probe(kind: GpuKind, deviceId: number): Promise<Probe>
}
const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  bindingFolder: bindingFolder(),
  hasNvidiaDriver: hasNvidiaDriver(),
  missingLibraries,
  probe: probeDevice,
})

/**
 * `auto` takes the first GPU if CUDA computes there, else the CPU, and says why. It does not take WebGPU, which no
 * reference score has been checked on: that must be asked for. A device asked for by name is used or is a DeviceError,
 * never another one. So is a GPU that computes, but multiplies float32 numbers otherwise than the dtype says.
 * @param products what the run's dtype needs (`floatProductsFor`)
 */
export async function resolveDevice(
  requested: string,
  products: FloatProducts,
  machine: Machine = thisMachine(),
): Promise<ResolvedDevice> {
  const asked = parseDevice(requested)
  if (requested === 'cpu') return onCpu('asked for', products)
  const kind: GpuKind = requested === 'webgpu' ? 'webgpu' : 'cuda'
  const deviceId = Number(asked[1] ?? 0)
  const found = kind === 'cuda' ? await tryCuda(deviceId, machine) : await tryWebgpu(machine)
  if (found.ok) {
    if (found.floatProducts !== products) throw wrongProducts(kind, products)
    return onGpu(kind, deviceId, products, requested === 'auto' ? 'CUDA computes on GPU 0' : 'asked for')
  }
  if (requested === 'auto') return onCpu(whyNoGpu(found, machine), products)
  throw new DeviceError(found.what, `--device ${requested}`, found.hint)
}

/** Why `auto` takes the CPU. Where there is no GPU to be used, what CUDA lacks besides is no help. */
function whyNoGpu({ what, hint }: Trouble, { platform, hasNvidiaDriver }: Machine): string {
  if (hasNvidiaDriver) return `${what}. ${hint}`
  return platform === 'linux' ? 'this machine shows no NVIDIA driver' : what
}

/**
 * Reads `--device`: the number of the GPU stands in group 1.
 * @throws UsageError where it is no device's name
 */
export function parseDevice(requested: string): RegExpExecArray {
  const asked = /^(?:auto|cpu|webgpu|cuda(?::(\d{1,3}))?)$/.exec(requested)
  if (asked === null && requested.includes(','))
    throw new UsageError(
      'several devices are for the commands run-rm and run-dpo, a process each',
      `--device ${requested}`,
      'Name one.',
    )
  if (asked === null)
    throw new UsageError(`"${requested}" is no device`, '--device', 'Give auto, cpu, cuda, cuda:N or webgpu.')
  return asked
}

/** For the screen. @example 'device cuda:0: asked for; it multiplies float32 numbers in fp32, as a product showed' */
export function deviceLine({ device, deviceId, why, floatProducts }: ResolvedDevice): string {
  const checked = device === 'cpu' ? '' : `; it multiplies float32 numbers in ${floatProducts}, as a product showed`
  return `device ${device}${deviceId === null ? '' : `:${deviceId}`}: ${why}${checked}`
}

function onCpu(why: string, products: FloatProducts): ResolvedDevice {
  if (products === 'tf32')
    throw new DeviceError(
      `is a format of CUDA's, which is not usable here: ${why}`,
      '--dtype tf32',
      'Use --dtype fp32.',
    )
  return {
    device: 'cpu',
    deviceId: null,
    provider: PROVIDERS.cpu,
    floatProducts: 'fp32',
    verified: 'built into ONNX Runtime',
    why,
  }
}

const onGpu = (device: GpuKind, deviceId: number, products: FloatProducts, why: string): ResolvedDevice => ({
  device,
  deviceId,
  provider: PROVIDERS[device],
  floatProducts: products,
  verified: `a 512 × 512 matrix product on this device alone came out as ${products === 'tf32' ? 'TF32' : 'float32'} gives it`,
  why,
})

/** The device computes, but not what the dtype promises: never used, not even under auto, since only the environment is wrong. */
function wrongProducts(kind: GpuKind, products: FloatProducts): DeviceError {
  const where = `--device ${kind}`
  if (products === 'tf32')
    return new DeviceError(
      'multiplies float32 numbers exactly, though TF32 was asked for: NVIDIA_TF32_OVERRIDE=0 is set, or this GPU has no TF32',
      where,
      'Unset NVIDIA_TF32_OVERRIDE, or use --dtype fp32.',
    )
  if (kind === 'webgpu')
    return new DeviceError('multiplies float32 numbers with fewer bits than float32 has', where, 'Use --device cpu.')
  return new DeviceError(
    'multiplies float32 numbers in TF32 (11 of 24 bits), as CUDA does unless it is forbidden',
    where,
    'Set NVIDIA_TF32_OVERRIDE=0 before CUDA is first used in the process (the commands do so by themselves), or ask for dtype tf32 by name.',
  )
}

type Works = Probe & { readonly ok: true }
/** Why a device cannot be used. */
interface Trouble {
  readonly ok: false
  readonly what: string
  readonly hint: string
}
const trouble = (what: string, hint: string): Trouble => ({ ok: false, what, hint })
const SETUP = 'npx chemherm setup-cuda fetches what CUDA needs.'

/** Files and libraries come first: ONNX Runtime's own error names neither. */
async function tryCuda(deviceId: number, machine: Machine): Promise<Works | Trouble> {
  const { platform, arch } = machine
  if (platform !== 'linux' || arch !== 'x64')
    return trouble(`CUDA is for Linux on x64; this is ${platform} on ${arch}`, 'Use --device cpu or webgpu.')
  const absent = PROVIDER_FILES.filter((name) => !existsSync(join(machine.bindingFolder, name)))
  if (absent.length > 0) {
    const driver = machine.hasNvidiaDriver ? '' : ', and this machine shows no NVIDIA driver'
    return trouble(`CUDA is not set up: ${absent.join(' and ')} not beside ONNX Runtime${driver}`, SETUP)
  }
  const provider = join(machine.bindingFolder, CUDA_PROVIDER)
  const missing = await machine.missingLibraries(provider)
  if (missing !== null && missing.length > 0) return missingTrouble(missing)
  const probe = await machine.probe('cuda', deviceId)
  return probe.ok ? probe : cudaFailure(probe.message, deviceId, missing === null)
}

function missingTrouble(missing: readonly string[]): Trouble {
  const cuda = missing.filter((name) => name !== 'libcuda.so.1')
  if (cuda.length === 0)
    return trouble(
      'no NVIDIA driver: libcuda.so.1 is not found',
      'Install the driver (580 or newer, for CUDA 13); inside a container, start it with the GPU passed in.',
    )
  return trouble(
    `libraries that CUDA needs are not found: ${missing.join(', ')}`,
    `${SETUP} Libraries of your own: CHEMHERM_CUDA_LIBS or LD_LIBRARY_PATH.`,
  )
}

/** cudaError_t in ONNX Runtime's message, e.g. "CUDA failure 100: no CUDA-capable device is detected". */
function cudaFailure(message: string, deviceId: number, noLdd: boolean): Trouble {
  const code = Number(/CUDA failure (\d+)/.exec(message)?.[1])
  if (code === 100) return trouble('no CUDA device: the libraries load, but the driver shows no GPU', 'See nvidia-smi.')
  if (code === 101) return trouble(`there is no GPU number ${deviceId}`, 'See nvidia-smi -L; numbers count from 0.')
  if (code === 35) return trouble('the NVIDIA driver is too old for CUDA 13', 'Driver 580 or newer is needed.')
  const what = `CUDA does not work: ${firstLine(message)}`
  return trouble(what, noLdd ? `${SETUP} (ldd is absent here, so missing libraries cannot be named.)` : SETUP)
}

async function tryWebgpu(machine: Machine): Promise<Works | Trouble> {
  const probe = await machine.probe('webgpu', 0)
  if (probe.ok) return probe
  const hint =
    machine.platform === 'linux'
      ? 'WebGPU needs a Vulkan driver and libvulkan.so.1 (Debian: libvulkan1 mesa-vulkan-drivers).'
      : 'Update the graphics driver, or use --device cpu.'
  return trouble(`WebGPU does not work: ${firstLine(probe.message)}`, hint)
}

/** ONNX Runtime puts the source line and the failed condition before what happened. */
const firstLine = (message: string): string =>
  message
    .split('\n')[0]!
    .replace(/^.* was false\. /, '')
    .slice(0, 400)
