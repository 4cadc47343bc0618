import type { Oracles } from '../../types.ts'
import { loadChemistryData } from '../ether0/data.ts'
import { standInsOf } from '../ether0/stand-ins.ts'
import { verificationWith } from '../ether0/verification.ts'
import { createOracles, openEmbedded } from '../oracles/index.ts'
import { Drawer } from '../toolkit/draw.ts'
import { PageSearch } from '../toolkit/page-search.ts'
import { PagePictures } from '../toolkit/pictures.ts'
import { Toolkit } from '../toolkit/toolkit.ts'
import { createHandler } from './handler.ts'
import type { ChemJob, ChemResult } from './jobs.ts'
import type { ChemThreadOptions, ChemWorkerOptions } from './verifier.ts'
import { serveJobs } from './worker-runtime.ts'

// ◆ The worker of the verification pool. The solubility model and the catalogue are opened at their first use.

await serveJobs<ChemJob, ChemResult>(async (options, turn) => {
  const { oracles: wanted, data: files, searchMs } = options as ChemThreadOptions
  const mols = await Toolkit.shared()
  const chemistry = { mols, data: loadChemistryData(files) }
  const embedded = openEmbedded(wanted, chemistry)
  const set = createOracles(wanted, chemistry)
  const standIns = standInsOf(chemistry.data, set.kind !== 'embedded')
  // RDKit may have given up on another job's molecule meanwhile
  const away: Away = async (wait) => {
    try {
      return await turn.away(wait)
    } finally {
      await mols.recover()
    }
  }
  const oracles: Oracles = {
    solubility: set.kind === 'remote' ? (smiles) => away(() => set.solubility(smiles)) : set.solubility,
    purchasable: set.kind === 'remote' ? (smiles) => away(() => set.purchasable(smiles)) : set.purchasable,
    forwardReaction: asksServer(wanted, set.kind, away, set.forwardReaction),
  }
  return createHandler({
    mols,
    embedded,
    recover: () => mols.recover(),
    drawer: () => Drawer.open(),
    pictures: new PagePictures(new PageSearch(searchMs)),
    translate: asksServer(wanted, set.kind, away, (reaction) => embedded.forwardReaction(reaction)),
    async verify(completion, solution, verifyOptions) {
      return verificationWith(completion, solution, { ...verifyOptions, oracles }, chemistry, standIns)
    },
  })
})

/** Lets other jobs compute during a wait. */
type Away = <T>(wait: () => Promise<T>) => Promise<T>

/** A question that a server answers: the worker's other jobs go on meanwhile. */
function asksServer(
  { forward }: ChemWorkerOptions['oracles'],
  kind: string,
  away: Away,
  ask: (reaction: string) => Promise<string>,
): (reaction: string) => Promise<string> {
  return kind === 'remote' || forward !== undefined ? (reaction) => away(() => ask(reaction)) : ask
}
