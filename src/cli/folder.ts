import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UsageError } from '../errors.ts'

/**
 * Makes the folder of a run's files, and says before anything is computed where it cannot be made. Each level is made by itself:
 * Node 20's recursive mkdir never returns where the system answers "not found" for a folder that it does not allow (/proc).
 */
export function makeOutputFolder(folder: string): void {
  const missing: string[] = []
  let parent = resolve(folder)
  for (; !existsSync(parent); parent = dirname(parent)) missing.unshift(parent)
  try {
    if (!statSync(parent).isDirectory())
      throw new UsageError('is a file, expected a folder', parent, 'Choose another --output-dir.')
    accessSync(parent, constants.W_OK)
    for (const path of missing) makeOne(path)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw new UsageError(
      `cannot be written: ${code === 'EACCES' || code === 'EPERM' ? 'permission denied' : message}`,
      missing[0] ?? parent,
      'Choose another --output-dir.',
      { cause },
    )
  }
}

/** Another part of the same run may be making it, too. */
function makeOne(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
