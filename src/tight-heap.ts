import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** By how much V8's heap may grow over what was alive before it collects again, per cent. By itself it lets a small heap grow fourfold. */
const GROWTH = 30

/**
 * ◆ For the rest of the process V8 collects garbage sooner: where columns of numbers take the memory, the strings and keys beside them
 * would otherwise hold three times what they need. Costs some per cent of processor time. `heap_growing_percent` is V8's own flag
 * (v8/src/flags/flag-definitions.h), read at each collection.
 */
export const tightHeap = (): void => setFlagsFromString(`--heap-growing-percent=${GROWTH}`)

/**
 * ◆ From now on V8's young generation stays as large as it is, in every thread of the process: by itself it grows to 32 MB (64 on Node 24) while a command's
 * modules are loaded. `semi_space_growth_factor` is V8's own flag, read whenever it would grow.
 */
export const keepYoungGeneration = (): void => setFlagsFromString('--semi-space-growth-factor=1')

let collect: (() => void) | null = null

/**
 * ◆ Collects garbage now: the engine lets columns of some 200 MB lie about before it looks for those that nothing needs any more. Takes 5 to 30 ms
 * beside a heap of 50 MB, so it's for between steps of seconds. `expose_gc` is V8's own flag, too.
 */
export function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}
