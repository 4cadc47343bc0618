import type { Molecule } from '../../chem/toolkit/molecule.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'
import type { Prng } from '../../prng.ts'
import { editable, pick, shuffled } from '../edits/edit.ts'
import { type Problem, solutionOf } from '../problem.ts'
import type { Rule } from '../reactions/rule.ts'

/** ether0's problem prompts. */
const PROMPTS = [
  'What is the product of this reaction? {reaction}',
  'Can you predict the outcome of this chemical reaction? {reaction}',
  'In this reaction: {reaction}, what compound is formed?',
]
const TYPE = 'reaction-prediction'

/** As the builders of the other problems describe themselves. */
export const REACTION_PROBLEM = {
  name: 'reaction',
  title: 'the product of a textbook reaction of a molecule (product_eval)',
  standIn: false,
} as const

/** A reaction whose product is asked for; null where RDKit cannot read the product. */
export function reactionProblem(
  {
    reactants,
    agents,
    product,
  }: { readonly reactants: readonly string[]; readonly agents: string; readonly product: string },
  random: Prng,
  mols: Toolkit,
): Problem | null {
  const canonical = mols.read(product)?.canonical
  const read = canonical === undefined ? null : mols.read(canonical)
  if (canonical === undefined || read === null) return null
  return {
    name: 'reaction',
    type: TYPE,
    prompt: pick(PROMPTS, random).replace('{reaction}', () => `${reactants.join('.')}>${agents}>`),
    solution: solutionOf('product_eval', canonical, TYPE),
    answer: canonical,
    form: 'molecule',
    molecule: editable(read, mols),
    shown: reactants,
  }
}

/** A rule on a substrate: the problem, and the products of what could be mistaken. */
export interface Applied {
  readonly problem: Problem
  readonly mistakes: readonly (readonly [smiles: string, changed: string])[]
}

/** Every rule that gives one product on the substrate, and another one when it is mistaken; in random order. */
export function* applyRules(
  rules: readonly Rule[],
  substrate: Molecule,
  random: Prng,
  mols: Toolkit,
  isKnown: (product: string) => boolean = () => true,
  partner: string | null = null,
): Iterable<Applied> {
  for (const rule of shuffled(rules, random)) {
    if (mols.count(substrate, rule.site) !== 1) continue
    if (rule.unless !== undefined && mols.matches(substrate, rule.unless)) continue
    if (rule.once !== undefined && mols.count(substrate, rule.once) > 1) continue
    const second = rule.partners.length === 0 ? null : (partner ?? pick(rule.partners, random))
    const reactants = second === null ? [substrate] : [substrate, mols.read(second)!]
    const [product, another] = mols.react(rule.right, reactants)
    if (product === undefined || another !== undefined || product.includes('.') || !isKnown(product)) continue
    const mistakes = rule.wrong.flatMap(([smarts, changed]) => {
      const products = mols.react(smarts, reactants).filter((smiles) => smiles !== product && !smiles.includes('.'))
      return products.length === 0 ? [] : [[pick(products, random), changed] as const]
    })
    if (mistakes.length === 0) continue
    const problem = reactionProblem(
      { reactants: reactants.map(({ canonical }) => canonical), agents: rule.agents, product },
      random,
      mols,
    )
    if (problem !== null) yield { problem, mistakes: shuffled(mistakes, random) }
  }
}
