/**
 * A thread that is ended (`worker.terminate()`) while ONNX Runtime is at work in it takes the whole process down: the addon throws into
 * an environment that is gone, and C++ aborts. So a worker marks the time it spends there, and the pool ends it before or after, never
 * during. States of the mark, in memory that both share:
 */
const OUTSIDE = 0
const INSIDE = 1
const ENDING = 2

/** This thread's mark; null in a thread that nobody ends. */
let mark: Int32Array | null = null

/** Says where this thread's mark is: an Int32 [1]. */
export function markMachineCode(own: Int32Array): void {
  mark = own
}

/** Runs a call of an addon. Calls of one thread do not overlap. A thread that is about to be ended makes none any more. */
export async function machineCode<T>(call: () => Promise<T>): Promise<T> {
  if (mark === null) return call()
  if (Atomics.compareExchange(mark, 0, OUTSIDE, INSIDE) === ENDING) return new Promise<never>(() => {})
  try {
    return await call()
  } finally {
    Atomics.store(mark, 0, OUTSIDE)
  }
}

/** Whether the thread of the mark can be ended now: it is in no addon, and from here on enters none. */
export const mayEnd = (other: Int32Array): boolean => Atomics.compareExchange(other, 0, OUTSIDE, ENDING) !== INSIDE
