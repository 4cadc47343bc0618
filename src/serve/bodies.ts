import { z } from 'zod'
import { HttpProblem } from './problem.ts'

/** The bodies of the requests. Unknown keys are ignored in those of ether0.remotes, as pydantic does; /verify is ours and refuses them. */
const text = z.string({ error: 'Input should be a valid string' })
const flag = z.boolean({ error: 'Input should be a valid boolean' })

export const translateBody = z.object({ reaction: text })
export const solubilityBody = z.object({ smiles: text })
export const purchasableBody = (batch: number) =>
  z.object({
    smiles: z.union([text, z.array(text).max(batch, `List should have at most ${batch} items`)], {
      error: `Input should be a valid string or a list of at most ${batch} strings`,
    }),
  })
export const verifyBody = z.strictObject({
  completion: text,
  solution: z.union([text, z.object({ fxn_name: text, answer_info: text, problem_type: text })], {
    error: 'Input should be fxn_name!:!answer_info!:!problem_type, or an object with those three keys',
  }),
  reasoning: flag.optional(),
  soft: flag.optional(),
  test: flag.optional(),
  good_molecule_bonus: z.number({ error: 'Input should be a valid number' }).optional(),
})

/**
 * The precursors of a reaction SMILES, as ether0.remotes takes them: spaces removed, reactants and reagents joined by a dot, what comes
 * after the second `>` dropped.
 * @example precursorsOf('CC(=O)O.CCO > [Na+] >') // 'CC(=O)O.CCO.[Na+]'
 */
export function precursorsOf(given: string): string {
  const reaction = given.replaceAll(' ', '')
  const parts = reaction.split('>')
  if (parts.length !== 3) {
    throw new HttpProblem(
      400,
      `Syntax error in the reaction SMILES: ${reaction}\nThe reaction should have two '>' characters, and no spaces.`,
    )
  }
  return parts
    .slice(0, 2)
    .filter((part) => part !== '')
    .join('.')
}
