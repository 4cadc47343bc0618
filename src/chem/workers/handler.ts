import type { SolutionInput, Verification } from '../../types.ts'
import type { VerifyOptions } from '../ether0/accuracy.ts'
import { apart } from '../ether0/apart.ts'
import type { EmbeddedOracles } from '../oracles/embedded.ts'
import { OracleError } from '../oracles/error.ts'
import type { Drawer } from '../toolkit/draw.ts'
import { type MolToolkit, ToolkitFailure } from '../toolkit/molecule.ts'
import type { PagePictures } from '../toolkit/pictures.ts'
import type { ChemJob, ChemResult, OracleAnswer, Translation } from './jobs.ts'

/** What a worker opens for its jobs. */
export interface JobTools {
  readonly mols: MolToolkit
  /** What serve-rewards offers, whatever oracles the verification itself asks. */
  readonly embedded: EmbeddedOracles
  verify(completion: string, solution: SolutionInput, options: VerifyOptions): Promise<Verification>
  /** The product of `precursors>>`. */
  translate(reaction: string): Promise<string>
  /** Of this thread's RDKit. */
  drawer(): Promise<Drawer>
  readonly pictures: PagePictures
  /** Puts a fresh RDKit in place of one that gave up. */
  recover(): Promise<void>
}

/** Answers jobs. Bad chemistry and absent answers are results; only a bug throws. */
export function createHandler(tools: JobTools): (job: ChemJob) => Promise<ChemResult> {
  const { embedded } = tools
  const answer = async (job: ChemJob): Promise<ChemResult> => {
    switch (job.kind) {
      case 'verify':
        return {
          kind: 'verify',
          verification: await tools.verify(job.completion, job.solution, job.options ?? {}),
        }
      case 'solubility':
        return { kind: 'solubility', solubility: await asAnswer(() => predict(embedded, job.smiles)) }
      case 'purchasable':
        return { kind: 'purchasable', purchasable: await asAnswer(() => embedded.purchasable(job.smiles)) }
      case 'translate':
        return { kind: 'translate', translation: await asAnswer(() => productOf(tools, job.precursors)) }
      case 'apart':
        return { kind: 'apart', apart: apart(job.a, job.b, tools.mols) }
      case 'pictures':
        return { kind: 'pictures', pictures: await tools.pictures.draw(job.couples, job.size, tools.drawer) }
    }
  }
  return async (job) => {
    await tools.recover()
    return answer(job)
  }
}

async function asAnswer<T>(ask: () => Promise<T>): Promise<OracleAnswer<T>> {
  try {
    return { answer: await ask() }
  } catch (error) {
    if (error instanceof OracleError) return { failure: error.failure, message: error.message }
    if (error instanceof ToolkitFailure) return { failure: error.name, message: error.message }
    throw error
  }
}

async function predict(embedded: EmbeddedOracles, smiles: string) {
  const prediction = await embedded.predict(smiles)
  if (prediction === null) throw new OracleError('Solubility prediction failed.', 'declined')
  return prediction
}

/** The product of the precursors in canonical form; or which of them RDKit cannot read. */
async function productOf({ mols, translate }: JobTools, given: string): Promise<Translation> {
  const molecule = mols.read(given)
  if (molecule === null) return { invalid: given.split('.').filter((part) => mols.read(part) === null) }
  const precursors = molecule.canonical
  return { precursors, product: await translate(`${precursors}>>`) }
}
