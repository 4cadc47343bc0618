import { formatReward } from '../chem/ether0/format.ts'
import { type RunInput, verifyAll } from '../run.ts'
import { Ledger } from '../score/ledger.ts'
import { VerdictQueue } from '../score/verdicts.ts'
import type { RunConfig } from '../setup/config.ts'
import type { Verifier } from '../types.ts'
import type { Interrupt } from './interrupt.ts'
import type { Log } from './log.ts'

/** Verifies every completion of a run without measurements, with a progress bar. */
export async function verifyRows({
  config,
  verifier,
  interrupt,
  log,
  completions,
  rows,
}: {
  readonly config: Pick<RunConfig, 'verification'>
  readonly verifier: Verifier
  readonly interrupt: Pick<Interrupt, 'stopped'>
  readonly log: Pick<Log, 'progress'>
  /** How many there are, for the bar. */
  readonly completions: number
  readonly rows: RunInput['rows']
}): Promise<{ readonly ledger: Ledger; readonly verdicts: VerdictQueue }> {
  const ledger = new Ledger(0)
  const verdicts = new VerdictQueue(verifier, ledger, 1000, interrupt.stopped)
  const bar = log.progress('verifying', completions, 'completions')
  await verifyAll({
    rows,
    ledger,
    verdicts,
    formatReward: (text) => formatReward(text, { reasoning: config.verification.requireReasoning }),
    stopped: interrupt.stopped,
    onProgress: (done) => bar.update(done),
  }).finally(() => bar.stop())
  return { ledger, verdicts }
}
