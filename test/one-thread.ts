import * as ort from 'onnxruntime-node'
import { modelThread } from '../src/model/threaded.ts'

/**
 * In the tests' own processes a model computes on one thread unless it is told otherwise. The processes are as many as the cores: threads of
 * each session beside them would wait for each other at every operator of a tiny model, busily. Bins that a test starts have ONNX Runtime's own.
 * For the same reason it computes on the test's own thread, where spies see it; test/model/threaded.test.ts gives it another.
 */
modelThread.own = false
const session = ort.InferenceSession as typeof ort.InferenceSession & { threads?: 1 }
if (session.threads === undefined) {
  // this file runs before every test file, in a process that they share
  session.threads = 1
  const create = session.create as (...args: unknown[]) => Promise<ort.InferenceSession>
  session.create = (...args: unknown[]): Promise<ort.InferenceSession> => {
    const last = args.at(-1)
    const options = args.length > 1 && last?.constructor === Object ? args.pop() : {}
    return create.call(session, ...args, { intraOpNumThreads: 1, ...(options as ort.InferenceSession.SessionOptions) })
  }
}
