import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DeviceError, UsageError } from '../errors.ts'
import { bindingFolder, CUDA_PROVIDER, hasNvidiaDriver, missingLibraries, PROVIDER_FILES } from './device-libraries.ts'
import { type GpuKind, type Probe, probeDevice } from './device-probe.ts'

/** The device that a run will use, and the evidence. */
export interface ResolvedDevice {
  readonly device: 'cpu' | 'cuda' | 'webgpu'
  /** Number of the GPU; null on the CPU. */
  readonly deviceId: number | null
  /** ONNX Runtime's name of the execution provider. */
  readonly provider: string
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
 * never another one.
 */
export async function resolveDevice(requested: string, machine: Machine = thisMachine()): Promise<ResolvedDevice> {
  const asked = /^(auto|cpu|webgpu|cuda(?::(\d{1,3}))?)$/.exec(requested)
  if (asked === null)
    throw new UsageError(`"${requested}" is no device`, '--device', 'Give auto, cpu, cuda, cuda:N or webgpu.')
  if (requested === 'cpu') return onCpu('asked for')
  const kind: GpuKind = requested === 'webgpu' ? 'webgpu' : 'cuda'
  const deviceId = Number(asked[2] ?? 0)
  const trouble = kind === 'cuda' ? await cudaTrouble(deviceId, machine) : await webgpuTrouble(machine)
  if (trouble === null) return onGpu(kind, deviceId, requested === 'auto' ? 'CUDA computes on GPU 0' : 'asked for')
  if (requested === 'auto') return onCpu(machine.hasNvidiaDriver ? `${trouble.what}. ${trouble.hint}` : trouble.what)
  throw new DeviceError(trouble.what, `--device ${requested}`, trouble.hint)
}

const onCpu = (why: string): ResolvedDevice => ({
  device: 'cpu',
  deviceId: null,
  provider: 'CPUExecutionProvider',
  verified: 'built into ONNX Runtime',
  why,
})

const onGpu = (device: GpuKind, deviceId: number, why: string): ResolvedDevice => ({
  device,
  deviceId,
  provider: device === 'cuda' ? 'CUDAExecutionProvider' : 'WebGpuExecutionProvider',
  verified: 'one-node session, fall-back to the CPU switched off, right sum',
  why,
})

interface Trouble {
  readonly what: string
  readonly hint: string
}
const SETUP = 'npm run setup:cuda fetches what CUDA needs.'

/** Why CUDA cannot be used, or null. Files and libraries come first: ONNX Runtime's own error names neither. */
async function cudaTrouble(deviceId: number, machine: Machine): Promise<Trouble | null> {
  const { platform, arch } = machine
  if (platform !== 'linux' || arch !== 'x64')
    return { what: `CUDA is for Linux on x64; this is ${platform} on ${arch}`, hint: 'Use --device cpu or webgpu.' }
  const absent = PROVIDER_FILES.filter((name) => !existsSync(join(machine.bindingFolder, name)))
  if (absent.length > 0) {
    const driver = machine.hasNvidiaDriver ? '' : ', and this machine shows no NVIDIA driver'
    return { what: `CUDA is not set up: ${absent.join(' and ')} not beside ONNX Runtime${driver}`, hint: SETUP }
  }
  const provider = join(machine.bindingFolder, CUDA_PROVIDER)
  const missing = await machine.missingLibraries(provider)
  if (missing !== null && missing.length > 0) return missingTrouble(missing)
  const probe = await machine.probe('cuda', deviceId)
  return probe.ok ? null : cudaFailure(probe.message, deviceId, missing === null)
}

function missingTrouble(missing: readonly string[]): Trouble {
  const cuda = missing.filter((name) => name !== 'libcuda.so.1')
  if (cuda.length === 0)
    return {
      what: 'no NVIDIA driver: libcuda.so.1 is not found',
      hint: 'Install the driver (580 or newer, for CUDA 13); inside a container, start it with the GPU passed in.',
    }
  return {
    what: `libraries that CUDA needs are not found: ${missing.join(', ')}`,
    hint: `${SETUP} Libraries of your own: CHEMHERM_CUDA_LIBS or LD_LIBRARY_PATH.`,
  }
}

/** cudaError_t in ONNX Runtime's message, e.g. "CUDA failure 100: no CUDA-capable device is detected". */
function cudaFailure(message: string, deviceId: number, noLdd: boolean): Trouble {
  const code = Number(/CUDA failure (\d+)/.exec(message)?.[1])
  if (code === 100)
    return { what: 'no CUDA device: the libraries load, but the driver shows no GPU', hint: 'See nvidia-smi.' }
  if (code === 101)
    return { what: `there is no GPU number ${deviceId}`, hint: 'See nvidia-smi -L; numbers count from 0.' }
  if (code === 35) return { what: 'the NVIDIA driver is too old for CUDA 13', hint: 'Driver 580 or newer is needed.' }
  const what = `CUDA does not work: ${firstLine(message)}`
  return { what, hint: noLdd ? `${SETUP} (ldd is absent here, so missing libraries cannot be named.)` : SETUP }
}

async function webgpuTrouble(machine: Machine): Promise<Trouble | null> {
  const probe = await machine.probe('webgpu', 0)
  if (probe.ok) return null
  const hint =
    machine.platform === 'linux'
      ? 'WebGPU needs a Vulkan driver and libvulkan.so.1 (Debian: libvulkan1 mesa-vulkan-drivers).'
      : 'Update the graphics driver, or use --device cpu.'
  return { what: `WebGPU does not work: ${firstLine(probe.message)}`, hint }
}

/** ONNX Runtime puts the source line and the failed condition before what happened. */
const firstLine = (message: string): string =>
  message
    .split('\n')[0]!
    .replace(/^.* was false\. /, '')
    .slice(0, 400)
