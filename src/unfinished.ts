import { rmSync } from 'node:fs'

/** Files that are being written under a name of their own, and temporary folders: an end that waits for nothing (a signal) takes them away. */
const files = new Set<string>()
let watched = false

/** Call before the file or folder is there. */
export function begun(partial: string): void {
  files.add(partial)
  if (watched) return
  watched = true
  process.on('exit', () => {
    for (const file of files) {
      try {
        rmSync(file, { recursive: true, force: true })
      } catch {
        // what the system does not take away must not change how the process ends
      }
    }
  })
}

/** Call when it has its name, or is gone. */
export function ended(partial: string): void {
  files.delete(partial)
}
