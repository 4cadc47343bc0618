import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { codebook } from '../agreement/codebook/codebook.ts'
import type { VerifyOptions } from '../chem/ether0/accuracy.ts'
import { writeJson, writeWhole } from '../report/manifest.ts'
import type { ChemBackend } from './backend.ts'
import { createRewardEngine, type EngineOptions, type QueueLimits, type RewardEngine } from './engine.ts'
import { formatHint } from './format-hint.ts'
import { Journal } from './journal.ts'
import type { ServedConfig } from './options.ts'
import { HttpProblem } from './problem.ts'
import type { Routes } from './route.ts'
import { classifyRoutes } from './routes/classify.ts'
import { getRewardRoutes } from './routes/get-reward.ts'
import { rewardsRoutes } from './routes/rewards.ts'
import { createRewardService, type RewardService, type ServiceOptions } from './service.ts'
import type { EngineFacts } from './thread.ts'
import { meaningOf } from './unverifiable.ts'

/** A model that is served, from the first moment on: its routes can be added before it is open. */
export interface ServedRewards {
  readonly engine: RewardEngine
  readonly routes: readonly Routes[]
  /** Resolves once the model is warm and its store is open; until then the routes answer 503. Rejects with what is wrong with either. */
  readonly ready: Promise<ReadyRewards>
  /** Once no request is under way. */
  close(): Promise<void>
}
export interface ReadyRewards {
  readonly facts: EngineFacts
  /** Where requests are kept; null: nowhere. */
  readonly folder: string | null
  readonly service: RewardService
}
/** What a route needs of it. @throws HttpProblem 503 while the model is being opened */
export type WhenReady = () => ReadyRewards

export interface ServeOptions {
  readonly served: ServedConfig
  readonly chem: ChemBackend
  readonly verify: VerifyOptions
  /** What else a verdict depends on: data files and oracles, for the identity of the store and the manifest. */
  readonly provenance: readonly Readonly<Record<string, unknown>>[]
  readonly queue: QueueLimits
  /** Most completions of one request, and most requests of a list. */
  readonly batch: number
  readonly now: () => Date
  readonly say: EngineOptions['say']
  readonly onBatch?: NonNullable<EngineOptions['onBatch']>
  readonly onRated?: NonNullable<ServiceOptions['onRated']>
}

/** Starts to open the model and its store. */
export function serveModel(options: ServeOptions): ServedRewards {
  const { served, chem, verify, provenance, batch, now, say, onBatch, onRated } = options
  const { config, given, rule, store } = served
  const answers = { rule, verify, provenance: provenance.map(({ sha256, oracle, kind }) => ({ sha256, oracle, kind })) }
  const limits = options.queue
  const engine = createRewardEngine({ config, given, store, answers, limits, say, ...(onBatch && { onBatch }) })
  let open: ReadyRewards | null = null
  let journal: Journal | null = null
  const ready = engine.ready.then(async (facts) => {
    const { kept } = facts
    if (kept !== null) {
      journal = new Journal(kept.folder, facts.columns)
      await describe(
        kept,
        journal,
        { served: { since: now().toISOString(), ...answers }, verification: { ...verify, provenance } },
        say,
      )
    }
    const said = new Set<string>()
    const onUnverifiable = (cause: string): void => {
      if (said.has(cause)) return
      said.add(cause)
      say(`a completion is unverifiable: ${meaningOf(cause)}; said once, /metrics counts them`, true)
    }
    const hint = formatHint(say)
    const service = createRewardService({
      ...{ engine, chem, verify, rule, journal, now, onUnverifiable },
      onRated: (route, rows) => {
        for (const row of rows) for (const one of row) hint(one)
        onRated?.(route, rows)
      },
    })
    open = { facts, folder: kept?.folder ?? null, service }
    return open
  })
  // whoever waits for it hears it; nobody may
  ready.catch(() => {})
  const when: WhenReady = () => {
    if (open === null) throw new HttpProblem(503, 'The model is being opened', { 'Retry-After': '2' })
    return open
  }
  return {
    engine,
    routes: [rewardsRoutes(when, { batch }), getRewardRoutes(when), classifyRoutes(when, { batch, now })],
    ready,
    async close() {
      await engine.close()
      journal?.close()
    },
  }
}

/** Says what the store holds already, and writes the manifest of a new one. */
async function describe(
  { folder, record }: NonNullable<EngineFacts['kept']>,
  journal: Journal,
  more: Readonly<Record<string, unknown>>,
  say: EngineOptions['say'],
): Promise<void> {
  const { requests, tornBytes } = journal.found
  if (tornBytes > 0) say(`${folder}: ${tornBytes} bytes of a line that was not written to its end were cut off`, true)
  say(requests === 0 ? `requests are kept in ${folder}` : `${folder} goes on after ${requests} requests`, false)
  const path = join(folder, 'run.json')
  if (existsSync(path)) return
  await writeWhole(join(folder, 'codebook.md'), codebook({ 'scores.csv': journal.columns }))
  await writeJson(path, { ...record, ...more })
}
