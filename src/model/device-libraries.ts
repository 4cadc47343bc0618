import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** Where ONNX Runtime's GPU provider and the libraries under it lie, and which of them are missing. */

const require = createRequire(import.meta.url)
/** onnxruntime-node's folder: …/node_modules/onnxruntime-node. */
const ortFolder = dirname(dirname(require.resolve('onnxruntime-node')))

/** The provider must have been built from the same version as the binding. */
export const ortVersion: string = (
  JSON.parse(readFileSync(join(ortFolder, 'package.json'), 'utf8')) as { version: string }
).version

/** The folder of onnxruntime_binding.node and libonnxruntime.so.1: ONNX Runtime looks for providers there, nowhere else. */
export const bindingFolder = (): string => join(ortFolder, 'bin', 'napi-v6', process.platform, process.arch)

export const CUDA_PROVIDER = 'libonnxruntime_providers_cuda.so'
/** The two files that onnxruntime-node's package leaves out. */
export const PROVIDER_FILES = ['libonnxruntime_providers_shared.so', CUDA_PROVIDER] as const

/** Where `npm run setup:cuda` keeps what it fetched; one folder a version of ONNX Runtime. */
export const cudaFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.CHEMHERM_CUDA_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chemherm', 'cuda', ortVersion)

/**
 * Folders for LD_LIBRARY_PATH: setup:cuda's own, and those of CHEMHERM_CUDA_LIBS, a path list of folders with libraries
 * or of trees like Python's site-packages/nvidia, whose lib folders (nvidia/<part>/lib) are found.
 */
export function cudaLibraryFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const given = (env.CHEMHERM_CUDA_LIBS ?? '').split(delimiter).filter((path) => path !== '')
  const candidates = [
    join(cudaFolder(env), 'lib'),
    ...given.flatMap((path) => [path, join(path, 'lib'), ...partsOf(path)]),
  ]
  return [...new Set(candidates)].filter(holdsLibraries)
}

const partsOf = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
        .map((entry) => join(path, entry.name, 'lib'))
        .sort()
    : []

function holdsLibraries(path: string): boolean {
  try {
    return readdirSync(path).some((name) => /\.so(\.|$)/.test(name))
  } catch {
    return false // absent, not a folder, or not ours to read
  }
}

/** Whether the kernel shows an NVIDIA driver (or WSL's). */
export const hasNvidiaDriver = (): boolean =>
  ['/dev/nvidiactl', '/proc/driver/nvidia/version', '/dev/dxg'].some((path) => existsSync(path))

/** What `ldd` says of a shared library: names that the loader does not find, or why it cannot be read. */
export function parseLdd(output: string): string[] {
  return [...output.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]!)
}

/** Libraries that a shared library needs and the loader, with this process's LD_LIBRARY_PATH, does not find; null without ldd. */
export function missingLibraries(file: string): Promise<string[] | null> {
  return new Promise((done) => {
    execFile('ldd', [file], { timeout: 10_000 }, (error, stdout) => done(error ? null : parseLdd(stdout)))
  })
}
