import { type DataOptions, OWN_FILE } from '../chem/ether0/data.ts'
import { createPooledVerifier, type PooledVerifier, type VerifierOptions } from '../chem/workers/verifier.ts'
import { given } from '../given.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { Verifier } from '../types.ts'

/**
 * The verification workers that the flags ask for; null with --no-verify. Workers start with their first job; files and addresses are
 * opened here, so that a bad one stops the run before anything is computed.
 */
export function openVerifier(choice: VerificationChoice): PooledVerifier | null {
  const { enabled, extraction, requireReasoning, soft, goodMoleculeBonus, oracles, workers, ...files } = choice
  const { ringsBloom, fingerprintsBloom, purchasableBloom, ...lost } = files
  // a type error here: a choice that is handed on to nobody
  lost satisfies Record<string, never>
  if (!enabled) return null
  const options = given<VerifierOptions>({
    oracles: oracles === null ? null : { kind: oracles },
    data: given<DataOptions>({ ringsBloom, fingerprintsBloom, purchasableBloom }),
    reasoning: requireReasoning,
    soft,
    test: extraction === 'loose',
    goodMoleculeBonus,
  })
  return createPooledVerifier(options, { workers })
}

/** What a verdict depends on beside the embedded files, a line each: files and servers of the user's own. */
export const verifierLines = ({ provenance }: Verifier): string[] => [
  ...new Set(
    provenance.flatMap((record) => {
      const { name, file, origin, sha256, oracle, kind, baseUrl } = record
      if (origin === OWN_FILE) return [`verifier: ${name}: ${file} (SHA-256 ${sha256})`]
      return kind === 'remote' ? [`verifier: ${String(oracle).replace('_', ' ')}: asked of ${baseUrl}`] : []
    }),
  ),
]
