import type { SolutionInput, Verifier } from '../types.ts'
import type { Ledger } from './ledger.ts'

/**
 * Verdicts on their way: verification runs in worker threads while the model scores. At most `limit` completions wait;
 * `room` is the back-pressure. A verdict goes into the ledger when it comes, in whatever order.
 */
export class VerdictQueue {
  private pending = 0
  private failure: unknown = null
  private wake: (() => void) | null = null
  readonly verifier: Verifier
  private readonly ledger: Ledger
  private readonly limit: number
  /** Verdicts that came. */
  done = 0
  /** Verifications that failed, by class of the error: oracles that gave no answer, time-outs, molecules beyond RDKit. */
  readonly errors: Record<string, number> = {}

  constructor(verifier: Verifier, ledger: Ledger, limit: number) {
    this.verifier = verifier
    this.ledger = ledger
    this.limit = limit
  }

  push(index: number, completion: string, solution: SolutionInput): void {
    this.pending++
    this.verifier
      .verify(completion, solution)
      .then((verdict) => {
        this.ledger.verdict(index, verdict)
        const { error } = verdict.metadata
        if (typeof error === 'string') this.errors[error] = (this.errors[error] ?? 0) + 1
      })
      .catch((error: unknown) => {
        this.failure ??= error
      })
      .finally(() => {
        this.pending--
        this.done++
        this.wake?.()
      })
  }

  /** Waits until fewer than the limit are pending. */
  readonly room = (): Promise<void> => this.until(() => this.pending < this.limit)
  /** Waits for all of them. */
  readonly drain = (): Promise<void> => this.until(() => this.pending === 0)

  private async until(ready: () => boolean): Promise<void> {
    while (!ready() && this.failure === null)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    this.wake = null
    if (this.failure !== null) throw this.failure
  }
}
