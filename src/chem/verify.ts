import { UsageError } from '../errors.ts'
import type { SolutionInput, Verdict, Verifier } from '../types.ts'
import { accuracyRewardWith } from './accuracy.ts'
import { type DataOptions, loadChemistryData } from './data.ts'
import { formatReward } from './format.ts'
import { noOracles } from './oracles/none.ts'
import type { Oracles } from './reward.ts'
import { Toolkit } from './toolkit.ts'

export interface VerifierOptions extends DataOptions {
  /** `strict`: the whole completion in ether0's tags. `loose`: the last `<answer>…</answer>`. */
  readonly extraction: 'strict' | 'loose'
  /** Strict extraction: thought tags are required. */
  readonly requireReasoning: boolean
  /** Partial credit (strict only). */
  readonly soft: boolean
  readonly goodMoleculeBonus: number
  /** None: what needs an oracle is unverifiable. */
  readonly oracles?: Oracles
}

/** All of ether0's verifiable rewards in this thread, with an RDKit of their own. */
export async function createVerifier(options: VerifierOptions): Promise<Verifier> {
  const loose = options.extraction === 'loose'
  if (loose && options.soft)
    throw new UsageError(
      'partial credit needs strict extraction',
      '--soft',
      'Leave one of --soft and --extraction loose.',
    )
  const chemistry = { mols: await Toolkit.load(), data: loadChemistryData(options) }
  const reward = {
    reasoning: options.requireReasoning,
    soft: options.soft,
    test: loose,
    goodMoleculeBonus: options.goodMoleculeBonus,
    oracles: options.oracles ?? noOracles,
  }
  return {
    async verify(completion: string, solution: SolutionInput): Promise<Verdict & { readonly formatReward: number }> {
      const format = formatReward(completion, { reasoning: options.requireReasoning })
      return { ...(await accuracyRewardWith(completion, solution, reward, chemistry)), formatReward: format }
    },
    provenance: [
      ...chemistry.data.provenance,
      { name: 'rdkit', version: chemistry.mols.version, build: '@rdkit/rdkit (WebAssembly)' },
    ],
    close: async () => {},
  }
}
