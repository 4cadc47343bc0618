import { DeviceMemoryError } from '../errors.ts'
import type { Batch, Runner, Sequence } from '../types.ts'
import { byItself, halve, sizeOf } from './halve.ts'

/** A batch that did not fit. */
export interface Halved {
  readonly completions: number
  readonly tokens: number
  /** Tokens of the larger half: no batch of this runner is larger from here on, unless it is one completion. */
  readonly most: number
  /** What the device said. */
  readonly message: string
}

/** For the screen. */
export const halvedWords = ({ completions, tokens, most, message }: Halved): string =>
  `memory ran out in a batch of ${completions} completions (${tokens} tokens). It is halved and repeated, and no batch has more than ${most} tokens from here on (--batch-tokens ${most} begins there) or takes over what another one computed. ${message}`

/** What of a batch came out: by its places, the outputs, or the words of the device where one sequence alone does not fit. */
export type Fitted = Float32Array | { readonly tooLarge: string }

/** What fits in the memory of a runner is found once and kept as long as it is open. */
const mostTokens = new WeakMap<Runner, number>()
/** Where memory ran out once, batches keep no keys and values for one another. */
const ranOut = new WeakSet<Runner>()

/**
 * Runs a batch. Where memory runs out it is halved and each half is run, down to one sequence; larger batches that come later are halved at
 * once. The numbers do not depend on it but for their last digits, as on every other layout.
 */
export async function runFitting(
  runner: Runner,
  planned: Batch,
  sequences: readonly Sequence[],
  onHalved: (halved: Halved) => void = () => {},
): Promise<Fitted[]> {
  const batch = ranOut.has(runner) ? byItself(planned) : planned
  const tokens = sizeOf(batch, sequences)
  const halves = halve(batch, sequences)
  if (halves === null || tokens <= (mostTokens.get(runner) ?? Number.POSITIVE_INFINITY)) {
    try {
      return await runner.run(batch, sequences)
    } catch (error) {
      if (!(error instanceof DeviceMemoryError)) throw error
      ranOut.add(runner)
      // alone is without what others computed, too
      if (halves === null && (batch.carried ?? 0) + (batch.kept ?? 0) > 0)
        return runFitting(runner, batch, sequences, onHalved)
      if (halves === null) return [{ tooLarge: error.message }]
      const most = Math.max(...halves.map((half) => half.tokens))
      mostTokens.set(runner, Math.min(most, mostTokens.get(runner) ?? most))
      onHalved({ completions: batch.sequences.length, tokens, most, message: error.message })
    }
  }
  const results: Fitted[] = []
  for (const half of halves) results.push(...(await runFitting(runner, half, sequences, onHalved)))
  return results
}
