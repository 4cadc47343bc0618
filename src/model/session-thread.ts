import '../no-telemetry.ts'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { HeldSession } from './held-session.ts'
import {
  ENDING,
  INSIDE,
  MARK,
  OUTSIDE,
  type SentError,
  type SentTensor,
  type SessionReply,
  type SessionRequest,
  UNWANTED,
} from './session-messages.ts'

// ◆ The thread of a session (threaded.ts): opens it, runs what it is sent one after the other, and says how long it was at work.

serve(parentPort!, new Int32Array((workerData as { readonly shared: SharedArrayBuffer }).shared))

function serve(port: MessagePort, shared: Int32Array): void {
  const answer = (reply: SessionReply): void => port.postMessage(reply)
  let session: HeldSession | null = null
  let feeds: Readonly<Record<string, ort.Tensor>> = {}
  /** A call into the addon. Where the thread is about to end it makes none any more. */
  const inside = async <T>(call: () => Promise<T>): Promise<T> => {
    if (Atomics.compareExchange(shared, MARK, OUTSIDE, INSIDE) === ENDING) return new Promise<never>(() => {})
    try {
      return await call()
    } finally {
      Atomics.store(shared, MARK, OUTSIDE)
      Atomics.notify(shared, MARK)
    }
  }
  const handle = async (request: SessionRequest): Promise<void> => {
    switch (request.kind) {
      case 'open':
        try {
          const { model, options } = request
          const opened = await inside(() =>
            typeof model === 'string'
              ? ort.InferenceSession.create(model, options)
              : ort.InferenceSession.create(model, options),
          )
          session = new HeldSession(opened, ort.Tensor)
          return answer({ kind: 'opened' })
        } catch (error) {
          return answer({ kind: 'failed', error: sent(error) })
        }
      case 'run': {
        if (Atomics.load(shared, UNWANTED) === 1) return
        const began = performance.now()
        try {
          feeds = Object.fromEntries(
            Object.entries(request.feeds).map(([name, tensor]) => [
              name,
              tensor === null ? feeds[name]! : tensorOf(tensor),
            ]),
          )
          const found = await inside(() => session!.run(feeds, request.outputs, request.carry))
          const ms = performance.now() - began
          return answer({ kind: 'ran', id: request.id, ms, result: { outputs: copies(found) } })
        } catch (error) {
          const ms = performance.now() - began
          return answer({ kind: 'ran', id: request.id, ms, result: { error: sent(error) } })
        }
      }
      case 'release':
        await inside(async () => session?.release())
        return answer({ kind: 'released' })
    }
  }
  let last: Promise<void> = Promise.resolve()
  port.on('messageerror', (error: Error) => {
    throw error
  })
  port.on('message', (request: SessionRequest) => {
    last = last.then(() => handle(request))
  })
}

const tensorOf = ({ type, data, dims }: SentTensor): ort.Tensor => new ort.Tensor(type, data as Float32Array, dims)

/** What ONNX Runtime's arena lends is copied: it cannot change hands. */
const copies = (found: Readonly<Record<string, ort.Tensor>>): Record<string, SentTensor> =>
  Object.fromEntries(
    Object.entries(found).map(([name, { type, data, dims }]) => [
      name,
      { type, data: (data as Float32Array).slice(), dims },
    ]),
  )

const sent = (error: unknown): SentError =>
  error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error), stack: undefined }
