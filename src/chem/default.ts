import { loadChemistryData } from './data.ts'
import { Toolkit } from './toolkit.ts'

export interface LoadedChemistry {
  readonly mols: Toolkit
  readonly data: ReturnType<typeof loadChemistryData>
}

let loaded: Promise<LoadedChemistry> | null = null

/** RDKit and the embedded data, opened once a process, for the library's functions; a broken RDKit is replaced. */
export async function defaultChemistry(): Promise<LoadedChemistry> {
  loaded ??= Toolkit.load().then((mols) => ({ mols, data: loadChemistryData() }))
  const chemistry = await loaded
  await chemistry.mols.recover()
  return chemistry
}
