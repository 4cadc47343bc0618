import { distance } from 'fastest-levenshtein'
import { taggedAnswer } from '../agreement/answer.ts'
import type { DistantPair } from '../agreement/invariance/sensitivity.ts'
import { extractAnswerLoose } from '../chem/ether0/answer.ts'
import { tanimotoSimilarity } from '../chem/ether0/similarity.ts'
import { wholeSmiles } from '../chem/ether0/whole.ts'
import { type Molecule, ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { tokenizeSmiles } from '../chem/toolkit/smiles-tokens.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import type { Joined } from '../collect.ts'
import type { ScoredCompletion, SolutionInput } from '../types.ts'

/** Pairs of which molecules are compared; 1–2 ms each. */
const MAX_PAIRS = 20_000

/** How far the answers of pairs, and of originals and changed completions, are apart. */
export interface Distances {
  readonly pairs: readonly DistantPair[]
  /** What to tell the user; null where there is nothing. */
  readonly note: string | null
}

/**
 * Of every pair the chemical distance of its two answers, computed from the texts: 1 − Tanimoto and edit steps. An answer that is the rest
 * of a molecule stands for the whole one. A pair of the data with a
 * `distance` keeps that number as its 1 − Tanimoto. Groups whose completions say how they were made give a pair of the original and
 * each changed completion that the verifier does not rank as high. Beyond 20,000 such pairs only the given distances are used.
 */
export async function distancesOf(
  { pairs, groups, solutions }: Pick<Joined, 'pairs' | 'groups' | 'solutions'>,
  largest = MAX_PAIRS,
): Promise<Distances> {
  const couples = [
    ...pairs.map(({ chosen, rejected, margin, subset, cluster, extra }) => ({
      chosen,
      rejected,
      margin,
      subset,
      cluster,
      given: typeof extra.distance === 'number' && Number.isFinite(extra.distance) ? extra.distance : null,
    })),
    ...groups.flatMap(({ completions, subset, cluster }) => {
      const known = completions.filter(({ variant }) => variant !== undefined)
      const original = known.find(({ variant }) => variant!.transformation === 'original') ?? known[0]
      if (original === undefined) return []
      return known
        .filter((one) => one !== original && !one.variant!.same && isBelow(one, original))
        .map((rejected) => ({
          chosen: original,
          rejected,
          margin: original.score === null || rejected.score === null ? null : original.score - rejected.score,
          subset,
          cluster,
          given: null,
        }))
    }),
  ]
  const compare = couples.length <= largest
  const toolkit = compare && couples.length > 0 ? await Toolkit.shared() : null
  const found: DistantPair[] = []
  for (const { chosen, rejected, margin, subset, cluster, given } of couples) {
    await toolkit?.recover()
    const between = toolkit === null ? null : apart(chosen, rejected, solutions.get(chosen.id) ?? null, toolkit)
    found.push({
      subset,
      cluster,
      margin,
      tanimoto: given ?? between?.tanimoto ?? null,
      edits: between?.edits ?? null,
    })
  }
  return {
    pairs: found,
    note: compare
      ? null
      : `there are more than ${largest.toLocaleString('en-US')} pairs: chemical distances are not computed, and only the column "distance" of the data is read`,
  }
}

/** Not another right answer. */
const isBelow = (one: ScoredCompletion, original: ScoredCompletion): boolean =>
  one.verifiableStatus === 'unverifiable' ||
  original.verifiableStatus === 'unverifiable' ||
  (one.verifiableReward ?? 0) < (original.verifiableReward ?? 0)

function apart(
  a: ScoredCompletion,
  b: ScoredCompletion,
  solution: SolutionInput | null,
  toolkit: Toolkit,
): { readonly tanimoto: number; readonly edits: number | null } | null {
  try {
    const [x, y] = [moleculeOf(a.text, solution, toolkit), moleculeOf(b.text, solution, toolkit)]
    if (x === null || y === null) return null
    return { tanimoto: 1 - tanimotoSimilarity(x, y), edits: tokenEdits(x.canonical, y.canonical) }
  } catch (error) {
    if (error instanceof ToolkitFailure) return null
    throw error
  }
}

function moleculeOf(text: string, solution: SolutionInput | null, toolkit: Toolkit): Molecule | null {
  const answer = taggedAnswer(text) ?? (extractAnswerLoose(text) || text.trim())
  if (answer === '' || /\s/.test(answer)) return null
  for (const smiles of wholeSmiles(answer, solution)) {
    const molecule = toolkit.read(smiles)
    if (molecule !== null && molecule.atomCount > 0) return molecule
  }
  return null
}

/**
 * Tokens that are put in, taken out or exchanged on the way from one SMILES string to another; null where one is not tokenised.
 * @example tokenEdits('CCO', 'CCCl') // 1
 */
export function tokenEdits(a: string, b: string): number | null {
  const [x, y] = [tokenizeSmiles(a), tokenizeSmiles(b)]
  if (x === null || y === null) return null
  const letters = new Map<string, string>()
  const spelled = (tokens: readonly { readonly text: string }[]): string =>
    tokens
      .map(({ text }) => {
        const known = letters.get(text) ?? String.fromCharCode(0x100 + letters.size)
        letters.set(text, known)
        return known
      })
      .join('')
  return distance(spelled(x), spelled(y))
}
