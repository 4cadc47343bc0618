import { statSync } from 'node:fs'
import { type DataOptions, loadChemistryData } from '../chem/ether0/data.ts'
import type { Chemistry } from '../chem/ether0/evaluate.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import { given } from '../given.ts'

let data: Chemistry['data'] | null = null

/** RDKit and the embedded data, opened once a process, for the library's functions; a broken RDKit is replaced. */
export async function defaultChemistry(): Promise<Chemistry> {
  const mols = await Toolkit.shared()
  data ??= loadChemistryData()
  return { mols, data }
}

/** Paths of the user's own molbloom filters. */
export interface Filters {
  /** Ring systems that are known to exist. Default: the embedded ones. */
  readonly ringsBloom?: string
  /** Morgan environments that are known to exist. Default: the embedded ones. */
  readonly fingerprintsBloom?: string
}

/** The filters that were used last, by path, size and time of change: a file that is written anew is read anew. */
let own: { readonly key: string; readonly data: Chemistry['data'] } | null = null

/** The same with the user's own filters. @throws DataError where one is missing or no filter */
export async function chemistryWith({ ringsBloom, fingerprintsBloom }: Filters): Promise<Chemistry> {
  const chemistry = await defaultChemistry()
  if (ringsBloom === undefined && fingerprintsBloom === undefined) return chemistry
  const key = JSON.stringify([ringsBloom ?? null, fingerprintsBloom ?? null].map(fileState))
  if (own?.key !== key)
    own = {
      key,
      data: loadChemistryData(given<DataOptions>({ ringsBloom, fingerprintsBloom, purchasableBloom: null })),
    }
  return { mols: chemistry.mols, data: own.data }
}

function fileState(path: string | null): unknown {
  if (path === null) return null
  const state = statSync(path, { throwIfNoEntry: false })
  return [path, state?.size, state?.mtimeMs, state?.ino]
}
