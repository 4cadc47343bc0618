import { setImmediate } from 'node:timers/promises'
import { ModelError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import { tensorBlocks } from './tensor-values.ts'

/** Reads the named tensors and throws a ModelError at the first value that is not finite. */
export async function checkFinite(checkpoint: Checkpoint, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const ref = checkpoint.tensors.get(name)!
    let done = 0
    for (const block of tensorBlocks(ref)) {
      const i = block.findIndex((value) => !Number.isFinite(value))
      if (i >= 0)
        throw new ModelError(
          `tensor "${name}" [${ref.shape.join(', ')}] holds ${block[i]} (element ${done + i}): every score would be wrong`,
          ref.file,
          'The checkpoint is damaged or its training diverged; fetch it again or use another one.',
        )
      done += block.length
    }
    await setImmediate()
  }
}
