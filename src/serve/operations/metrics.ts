import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client'
import type { MeasuredBatch } from '../batcher.ts'
import type { EngineGauges } from '../engine.ts'
import { agreementOf } from './agreement.ts'

/** The parts of a completion's reward; absent is null. */
export interface AnsweredReward {
  readonly reward: number | null
  readonly learned: number | null
  readonly verifiable: number | null
  readonly format: number | null
}
const PARTS = ['reward', 'learned', 'verifiable', 'format'] as const satisfies readonly (keyof AnsweredReward)[]
export interface AnsweredRequest {
  readonly method: string
  /** The route's own path, so that no client can make labels. */
  readonly path: string
  readonly status: number
  readonly elapsedMs: number
}
/** What the server is asked for when it is scraped. */
export interface MetricSources {
  /** 1 where questions are answered. */
  readonly ready: () => boolean
  readonly underWay: () => number
  /** Absent where no model is served. */
  readonly engine?: () => EngineGauges
}

export interface ServerMetrics {
  request(entry: AnsweredRequest): void
  /** A request that no route saw. */
  broken(status: number): void
  batch(batch: MeasuredBatch): void
  /** The completions of one prompt in one request. */
  rewards(group: readonly AnsweredReward[]): void
  readonly contentType: string
  text(): Promise<string>
}

/** Seconds: from one verdict of a warm server to the longest that a trainer waits. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
/** Raw outputs of reward models have no scale; most lie within ±20. Verifiable rewards lie in 0…1, or 0…1 + λ. */
const REWARDS = [-20, -10, -5, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 0.999, 1, 1.5, 2, 5, 10, 20]
/** A histogram with negative buckets must have neither sum nor count (OpenMetrics 1.0, Histogram): its sum may fall. prom-client writes them. */
const SIGNED_SUMS = /^chemherm_rewards_(sum|count)\{.*\n/gm
const TEXTS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
const TOKENS = [64, 256, 1024, 4096, 16_384, 65_536]

/** What the server counts, as OpenMetrics text (https://prometheus.io/docs/specs/om/open_metrics_spec/) by prom-client. */
export function createMetrics({ ready, underWay, engine }: MetricSources): ServerMetrics {
  const registry = new Registry() as Registry<OpenMetricsContentType>
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  /** A number that is kept elsewhere, read at a scrape. */
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read())
      },
    })
  }
  /** A count that is kept elsewhere. */
  const count = (name: string, help: string, read: () => number): void => {
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }

  const requests = new Counter({
    ...{ name: 'chemherm_requests', help: 'Requests answered', labelNames: ['method', 'route', 'status'], registers },
  })
  const seconds = new Histogram({
    ...{ name: 'chemherm_request_seconds', help: 'From the head of a request to the end of its answer', registers },
    ...{ labelNames: ['route'], buckets: SECONDS },
  })
  gauge(
    'chemherm_ready',
    'Whether questions are answered: 0 while the model opens, while its files are changed, and while the server stops',
    () => (ready() ? 1 : 0),
  )
  gauge('chemherm_requests_under_way', 'Questions that are being answered', underWay)

  if (engine !== undefined) {
    gauge('chemherm_queue_requests', 'Requests that wait for the model', () => engine().waitingRequests)
    gauge('chemherm_queue_tokens', 'Tokens that wait for the model', () => engine().waitingTokens)
    count('chemherm_model_batches', 'Batches that the model computed', () => engine().batches)
    count('chemherm_model_tokens', 'Tokens that the model computed, padding included', () => engine().tokens)
    count('chemherm_model_completions', 'Completions that the model scored', () => engine().scored)
    count('chemherm_model_completions_found', 'Completions whose score the store held already', () => engine().found)
    count('chemherm_model_seconds', 'Time inside the model', () => engine().modelMs / 1000)
  }
  const batchTexts = new Histogram({
    ...{ name: 'chemherm_batch_texts', help: 'Texts in a batch', buckets: TEXTS, registers },
  })
  const batchTokens = new Histogram({
    ...{ name: 'chemherm_batch_tokens', help: 'Tokens of a batch, padding included', buckets: TOKENS, registers },
  })
  const rewards = new Histogram({
    ...{ name: 'chemherm_rewards', help: 'Rewards answered: learned, verifiable, format, and the reward itself' },
    ...{ labelNames: ['part'], buckets: REWARDS, registers },
  })
  const sums = new Gauge({
    ...{ name: 'chemherm_reward_sum', help: 'Sum of the rewards answered; may fall', labelNames: ['part'], registers },
  })
  const absent = new Counter({
    ...{ name: 'chemherm_rewards_absent', help: 'Completions without that part of the reward', registers },
    labelNames: ['part'],
  })
  const agreement = new Counter({
    ...{ name: 'chemherm_agreement', registers, labelNames: ['outcome'] },
    help: 'Pairs of completions of one prompt in one request, by whether learned and verifiable reward order them alike',
  })
  for (const outcome of ['agree', 'disagree', 'tie', 'unverifiable']) agreement.inc({ outcome }, 0)

  return {
    request({ method, path, status, elapsedMs }) {
      requests.inc({ method, route: path, status })
      seconds.observe({ route: path }, elapsedMs / 1000)
    },
    broken: (status) => requests.inc({ method: 'none', route: '(unreadable)', status }),
    batch({ texts, tokens }) {
      batchTexts.observe(texts)
      batchTokens.observe(tokens)
    },
    rewards(group) {
      for (const part of PARTS) {
        for (const { [part]: value } of group) {
          if (value === null) absent.inc({ part })
          else {
            rewards.observe({ part }, value)
            sums.inc({ part }, value)
          }
        }
      }
      const pairs = agreementOf(
        group.map(({ learned }) => learned),
        group.map(({ verifiable }) => verifiable),
      )
      for (const [outcome, n] of Object.entries(pairs)) agreement.inc({ outcome }, n)
    },
    contentType: registry.contentType,
    text: async () => (await registry.metrics()).replace(SIGNED_SUMS, ''),
  }
}
