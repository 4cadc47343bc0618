import { type DataOptions, loadChemistryData, readFilters } from '../../src/chem/ether0/data.ts'
import { type OracleOptions, oracleProvenance } from '../../src/chem/oracles/options.ts'
import {
  type ChemWorkerOptions,
  createChemPool,
  type PoolSize,
  VERDICT_LIMIT_S,
} from '../../src/chem/workers/verifier.ts'
import { screenLog } from '../../src/cli/log.ts'
import { type BinHelp, parseArgs } from '../../src/cli/parse.ts'
import { printText } from '../../src/cli/screen.ts'
import { watchStop } from '../../src/cli/stop-signal.ts'
import { HarnessError, UsageError } from '../../src/errors.ts'
import { given } from '../../src/given.ts'
import { reexecForCuda } from '../../src/model/device-env.ts'
import { floatProductsFor } from '../../src/model/dtype.ts'
import { isLoopback } from '../../src/serve/access.ts'
import { createRewardServer } from '../../src/serve/app.ts'
import { DEFAULT_LIMITS, type ServerLimits } from '../../src/serve/limits.ts'
import { serveModel } from '../../src/serve/open.ts'
import { listen } from '../../src/serve/operations/listen.ts'
import { REWARD_OPTIONS, servedConfig } from '../../src/serve/options.ts'
import { checkAhead } from '../../src/setup/ahead.ts'
import { aboveZero, number, readOptions, section, text, whole } from '../../src/setup/option.ts'
import { SCREEN } from '../../src/setup/options.ts'

const HELP: BinHelp = {
  name: 'serve-rewards',
  summary:
    "Serves the embedded oracles behind ether0.remotes' HTTP API (/compute_solubility, /is_purchasable, /translate), so that Python's ether0 can ask them, and besides POST /verify {completion, solution}, GET /health, /ready and /metrics (OpenMetrics). With --model also the rewards of a model, of the verifier or of both, for trainers: POST /rewards, /get_reward (OpenRLHF) and /classify (vLLM, SGLang, verl).",
  examples: [
    ['serve-rewards', 'on http://127.0.0.1:8000, this machine only'],
    ['ETHER0_REMOTES_API_TOKEN=… serve-rewards --host 0.0.0.0', 'on every address; a token is then required'],
    ['serve-rewards --model ./my-rm --store results', 'rewards of a model for a trainer, each of them kept'],
    ['export ETHER0_REMOTES_API_BASE_URL=http://127.0.0.1:8000', "where Python's ether0, or run-rm, runs"],
  ],
}
/** Under the 30 s that Kubernetes, and Slurm's KillWait, give a process by default. */
const GRACE_S = 10

export const OPTIONS = {
  ...section(
    { group: 'Server' },
    {
      host: text('Address to listen on', '127.0.0.1'),
      port: number('Port; 0 takes a free one', 8000, { check: checkPort }),
      token: text(
        'Bearer token that clients must send (other users of this machine see it in the process list)',
        null,
        {
          shown: 'env ETHER0_REMOTES_API_TOKEN',
        },
      ),
      bodyLimit: whole([1], 'Longest request body, in bytes', DEFAULT_LIMITS.bodyBytes),
      batchLimit: whole([1], 'Most SMILES strings, completions or texts in one request', DEFAULT_LIMITS.batch),
      pendingLimit: whole(
        [1],
        'Requests that may be under way; further ones hear 503 with Retry-After',
        DEFAULT_LIMITS.pending,
      ),
      clientLimit: whole(
        [1],
        'Requests of one address that may be under way; further ones of it hear 429 with Retry-After',
        DEFAULT_LIMITS.perClient,
        { shown: 'those of --pending-limit' },
      ),
      connectionLimit: whole(
        [1],
        'Connections that may be open; further ones are closed at once',
        DEFAULT_LIMITS.connections,
      ),
      requestTimeout: number(
        'Longest that a request may take to arrive, body included, and its answer to be read, in seconds',
        DEFAULT_LIMITS.requestMs / 1000,
        { check: aboveZero },
      ),
      answerTimeout: number(
        'Longest that an answer may take once its request has arrived, in seconds; then 503',
        DEFAULT_LIMITS.answerMs / 1000,
        { check: aboveZero },
      ),
      grace: number(
        'Longest that a stop (SIGTERM, SIGINT) waits for answers under way, in seconds; a second signal ends at once',
        GRACE_S,
        { check: aboveZero },
      ),
    },
  ),
  ...section(
    { group: 'Chemistry' },
    {
      purchasableBloom: text('Purchasable molecules, a molbloom file', null, { shown: 'embedded: ZINC20 in stock' }),
      ringsBloom: text('Ring systems, a molbloom file (for /verify)', null, { shown: 'embedded' }),
      fingerprintsBloom: text('Morgan environments, a molbloom file (for /verify)', null, { shown: 'embedded' }),
      forwardBaseUrl: text(
        'An ether0.remotes server with a forward-reaction model, for /translate; its token: env CHEMHERM_FORWARD_API_TOKEN',
        null,
        { shown: 'none: /translate answers 501' },
      ),
      verifyWorkers: whole([1], 'Worker threads', null, { shown: 'half the cores' }),
      timeLimit: number('Longest that one question may compute, in seconds of processor time', VERDICT_LIMIT_S, {
        check: aboveZero,
      }),
    },
  ),
  ...REWARD_OPTIONS,
  ...SCREEN,
}

/**
 * The whole command; returns the exit code once it is stopped.
 * @param name the command as the user called it
 */
export async function serveRewards(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const args = await parseArgs({ ...HELP, name }, OPTIONS, argv)
  if (args === null) return 0
  const { host, port: wantedPort, forwardBaseUrl, ...asked } = readOptions(OPTIONS, args)
  const token = asked.token ?? process.env.ETHER0_REMOTES_API_TOKEN ?? null
  if (token === '') throw new UsageError('the bearer token is empty', '--token')
  if (token === null && !isLoopback(host)) {
    throw new UsageError(
      `${host} can be reached from other machines, and there is no token`,
      '--host',
      'Set ETHER0_REMOTES_API_TOKEN, or listen on 127.0.0.1.',
    )
  }
  const size = given<PoolSize>({
    timeoutMs: asked.timeLimit * 1000,
    workers: asked.verifyWorkers,
    queue: null,
  })
  const limits: ServerLimits = {
    bodyBytes: asked.bodyLimit,
    batch: asked.batchLimit,
    pending: asked.pendingLimit,
    perClient: asked.clientLimit,
    connections: asked.connectionLimit,
    requestMs: Math.ceil(asked.requestTimeout * 1000),
    answerMs: Math.ceil(asked.answerTimeout * 1000),
  }
  const served = servedConfig(asked, args)
  const log = screenLog(name, asked)
  const forwardToken = process.env.CHEMHERM_FORWARD_API_TOKEN ?? null
  if (forwardToken !== null && forwardBaseUrl === null)
    log.warn('CHEMHERM_FORWARD_API_TOKEN changes nothing here: there is no --forward-base-url')
  const options: ChemWorkerOptions = {
    oracles: given<Pick<OracleOptions, 'kind' | 'forward'>>({
      kind: 'embedded',
      forward: forwardOf(forwardBaseUrl, forwardToken),
    }),
    data: readFilters(
      given<DataOptions>({
        purchasableBloom: asked.purchasableBloom,
        ringsBloom: asked.ringsBloom,
        fingerprintsBloom: asked.fingerprintsBloom,
      }),
    ),
  }
  for (const { oracle, kind } of oracleProvenance(options.oracles)) log.info(`oracle ${oracle}: ${kind}`)
  for (const { name, file, sha256 } of loadChemistryData(options.data).provenance)
    log.info(`verifier: ${name}: ${file}`, { sha256 })
  for (const line of served?.unused ?? []) log.warn(line)
  if (served !== null) {
    checkAhead(served.config)
    await reexecForCuda(served.config.device, floatProductsFor(served.config.dtype))
  }
  const pool = createChemPool(options, size)
  const rewards =
    served === null
      ? null
      : serveModel({
          served,
          chem: pool,
          verify: {
            reasoning: asked.requireReasoning,
            soft: asked.soft,
            test: asked.extraction === 'loose',
            goodMoleculeBonus: asked.goodMoleculeBonus,
          },
          provenance: [...loadChemistryData(options.data).provenance, ...oracleProvenance(options.oracles)],
          queue: { requests: asked.queueLimit, tokens: asked.queueTokens },
          batch: asked.batchLimit,
          now: () => new Date(),
          say: (line, warning) => (warning ? log.warn(line) : log.info(line)),
          onBatch: (batch) => server.metrics.batch(batch),
          onRated: (_route, rows) => {
            for (const row of rows) server.metrics.rewards(row)
          },
        })
  const server = createRewardServer(
    pool,
    {
      token,
      limits,
      onAnswer: (entry) => {
        const elapsedMs = Math.round(entry.elapsedMs)
        log.info(`${entry.method} ${entry.path} ${entry.status} ${elapsedMs} ms`, {
          event: 'request',
          ...entry,
          elapsedMs,
        })
      },
      onBug: (error) => log.warn(troubleOf(error)),
      ...(rewards !== null && { engine: () => rewards.engine.gauges }),
    },
    rewards?.routes,
  )
  const signal = watchStop()
  try {
    const url = await listen(server.http, host, wantedPort)
    // probes are answered while the model opens; whoever waits for the address has a warm server
    await Promise.race([rewards?.ready, signal.received])
    if (!signal.stopped()) {
      server.lifecycle.ready()
      printText(`${url}\n`)
    }
    const broken = await Promise.race([
      signal.received.then(() => null),
      ...(rewards === null ? [] : [rewards.engine.broken]),
    ])
    if (broken !== null) throw broken
    log.info('stopping: answers under way are finished first', { event: 'stopping' })
    const cut = await server.stop(asked.grace * 1000)
    if (cut > 0) log.warn(`${cut} requests were not answered in the grace period of ${asked.grace} s`, { cut })
  } finally {
    signal.dispose()
    await server.stop(0)
    await rewards?.close()
    await pool.close()
  }
  return 0
}

function troubleOf(error: unknown): string {
  if (error instanceof HarnessError) return `${error.where}: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

const forwardOf = (baseUrl: string | null, token: string | null): OracleOptions['forward'] | null =>
  baseUrl === null ? null : given<NonNullable<OracleOptions['forward']>>({ baseUrl, token })

function checkPort(port: number, flag: string): void {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`${port} is not a port (0–65535)`, flag)
}
