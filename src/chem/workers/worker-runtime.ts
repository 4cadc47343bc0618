import { setPriority } from 'node:os'
import { type MessagePort, workerData } from 'node:worker_threads'
import { threadClock } from '../../thread-time.ts'
import { markMachineCode } from '../oracles/machine-code.ts'

/** What the pool hands to a worker at its start. */
export interface WorkerStart {
  readonly port: MessagePort
  /** Int32 [4], at `MARK`. */
  readonly marks: SharedArrayBuffer
  /** Int32 [1]: whether the worker is in machine code (`machine-code.ts`). */
  readonly machineCode: SharedArrayBuffer
  /** `process.hrtime.bigint()` of the pool's start: a clock that all threads share. */
  readonly epoch: bigint
  /** The worker module's own options. */
  readonly options: unknown
}
/** Where in the marks of a worker stands what. Milliseconds wrap after 24 days: differences are taken modulo 2³² (`| 0`). */
export const MARK = {
  /** Sequence number of the job that has the turn; 0 = none. */
  seq: 0,
  /** When it got it: ms since `epoch`. */
  wall: 1,
  /** The same, in ms of the clock of the worker's thread (`thread-time.ts`). */
  time: 2,
  /** The thread's number, by which the pool reads that clock. */
  thread: 3,
} as const
export interface Request<J> {
  readonly seq: number
  readonly job: J
}
export type Reply<R> = { readonly seq: number } & ({ readonly result: R } | { readonly error: Error })

/** So much less than it has may a job get of its limit. */
const READ_EVERY_MS = 10

/** Milliseconds since the pool's start. */
export const sinceEpoch = (epoch: bigint): number => Number((process.hrtime.bigint() - epoch) / 1_000_000n)

/**
 * The turn to compute. Jobs of a worker overlap only while one waits for the outside (`away`): between two waits exactly one holds the
 * turn, and the shared marks name it. So the pool can tell which job hangs or crashed its worker.
 */
export class Turn {
  private holder = 0
  private readonly queue: { readonly seq: number; readonly go: () => void }[] = []
  private readonly clock = threadClock()
  /** The last reading of the clock, and when that was. */
  private read = { wall: Number.NEGATIVE_INFINITY, time: 0 }
  constructor(
    private readonly marks: Int32Array,
    private readonly epoch: bigint,
  ) {
    Atomics.store(marks, MARK.thread, this.clock.thread)
  }

  /** Runs a job once the turn is free. */
  async hold<T>(seq: number, job: () => Promise<T>): Promise<T> {
    await this.take(seq)
    try {
      return await job()
    } finally {
      this.pass()
    }
  }

  /** Lets other jobs compute while this one waits for the outside world. */
  async away<T>(wait: () => Promise<T>): Promise<T> {
    const seq = this.holder
    const waiting = wait()
    this.pass()
    try {
      return await waiting
    } finally {
      await this.take(seq)
    }
  }

  private async take(seq: number): Promise<void> {
    if (this.holder !== 0) await new Promise<void>((go) => this.queue.push({ seq, go }))
    this.mark(seq)
  }

  private pass(): void {
    const next = this.queue.shift()
    this.mark(next?.seq ?? 0)
    next?.go()
  }

  private mark(seq: number): void {
    this.holder = seq
    const wall = sinceEpoch(this.epoch)
    // many a job is shorter than a reading takes; since the last one the thread has computed no longer than time has passed
    if (wall - this.read.wall >= READ_EVERY_MS) this.read = { wall, time: Math.round(this.clock.read()) }
    Atomics.store(this.marks, MARK.wall, wall)
    Atomics.store(this.marks, MARK.time, this.read.time)
    Atomics.store(this.marks, MARK.seq, seq)
  }
}

/** Verification must not take the cores from the model: on Linux a priority belongs to a thread, elsewhere to the whole process. */
const WORKER_NICENESS = 10
function yieldToTheModel(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, WORKER_NICENESS)
  } catch {
    // a sandbox may forbid it: the worker then runs at the usual priority
  }
}

/**
 * The body of a worker module: opens what the jobs need, then answers jobs until the pool ends the thread.
 * A job that throws answers with the error; a job that never returns, or takes the thread down, is the pool's to notice.
 */
export async function serveJobs<J, R>(
  open: (options: unknown, turn: Turn) => Promise<(job: J) => Promise<R>>,
): Promise<void> {
  const { port, marks, machineCode, epoch, options } = workerData as WorkerStart
  markMachineCode(new Int32Array(machineCode))
  yieldToTheModel()
  const turn = new Turn(new Int32Array(marks), epoch)
  const handle = await open(options, turn)
  const answer = async ({ seq, job }: Request<J>): Promise<void> => {
    let reply: Reply<R>
    try {
      reply = { seq, result: await turn.hold(seq, () => handle(job)) }
    } catch (error) {
      reply = { seq, error: error instanceof Error ? error : new Error(String(error)) }
    }
    port.postMessage(reply)
  }
  port.on('message', (requests: readonly Request<J>[]) => {
    for (const request of requests) void answer(request)
  })
}
