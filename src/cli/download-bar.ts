import type { DownloadProgress } from '../hub/receive.ts'
import type { Log, Progress } from './log.ts'

/** A progress bar per file, in MiB. */
export function downloadBar(log: Log): (progress: DownloadProgress) => void {
  let file: string | null = null
  let bar: Progress | null = null
  let found = 0
  const mib = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10
  return ({ file: name, receivedBytes, totalBytes }) => {
    if (name !== file) {
      bar?.stop()
      file = name
      bar = log.progress(`fetching ${name}`, mib(totalBytes ?? 0), 'MiB')
      found = receivedBytes
    }
    // a server without ranges sends anew what was there
    found = Math.min(found, receivedBytes)
    bar?.update(mib(receivedBytes), mib(found))
    if (receivedBytes === totalBytes) {
      bar?.stop()
      bar = null
      file = null
    }
  }
}
