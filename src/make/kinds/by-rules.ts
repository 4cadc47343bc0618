import type { Prng } from '../../prng.ts'
import type { Contrast } from '../kind.ts'
import type { applyRules } from '../problems/reaction.ts'
import type { Rule } from '../reactions/rule.ts'
import type { Subject } from '../subject.ts'

/** Textbook reactions of a molecule; of a reaction in the data those that give its own product, with its own question. */
export function* byRules(
  rules: readonly Rule[],
  apply: typeof applyRules,
  { molecule, reaction, builders, chemistry: { mols } }: Subject,
  random: Prng,
): Iterable<Contrast> {
  if (molecule !== null && builders.includes('reaction'))
    for (const { problem, mistakes } of apply(rules, molecule.molecule, random, mols))
      for (const [wrong, changed] of mistakes) yield { problem, right: problem.answer, wrong, changed }
  if (reaction === null) return
  const { problem, reactants } = reaction
  for (const substrate of reactants) {
    const read = mols.read(substrate)
    if (read === null) continue
    for (const partner of [null, ...reactants.filter((one) => one !== substrate)])
      for (const { mistakes } of apply(rules, read, random, mols, (product) => product === problem.answer, partner))
        for (const [wrong, changed] of mistakes) yield { problem, right: problem.answer, wrong, changed }
  }
}
