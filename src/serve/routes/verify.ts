import type { VerifyOptions } from '../../chem/ether0/accuracy.ts'
import { verificationOf } from '../../chem/workers/verifier.ts'
import { given } from '../../given.ts'
import type { ChemBackend } from '../backend.ts'
import { verifyBody } from '../bodies.ts'
import { post, type Routes, read } from '../route.ts'

/** POST /verify: ether0's verdict on one completion. */
export const verifyRoutes =
  ({ run }: ChemBackend): Routes =>
  (server) => {
    post(server, '/verify', async (request) => {
      const { completion, solution, good_molecule_bonus: goodMoleculeBonus, ...flags } = read(verifyBody, request)
      const { reasoning, soft, test, ...lost } = flags
      // a type error here: a key of the body that is handed on to nobody
      lost satisfies Record<string, never>
      const verifyOptions = given<VerifyOptions>({ reasoning, soft, test, goodMoleculeBonus })
      const end = await run({ kind: 'verify', completion, solution, options: verifyOptions })
      const { formatReward, ...verdict } = verificationOf(end, completion, verifyOptions)
      return { ...verdict, format_reward: formatReward }
    })
  }
