import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { kebabFlags } from '../../src/cli/argv.ts'
import { printError, printText } from '../../src/cli/screen.ts'
import { DeviceError, UsageError } from '../../src/errors.ts'
import { cudaPackages, findCudaWheel, installCudaWheel } from '../../src/hub/cuda-wheels.ts'
import type { DownloadProgress } from '../../src/hub/receive.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { cudaEnvironment, reexecForCuda } from '../../src/model/device-env.ts'
import { bindingFolder, cudaFolder, ortVersion, PROVIDER_FILES } from '../../src/model/device-libraries.ts'
import { packageVersion } from '../../src/package.ts'
import { changesNothing } from '../../src/setup/unused.ts'

const HELP = `[options]          (in a clone also: npm run setup:cuda -- [options])

Fetches what --device cuda needs, from a Python package index (no Python is used): ONNX Runtime's CUDA provider in the
version of onnxruntime-node, and NVIDIA's CUDA 13 libraries. Every file's SHA-256 is checked; a cut download goes on.

  --dry-run        List the files and their sizes; fetch nothing
  --skip-nvidia    Only the provider: this system has the CUDA 13 libraries (see also CHEMHERM_CUDA_LIBS)
  --skip-cudnn     Without cuDNN (reductions then fail where a graph has them)
  --index-url URL  Package index                     [default: PIP_INDEX_URL, else https://pypi.org/simple]
  --skip-check     Do not compute with it afterwards (an image is built where there is no GPU)
  --check          Only say whether CUDA computes here
  --help, --version

Folder: CHEMHERM_CUDA_DIR, else XDG_CACHE_HOME/chemherm/cuda/<version>. Needs an NVIDIA driver, 580 or newer.
`

export const OPTIONS = {
  'dry-run': { type: 'boolean' },
  'skip-nvidia': { type: 'boolean' },
  'skip-cudnn': { type: 'boolean' },
  'index-url': { type: 'string' },
  'skip-check': { type: 'boolean' },
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

/**
 * The whole command; returns the exit code.
 * @param name the command as the user called it
 */
export async function setupCuda(argv: readonly string[], name = 'setup-cuda'): Promise<number> {
  const values = parseOptions(argv, name)
  if (values.help) return say(`${name} ${HELP.trimEnd()}`)
  if (values.version) return say(packageVersion)
  for (const line of unusedOptions(values)) printError(`${name}: warning: ${line}`)
  if (values.check) return check()
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new DeviceError(
      `ONNX Runtime's CUDA provider for Node is for Linux on x64; this is ${process.platform} on ${process.arch}`,
      'command line',
      'Use --device cpu or webgpu.',
    )
  const patience = { timeoutMs: 30_000, retries: 5, retryMinMs: 500 }
  const index = values['index-url'] ?? (process.env.PIP_INDEX_URL || 'https://pypi.org/simple')
  const packages = cudaPackages(ortVersion, { nvidia: !values['skip-nvidia'], cudnn: !values['skip-cudnn'] })
  const wheels = []
  for (const wanted of packages) wheels.push({ wanted, wheel: await findCudaWheel(index, wanted, patience) })
  for (const { wanted, wheel } of wheels)
    say(`${megabytes(wheel.sizeBytes).padStart(9)}  ${wheel.filename}  (${wanted.use})`)
  say(
    `${megabytes(wheels.reduce((sum, { wheel }) => sum + wheel.sizeBytes, 0)).padStart(9)}  in all, to ${cudaFolder()}`,
  )
  if (values['dry-run']) return 0
  await mkdir(cudaFolder(), { recursive: true })
  for (const { wanted, wheel } of wheels) {
    const { files, fetched } = await installCudaWheel(wanted, wheel, cudaFolder(), patience, progressLines())
    say(`${fetched ? 'unpacked' : 'already there'}: ${files.join(', ')}`)
  }
  await placeProvider()
  if (values['skip-check']) return say('not tried: chemherm setup-cuda --check says whether CUDA computes')
  // In a process of its own: this one may have no CUDA libraries on its path.
  const again = [process.argv[1]!, ...name.split(' ').slice(1), '--check']
  const { status } = spawnSync(process.execPath, again, {
    stdio: 'inherit',
    env: cudaEnvironment('cuda', 'fp32') ?? process.env,
  })
  return status ?? 1
}

function parseOptions(argv: readonly string[], name: string) {
  try {
    const args = argv.map((arg) => (arg.startsWith('--') ? kebabFlags([arg])[0]! : arg))
    const { values } = parseArgs({ args, options: OPTIONS })
    if (values['index-url'] === '') throw new Error("Option '--index-url' is empty")
    return values
  } catch (cause) {
    throw new UsageError((cause as Error).message, 'command line', `See ${name} --help.`, { cause })
  }
}

function unusedOptions(values: ReturnType<typeof parseOptions>): string[] {
  const { check, 'skip-check': skipCheck, ...fetching } = values
  if (check === true && skipCheck === true)
    throw new UsageError('--check and --skip-check exclude each other', 'command line', 'Leave one of them out.')
  if (check === true && Object.keys(fetching).length > 0)
    return [changesNothing(Object.keys(fetching), '--check fetches nothing')]
  return [
    ...(values['skip-nvidia'] === true && values['skip-cudnn'] === true
      ? [changesNothing(['skip-cudnn'], "--skip-nvidia leaves out all of NVIDIA's libraries, cuDNN too")]
      : []),
    ...(values['dry-run'] === true && skipCheck === true
      ? [changesNothing(['skip-check'], '--dry-run fetches nothing to compute with')]
      : []),
  ]
}

/** ONNX Runtime looks for providers beside its own library only; links keep one copy, where links can be made. */
async function placeProvider(): Promise<void> {
  for (const name of PROVIDER_FILES) {
    const from = join(cudaFolder(), 'provider', name)
    const to = join(bindingFolder(), name)
    await rm(to, { force: true })
    await symlink(from, to).catch(() => copyFile(from, to))
    say(`linked: ${to}`)
  }
}

/** In the environment that a run with --device cuda starts itself again with: libraries on the path, TF32 forbidden. */
async function check(): Promise<number> {
  await reexecForCuda('cuda', 'fp32')
  const { why, verified } = await resolveDevice('cuda', 'fp32')
  return say(`CUDA works: ${why} (${verified})`)
}

/** A line per file and tenth of it: readable in a terminal and in a log alike. */
function progressLines(): (progress: DownloadProgress) => void {
  let told = -1
  return ({ file, receivedBytes, totalBytes }) => {
    const tenth = Math.floor((10 * receivedBytes) / totalBytes)
    if (tenth === told) return
    told = tenth
    printError(`${file}: ${megabytes(receivedBytes)} of ${megabytes(totalBytes)}`)
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function say(text: string): 0 {
  printText(`${text}\n`)
  return 0
}
