import type { Prng } from '../prng.ts'
import { shownTexts } from './answer-text.ts'
import { type Editable, editable, shuffled } from './edits/edit.ts'
import type { AnswerForm, Problem } from './problem.ts'
import type { MakerChemistry } from './problems/builder.ts'
import { PROBLEMS } from './problems/index.ts'
import { reactionProblem } from './problems/reaction.ts'

/** What one input row gives: plain data, it crosses threads. */
export type SubjectInput =
  | { readonly kind: 'molecule'; readonly smiles: string }
  | {
      readonly kind: 'reaction'
      readonly reactants: readonly string[]
      readonly agents: string
      readonly product: string
    }
  | { readonly kind: 'row'; readonly prompt: Problem['prompt']; readonly solution: string; readonly answer: string }

/** What kinds of pairs work on: a molecule, a reaction, or a question of the data. */
export interface Subject {
  readonly chemistry: MakerChemistry
  /** Of a molecule; null of anything else, or where it cannot be edited. */
  readonly molecule: Editable | null
  readonly reaction: {
    readonly reactants: readonly string[]
    readonly agents: string
    readonly problem: Problem
  } | null
  /** The question that the data ask; null where questions are built. */
  readonly row: Problem | null
  /** Names of the problems that may be built. */
  readonly builders: readonly string[]
}

/** A subject, or why there is none (snake_case). */
export function subjectOf(
  input: SubjectInput,
  builders: readonly string[],
  chemistry: MakerChemistry,
  random: Prng,
): Subject | string {
  const { mols } = chemistry
  const base = { chemistry, molecule: null, reaction: null, row: null, builders }
  if (input.kind === 'molecule') {
    if (mols.read(input.smiles) === null) return 'invalid_smiles'
    const molecule = editableOf(input.smiles, chemistry)
    return molecule === null ? 'cannot_be_edited' : { ...base, molecule }
  }
  if (input.kind === 'reaction') {
    const problem = reactionProblem(input, random, mols)
    return problem === null ? 'unreadable_product' : { ...base, reaction: { ...input, problem } }
  }
  return { ...base, row: rowProblem(input, chemistry) }
}

/** The molecule in canonical spelling, so that chosen and rejected are spelled alike. */
export function editableOf(smiles: string, { mols }: MakerChemistry): Editable | null {
  const canonical = mols.read(smiles)?.canonical
  const molecule = canonical === undefined ? null : mols.read(canonical)
  return molecule === null || molecule.atomCount === 0 ? null : editable(molecule, mols)
}

const TYPES = /^([a-z_]+)!:!([\s\S]*?)!:!([\s\S]*)$/
/** Functions whose answer is one molecule. */
const MOLECULE_ANSWERS = new Set([
  'product_eval',
  'caption_eval',
  'formula_eval',
  'functional_group_eval',
  'sol_eval',
  'should_answer_eval',
])

function rowProblem(input: Extract<SubjectInput, { kind: 'row' }>, chemistry: MakerChemistry): Problem {
  const [, fxn = '', , type = ''] = TYPES.exec(input.solution) ?? []
  const molecule = MOLECULE_ANSWERS.has(fxn) ? editableOf(input.answer, chemistry) : null
  const form: AnswerForm =
    molecule !== null
      ? 'molecule'
      : /^\d+$/.test(input.answer)
        ? 'count'
        : /^(?:[A-Z][a-z]?\d*)+[+-]?\d*$/.test(input.answer) && /\d/.test(input.answer)
          ? 'formula'
          : 'text'
  return {
    name: 'row',
    type,
    prompt: input.prompt,
    solution: input.solution,
    answer: molecule === null ? input.answer : molecule.molecule.canonical,
    form,
    molecule,
    shown: shownTexts(input.prompt, input.answer),
  }
}

/**
 * The problems of a subject whose right answer is this molecule, of these names, in random order: the data's own question where there is
 * one, else what the builders make of it.
 */
export function* problemsOf(
  subject: Subject,
  molecule: Editable,
  names: readonly string[],
  random: Prng,
): Iterable<Problem> {
  if (subject.row !== null || subject.reaction !== null) {
    const problem = subject.row ?? subject.reaction!.problem
    if (problem.form === 'molecule') yield problem
    return
  }
  for (const name of shuffled(names, random)) {
    if (!subject.builders.includes(name)) continue
    const problem = PROBLEMS.get(name)!.build(molecule, random, subject.chemistry)
    if (problem !== null) yield problem
  }
}

/** Any problem of the subject, whatever its answer is. */
export function* anyProblem(subject: Subject, random: Prng): Iterable<Problem> {
  const own = subject.row ?? subject.reaction?.problem
  if (own !== undefined) yield own
  else if (subject.molecule !== null)
    for (const name of shuffled(subject.builders, random)) {
      const problem = PROBLEMS.get(name)?.build(subject.molecule, random, subject.chemistry)
      if (problem != null) yield problem
    }
}

/** The molecule that edits start from: the right answer of the data's question, or the molecule given. */
export const editedMolecule = (subject: Subject): Editable | null =>
  subject.molecule ?? (subject.row ?? subject.reaction?.problem)?.molecule ?? null
