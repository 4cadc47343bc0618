import { type Molecule, ToolkitFailure } from '../../chem/toolkit/molecule.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'
import { namedPrng } from '../../prng.ts'
import type { SolutionInput, Text } from '../../types.ts'
import { answerIn, type Envelope, envelopeOf, unfenced } from './envelope.ts'
import type { Family, Transformation } from './transformation.ts'

/** A row that a group is made of: its preferred completion, and those that it is preferred to. */
export interface Source {
  readonly id: string
  readonly subset: string
  readonly problemType: string | null
  readonly prompt: Text
  readonly solution: SolutionInput | null
  readonly original: string
  readonly rejected: readonly string[]
}

/** A completion of a group. */
export interface Variant {
  readonly completion: string
  /** Name of the transformation; `original`, `rejected`. */
  readonly transformation: string
  readonly family: Family | 'original' | 'rejected'
  /** The answer is the original's molecule (or, where that is none, its text). */
  readonly same: boolean
}

/** A line of the group file. */
export interface InvarianceGroup {
  readonly id: string
  readonly subset: string
  readonly problem_type?: string
  readonly prompt: Text
  readonly solution?: SolutionInput
  readonly completions: readonly Variant[]
}

/** How often each transformation was left out, by reason: snake_case words. */
export class LeftOut {
  private readonly counts = new Map<string, number>()
  private readonly key = (name: string, reason: string): string => `${name} ${reason}`
  add(name: string, reason: string): void {
    this.counts.set(this.key(name, reason), (this.counts.get(this.key(name, reason)) ?? 0) + 1)
  }
  /** In the order in which they first occurred. */
  get lines(): readonly { readonly transformation: string; readonly reason: string; readonly count: number }[] {
    return [...this.counts].map(([key, count]) => {
      const [transformation = '', reason = ''] = key.split(' ')
      return { transformation, reason, count }
    })
  }
}

/** What a group is made with. */
export interface Making {
  readonly transformations: readonly Transformation[]
  readonly toolkit: Toolkit
  readonly seed: number
  readonly leftOut: LeftOut
}

/**
 * The group of a row: the original, its transformations, what it was preferred to. Whether the chemistry is the same is looked up in every
 * completion that comes out: its answer is read again from its text and its canonical SMILES (isomeric, all parts) compared with the
 * original's; where a transformation did what it does not promise, or nothing, it is left out and counted.
 * @returns null where the original has no answer, or nothing is left beside it; counted as `row`
 */
export function invarianceGroup(source: Source, making: Making): InvarianceGroup | null {
  const { toolkit, leftOut } = making
  const envelope = envelopeOf(source.original)
  if (envelope === null) return none(leftOut, 'no_answer')
  // a part of a SMILES string may read as a molecule, and is another part when it is written otherwise
  const molecule = isPart(source.solution) ? null : moleculeOf(unfenced(envelope.answer), toolkit)
  const seen = new Set([source.original])
  const variants: Variant[] = []
  for (const one of making.transformations)
    variants.push(...transformed(one, { source, envelope, molecule, seen }, making))
  for (const completion of source.rejected) {
    const same = sameAnswer(completion, envelope, molecule, toolkit)
    if (same) leftOut.add('rejected', 'same_chemistry')
    else if (seen.has(completion)) leftOut.add('rejected', 'same_text')
    else variants.push({ completion, transformation: 'rejected', family: 'rejected', same })
    seen.add(completion)
  }
  if (variants.length === 0) return none(leftOut, 'nothing_to_transform')
  const { id, subset, problemType, prompt, solution } = source
  return {
    id,
    subset,
    ...(problemType !== null && { problem_type: problemType }),
    prompt,
    ...(solution !== null && { solution }),
    completions: [
      { completion: source.original, transformation: 'original', family: 'original', same: true },
      ...variants,
    ],
  }
}

/** ether0's molecule completion: the answer goes on from a string of the question. */
const isPart = (solution: SolutionInput | null): boolean =>
  (typeof solution === 'string' ? solution.split('!:!')[0] : solution?.fxn_name) === 'valid_mol_eval'

function none(leftOut: LeftOut, reason: string): null {
  leftOut.add('row', reason)
  return null
}

interface Subject {
  readonly source: Source
  readonly envelope: Envelope
  readonly molecule: Molecule | null
  /** Texts that the group has. */
  readonly seen: Set<string>
}

function transformed(
  one: Transformation,
  { source, envelope, molecule, seen }: Subject,
  { toolkit, seed, leftOut }: Making,
): Variant[] {
  const random = namedPrng(seed, `${one.name} ${source.id}`)
  const made = guarded(() => one.make({ envelope, molecule, toolkit }, random))
  if (typeof made === 'string') {
    leftOut.add(one.name, made)
    return []
  }
  return made.flatMap((completion): Variant[] => {
    const why = seen.has(completion)
      ? 'same_text'
      : one.same !== sameAnswer(completion, envelope, molecule, toolkit)
        ? one.same
          ? 'check_failed_other_molecule'
          : 'check_failed_same_molecule'
        : !one.same && moleculeOf(answerIn(completion) ?? '', toolkit) === null
          ? 'check_failed_no_molecule'
          : null
    if (why !== null) {
      leftOut.add(one.name, why)
      return []
    }
    seen.add(completion)
    return [{ completion, transformation: one.name, family: one.family, same: one.same }]
  })
}

/** The completion's answer is the original's molecule; where that is none, the same text. */
function sameAnswer(completion: string, envelope: Envelope, molecule: Molecule | null, toolkit: Toolkit): boolean {
  const answer = answerIn(completion)
  if (answer === null) return false
  if (molecule === null) return answer === unfenced(envelope.answer)
  return moleculeOf(answer, toolkit)?.canonical === molecule.canonical
}

/** null for what is no molecule, or none that RDKit can work with. */
function moleculeOf(answer: string, toolkit: Toolkit): Molecule | null {
  if (answer === '' || /\s/.test(answer)) return null
  const read = guarded(() => {
    const molecule = toolkit.read(answer)
    return molecule === null || molecule.atomCount === 0 ? 'no_molecule' : molecule
  })
  return typeof read === 'string' ? null : read
}

/** RDKit may give up on a molecule: then there is nothing of it. */
function guarded<T>(work: () => T): T | string {
  try {
    return work()
  } catch (error) {
    if (error instanceof ToolkitFailure) return 'rdkit_failed'
    throw error
  }
}
