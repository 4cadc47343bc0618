import { createPooledVerifier } from '../chem/verifier.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { Verifier } from '../types.ts'

/** The verification workers that the flags ask for; null with --no-verify. Workers start with their first job. */
export function openVerifier(choice: VerificationChoice): Verifier | null {
  if (!choice.enabled) return null
  return createPooledVerifier(
    {
      oracles: {
        ...(choice.oracles !== null && { kind: choice.oracles }),
        ...(choice.purchasableBloom !== null && { purchasableBloom: choice.purchasableBloom }),
      },
      ...(choice.ringsBloom !== null && { ringsBloom: choice.ringsBloom }),
      ...(choice.fingerprintsBloom !== null && { fingerprintsBloom: choice.fingerprintsBloom }),
      reasoning: choice.requireReasoning,
      soft: choice.soft,
      test: choice.extraction === 'loose',
      goodMoleculeBonus: choice.goodMoleculeBonus,
    },
    { workers: choice.workers },
  )
}
