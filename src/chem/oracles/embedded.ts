import type { Oracles } from '../../types.ts'
import type { Canonicalizer } from './canonical.ts'
import { OracleError } from './error.ts'
import { isPurchasable, type Membership } from './purchasable.ts'
import { type Solubility, SolubilityModel } from './solubility.ts'

/** The part of a remote server that answers what cannot be embedded. */
export type ForwardReaction = Pick<Oracles, 'forwardReaction'>

/**
 * The oracles on this machine: KDESol for solubility, a Bloom filter for purchasability. No forward-reaction model can be shipped
 * (ether0's Molecular Transformer is no package's content): a reaction has no answer, unless a server that has the model is named.
 */
export class EmbeddedOracles implements Oracles {
  /** Opened at the first question: most runs never ask about solubility. */
  private model: Promise<SolubilityModel> | null = null

  constructor(
    private readonly canonicalizer: Canonicalizer,
    private readonly catalogue: () => Membership,
    private readonly forward: ForwardReaction | null,
  ) {}

  /** Mean and uncertainties, or null where the model has no prediction. Salts and mixtures are predicted, too. */
  async predict(smiles: string): Promise<Solubility | null> {
    this.model ??= SolubilityModel.open()
    return (await this.model).predict(smiles, this.canonicalizer)
  }

  /** As ether0.remotes answers: salts and mixtures are refused. */
  async solubility(smiles: string): Promise<number> {
    if (smiles.includes('.')) throw new OracleError('Only single molecules are supported', 'declined')
    const prediction = await this.predict(smiles)
    if (prediction === null) throw new OracleError('Solubility prediction failed.', 'declined')
    return prediction.mean
  }

  async purchasable(smiles: readonly string[]): Promise<Record<string, boolean>> {
    const catalogue = this.catalogue()
    return Object.fromEntries(smiles.map((s) => [s, isPurchasable(s, catalogue, this.canonicalizer)]))
  }

  async forwardReaction(reaction: string): Promise<string> {
    if (this.forward === null) throw new OracleError('no forward-reaction model is configured', 'declined')
    return this.forward.forwardReaction(reaction)
  }

  async close(): Promise<void> {
    if (this.model !== null) await (await this.model).close()
  }
}
