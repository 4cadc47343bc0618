import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { Device } from './providers.ts'

/** Memory that a model and its batches may take. */
export interface FreeMemory {
  readonly bytes: number
  /** Whose it is. @example 'this machine', 'this container', 'GPU 0' */
  readonly of: string
}

/** Free memory of a device; null where nothing says it (no nvidia-smi, WebGPU). */
export async function freeMemory(device: Device, deviceId: number | null): Promise<FreeMemory | null> {
  if (device === 'cpu') return freeOfMachine()
  return device === 'cuda' ? freeOfGpu(deviceId ?? 0) : null
}

/**
 * What the system could give without swapping; in a container what its limit leaves, where files that are only cached count as free, as the kernel
 * gives them up first (libuv counts them as used).
 */
function freeOfMachine(): FreeMemory {
  const limit = process.constrainedMemory()
  const bytes = process.availableMemory()
  if (limit === 0 || limit >= totalmem()) return { bytes, of: 'this machine' }
  return { bytes: Math.min(limit, bytes + cachedFiles()), of: 'this container' }
}

/** Bytes of files that the container has read and nobody uses. */
function cachedFiles(): number {
  for (const path of ['/sys/fs/cgroup/memory.stat', '/sys/fs/cgroup/memory/memory.stat'])
    try {
      const found = /^(?:total_)?inactive_file (\d+)$/m.exec(readFileSync(path, 'utf8'))
      if (found !== null) return Number(found[1])
    } catch {}
  return 0
}

async function freeOfGpu(deviceId: number): Promise<FreeMemory | null> {
  const asked = ['--query-gpu=memory.free', '--format=csv,noheader,nounits', '-i', String(deviceId)]
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', asked, { timeout: 10_000 })
    const bytes = 2 ** 20 * Number(stdout.trim())
    return bytes > 0 ? { bytes, of: `GPU ${deviceId}` } : null
  } catch {
    return null
  }
}
