import { randomUUID } from 'node:crypto'
import type { ChemJob, ChemResult, OracleAnswer } from '../../chem/workers/jobs.ts'
import { type ChemBackend, NO_ANSWER } from '../backend.ts'
import { precursorsOf, purchasableBody, solubilityBody, translateBody } from '../bodies.ts'
import type { ServerLimits } from '../limits.ts'
import { HttpProblem } from '../problem.ts'
import { post, type Routes, read } from '../route.ts'

/** The three routes of ether0.remotes: /compute_solubility, /is_purchasable, /translate. */
export const remotesRoutes =
  ({ run }: ChemBackend, limits: Pick<ServerLimits, 'batch'>): Routes =>
  (server) => {
    const ask = async <K extends ChemJob['kind']>(
      job: Extract<ChemJob, { kind: K }>,
    ): Promise<Extract<ChemResult, { kind: K }>> => {
      const end = await run(job)
      if (end.kind === 'timeout') throw new HttpProblem(NO_ANSWER, 'The time limit of one question is over')
      if (end.kind === 'stalled') throw new HttpProblem(NO_ANSWER, 'The machine did not get to this question')
      if (end.kind === 'crash') throw new HttpProblem(NO_ANSWER, 'The worker that computed this crashed')
      return end.result as Extract<ChemResult, { kind: K }>
    }

    post(server, '/compute_solubility', async (request) => {
      const { smiles } = read(solubilityBody, request)
      if (smiles.includes('.')) throw new HttpProblem(400, 'Only single molecules are supported')
      const { solubility } = await ask({ kind: 'solubility', smiles })
      if (!('answer' in solubility)) {
        if (solubility.failure === 'declined') return { error: solubility.message }
        throw new HttpProblem(NO_ANSWER, solubility.message)
      }
      const { mean, aleatoric, epistemic } = solubility.answer
      return { mean, au: aleatoric, eu: epistemic }
    })

    const purchasable = purchasableBody(limits.batch)
    post(server, '/is_purchasable', async (request) => {
      const { smiles } = read(purchasable, request)
      return answerOf((await ask({ kind: 'purchasable', smiles: [smiles].flat() })).purchasable)
    })

    post(server, '/translate', async (request) => {
      const precursors = precursorsOf(read(translateBody, request).reaction)
      const translation = answerOf((await ask({ kind: 'translate', precursors })).translation)
      if ('invalid' in translation) {
        throw new HttpProblem(
          400,
          `The reaction could not be parsed by RDKit. The following SMILES were invalid: ${translation.invalid.join(', ')}`,
        )
      }
      const { product } = translation
      return { product, id: randomUUID(), reaction: `${translation.precursors}>>${product}` }
    })
  }

function answerOf<T>(answer: OracleAnswer<T>): T {
  if ('answer' in answer) return answer.answer
  throw new HttpProblem(NO_ANSWER, answer.message)
}
