import { getHeapStatistics } from 'node:v8'

/** A run on two rows needs 70 MiB, one on the 300 embedded pairs 90; with --max-old-space-size=96 the limit is 144. */
const SMALL = 160 * 2 ** 20

/**
 * What to say where JavaScript may use so little memory that Node may end the process in the middle; null where it may use enough to begin with.
 * The end itself cannot be caught: V8 aborts.
 * @param limit bytes of V8's heap
 */
export function smallHeapWords(limit: number = getHeapStatistics().heap_size_limit): string | null {
  if (limit >= SMALL) return null
  return `JavaScript may use ${Math.floor(limit / 2 ** 20)} MiB of memory (--max-old-space-size, in NODE_OPTIONS perhaps): Node may end the run in the middle, with "heap out of memory". What was measured until then is kept; give it 256 or more, and run again`
}
