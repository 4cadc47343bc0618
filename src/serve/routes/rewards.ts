import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { goneSignal } from '../gone.ts'
import type { WhenReady } from '../open.ts'
import { rewardsBody } from '../reward-bodies.ts'
import { post, type Routes, readOneOrMany } from '../route.ts'
import type { Rated } from '../service.ts'

/**
 * POST /rewards: a prompt and its completions, with a solution where there is one → for each completion the reward and both of its parts, with
 * reasons; an absent number is null. A list of requests is answered by a list.
 */
export const rewardsRoutes =
  (when: WhenReady, { batch }: { readonly batch: number }): Routes =>
  (server) => {
    const { one, list } = rewardsBody(batch)
    post(server, '/rewards', async (request: FastifyRequest, reply) => {
      const { service } = when()
      const signal = goneSignal(reply)
      const answer = async (asked: z.infer<typeof one>) => {
        const { prompt, completions, solution = null, step = null } = asked
        const [rated] = await service.rate({
          route: '/rewards',
          asked: { kind: 'conversation', prompt, completions },
          rows: [
            {
              prompt,
              texts: completions,
              claims: completions.map((completion) => ({ completion, solution: solution === '' ? null : solution })),
              learned: completions.map((_, i) => i),
            },
          ],
          step,
          told: 'reward',
          signal,
        })
        return { completions: rated!.map(answerOf) }
      }
      const asked = readOneOrMany(one, list, request)
      return Array.isArray(asked) ? Promise.all(asked.map(answer)) : answer(asked)
    })
  }

/** `reason` is the verdict's, or where it has none, why there is no score; `learned_reason` is always the latter. */
const answerOf = ({ reward, learned, unscored, verifiable, status, reason, format }: Rated) => ({
  reward,
  learned,
  verifiable,
  format,
  reason: reason ?? unscored?.reason ?? null,
  status,
  learned_reason: unscored?.reason ?? null,
  learned_message: unscored?.message || null,
})
