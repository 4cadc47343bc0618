import type { Oracles } from '../../types.ts'
import type { Canonicalizer } from './canonical.ts'
import { EmbeddedOracles } from './embedded.ts'
import { noOracles } from './none.ts'
import { type OracleOptions, oracleProvenance, type Provenance, resolveKind } from './options.ts'
import type { Membership } from './purchasable.ts'
import { RemoteOracles } from './remote.ts'

export interface OracleSet extends Oracles {
  readonly kind: 'embedded' | 'remote' | 'none'
  readonly provenance: Provenance
  close(): Promise<void>
}

/** What the embedded oracles work with: RDKit, and the filter of purchasable molecules (read when first asked). */
export interface OracleChemistry {
  readonly mols: Canonicalizer
  readonly data: { readonly purchasable: Membership }
}

/**
 * The oracles that a run asks: on this machine, behind ether0.remotes' HTTP API, or none. Models and filters are opened at the first
 * question.
 */
export function createOracles(options: OracleOptions, chemistry: OracleChemistry): OracleSet {
  const kind = resolveKind(options)
  const provenance = oracleProvenance(options)
  if (kind === 'none') return { kind, provenance, ...noOracles, close: async () => {} }
  if (kind === 'remote') {
    const remote = new RemoteOracles(options)
    return {
      kind,
      provenance,
      solubility: (smiles) => remote.solubility(smiles),
      purchasable: (smiles) => remote.purchasable(smiles),
      forwardReaction: (reaction) => remote.forwardReaction(reaction),
      close: async () => {},
    }
  }
  const embedded = openEmbedded(options, chemistry)
  return {
    kind,
    provenance,
    solubility: (smiles) => embedded.solubility(smiles),
    purchasable: (smiles) => embedded.purchasable(smiles),
    forwardReaction: (reaction) => embedded.forwardReaction(reaction),
    close: () => embedded.close(),
  }
}

export function openEmbedded(options: OracleOptions, { mols, data }: OracleChemistry): EmbeddedOracles {
  // the token in the environment is meant for the server named there, not for this one
  const forward = options.forward && new RemoteOracles({ ...options.forward, token: options.forward.token ?? null })
  return new EmbeddedOracles(mols, () => data.purchasable, forward ?? null)
}
