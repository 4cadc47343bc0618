import '../no-telemetry.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { InterruptedError } from '../errors.ts'
import { builtUrl } from '../package.ts'
import { plain } from '../plain-text.ts'
import type { MeasuredBatch } from './batcher.ts'
import { Outbox } from './outbox.ts'
import type { EngineWork, LearnedScore, ScoreRequest } from './request.ts'
import { type EngineFacts, errorOf, type FromThread, type ThreadStart, type ToThread } from './thread.ts'

/** What the engine is busy with. Counts since its start, but for what waits. */
export interface EngineGauges extends EngineWork {
  /** Requests that are not answered yet. */
  readonly waitingRequests: number
  /** Their tokens; of a request that the engine has not read yet, a guess by its length. */
  readonly waitingTokens: number
  /** Why the model cannot be computed with, as its files are; null where it can. */
  readonly trouble: string | null
}

/**
 * How much may wait; a request beyond it is refused (`QueueFull`). One that comes when nothing waits is always taken, and one that is longer
 * than half of the tokens where no more than half of them wait.
 */
export interface QueueLimits {
  readonly requests: number
  readonly tokens: number
}
export const DEFAULT_QUEUE: QueueLimits = { requests: 1024, tokens: 1_000_000 }

/** The model behind the routes, in a thread of its own. */
export interface RewardEngine {
  /** Resolves once a batch was measured, which warms the model up; rejects where it cannot be opened. */
  readonly ready: Promise<EngineFacts>
  readonly gauges: EngineGauges
  /** Resolves where the thread ends though nobody has closed it: nothing more is scored. */
  readonly broken: Promise<Error>
  /**
   * The scores of a request, in its order.
   * @param signal the client is gone: what is not measured yet is dropped, and the promise rejects
   * @throws QueueFull at once, where too much waits
   * @throws DataError where the store cannot be written; InterruptedError once the engine is closed
   */
  score(request: ScoreRequest, signal?: AbortSignal): Promise<readonly LearnedScore[]>
  /** The batch under way is finished; what waits is refused. */
  close(): Promise<void>
}

/** The queue is full: the client is to come again. */
export class QueueFull extends Error {
  constructor(
    readonly waitingRequests: number,
    readonly waitingTokens: number,
    /** When there will be room, as far as the pace so far says; whole seconds, 1 to 60. */
    readonly retryAfterSeconds: number,
  ) {
    super(`The reward model is busy: ${waitingRequests} requests wait`)
  }
}

interface Pending {
  tokens: number
  readonly resolve: (scores: readonly LearnedScore[]) => void
  readonly reject: (error: unknown) => void
}

export interface EngineOptions extends ThreadStart {
  readonly limits: QueueLimits
  /** Told what a bin says on its screen. */
  readonly say: (line: string, warning: boolean) => void
  readonly onBatch?: (batch: MeasuredBatch) => void
}

/** Starts the thread and opens the models in it. */
export function createRewardEngine({ limits, say, onBatch, ...start }: EngineOptions): RewardEngine {
  const worker = new Worker(builtUrl('src/serve/worker.ts'), { workerData: start satisfies ThreadStart, execArgv: [] })
  const pending = new Map<number, Pending>()
  let last = 0
  let isOpen = false
  let work: EngineWork = { batches: 0, tokens: 0, scored: 0, found: 0, modelMs: 0 }
  let trouble: string | null = null
  let over: Error | null = null
  let opened: (facts: EngineFacts) => void
  let failed: (error: Error) => void
  const ready = new Promise<EngineFacts>((resolve, reject) => {
    opened = resolve
    failed = reject
  })
  // whoever waits for it hears it; nobody may
  ready.catch(() => {})
  let broke: (error: Error) => void
  const broken = new Promise<Error>((resolve) => {
    broke = resolve
  })
  let ended: () => void
  const exit = new Promise<void>((resolve) => {
    ended = resolve
  })
  const end = (error: Error): void => {
    if (over === null && isOpen) broke(error)
    over ??= error
    failed(error)
    for (const { reject } of pending.values()) reject(over)
    pending.clear()
  }
  const tell = (message: ToThread): void => worker.postMessage(message)
  const outbox = new Outbox((request, asked) => tell({ kind: 'score', request, asked }))
  const waitingTokens = (): number => {
    let tokens = 0
    for (const one of pending.values()) tokens += one.tokens
    return tokens
  }
  const take = (request: number): Pending | null => {
    const one = pending.get(request) ?? null
    pending.delete(request)
    return one
  }
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'say') say(message.line, message.warning)
    else if (message.kind === 'ready') {
      isOpen = true
      opened(message.facts)
    } else if (message.kind === 'failed') end(errorOf(message.error))
    else if (message.kind === 'queued') {
      outbox.read(message.request)
      const one = pending.get(message.request)
      if (one !== undefined) one.tokens = message.tokens
    } else if (message.kind === 'batch') onBatch?.(message.batch)
    else if (message.kind === 'done') take(message.request)?.resolve(message.scores)
    else if (message.kind === 'refused') take(message.request)?.reject(errorOf(message.error))
    else if (message.kind === 'work') work = message.work
    else if (message.kind === 'model') trouble = message.trouble
  })
  worker.on('error', end)
  worker.on('exit', (code) => {
    end(new InterruptedError(`the engine's thread has ended with code ${code}`, 'reward engine'))
    ended()
  })
  return {
    ready,
    broken,
    get gauges() {
      return { ...work, waitingRequests: pending.size, waitingTokens: waitingTokens(), trouble }
    },
    score(asked, signal) {
      if (over !== null) return Promise.reject(over)
      const waiting = waitingTokens()
      const tokens = guessTokens(asked)
      // one that is longer than the queue would else wait for an empty one, which others' small ones may never leave it
      const room = waiting + Math.min(tokens, limits.tokens / 2) <= limits.tokens
      if (pending.size > 0 && (pending.size >= limits.requests || !room))
        throw new QueueFull(pending.size, waiting, retryAfter(waiting, work))
      if (signal?.aborted) return Promise.reject(signal.reason)
      const request = ++last
      return new Promise((resolve, reject) => {
        const gone = (): void => {
          if (take(request) === null) return
          if (!outbox.drop(request)) tell({ kind: 'cancel', request })
          reject(signal!.reason)
        }
        const without =
          <T>(then: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener('abort', gone)
            then(value)
          }
        signal?.addEventListener('abort', gone, { once: true })
        pending.set(request, { tokens, resolve: without(resolve), reject: without(reject) })
        outbox.post(request, asked, tokens)
      })
    },
    async close() {
      over ??= new InterruptedError('the server stops', 'reward engine')
      tell({ kind: 'close' })
      // a model that is being opened hears nothing; ended inside ONNX Runtime, the thread takes the process down
      if (!isOpen && (await Promise.race([exit, delay(OPENING_GRACE_MS, 'late', { ref: false })])) === 'late')
        await worker.terminate()
      await exit
    },
  }
}

/** A model that is still being opened when the server stops has so long to come to an end by itself. */
const OPENING_GRACE_MS = 3000

/** Chemistry has few letters a token. */
const LETTERS_PER_TOKEN = 3
function guessTokens(asked: ScoreRequest): number {
  return Math.ceil(lettersOf(asked) / LETTERS_PER_TOKEN)
}

function lettersOf(asked: ScoreRequest): number {
  if (asked.kind === 'texts')
    return asked.texts.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0)
  const conversations = asked.kind === 'conversation' ? [asked] : asked.conversations
  return conversations.reduce((sum, one) => {
    const prompt = plain(one.prompt).length
    return sum + one.completions.reduce((letters, text) => letters + prompt + plain(text).length, 0)
  }, 0)
}

function retryAfter(tokens: number, { tokens: computed, modelMs }: EngineWork): number {
  const seconds = computed === 0 ? 1 : (tokens * modelMs) / computed / 1000
  return Math.min(60, Math.max(1, Math.ceil(seconds)))
}
