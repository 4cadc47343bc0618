import { readFileSync } from 'node:fs'
import { packagePath } from '../../package.ts'
import type { Canonicalizer } from './canonical.ts'

const COMMON_FILE = 'src/embedded/oracles/common-reagents.json'

/** The part of a Bloom filter that a look-up needs. */
export interface Membership {
  has(key: string): boolean
}

let common: ReadonlySet<string> | undefined

/**
 * molbloom's list of reagents that are purchasable whatever the filter says. Compared in Kekulé form while its aromatic entries stand
 * in aromatic form, so none of those 58 can match: a quirk of molbloom that ether0's rewards inherit, and so do ours.
 */
export function isCommonReagent(kekule: string): boolean {
  common ??= new Set(JSON.parse(readFileSync(packagePath(COMMON_FILE), 'utf8')) as string[])
  return common.has(kekule)
}

/**
 * `molbloom.buy(smiles, canonicalize=True)`: true where the molecule is a common reagent or (probably) in the catalogue; false where it
 * is certainly not, or where RDKit cannot read it.
 */
export function isPurchasable(smiles: string, catalogue: Membership, canonicalizer: Canonicalizer): boolean {
  const molecule = canonicalizer.read(smiles)
  if (molecule === null || molecule.kekule === '') return false
  return isCommonReagent(molecule.kekule) || catalogue.has(molecule.kekule)
}
