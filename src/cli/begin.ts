import { reexecForCuda } from '../model/device-env.ts'
import { floatProductsFor } from '../model/dtype.ts'
import { checkAhead } from '../setup/ahead.ts'
import { type RunConfig, toRunConfig } from '../setup/config.ts'
import { checkOutputFolder } from '../setup/folder.ts'
import { type Given, type RunBin, readOptions, type Values } from '../setup/option.ts'
import { MODES, type RunOption } from '../setup/options.ts'
import { unusedOptions } from '../setup/unused.ts'
import { smallHeapWords } from '../small-heap.ts'
import { type Log, screenLog } from './log.ts'
import { BIN_OPTIONS, unusedModes } from './options.ts'
import { type BinHelp, parseArgs } from './parse.ts'
import { configText } from './print-config.ts'
import { printText } from './screen.ts'

/** A run of a bin whose flags are read and sound. */
export interface Begun {
  /** What the user gave, on the command line and in --config. */
  readonly given: Given<RunOption>
  readonly config: RunConfig
  readonly modes: Values<typeof MODES>
  readonly log: Log
  readonly elapsedMs: () => number
}

/**
 * How every run begins: reads the flags, checks what needs no file, sets up CUDA's libraries, and says which options change nothing.
 * Null where that is all: --help, --print-config.
 */
export async function begin(bin: RunBin, help: BinHelp, argv: readonly string[]): Promise<Begun | null> {
  const started = performance.now()
  const given = await parseArgs(help, BIN_OPTIONS[bin], argv)
  if (given === null) return null
  const config = toRunConfig(bin, given)
  const modes = readOptions(MODES, given)
  const log = screenLog(help.name, config)
  const small = smallHeapWords()
  if (small !== null) log.warn(small)
  const sayUnused = (): void => {
    for (const line of [...unusedOptions(config, given), ...unusedModes(given)]) log.warn(line)
  }
  if (modes.printConfig) {
    sayUnused()
    printText(configText(config))
    return null
  }
  // a model may be downloaded for hours before the first file is written
  if (!modes.dryRun && modes.dumpRendered === null) checkOutputFolder(config.outputDir)
  if (bin !== 'run-verify') {
    checkAhead(config)
    await reexecForCuda(config.device, floatProductsFor(config.dtype))
  }
  // not before the process may start itself anew for CUDA: they would be said twice
  sayUnused()
  return { given, config, modes, log, elapsedMs: () => performance.now() - started }
}
