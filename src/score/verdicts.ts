import { InterruptedError } from '../errors.ts'
import type { SolutionInput, Verifier } from '../types.ts'
import type { Ledger } from './ledger.ts'

const LOOK_MS = 200
/** ether0's reason where the row's own answer cannot be read. */
const BAD_TRUTH = 'invalid_ground_truth'
/** Rows that are named of one trouble. */
const NAMED = 3

/** Completions without a verdict for one cause: the error's class, or ether0's reason of a ground truth that says nothing. */
export interface VerdictTrouble {
  readonly cause: string
  count: number
  /** The first rows, each once. */
  readonly first: { readonly where: string; readonly solution: SolutionInput }[]
}

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
  private readonly stopped: () => boolean
  /** Verdicts that came. */
  done = 0
  /** Verifications that failed, by class of the error: oracles that gave no answer, time-outs, molecules beyond RDKit. */
  readonly errors: Record<string, number> = {}
  private readonly byCause = new Map<string, VerdictTrouble>()

  /** @param stopped true after Ctrl-C: nothing is waited for any more */
  constructor(verifier: Verifier, ledger: Ledger, limit: number, stopped: () => boolean) {
    this.verifier = verifier
    this.ledger = ledger
    this.limit = limit
    this.stopped = stopped
  }

  /** @param where the row, for messages */
  push(index: number, completion: string, solution: SolutionInput, where: string): void {
    this.pending++
    this.verifier
      .verify(completion, solution)
      .then((verdict) => {
        this.ledger.verdict(index, verdict)
        const { error } = verdict.metadata
        if (typeof error === 'string') this.errors[error] = (this.errors[error] ?? 0) + 1
        if (typeof error === 'string') this.keep(error, where, solution)
        else if (verdict.reason === BAD_TRUTH) this.keep(BAD_TRUTH, where, solution)
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

  /** Most completions first. */
  get troubles(): readonly VerdictTrouble[] {
    return [...this.byCause.values()].sort((a, b) => b.count - a.count)
  }

  private keep(cause: string, where: string, solution: SolutionInput): void {
    const trouble = this.byCause.get(cause) ?? { cause, count: 0, first: [] }
    this.byCause.set(cause, trouble)
    trouble.count++
    if (trouble.first.length < NAMED && !trouble.first.some((row) => row.where === where))
      trouble.first.push({ where, solution })
  }

  /** Waits until fewer than the limit are pending. */
  readonly room = (): Promise<void> => this.until(() => this.pending < this.limit)
  /** Waits for all of them. */
  readonly drain = (): Promise<void> => this.until(() => this.pending === 0)

  private async until(ready: () => boolean): Promise<void> {
    while (!ready() && this.failure === null && !this.stopped()) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.wake = resolve
        timer = setTimeout(resolve, LOOK_MS)
      })
      clearTimeout(timer)
    }
    this.wake = null
    if (this.stopped())
      throw new InterruptedError(
        'interrupted',
        'verification',
        'What a model measured is kept; verdicts are computed again.',
      )
    if (this.failure !== null) throw this.failure
  }
}
