import { describe, expect, it, vi } from 'vitest'
import { agreementOf } from '../../../src/serve/operations/agreement.ts'
import { createMetrics } from '../../../src/serve/operations/metrics.ts'
import { gate, serve } from './serving.ts'

const reward = (learned: number | null, verifiable: number | null) => ({
  ...{ reward: learned, learned, verifiable, format: 1 },
})
/** The samples by name and labels, as they are written. */
const samples = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))]
      }),
  )

describe('agreement of the completions of one prompt', () => {
  it.each([
    ['alike', [2, 1, 0], [1, 0.5, 0], { agree: 3, disagree: 0, tie: 0, unverifiable: 0 }],
    ['opposite', [0, 1], [1, 0], { agree: 0, disagree: 1, tie: 0, unverifiable: 0 }],
    ['a tie of either', [1, 1, 0], [1, 0, 0], { agree: 1, disagree: 0, tie: 2, unverifiable: 0 }],
    ['absent', [2, null, 1, 0], [1, 1, null, 0], { agree: 1, disagree: 0, tie: 0, unverifiable: 5 }],
    ['one', [1], [1], { agree: 0, disagree: 0, tie: 0, unverifiable: 0 }],
    ['none', [], [], { agree: 0, disagree: 0, tie: 0, unverifiable: 0 }],
  ])('%s', (_, learned, verifiable, expected) => {
    expect(agreementOf(learned, verifiable)).toEqual(expected)
  })
  it('is what looking at every pair counts', () => {
    let seed = 1
    const draw = (): number => {
      seed = (seed * 48271) % 2147483647
      return seed
    }
    for (let trial = 0; trial < 50; trial++) {
      const n = draw() % 20
      const some = (): (number | null)[] => Array.from({ length: n }, () => (draw() % 5 === 0 ? null : draw() % 4))
      const [learned, verifiable] = [some(), some()]
      const counted = { agree: 0, disagree: 0, tie: 0, unverifiable: 0 }
      for (let i = 0; i < n; i++)
        for (let j = i + 1; j < n; j++) {
          const [a, b, c, d] = [learned[i]!, learned[j]!, verifiable[i]!, verifiable[j]!]
          if ([a, b, c, d].includes(null as never)) counted.unverifiable++
          else if (a === b || c === d) counted.tie++
          else if (a > b === c > d) counted.agree++
          else counted.disagree++
        }
      expect(agreementOf(learned, verifiable)).toEqual(counted)
    }
  })
})

describe('GET /metrics', () => {
  it('is OpenMetrics text that counts what was answered, and needs the token', async () => {
    const { reply, waiting, open } = gate()
    const server = await serve({ bodyBytes: 50 }, reply, { token: 'secret' })
    const authorization = { Authorization: 'Bearer secret' }
    const post = (body: string) =>
      server.ask({ body, headers: { 'Content-Type': 'application/json', ...authorization } })
    const held = post('{"smiles": "C"}')
    await vi.waitUntil(() => waiting() === 1)
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401)
    const during = samples(await (await fetch(`${server.url}/metrics`, { headers: authorization })).text())
    expect(during).toMatchObject({ chemherm_requests_under_way: 1, chemherm_ready: 1 })
    open()
    await held
    await post('{}')
    await post(`{"smiles": "${'C'.repeat(60)}"}`)
    await fetch(`${server.url}/nowhere/${'x'.repeat(20)}`, { headers: authorization })
    await server.exchange('no HTTP\r\n\r\n')
    const answer = await fetch(`${server.url}/metrics`, { headers: authorization })
    expect(answer.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    const text = await answer.text()
    expect(text.endsWith('# EOF\n')).toBe(true)
    const counted = samples(text)
    expect(counted).toMatchObject({
      'chemherm_requests_total{method="POST",route="/is_purchasable",status="200"}': 1,
      'chemherm_requests_total{method="POST",route="/is_purchasable",status="422"}': 1,
      'chemherm_requests_total{method="POST",route="/is_purchasable",status="413"}': 1,
      // what a client wrote is no label
      'chemherm_requests_total{method="GET",route="(unknown)",status="404"}': 1,
      'chemherm_requests_total{method="none",route="(unreadable)",status="400"}': 1,
      'chemherm_request_seconds_count{route="/is_purchasable"}': 3,
      chemherm_requests_under_way: 0,
    })
    expect(counted.process_resident_memory_bytes).toBeGreaterThan(1e7)
    expect(Object.keys(counted).filter((name) => name.startsWith('chemherm_queue'))).toEqual([])
  })

  it('has what the model and the rewards come to', async () => {
    const gauges = {
      waitingRequests: 2,
      trouble: null,
      waitingTokens: 70,
      batches: 3,
      tokens: 400,
      scored: 9,
      found: 1,
      modelMs: 2500,
    }
    const metrics = createMetrics({ ready: () => false, underWay: () => 4, engine: () => gauges })
    metrics.batch({ texts: 3, tokens: 100 })
    metrics.batch({ texts: 64, tokens: 300 })
    metrics.rewards([reward(2, 1), reward(-1.5, 0), reward(null, null)])
    metrics.rewards([reward(0, 1), reward(1, 0)])
    const twice = [samples(await metrics.text()), samples(await metrics.text())]
    // OpenMetrics: a histogram with negative buckets has neither
    expect(Object.keys(twice[0]!).filter((name) => /^chemherm_rewards_(sum|count)/.test(name))).toEqual([])
    // reading changes nothing
    expect(twice[0]!.chemherm_model_tokens_total).toBe(twice[1]!.chemherm_model_tokens_total)
    expect(twice[1]).toMatchObject({
      chemherm_ready: 0,
      chemherm_requests_under_way: 4,
      chemherm_queue_requests: 2,
      chemherm_queue_tokens: 70,
      chemherm_model_batches_total: 3,
      chemherm_model_tokens_total: 400,
      chemherm_model_completions_total: 9,
      chemherm_model_completions_found_total: 1,
      chemherm_model_seconds_total: 2.5,
      'chemherm_batch_texts_bucket{le="2"}': 0,
      'chemherm_batch_texts_bucket{le="4"}': 1,
      chemherm_batch_texts_count: 2,
      chemherm_batch_tokens_sum: 400,
      'chemherm_rewards_bucket{le="+Inf",part="learned"}': 4,
      'chemherm_reward_sum{part="learned"}': 1.5,
      'chemherm_rewards_bucket{le="-1",part="learned"}': 1,
      'chemherm_reward_sum{part="verifiable"}': 2,
      'chemherm_rewards_bucket{le="+Inf",part="format"}': 5,
      'chemherm_rewards_absent_total{part="verifiable"}': 1,
      'chemherm_agreement_total{outcome="agree"}': 1,
      'chemherm_agreement_total{outcome="disagree"}': 1,
      'chemherm_agreement_total{outcome="tie"}': 0,
      'chemherm_agreement_total{outcome="unverifiable"}': 2,
    })
  })
})
