import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { type FileHandle, open, realpath, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { ModelError } from '../../errors.ts'
import { isRecord } from '../../is-record.ts'
import { passingName, sweepPassing } from '../../passing-file.ts'
import { regularText } from '../../read-regular.ts'
import { isSystemError, systemWords } from '../../system-words.ts'
import { begun, ended } from '../../unfinished.ts'
import { type Checkpoint, type FileHash, hashCheckpoint, sha256OfFile } from '../checkpoint.ts'
import { quantiseRows } from './blocks.ts'
import type { QuantisedLayout, QuantisedMatrix } from './layout.ts'
import { matrixRows } from './matrix-rows.ts'
import { schemeName } from './scheme.ts'

/** ◆ The file of a checkpoint's weights in few bits: made once, then mapped where it lies. */

/** Raised by every change of the bytes that a checkpoint and a scheme give. */
const FORMAT = 1

/** Weights that are float32 at once: 32 MiB. */
const GROUP_WEIGHTS = 1 << 23

/** Where quantised weights are kept. They can be made again at any time, so the folder may be emptied. */
export const quantisedFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.CHEMHERM_QUANTISED_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chemherm', 'quantised')

export interface QuantisedSource {
  readonly checkpoint: Checkpoint
  /** What the checkpoint's files were when the run hashed them; read anew where it is left out. */
  readonly hashes?: readonly FileHash[]
  /** Told when a file is made, and when it is done. */
  readonly say?: (line: string) => void
}

/**
 * The real path of the file, which is made where it is not there or not whole: its SHA-256 stands beside it and is checked every time.
 * Its name is the hash of the checkpoint's files, the scheme and the layout. Of several processes one makes it and the others wait.
 * @throws ModelError where a weight is not finite, the checkpoint changes meanwhile, or the file cannot be written
 */
export async function quantisedFile(layout: QuantisedLayout, source: QuantisedSource): Promise<string> {
  const { checkpoint, say = () => {} } = source
  const hashes = source.hashes ?? (await hashCheckpoint(checkpoint, { trustBlobNames: false }))
  const folder = quantisedFolder()
  const name = nameOf(layout, hashes)
  const path = join(folder, `${name}.bin`)
  return orUnwritable(folder, async () => {
    makeFolder(folder)
    checkPlaces(path)
    if (await isWhole(path, layout.sizeBytes)) return realpath(path)
    const release = await lockOf(path, say)
    try {
      if (await isWhole(path, layout.sizeBytes)) return await realpath(path) // another process was first
      for (const file of [path, recordOf(path)]) sweepPassing(file)
      await checkSpace(folder, layout.sizeBytes)
      say(
        `writing the weights of ${checkpoint.dir} as ${schemeName(layout.scheme)}, ${gigabytes(layout.sizeBytes)}, to ${path}: once, later runs read it`,
      )
      const started = performance.now()
      const partial = passingName(path, 'partial')
      const record = passingName(recordOf(path), 'partial')
      for (const file of [partial, record]) begun(file)
      try {
        await write(partial, layout)
        await checkUnchanged(checkpoint, hashes)
        const sha256 = await sha256OfFile(partial)
        await writeFile(
          record,
          JSON.stringify({ format: FORMAT, scheme: layout.scheme, files: hashes, sha256 }, null, 2),
        )
        await rename(record, recordOf(path))
        await rename(partial, path)
      } finally {
        for (const file of [partial, record]) {
          await rm(file, { force: true })
          ended(file)
        }
      }
      say(`written in ${((performance.now() - started) / 1e3).toFixed(1)} s`)
      return await realpath(path)
    } finally {
      await release().catch(() => {}) // already released where it was compromised
    }
  })
}

/** Level by level: Node 20's recursive mkdir never returns where the system answers "not found" for a folder that it does not allow (/proc). */
function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const path of missing)
    try {
      mkdirSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
}

/** What stands where the file, its record or its lock belongs, and is none, would be waited for without end. */
function checkPlaces(path: string): void {
  for (const [place, isFolder] of [
    [path, false],
    [recordOf(path), false],
    [lockPath(path), true],
  ] as const) {
    const there = statSync(place, { throwIfNoEntry: false })
    if (there !== undefined && there.isDirectory() !== isFolder)
      throw new ModelError(
        isFolder ? 'is a file where a lock, which is a folder, belongs' : 'is a folder where a file belongs',
        place,
        'Remove it: the quantised weights are made again.',
      )
  }
}

const lockPath = (path: string): string => `${path}.lock`

/** Waits for another process that makes the same file, and says so. Gives what releases the lock. */
async function lockOf(path: string, say: (line: string) => void): Promise<() => Promise<void>> {
  const options = {
    realpath: false, // the file does not exist yet
    lockfilePath: lockPath(path),
    stale: 60_000, // a killed process stops touching its lock
    onCompromised: () => {}, // a lock lost to a suspended machine costs a second making, not the run: the hash decides
  }
  try {
    return await lockfile.lock(path, options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
  }
  say(`waiting for another process that writes ${path}`)
  return lockfile.lock(path, { ...options, retries: { forever: true, minTimeout: 100, maxTimeout: 2_000 } })
}

function nameOf({ scheme, matrices }: QuantisedLayout, hashes: readonly FileHash[]): string {
  const places = matrices.map(({ ref, scale: _, ...place }) => [ref.name, ...Object.values(place)])
  const files = hashes.map(({ name, sha256 }) => [name, sha256])
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, scheme, files, places]))
    .digest('hex')
    .slice(0, 32)
}

const recordOf = (path: string): string => path.replace(/\.bin$/, '.json')

/** Whether the file is there with the size and the SHA-256 that it was written with. */
async function isWhole(path: string, sizeBytes: number): Promise<boolean> {
  try {
    if (statSync(path).size !== sizeBytes) return false
    const record: unknown = JSON.parse(regularText(recordOf(path)))
    return isRecord(record) && record.sha256 === (await sha256OfFile(path))
  } catch {
    return false
  }
}

async function checkSpace(folder: string, sizeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free < sizeBytes)
    throw new ModelError(
      `has ${gigabytes(free)} free, the quantised weights take ${gigabytes(sizeBytes)}`,
      folder,
      'Name another folder with the environment variable CHEMHERM_QUANTISED_DIR.',
    )
}

async function write(path: string, layout: QuantisedLayout): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.truncate(layout.sizeBytes)
    for (const matrix of layout.matrices) await writeMatrix(file, matrix, layout)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function writeMatrix(file: FileHandle, matrix: QuantisedMatrix, layout: QuantisedLayout): Promise<void> {
  const { inputs, ref } = matrix
  let done = 0
  for (const values of matrixRows(matrix, Math.max(1, Math.floor(GROUP_WEIGHTS / inputs)))) {
    checkFinite(values, ref.name, ref.file)
    const { packed, scales, zeros } = quantiseRows(values, inputs, matrix.blocks)
    const count = values.length / inputs
    const at = layout.rows(matrix, done, count)
    await writeAt(file, packed, at.packed.offset)
    await writeAt(file, new Uint8Array(scales.buffer), at.scales.offset)
    await writeAt(file, zeros, at.zeros.offset)
    done += count
    await setImmediate()
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten
}

/** Rounding would turn a NaN into a number. */
function checkFinite(values: Float32Array, name: string, file: string): void {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0
  if (sum === 0) return checkRange(values, name, file)
  throw new ModelError(
    `tensor "${name}" holds ${values.find((value) => !Number.isFinite(value))}: every score would be wrong`,
    file,
    'The checkpoint is damaged or its training diverged; fetch it again or use another one.',
  )
}

/** The difference of two numbers of a block is a float32, too, and rounding goes a little beyond both. */
const LARGEST = 1e38
function checkRange(values: Float32Array, name: string, file: string): void {
  const beyond = values.find((value) => Math.abs(value) > LARGEST)
  if (beyond === undefined) return
  throw new ModelError(
    `tensor "${name}" holds ${beyond.toPrecision(3)}: a block of weights with it has no scale in few bits, and its products soon overflow`,
    file,
    'The checkpoint is damaged or its training diverged; --dtype fp32 shows what it gives as it is.',
  )
}

/** A training may write its checkpoint anew meanwhile: the file would stand under the hash of other weights for good. */
async function checkUnchanged(checkpoint: Checkpoint, hashes: readonly FileHash[]): Promise<void> {
  const trustBlobNames = hashes.some(({ how }) => how === 'blob-name')
  const now = await hashCheckpoint(checkpoint, { trustBlobNames })
  const changed = hashes.find(({ sha256 }, i) => now[i]?.sha256 !== sha256)
  if (changed !== undefined)
    throw new ModelError(
      `${changed.name} changed while it was quantised: nothing is measured`,
      checkpoint.dir,
      'Run again when nothing writes the checkpoint any more.',
    )
}

/** Runs file-system calls; ENOSPC, EACCES … become a ModelError at the folder. */
async function orUnwritable<T>(folder: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    throw new ModelError(
      `cannot hold the quantised weights: ${cause.path ?? 'it'} ${systemWords(cause)}`,
      folder,
      'Name another folder with the environment variable CHEMHERM_QUANTISED_DIR.',
      { cause },
    )
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`
