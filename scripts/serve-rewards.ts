#!/usr/bin/env node
import type { AddressInfo } from 'node:net'
import { type DataOptions, loadChemistryData, readFilters } from '../src/chem/ether0/data.ts'
import { type OracleOptions, oracleProvenance } from '../src/chem/oracles/options.ts'
import { type ChemWorkerOptions, createChemPool, type PoolSize } from '../src/chem/workers/verifier.ts'
import { isStarted, runMain } from '../src/cli/fail.ts'
import { createLog } from '../src/cli/log.ts'
import { type BinHelp, parseArgs } from '../src/cli/parse.ts'
import { printText } from '../src/cli/screen.ts'
import { NetworkError, UsageError } from '../src/errors.ts'
import { given } from '../src/given.ts'
import { isLoopback } from '../src/serve/access.ts'
import { createRewardServer } from '../src/serve/app.ts'
import { DEFAULT_LIMITS } from '../src/serve/limits.ts'
import { number, readOptions, section, text, whole } from '../src/setup/option.ts'
import { SCREEN } from '../src/setup/options.ts'

const HELP: BinHelp = {
  name: 'serve-rewards',
  summary:
    "Serves the embedded oracles behind ether0.remotes' HTTP API (/compute_solubility, /is_purchasable, /translate), so that Python's ether0 can ask them, and besides POST /verify {completion, solution} and GET /health.",
  examples: [
    ['serve-rewards', 'on http://127.0.0.1:8000, this machine only'],
    ['ETHER0_REMOTES_API_TOKEN=… serve-rewards --host 0.0.0.0', 'on every address; a token is then required'],
    ['export ETHER0_REMOTES_API_BASE_URL=http://127.0.0.1:8000', "where Python's ether0, or run-rm, runs"],
  ],
}
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
      batchLimit: whole([1], 'Most SMILES strings in one request', DEFAULT_LIMITS.batch),
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
      timeLimit: number('Longest that one question may compute, in seconds', 20, { check: checkPositive }),
    },
  ),
  ...SCREEN,
}

/** How long a stop waits for answers under way. */
const GRACE_MS = 10_000

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
  const limits = { ...DEFAULT_LIMITS, bodyBytes: asked.bodyLimit, batch: asked.batchLimit }
  const log = createLog({
    name,
    quiet: asked.quiet,
    format: asked.logFormat,
    stream: process.stderr,
    clock: () => performance.now(),
  })
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
  const pool = createChemPool(options, size)
  const server = createRewardServer(pool, {
    token,
    limits,
    onAnswer: (entry) => {
      const elapsedMs = Math.round(entry.elapsedMs)
      log.info(`${entry.method} ${entry.path} ${entry.status} ${elapsedMs} ms`, { ...entry, elapsedMs })
    },
    onBug: (error) => log.warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  })
  try {
    await server.listen({ host, port: wantedPort })
  } catch (cause) {
    await pool.close()
    throw new NetworkError(`cannot listen: ${(cause as Error).message}`, `${host}:${wantedPort}`, null, { cause })
  }
  const { address, port } = server.server.address() as AddressInfo
  printText(`http://${address.includes(':') ? `[${address}]` : address}:${port}\n`)
  await stopSignal()
  log.info('stopping: answers under way are finished first')
  const late = setTimeout(() => {
    void pool.close()
    server.server.closeAllConnections()
  }, GRACE_MS)
  await server.close()
  clearTimeout(late)
  await pool.close()
  return 0
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process as usual. */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })

const forwardOf = (baseUrl: string | null, token: string | null): OracleOptions['forward'] | null =>
  baseUrl === null ? null : given<NonNullable<OracleOptions['forward']>>({ baseUrl, token })

function checkPort(port: number, flag: string): void {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`${port} is not a port (0–65535)`, flag)
}

function checkPositive(value: number, flag: string): void {
  if (!(value > 0)) throw new UsageError(`${value} is not a positive number`, flag)
}

if (isStarted(import.meta.url)) await runMain(HELP.name, () => serveRewards(process.argv.slice(2)))
