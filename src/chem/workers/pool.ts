import '../../no-telemetry.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { InterruptedError } from '../../errors.ts'
import { timeOfThread } from '../../thread-time.ts'
import { mayEnd } from '../oracles/machine-code.ts'
import { WaitingLine } from './waiting-line.ts'
import { MARK, type Reply, type Request, sinceEpoch, type WorkerStart } from './worker-runtime.ts'

export interface PoolOptions {
  /** Compiled worker module; it calls `serveJobs`. */
  readonly url: URL
  /** Handed to the module's `open`; structured-cloneable. */
  readonly options: unknown
  readonly workers: number
  /** Jobs that may wait or run before `room` makes a caller wait. */
  readonly queue: number
  /**
   * Longest that a job may compute at a stretch, in ms of processor time: not of the clock on the wall, so that what a busy machine gives up
   * an idle one gives up, too. Waits for the outside are not counted.
   */
  readonly timeoutMs: number
  /** Longest that a stretch may take on the wall, for a thread that the system lets wait for ever. Default: 100 times `timeoutMs`. */
  readonly stalledMs?: number
}
/** How a job ended. */
export type JobEnd<R> =
  | { readonly kind: 'done'; readonly result: R }
  | { readonly kind: 'timeout' }
  /** `stalledMs` were over, `timeoutMs` were not. */
  | { readonly kind: 'stalled' }
  /** It took its worker down, and the fresh one that it was then given, too. */
  | { readonly kind: 'crash'; readonly message: string }

interface Item<J, R> extends Request<J> {
  readonly signal: AbortSignal | null
  readonly resolve: (end: JobEnd<R>) => void
  readonly reject: (error: Error) => void
  /** Workers that it took down. */
  crashes: number
}
interface Lane<J, R> {
  readonly worker: Worker
  readonly port: MessagePort
  readonly marks: Int32Array
  readonly machineCode: Int32Array
  readonly inFlight: Map<number, Item<J, R>>
}

/** Jobs sent ahead to one worker, so that it stays busy while the main thread is inside a model's (synchronous) run: some tenths of a second. */
const PREFETCH = 256
/** Workers that die one after the other before they answer anything: then it is not the jobs' fault. */
const MAX_FAILED_STARTS = 3
/** Machine code takes tenths of a second at most: opening the solubility model. */
const MACHINE_CODE_POLL_MS = 5
/** Of the limit of processor time: a worker has the lowest priority, and a machine may have many times more to do than it has cores. */
const STALLED_FACTOR = 100
/** A job whose worker died is tried once more, by a fresh one: what the earlier jobs left behind must decide about none. */
const MAX_CRASHES = 2
/** JavaScript heap of a worker (RDKit's WebAssembly memory is not in it); beyond it the worker dies, not the run. */
const WORKER_HEAP_MB = 1024

/**
 * Worker threads with a time limit per job. Written on worker_threads rather than on piscina for two reasons. ONNX Runtime's `run`
 * blocks the main thread for as long as a batch takes: a pool that hands out one task at a time starves its workers meanwhile, so jobs
 * are sent ahead; and timers of the main thread fire late and before the messages that would have stopped them, so who overran is read
 * from memory that the worker writes, after its finished answers have been taken in. Only the job that hung or crashed is given up;
 * those sent ahead with it go to a fresh worker. The limit is processor time of the worker's thread (`thread-time.ts`).
 */
export class WorkerPool<J, R> {
  private readonly epoch = process.hrtime.bigint()
  private readonly lanes: Lane<J, R>[] = []
  private readonly waiting = new WaitingLine<Item<J, R>>()
  private readonly roomSeekers: (() => void)[] = []
  private readonly watched = new WeakSet<AbortSignal>()
  private pending = 0
  private lastSeq = 0
  private failedStarts = 0
  private ended = 0
  private flushing = false
  private closed = false
  private watch: NodeJS.Timeout | null = null

  constructor(private readonly config: PoolOptions) {}

  /**
   * Answers with the job's result, or with how it was given up; rejects where the job threw, or the pool was closed.
   * @param signal nobody waits for it any more: unless it was handed to a worker already, it is dropped, and the promise rejects
   */
  run(job: J, signal: AbortSignal | null = null): Promise<JobEnd<R>> {
    if (this.closed) return Promise.reject(closedError())
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (signal !== null) this.watchFor(signal)
    return new Promise((resolve, reject) => {
      this.pending++
      this.lastSeq = (this.lastSeq % 0x7fffffff) + 1
      this.waiting.push({ seq: this.lastSeq, job, signal, resolve, reject, crashes: 0 })
      this.flushSoon()
    })
  }

  /** Workers that were replaced so far: they died, or their job was given up. */
  get replaced(): number {
    return this.ended
  }

  /** Waits until fewer than `queue` jobs are waiting or running. */
  async room(): Promise<void> {
    while (!this.closed && this.pending >= this.config.queue) {
      await new Promise<void>((resolve) => this.roomSeekers.push(resolve))
    }
  }

  /** Ends the workers at once; jobs that are not answered yet reject. */
  async close(): Promise<void> {
    this.closed = true
    const lanes = this.lanes.splice(0)
    const open = [...lanes.flatMap((lane) => [...lane.inFlight.values()]), ...this.waiting.take(this.waiting.length)]
    for (const item of open) this.settle(() => item.reject(closedError()))
    for (const resolve of this.roomSeekers.splice(0)) resolve()
    this.keepAlive()
    await Promise.all(lanes.map(dismiss))
  }

  /** One listener for all jobs of a request. */
  private watchFor(signal: AbortSignal): void {
    if (this.watched.has(signal)) return
    this.watched.add(signal)
    const drop = (): void => {
      const dropped = this.waiting.leave((item) => item.signal === signal)
      for (const item of dropped) this.settle(() => item.reject(signal.reason as Error))
      this.keepAlive()
    }
    signal.addEventListener('abort', drop, { once: true })
  }

  private flushSoon(): void {
    if (this.flushing) return
    this.flushing = true
    queueMicrotask(() => {
      this.flushing = false
      if (!this.closed) this.flush()
    })
  }

  /** Spreads the waiting jobs over the workers, the idle ones first, starting those that are missing: also for jobs that come one by one. */
  private flush(): void {
    while (this.lanes.length < Math.min(this.config.workers, this.pending)) this.lanes.push(this.start())
    const share = Math.ceil(this.waiting.length / Math.max(1, this.lanes.length))
    for (const lane of [...this.lanes].sort((a, b) => a.inFlight.size - b.inFlight.size)) {
      const items = this.waiting.take(Math.min(share, PREFETCH - lane.inFlight.size))
      if (items.length === 0) continue
      for (const item of items) lane.inFlight.set(item.seq, item)
      lane.port.postMessage(items.map(({ seq, job }): Request<J> => ({ seq, job })))
    }
    this.keepAlive()
  }

  private start(): Lane<J, R> {
    const { port1: port, port2 } = new MessageChannel()
    const [marks, machineCode] = [new SharedArrayBuffer(16), new SharedArrayBuffer(4)]
    const start: WorkerStart = { port: port2, marks, machineCode, epoch: this.epoch, options: this.config.options }
    const worker = new Worker(this.config.url, {
      workerData: start,
      transferList: [port2],
      execArgv: [], // the caller's `--input-type`, loaders or inspector are not the worker's
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    })
    const lane: Lane<J, R> = {
      worker,
      port,
      marks: new Int32Array(marks),
      machineCode: new Int32Array(machineCode),
      inFlight: new Map(),
    }
    port.on('message', (reply: Reply<R>) => this.answer(lane, reply))
    worker.on('error', (error: Error) => this.lost(lane, error.message, error))
    worker.on('exit', (code) => this.lost(lane, `the worker left with code ${code}`))
    return lane
  }

  private answer(lane: Lane<J, R>, reply: Reply<R>): void {
    const item = lane.inFlight.get(reply.seq)
    if (item === undefined) return
    lane.inFlight.delete(reply.seq)
    this.failedStarts = 0
    this.settle(() =>
      'error' in reply ? item.reject(reply.error) : item.resolve({ kind: 'done', result: reply.result }),
    )
    if (this.waiting.length > 0) this.flushSoon()
    else this.keepAlive()
  }

  private settle(tell: () => void): void {
    this.pending--
    tell()
    if (this.pending < this.config.queue) this.roomSeekers.shift()?.()
  }

  /** A worker died. The job that had the turn is tried once more, then given up. */
  private lost(lane: Lane<J, R>, message: string, error?: Error): void {
    if (!this.lanes.includes(lane)) return
    this.drain(lane)
    const culprit = lane.inFlight.get(Atomics.load(lane.marks, MARK.seq))
    if (culprit !== undefined && ++culprit.crashes < MAX_CRASHES) this.replace(lane)
    else this.replace(lane, culprit, { kind: 'crash', message })
    if (culprit === undefined && ++this.failedStarts >= MAX_FAILED_STARTS) {
      const cause = error ?? new Error(message)
      for (const item of this.waiting.take(this.waiting.length)) this.settle(() => item.reject(cause))
    }
  }

  /** Gives up every job that has computed for longer than the limit. */
  private checkTime(): void {
    for (const lane of [...this.lanes]) {
      const at = Array.from(lane.marks)
      const end = this.overrun(at)
      if (end === null) continue
      this.drain(lane)
      // another job may have got the turn between two loads, or since
      if (Array.from(lane.marks).some((mark, i) => mark !== at[i])) continue
      const culprit = lane.inFlight.get(at[MARK.seq]!)
      if (culprit !== undefined) this.replace(lane, culprit, { kind: end })
    }
  }

  /** Which limit the job is over that a worker's marks name; null for none. */
  private overrun(marks: readonly number[]): 'timeout' | 'stalled' | null {
    const { timeoutMs, stalledMs = STALLED_FACTOR * timeoutMs } = this.config
    const elapsed = (sinceEpoch(this.epoch) - marks[MARK.wall]!) | 0
    // nothing computes for longer than time passes; NaN (the thread has just ended) is over no limit
    if (marks[MARK.seq] === 0 || elapsed <= timeoutMs) return null
    const computed = (Math.round(timeOfThread(marks[MARK.thread]!)) - marks[MARK.time]!) | 0
    return computed > timeoutMs ? 'timeout' : elapsed > stalledMs ? 'stalled' : null
  }

  private replace(lane: Lane<J, R>): void
  private replace(lane: Lane<J, R>, culprit: Item<J, R> | undefined, end: JobEnd<R>): void
  private replace(lane: Lane<J, R>, culprit?: Item<J, R>, end?: JobEnd<R>): void {
    this.lanes.splice(this.lanes.indexOf(lane), 1)
    this.ended++
    void dismiss(lane)
    if (culprit !== undefined && end !== undefined) {
      lane.inFlight.delete(culprit.seq)
      this.settle(() => culprit.resolve(end))
    }
    this.waiting.putBack(lane.inFlight.values())
    this.flushSoon()
  }

  /** Takes in the answers that have been sent but not delivered yet. */
  private drain(lane: Lane<J, R>): void {
    for (let got = receiveMessageOnPort(lane.port); got !== undefined; got = receiveMessageOnPort(lane.port)) {
      this.answer(lane, got.message as Reply<R>)
    }
  }

  /** Busy workers keep the process running, idle ones do not. */
  private keepAlive(): void {
    for (const { worker, port, inFlight } of this.lanes) {
      if (inFlight.size > 0) {
        worker.ref()
        port.ref()
      } else {
        worker.unref()
        port.unref()
      }
    }
    if (this.pending > 0) {
      this.watch ??= setInterval(() => this.checkTime(), Math.min(500, Math.max(10, this.config.timeoutMs / 8))).unref()
    } else if (this.watch !== null) {
      clearInterval(this.watch)
      this.watch = null
    }
  }
}

const closedError = (): InterruptedError => new InterruptedError('the verification was stopped', 'verifier')

async function dismiss<J, R>({ worker, port, machineCode }: Lane<J, R>): Promise<void> {
  port.close()
  // -1: it has ended by itself
  while (worker.threadId !== -1 && !mayEnd(machineCode)) await delay(MACHINE_CODE_POLL_MS)
  await worker.terminate()
}
