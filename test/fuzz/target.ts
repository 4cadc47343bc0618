import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ToolkitFailure } from '../../src/chem/toolkit/molecule.ts'
import { HarnessError } from '../../src/errors.ts'
import { TemplateFault } from '../../src/jinja/exceptions.ts'
import { readRows } from '../../src/pairs/read.ts'
import { PythonError } from '../../src/python/error.ts'
import { UnencodableText } from '../../src/text/unencodable.ts'

/** What reads something of a stranger's, and inputs to begin with. */
export interface Target {
  readonly name: string
  readonly seeds: readonly Buffer[]
  /** Whether the seeds are JSON, whose values are damaged besides their bytes; `lines`: each line is. */
  readonly json?: boolean | 'lines'
  /** A whole command: few inputs in the suite. */
  readonly slow?: boolean
  /** Returns where the input is taken or refused in words; throws what nobody expected. */
  run(input: Buffer): Promise<void>
}

/** Errors that say what is wrong with an input. */
const EXPECTED = [HarnessError, TemplateFault, PythonError, ToolkitFailure, UnencodableText]
/** Words of Node, of V8 and of the system that no message of ours has; an escape that a terminal would obey. */
const RAW =
  /\b(?:undefined|NaN is not|is not iterable|is not a function|Cannot read prop|E[A-Z]{5,}\b:)|\[object |\u001b/

/** @throws where `read` throws anything but an error in words */
export async function expected(read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!EXPECTED.some((family) => error instanceof family)) throw error
    if (error instanceof HarnessError && RAW.test(error.hint ?? ''))
      throw new Error(`no words: ${error.hint}`, { cause: error })
  }
}

export const DEMO = 'src/embedded/demo/demo-reward-model'
export const seed = (path: string): Buffer => readFileSync(path)
export const texts = (...all: readonly string[]): Buffer[] => all.map((text) => Buffer.from(text))

/** Reads the rows of a file with this name. */
export const rowsOf =
  (scratch: string, file: string) =>
  (input: Buffer): Promise<void> =>
    expected(async () => {
      const path = join(scratch, file)
      writeFileSync(path, input)
      for await (const _ of readRows(path));
    })

/** Puts the input in the place of one file of a folder, a copy of `from`, and reads the folder. */
export function inFolder(
  scratch: string,
  from: string,
  file: string,
  read: (folder: string) => unknown,
): Target['run'] {
  const folder = join(scratch, file.replaceAll(/\W/g, '-'))
  mkdirSync(dirname(folder), { recursive: true })
  cpSync(from, folder, { recursive: true })
  return async (input) => {
    writeFileSync(join(folder, file), input)
    await expected(() => read(folder))
  }
}
