import { goneSignal } from '../gone.ts'
import type { WhenReady } from '../open.ts'
import { HttpProblem, unprocessable } from '../problem.ts'
import { splitQuery } from '../query.ts'
import { getRewardBody } from '../reward-bodies.ts'
import { post, type Routes, read } from '../route.ts'
import type { ClaimedRow, Rated, RewardService } from '../service.ts'

/**
 * POST /get_reward, which OpenRLHF's trainers ask (`--reward.remote_url`; openrlhf/utils/agent.py, openrlhf/cli/serve_rm.py): `query` are
 * rendered texts, read as they stand, without special tokens. The client makes tensors of every list, so that all hold finite numbers, each
 * as long as `query`:
 * - `rewards`, `scores`: by the mix. Where a part of one is absent and no option says what stands for it, the request is answered 422 and
 *   names the row: the client then tries again and leaves the sample without a reward, and nothing is made up.
 * - `extra_logs.learned`, `extra_logs.verifiable`: the parts. An absent one is there as the option's number, else 0, and the list
 *   `learned_known` or `verifiable_known` has a 0 in its place, else 1; `format` and `format_known` in the same way.
 */
export const getRewardRoutes =
  (when: WhenReady): Routes =>
  (server) => {
    post(server, '/get_reward', async (request, reply) => {
      const { service, facts } = when()
      const { query, prompts, labels, step = null } = read(getRewardBody, request)
      checkLength(query, prompts, 'prompts')
      checkLength(query, labels, 'labels')
      if (facts.perStep)
        throw new HttpProblem(400, 'The model scores steps, which a rendered text does not show: ask /rewards')
      const parts = query.map((text, i) => splitQuery(text, prompts?.[i] ?? null, facts.frame, service))
      if (facts.kind === 'dpo')
        for (const [i, { prompt }] of parts.entries())
          if (prompt === '')
            throw unprocessable([
              {
                type: 'value_error',
                loc: ['body', 'query', i],
                msg: 'The score is of the completion given its prompt, and where the completion begins cannot be told: send prompts, with which each query begins, or ask /rewards',
              },
            ])
      if (query.length === 0) return answer([], service)
      const groups = groupsOf(parts, labels ?? [])
      const rated = await service.rate({
        route: '/get_reward',
        asked: { kind: 'texts', texts: parts, addSpecialTokens: false },
        rows: groups.map((group) => rowOf(group, parts, labels ?? [], step)),
        told: 'reward',
        signal: goneSignal(reply),
      })
      const inOrder = new Array<Rated>(query.length)
      for (const [g, group] of groups.entries()) for (const [c, i] of group.entries()) inOrder[i] = rated[g]![c]!
      return answer(inOrder, service)
    })
  }

type Parts = readonly ReturnType<typeof splitQuery>[]

/** Queries of one prompt and one solution are one row of the store: a group. One whose prompt is not known stands alone. */
function groupsOf(parts: Parts, labels: readonly unknown[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (const [i, { prompt }] of parts.entries()) {
    const name = prompt === '' ? `alone ${i}` : JSON.stringify([prompt, labels[i] ?? null])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [i])
    else group.push(i)
  }
  return [...groups.values()]
}

type Label = ClaimedRow['claims'][number]['solution']
/** An empty label is none. */
const rowOf = (group: readonly number[], parts: Parts, labels: readonly Label[], step: number | null): ClaimedRow => ({
  prompt: parts[group[0]!]!.prompt,
  learned: group,
  step,
  texts: group.map((i) => parts[i]!.answer ?? parts[i]!.completion),
  claims: group.map((i) => ({ completion: parts[i]!.answer, solution: labels[i] || null })),
})

function answer(rated: readonly Rated[], { rule }: RewardService) {
  const rewards = rated.map(({ reward, unscored }, i) => {
    if (reward !== null) return reward
    throw unprocessable([
      {
        type: 'no_reward',
        loc: ['body', 'query', i],
        msg: `There is no score: ${unscored?.reason}${unscored?.message ? `, ${unscored.message}` : ''}. --unscored-reward of the server says what stands for it`,
      },
    ])
  })
  const known = (value: number | null): number => (value === null ? 0 : 1)
  return {
    rewards,
    scores: rewards,
    extra_logs: {
      learned: rated.map(({ learned }) => learned ?? rule.unscoredReward ?? 0),
      verifiable: rated.map(({ verifiable }) => verifiable ?? rule.unverifiableReward ?? 0),
      format: rated.map(({ format }) => format ?? 0),
      learned_known: rated.map(({ learned }) => known(learned)),
      verifiable_known: rated.map(({ verifiable }) => known(verifiable)),
      format_known: rated.map(({ format }) => known(format)),
    },
  }
}

function checkLength(query: readonly string[], list: readonly unknown[] | null | undefined, name: string): void {
  if (list == null || list.length === query.length) return
  throw unprocessable([
    {
      type: 'value_error',
      loc: ['body', name],
      msg: `List should have one item for each of the ${query.length} queries, and has ${list.length}`,
    },
  ])
}
