import type { SolutionInput, Verification } from '../../types.ts'
import type { EmbeddedOracles } from '../oracles/embedded.ts'
import { OracleError } from '../oracles/error.ts'
import { type MolToolkit, ToolkitFailure } from '../toolkit/molecule.ts'
import type { ChemJob, ChemResult, OracleAnswer, Translation, VerifyOptions } from './jobs.ts'

/** What a worker opens for its jobs. */
export interface Chemistry {
  readonly toolkit: MolToolkit
  /** What serve-rewards offers, whatever oracles the verification itself asks. */
  readonly embedded: EmbeddedOracles
  verify(completion: string, solution: SolutionInput, options: VerifyOptions): Promise<Verification>
  /** The product of `precursors>>`. */
  translate(reaction: string): Promise<string>
  /** Puts a fresh RDKit in place of one that gave up. */
  recover(): Promise<void>
}

/** Answers jobs. Bad chemistry and absent answers are results; only a bug throws. */
export function createHandler(chemistry: Chemistry): (job: ChemJob) => Promise<ChemResult> {
  const { embedded } = chemistry
  const answer = async (job: ChemJob): Promise<ChemResult> => {
    switch (job.kind) {
      case 'verify':
        return {
          kind: 'verify',
          verification: await chemistry.verify(job.completion, job.solution, job.options ?? {}),
        }
      case 'solubility':
        return { kind: 'solubility', solubility: await asAnswer(() => predict(embedded, job.smiles)) }
      case 'purchasable':
        return { kind: 'purchasable', purchasable: await asAnswer(() => embedded.purchasable(job.smiles)) }
      case 'translate':
        return { kind: 'translate', translation: await asAnswer(() => productOf(chemistry, job.precursors)) }
    }
  }
  return async (job) => {
    await chemistry.recover()
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
async function productOf({ toolkit, translate }: Chemistry, given: string): Promise<Translation> {
  const molecule = toolkit.read(given)
  if (molecule === null) return { invalid: given.split('.').filter((part) => toolkit.read(part) === null) }
  const precursors = molecule.canonical
  return { precursors, product: await translate(`${precursors}>>`) }
}
