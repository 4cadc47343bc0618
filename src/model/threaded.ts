import '../no-telemetry.ts'
import { Worker } from 'node:worker_threads'
import type * as ort from 'onnxruntime-node'
import { builtUrl } from '../package.ts'
import type { Carry } from './held-session.ts'
import {
  ENDING,
  INSIDE,
  MARK,
  OUTSIDE,
  type SentTensor,
  type SessionReply,
  type SessionRequest,
  UNWANTED,
} from './session-messages.ts'

/** What a runner asks of a session, in whatever thread that is. */
export interface GraphSession {
  run(
    feeds: Readonly<Record<string, ort.Tensor>>,
    outputs: readonly string[],
    /** What the run takes over from one before it, and keeps. Default: nothing, either way. */
    carry?: Carry,
  ): Promise<Readonly<Record<string, Pick<ort.Tensor, 'data' | 'dims'>>>>
  release(): Promise<void>
  /** Milliseconds inside ONNX Runtime since it was opened, by the clock of its thread; left out where that is the caller's. */
  readonly busyMs?: () => number
}

/**
 * Whether models that may live in threads of their own do. CHEMHERM_MODEL_THREAD=main keeps them in the thread that prepares the texts, as long as
 * nothing else is known of a device where ONNX Runtime does not run beside it; the tests' own processes replace parts of it there.
 */
export const modelThread = { own: process.env.CHEMHERM_MODEL_THREAD !== 'main' }

interface Waiting {
  readonly resolve: (outputs: Readonly<Record<string, SentTensor>>) => void
  readonly reject: (error: Error) => void
}

/**
 * A session in a thread of its own: ONNX Runtime's `run` for Node blocks the thread that calls it, and this one has texts to prepare and answers to
 * take in meanwhile. Runs are sent ahead and answered in order. The weights are mapped by the session, there as here; what crosses is
 * the graph once, and ids and outputs, copied.
 * @throws Error with ONNX Runtime's message where the model cannot be opened
 */
export async function threadedSession(
  model: Uint8Array | string,
  options: ort.InferenceSession.SessionOptions,
): Promise<GraphSession> {
  const session = new ThreadedSession()
  try {
    await session.open(model, options)
    return session
  } catch (error) {
    await session.end()
    throw error
  }
}

class ThreadedSession implements GraphSession {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  readonly #worker = new Worker(builtUrl('src/model/session-thread.ts'), {
    workerData: { shared: this.#shared.buffer },
    execArgv: [], // the caller's `--input-type`, loaders or inspector are not the worker's
  })
  readonly #runs = new Map<number, Waiting>()
  /** Of an open or a release. */
  #settled: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null
  #sent: Readonly<Record<string, ort.Tensor>> = {}
  #lastId = 0
  #busyMs = 0
  #lost: Error | null = null

  constructor() {
    this.#worker.on('message', (reply: SessionReply) => this.#answer(reply))
    // what memory has no room to unpack, there or here, would be waited for for ever
    this.#worker.on('messageerror', (error: Error) => this.#lose(error))
    this.#worker.on('error', (error: Error) => this.#lose(error))
    this.#worker.on('exit', (code) => this.#lose(new Error(`the model's thread left with code ${code}`)))
    process.on('exit', this.#hold)
  }

  readonly busyMs = (): number => this.#busyMs

  open(model: Uint8Array | string, options: ort.InferenceSession.SessionOptions): Promise<void> {
    return this.#ask({ kind: 'open', model, options })
  }

  async run(
    feeds: Readonly<Record<string, ort.Tensor>>,
    outputs: readonly string[],
    carry?: Carry,
  ): Promise<Readonly<Record<string, SentTensor>>> {
    if (this.#lost !== null) throw this.#lost
    const id = ++this.#lastId
    const before = this.#sent
    const sent = Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [name, before[name] === tensor ? null : packed(tensor)]),
    )
    return new Promise((resolve, reject) => {
      this.#post({ kind: 'run', id, feeds: sent, outputs, carry })
      // not where that throws: the thread has the tensors of the run before
      this.#sent = feeds
      this.#runs.set(id, { resolve, reject })
    })
  }

  /** Waits for the run in hand, makes none of those that were sent ahead, and frees the session. */
  async release(): Promise<void> {
    if (this.#lost === null) {
      Atomics.store(this.#shared, UNWANTED, 1)
      for (const { reject } of this.#runs.values()) reject(new Error('the model was released'))
      this.#runs.clear()
      await this.#ask({ kind: 'release' })
    }
    await this.end()
  }

  /** Ends the thread, which waits for work. */
  async end(): Promise<void> {
    this.#lost ??= new Error('the model was released')
    this.#worker.ref()
    this.#hold()
    await this.#worker.terminate()
    process.off('exit', this.#hold)
  }

  /** Where the process ends in the middle of a run, it ends after it. */
  readonly #hold = (): void => {
    while (!this.#mayEnd()) Atomics.wait(this.#shared, MARK, INSIDE)
  }

  /** Whether the thread is outside ONNX Runtime, and stays there from here on. */
  #mayEnd(): boolean {
    return Atomics.compareExchange(this.#shared, MARK, OUTSIDE, ENDING) !== INSIDE
  }

  #ask(request: SessionRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settled = { resolve, reject }
      this.#post(request)
    })
  }

  /** A thread that is at work keeps the process running, one that waits does not. */
  #post(request: SessionRequest): void {
    this.#worker.ref()
    this.#worker.postMessage(request)
  }

  #answer(reply: SessionReply): void {
    switch (reply.kind) {
      case 'opened':
      case 'released':
        this.#settled?.resolve()
        this.#settled = null
        break
      case 'failed':
        this.#settled?.reject(receivedError(reply.error))
        this.#settled = null
        break
      case 'ran': {
        const waiting = this.#runs.get(reply.id)
        this.#runs.delete(reply.id)
        this.#busyMs += reply.ms
        if ('error' in reply.result) waiting?.reject(receivedError(reply.result.error))
        else waiting?.resolve(reply.result.outputs)
      }
    }
    if (this.#runs.size === 0 && this.#settled === null) this.#worker.unref()
  }

  #lose(error: Error): void {
    this.#lost ??= error
    // a thread that died leaves its mark where it was
    Atomics.store(this.#shared, MARK, ENDING)
    for (const { reject } of this.#runs.values()) reject(this.#lost)
    this.#runs.clear()
    this.#settled?.reject(this.#lost)
    this.#settled = null
  }
}

function packed({ type, data, dims }: ort.Tensor): SentTensor {
  // a view would take the whole of its memory with it
  const own = data as Exclude<ort.Tensor['data'], string[]>
  return { type, data: own.byteLength === own.buffer.byteLength ? own : own.slice(), dims }
}

const receivedError = ({ message, stack }: { readonly message: string; readonly stack: string | undefined }): Error =>
  Object.assign(new Error(message), stack === undefined ? {} : { stack })
