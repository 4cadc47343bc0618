import type { Hash } from 'node:crypto'
import { open, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { DataError, NetworkError } from '../errors.ts'
import { digestRegular } from '../read-regular.ts'
import { isDiskError, isSystemError, unwrittenWords } from '../system-words.ts'
import { checkPlace } from './cache.ts'
import type { Patience } from './request.ts'

export interface DownloadProgress {
  readonly file: string
  readonly receivedBytes: number
  readonly totalBytes: number
}
/** What is fetched, and with how much patience. */
export interface Reception {
  /** The file's name, and whose it is, for messages and progress. */
  readonly label: string
  readonly where: string
  readonly sizeBytes: number
  newDigest(): Hash
  readonly fetch: typeof fetch
  readonly patience: Patience
  onProgress(progress: DownloadProgress): void
}

const MAKE_ROOM =
  'Make room there, or set HF_HUB_CACHE to a folder on another disk, and run again: the download goes on where it stopped.'
const MEND = 'Mend that, or take it away, and run again.'
/** Cut connections in a row that brought no new byte. */
const IDLE_TRIES = 3

/**
 * Receives a file into `partial`, going on by Range where an earlier run or a cut connection stopped, as long as new bytes
 * come. The caller compares the digest (hex) and renames.
 */
export async function receive(url: string, partial: string, what: Reception): Promise<string> {
  let { received, digest } = await resume(partial, what)
  const total = what.sizeBytes
  const report = (): void => what.onProgress({ file: what.label, receivedBytes: received, totalBytes: total })
  report()
  const out = await open(partial, 'a').catch((error: unknown) => {
    throw isSystemError(error) ? new DataError(unwrittenWords(error), partial, MEND, { cause: error }) : error
  })
  try {
    for (let idle = 0, most = received; received < total; ) {
      const watch = silenceWatch(what.patience.timeoutMs)
      let cut: unknown = null
      try {
        const response = await what.fetch(url, {
          // No compression: byte ranges and sizes are those of the file.
          headers: { 'accept-encoding': 'identity', ...(received > 0 ? { range: `bytes=${received}-` } : {}) },
          signal: watch.signal,
        })
        const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')
        if (received > 0 && !(response.status === 206 && Number(range?.[1]) === received)) {
          await out.truncate(0) // a server without ranges sends it all again
          received = 0
          digest = what.newDigest()
        }
        for await (const chunk of response.body ?? []) {
          watch.heard()
          if (received + chunk.length > total)
            throw new NetworkError(`${what.label} is longer than the ${total} bytes that were announced`, what.where)
          await out.writeFile(chunk)
          digest.update(chunk)
          received += chunk.length
          report()
        }
      } catch (error) {
        if (error instanceof NetworkError) throw error
        if (isDiskError(error)) throw new DataError(unwrittenWords(error), partial, MAKE_ROOM, { cause: error })
        cut = error
      } finally {
        watch.stop()
      }
      if (received < total) {
        idle = received > most ? 0 : idle + 1
        most = Math.max(most, received)
        if (idle === IDLE_TRIES)
          throw new NetworkError(
            `${what.label} was cut at ${received} of ${total} bytes`,
            what.where,
            'Run again: the download goes on where it stopped.',
            { cause: cut },
          )
        await sleep(what.patience.retryMinMs * 2 ** idle)
      }
    }
  } finally {
    await out.close()
  }
  return digest.digest('hex')
}

/** What an earlier run left, and the digest so far. */
async function resume(partial: string, what: Reception): Promise<{ received: number; digest: Hash }> {
  const digest = what.newDigest()
  const left = await stat(partial).catch(() => null)
  if (left?.isDirectory() === true) checkPlace(partial, 'file')
  if (left === null || !left.isFile() || left.size > what.sizeBytes) {
    await rm(partial, { force: true })
    return { received: 0, digest }
  }
  await digestRegular(partial, digest)
  return { received: left.size, digest }
}

/** Aborts after a silence, however long the whole download takes. */
function silenceWatch(timeoutMs: number): { signal: AbortSignal; heard(): void; stop(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  return { signal: controller.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) }
}
