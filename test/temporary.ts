import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where there is memory for it: stores and reports are synced to disk, and the tests would wait for one that they do not need. */
const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 4 * 2 ** 30

/**
 * Gives a run of the tests a temporary folder of its own and removes it at the end. Modules that several test files share leave what
 * they write there: a file that removed it when it is done would take it from the next one in the same process.
 */
export default function temporary(): () => void {
  const folder = mkdtempSync(join(hasRoom(MEMORY) ? MEMORY : tmpdir(), 'chemherm-tests-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    return false // another system than Linux
  }
}
