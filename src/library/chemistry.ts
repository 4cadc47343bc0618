import { type AccuracyOptions, accuracyRewardWith } from '../chem/ether0/accuracy.ts'
import { evaluateWith } from '../chem/ether0/evaluate.ts'
import { hasBadSubstructure, unreasonable } from '../chem/ether0/reasonable.ts'
import { largestPart, tanimotoSimilarity } from '../chem/ether0/similarity.ts'
import { noOracles } from '../chem/oracles/none.ts'
import { functionalGroupsOf } from '../chem/toolkit/functional-groups.ts'
import type { Molecule } from '../chem/toolkit/molecule.ts'
import { checkOptions } from '../given.ts'
import { PythonError } from '../python/error.ts'
import type { Oracles, SolutionInput, Text, Verdict } from '../types.ts'
import { chemistryWith, defaultChemistry, type Filters } from './default-chemistry.ts'

// The library's functions on SMILES strings, with RDKit and the embedded data of the process. What RDKit cannot read raises ValueError
// (a PythonError), except where ether0's function takes None.

/** One molecule of the library's own RDKit; valid until the next await. */
async function read(smiles: string): Promise<Molecule> {
  const { mols } = await defaultChemistry()
  const molecule = mols.read(smiles)
  if (molecule === null) throw new PythonError('ValueError', `RDKit cannot read the SMILES ${JSON.stringify(smiles)}`)
  return molecule
}

/** Hill formula with charge. @example await molFormula('CCO') // 'C2H6O' */
export const molFormula = async (smiles: string): Promise<string> => (await read(smiles)).formula

/** ether0's ring systems as it looks them up: canonical Kekulé SMILES, duplicates kept. @example await ringSystems('c1ccccc1O') // ['C1=CC=CC=C1'] */
export const ringSystems = async (smiles: string): Promise<string[]> =>
  (await read(smiles)).ringSystems.map(({ key }) => key)

/** Morgan environments of radius 2, unhashed: unsigned 32-bit, unique, ascending. */
export const morganEnvironments = async (smiles: string): Promise<number[]> => [...(await read(smiles)).environments]

/** exmol's functional groups, sorted. @example await functionalGroups('CCO') // [… 'primary alcohol' …] */
export async function functionalGroups(smiles: string): Promise<string[]> {
  const molecule = await read(smiles)
  const { mols, data } = await defaultChemistry()
  return functionalGroupsOf(molecule, data.functionalGroups, mols)
}

/** RDKit's canonical isomeric SMILES (`kekule`: as `molbloom.canon`); null where RDKit cannot read the string. */
export async function canonicalSmiles(
  smiles: string,
  options: { readonly kekule?: boolean } = {},
): Promise<string | null> {
  checkOptions('canonicalSmiles', options, { kekule: true })
  const molecule = (await defaultChemistry()).mols.read(smiles)
  return molecule === null ? null : options.kekule === true ? molecule.kekule : molecule.canonical
}

/** Tanimoto similarity (Morgan radius 2, 2,048 bits) as in ether0; 0 where RDKit cannot read one of them. */
export async function tanimoto(
  a: string,
  b: string,
  options: { readonly atomThreshold?: number } = {},
): Promise<number> {
  checkOptions('tanimoto', options, { atomThreshold: true })
  const { mols } = await defaultChemistry()
  return tanimotoSimilarity(mols.read(a), mols.read(b), options.atomThreshold)
}

/** ether0's `get_largest_mol`: canonical SMILES of the largest part; parts of three characters or fewer are passed over. Null where none is left. */
export async function largestFragment(smiles: string): Promise<string | null> {
  return largestPart(smiles, (await defaultChemistry()).mols)?.canonical ?? null
}

/**
 * ether0's `is_reasonable_molecule`, with the embedded filters unless others are named; `reference`: a molecule whose rings and
 * environments count as known.
 */
export async function isReasonableMolecule(
  smiles: string,
  options: Filters & { readonly reference?: string } = {},
): Promise<boolean> {
  checkOptions('isReasonableMolecule', options, {
    ringsBloom: true,
    fingerprintsBloom: true,
    reference: true,
  })
  const { mols, data } = await chemistryWith(options)
  const molecule = mols.read(smiles)
  if (molecule === null) return false
  return unreasonable(molecule, data, options.reference === undefined ? null : mols.read(options.reference)) === null
}

/** ether0's `contains_bad_substruct`. */
export async function containsBadSubstructure(smiles: string): Promise<boolean> {
  const molecule = await read(smiles)
  return hasBadSubstructure(molecule, (await defaultChemistry()).mols)
}

export interface EvaluateLibraryOptions extends Filters {
  readonly soft?: boolean
  readonly test?: boolean
  readonly oracles?: Oracles
}

/** One of ether0's 11 reward functions; without `oracles`, what needs one is unverifiable. @throws UsageError for an unknown option */
export async function evaluate(
  fxnName: string,
  yhat: string,
  y: string,
  options: EvaluateLibraryOptions = {},
): Promise<Verdict> {
  checkOptions('evaluate', options, {
    soft: true,
    test: true,
    oracles: true,
    ringsBloom: true,
    fingerprintsBloom: true,
  })
  const { soft = false, test = false, oracles = noOracles } = options
  return evaluateWith(fxnName, yhat, y, { soft, test, oracles }, await chemistryWith(options))
}

/** ether0's `accuracy_reward` for one completion. @throws UsageError for an unknown option, DataError for a filter that is none */
export async function accuracyReward(
  completion: Text,
  solution: SolutionInput,
  options: Partial<AccuracyOptions> & Filters = {},
): Promise<Verdict> {
  checkOptions('accuracyReward', options, {
    reasoning: true,
    soft: true,
    test: true,
    goodMoleculeBonus: true,
    oracles: true,
    ringsBloom: true,
    fingerprintsBloom: true,
  })
  const { reasoning = true, soft = false, test = false, goodMoleculeBonus = 0, oracles = noOracles } = options
  const chosen: Required<AccuracyOptions> = { reasoning, soft, test, goodMoleculeBonus, oracles }
  return accuracyRewardWith(completion, solution, chosen, await chemistryWith(options))
}
