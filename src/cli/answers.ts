import type { GroupAnswers } from '../agreement/group-values.ts'
import { extractAnswerLoose, extractThoughtAnswerStrict } from '../chem/ether0/answer.ts'
import { wholeSmiles } from '../chem/ether0/whole.ts'
import { ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { CompletionGroup, SolutionInput } from '../types.ts'

/** Distinct answers that are brought to canonical SMILES; a third of a millisecond each. */
const MAX_ANSWERS = 100_000

/** What every completion of the groups answers with, in their order. */
export interface AnswersOfGroups {
  readonly of: readonly GroupAnswers[]
  /** What to tell the user; null where there is nothing. */
  readonly note: string | null
}

/**
 * Answers as the run's verification reads them: strictly, with or without a thought, or loosely. The vote by molecule compares RDKit's canonical
 * SMILES, of the whole one where the solution asks for the rest of a molecule; an answer that RDKit cannot read, or that is too large for it, stands for itself. Beyond MAX_ANSWERS distinct answers molecules are
 * not compared.
 */
export async function answersOf(
  groups: readonly CompletionGroup[],
  solutions: ReadonlyMap<string, SolutionInput>,
  verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>,
  largest = MAX_ANSWERS,
): Promise<AnswersOfGroups> {
  const answers = groups.map(({ completions }) => completions.map(({ text }) => answerOf(text, verification)))
  const known = new Map<string, Known>()
  for (const [g, own] of answers.entries()) {
    const solution = solutions.get(groups[g]!.id) ?? null
    for (const answer of own)
      if (answer !== null) {
        const smiles = wholeSmiles(answer, solution)
        known.set(keyOf(smiles), { answer, smiles, canonical: answer })
      }
    if (known.size > largest)
      return {
        of: answers.map((own) => ({ answers: own, voteKeys: null })),
        note: `groups have more than ${largest.toLocaleString('en-US')} different answers: votes are counted by text alone, not by molecule (voting_canonical is empty)`,
      }
  }
  if (known.size > 0) {
    const toolkit = await Toolkit.shared()
    for (const one of known.values()) {
      await toolkit.recover()
      one.canonical = canonical(toolkit, one)
    }
  }
  return {
    of: answers.map((own, g) => {
      const solution = solutions.get(groups[g]!.id) ?? null
      return {
        answers: own,
        voteKeys: own.map((answer) =>
          answer === null ? null : known.get(keyOf(wholeSmiles(answer, solution)))!.canonical,
        ),
      }
    }),
    note: null,
  }
}

interface Known {
  readonly answer: string
  /** What it may stand for. */
  readonly smiles: readonly string[]
  canonical: string
}
const keyOf = (smiles: readonly string[]): string => smiles.join('\n')

/** What a completion answers with, as the run's verification reads it; null where it has no answer. */
export function answerOf(
  text: string,
  { extraction, requireReasoning }: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>,
): string | null {
  if (extraction === 'loose') return extractAnswerLoose(text) || null
  return extractThoughtAnswerStrict(text, requireReasoning)[1]
}

function canonical(toolkit: Toolkit, { answer, smiles }: Known): string {
  try {
    for (const one of smiles) {
      const molecule = toolkit.read(one)
      if (molecule !== null) return molecule.canonical
    }
    return answer
  } catch (error) {
    if (error instanceof ToolkitFailure) return answer
    throw error
  }
}
