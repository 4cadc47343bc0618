// A worker of test/chem-oracles/pool.test.ts: answers, hangs, crashes, throws or waits as the job says. Runs compiled code, like every worker.
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { serveJobs } from '../../dist/src/chem/workers/worker-runtime.js'

await serveJobs(async (options, turn) => {
  if (options === 'broken') throw new Error('cannot open')
  return async (job) => {
    if (job.spinMs) for (const end = Date.now() + job.spinMs; Date.now() < end; );
    if (job.kind === 'hang') for (;;);
    // time passes, and the thread computes nothing, as on a machine that has others to do first
    if (job.kind === 'sleep') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, job.sleepMs)
    if (job.kind === 'exit') process.exit(7)
    if (job.kind === 'exit-once' && !existsSync(job.flag)) {
      writeFileSync(job.flag, '')
      process.exit(7)
    }
    if (job.kind === 'throw') throw new TypeError('a bug')
    if (job.kind === 'memory') {
      const held = []
      for (;;) held.push(new Array(1e6).fill(0.5))
    }
    if (job.kind === 'wait') {
      await turn.away(() => delay(job.waitMs))
      if (job.after === 'hang') for (;;);
    }
    return job.value
  }
})
