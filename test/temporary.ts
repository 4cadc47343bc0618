import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Gives a run of the tests a temporary folder of its own and removes it at the end. Modules that several test files share leave what
 * they write there: a file that removed it when it is done would take it from the next one in the same process.
 */
export default function temporary(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-tests-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
