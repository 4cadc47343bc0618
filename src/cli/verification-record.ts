import { VERDICT_LIMIT_S } from '../chem/workers/verifier.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { Verifier } from '../types.ts'
import { counted } from './count.ts'

/** The verification as run.json has it. */
export const verificationRecord = (choice: VerificationChoice, { provenance, replaced = 0 }: Verifier) => ({
  ...choice,
  /** Processor time of one verdict. */
  time_limit_s: VERDICT_LIMIT_S,
  workers_replaced: replaced,
  provenance,
})

/** A line on workers that died or were ended; null where none was. */
export function replacedLine(verifier: Verifier | null): string | null {
  const replaced = verifier?.replaced ?? 0
  if (replaced === 0) return null
  const one = replaced === 1
  return `verification: ${counted(replaced, 'worker')} died or computed for longer than ${VERDICT_LIMIT_S} s and ${one ? 'was' : 'were'} replaced; the answers that ${one ? 'it' : 'they'} had in hand went to ${one ? 'a fresh one' : 'fresh ones'}`
}
