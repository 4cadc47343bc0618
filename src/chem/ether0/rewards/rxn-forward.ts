import { pyStrip } from '../../../python/strings.ts'
import { heavyAtoms } from '../../toolkit/graph.ts'
import type { Molecule, MolToolkit } from '../../toolkit/molecule.ts'
import { ask, isRecord, isText } from '../ask-oracle.ts'
import { REWARD_REASON } from '../reason.ts'
import { BAD_TARGET, failed, graded, type Judgement, PASS, type Reward } from '../reward.ts'
import { sameMolecule, tanimotoSimilarity } from '../similarity.ts'

/** Python's [a-z] with IGNORECASE also has İ, ı, ſ and the Kelvin sign. */
const REACTION = /^[^Jj][a-zA-Z0-9İıſ\u212a@+\-[\]()\\/%=#$.]{6,}>[a-zA-Z0-9İıſ\u212a@+\-[\]()\\/%=#$.]*>/u
/** Solvents and counter-ions are taken for purchasable. */
const SMALL_HEAVY_ATOMS = 4

/** A reaction `reactants>reagents>products?` from purchasable reactants whose product, by the oracle, is the target; soft: its similarity. */
export const rxnForward: Reward = {
  name: 'rxn_forward',
  title: 'Purchasable reactants that give the product',
  judge(answer, target, { mols, oracles, soft, note }) {
    const arrows = answer.split('>').length - 1
    if (arrows === 0 || arrows > 2 || !answer.includes('.') || !REACTION.test(answer))
      return failed(REWARD_REASON.INVALID_RXN)
    const wanted = mols.read(target)
    if (wanted === null) return BAD_TARGET
    const [left = '', middle = '', right = ''] = answer.split('>')
    const names = left.split('.')
    const reactants = readAll(names, mols)
    if (reactants === null) return failed(REWARD_REASON.INVALID_MOL)
    const reagents = readAll(listed(middle), mols)
    if (reagents === null) return failed(REWARD_REASON.INVALID_MOL)
    const products = readAll(listed(right), mols)
    if (products === null) return failed(REWARD_REASON.INVALID_MOL)
    const isWanted = (molecule: Molecule): boolean => sameMolecule(molecule, wanted)
    if (products.length > 0 && !products.some(isWanted)) return failed(REWARD_REASON.INVALID_RXN)
    if (reactants.some(isWanted) || reagents.some(isWanted)) return failed(REWARD_REASON.PRODUCT_IS_REACTANT)

    const large = names.filter((_, i) => heavyAtoms(reactants[i]!.graph) > SMALL_HEAVY_ATOMS)
    const react = (): Promise<Judgement> =>
      ask(
        () => oracles.forwardReaction(answer),
        isText,
        REWARD_REASON.INVALID_RXN,
        note,
        (smiles): Judgement => {
          const product = mols.read(smiles)
          if (product === null) return failed(REWARD_REASON.INVALID_MOL)
          if (soft) return graded(tanimotoSimilarity(product, wanted))
          return sameMolecule(product, wanted) ? PASS : failed(REWARD_REASON.WRONG_PRODUCT)
        },
      )
    // without an answer, small reactants still pass
    return ask(
      () => oracles.purchasable(names),
      isRecord,
      large.length > 0 ? REWARD_REASON.NOT_PURCHASABLE : react,
      note,
      (sold): Judgement | Promise<Judgement> =>
        large.every((name) => sold[name]) ? react() : failed(REWARD_REASON.NOT_PURCHASABLE),
    )
  },
}

const listed = (part: string): string[] => part.split('.').filter((smiles) => pyStrip(smiles) !== '')

function readAll(smiles: readonly string[], mols: MolToolkit): Molecule[] | null {
  const molecules = smiles.map((each) => mols.read(each))
  return molecules.every((molecule) => molecule !== null) ? molecules : null
}
