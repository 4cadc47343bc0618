import type { FastifyRequest } from 'fastify'
import { goneSignal } from '../gone.ts'
import type { WhenReady } from '../open.ts'
import { rewardsBody } from '../reward-bodies.ts'
import { post, type Routes, readOneOrMany } from '../route.ts'
import type { ClaimedRow, Rated } from '../service.ts'

/**
 * POST /rewards: a prompt and its completions, with a solution where there is one → for each completion the reward and both of its parts, with
 * reasons; an absent number is null. A list of requests is answered by a list, and is one request in the store and in the queue.
 */
export const rewardsRoutes =
  (when: WhenReady, { batch }: { readonly batch: number }): Routes =>
  (server) => {
    const { one, list } = rewardsBody(batch)
    post(server, '/rewards', async (request: FastifyRequest, reply) => {
      const { service } = when()
      const asked = readOneOrMany(one, list, request)
      const conversations = [asked].flat()
      let place = 0
      const rated = await service.rate({
        route: '/rewards',
        // as one: in parts, some of a list would be kept and others refused, and a long list never taken
        asked: { kind: 'conversations', conversations },
        rows: conversations.map(
          ({ prompt, completions, solution, step }): ClaimedRow => ({
            prompt,
            texts: completions,
            claims: completions.map((completion) => ({ completion, solution: solution || null })),
            learned: completions.map(() => place++),
            step: step ?? null,
          }),
        ),
        told: 'reward',
        signal: goneSignal(reply),
      })
      const answers = rated.map((row) => ({ completions: row.map(answerOf) }))
      return Array.isArray(asked) ? answers : answers[0]
    })
  }

/** `reason` is the verdict's, or where it has none, why there is no score; `learned_reason` is always the latter. The messages are words for people. */
const answerOf = ({ reward, learned, unscored, verifiable, status, reason, verifiableMessage, format }: Rated) => ({
  reward,
  learned,
  verifiable,
  format,
  reason: reason ?? unscored?.reason ?? null,
  status,
  learned_reason: unscored?.reason ?? null,
  learned_message: unscored?.message || null,
  verifiable_message: verifiableMessage,
})
