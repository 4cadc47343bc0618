import '../no-telemetry.ts'
import { Worker } from 'node:worker_threads'

/** Of a thread's heap for what has just been made: the statistics make columns, which stand elsewhere, and little else. */
const YOUNG_MB = 8

/** ◆ What a thread answers, once, before it ends. @param work what it reads; structured-cloneable */
export function answerOfThread<Answer>(url: URL, work: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, {
      workerData: work,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`a worker of the statistics ended with ${code}`)))
  })
}
