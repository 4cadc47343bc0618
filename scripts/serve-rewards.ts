#!/usr/bin/env node
import type { AddressInfo } from 'node:net'
import { type DataOptions, loadChemistryData, readFilters } from '../src/chem/ether0/data.ts'
import { type OracleOptions, oracleProvenance } from '../src/chem/oracles/options.ts'
import { isLoopback } from '../src/chem/serve/access.ts'
import { DEFAULT_LIMITS } from '../src/chem/serve/limits.ts'
import { createRewardServer } from '../src/chem/serve/server.ts'
import { type ChemWorkerOptions, createChemPool, type PoolSize } from '../src/chem/workers/verifier.ts'
import { isStarted, runMain } from '../src/cli/fail.ts'
import { createLog } from '../src/cli/log.ts'
import type { OptionTable } from '../src/cli/options.ts'
import { type Args, type BinHelp, parseArgs } from '../src/cli/parse.ts'
import { NetworkError, UsageError } from '../src/errors.ts'
import { given } from '../src/given.ts'
import { wholeNumber } from '../src/setup/config.ts'

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
  host: { group: 'Server', type: 'string', requiresArg: true, default: '127.0.0.1', describe: 'Address to listen on' },
  port: { group: 'Server', type: 'number', requiresArg: true, default: 8000, describe: 'Port; 0 takes a free one' },
  token: {
    group: 'Server',
    type: 'string',
    requiresArg: true,
    describe: 'Bearer token that clients must send (other users of this machine see it in the process list)',
    defaultDescription: 'env ETHER0_REMOTES_API_TOKEN',
  },
  'body-limit': {
    group: 'Server',
    type: 'number',
    requiresArg: true,
    default: DEFAULT_LIMITS.bodyBytes,
    describe: 'Longest request body, in bytes',
  },
  'batch-limit': {
    group: 'Server',
    type: 'number',
    requiresArg: true,
    default: DEFAULT_LIMITS.batch,
    describe: 'Most SMILES strings in one request',
  },
  'purchasable-bloom': {
    group: 'Chemistry',
    type: 'string',
    requiresArg: true,
    describe: 'Purchasable molecules, a molbloom file',
    defaultDescription: 'embedded: ZINC20 in stock',
  },
  'rings-bloom': {
    group: 'Chemistry',
    type: 'string',
    requiresArg: true,
    describe: 'Ring systems, a molbloom file (for /verify)',
    defaultDescription: 'embedded',
  },
  'fingerprints-bloom': {
    group: 'Chemistry',
    type: 'string',
    requiresArg: true,
    describe: 'Morgan environments, a molbloom file (for /verify)',
    defaultDescription: 'embedded',
  },
  'forward-base-url': {
    group: 'Chemistry',
    type: 'string',
    requiresArg: true,
    describe:
      'An ether0.remotes server with a forward-reaction model, for /translate; its token: env CHEMHERM_FORWARD_API_TOKEN',
    defaultDescription: 'none: /translate answers 501',
  },
  'verify-workers': {
    group: 'Chemistry',
    type: 'number',
    requiresArg: true,
    describe: 'Worker threads',
    defaultDescription: 'half the cores',
  },
  'time-limit': {
    group: 'Chemistry',
    type: 'number',
    requiresArg: true,
    default: 20,
    describe: 'Longest that one question may compute, in seconds',
  },
  quiet: { group: 'Run', type: 'boolean', default: false, describe: 'Only warnings and errors' },
  'log-format': {
    group: 'Run',
    type: 'string',
    requiresArg: true,
    default: 'text',
    choices: ['text', 'json'],
    describe: 'text or json (one object per line)',
  },
} satisfies OptionTable
type Option = keyof typeof OPTIONS

/** How long a stop waits for answers under way. */
const GRACE_MS = 10_000

/**
 * The whole command; returns the exit code once it is stopped.
 * @param name the command as the user called it
 */
export async function serveRewards(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const args = await parseArgs({ ...HELP, name }, OPTIONS, argv)
  if (args === null) return 0
  const host = args.host as string
  const token = (args.token as string | undefined) ?? process.env.ETHER0_REMOTES_API_TOKEN ?? null
  if (token === '') throw new UsageError('the bearer token is empty', '--token')
  if (token === null && !isLoopback(host)) {
    throw new UsageError(
      `${host} can be reached from other machines, and there is no token`,
      '--host',
      'Set ETHER0_REMOTES_API_TOKEN, or listen on 127.0.0.1.',
    )
  }
  const wantedPort = args.port as number
  if (!Number.isInteger(wantedPort) || wantedPort < 0 || wantedPort > 65535) {
    throw new UsageError(`${wantedPort} is not a port (0–65535)`, '--port')
  }
  const size = given<PoolSize>({
    timeoutMs: positive(args, 'time-limit') * 1000,
    workers: wholeNumber(args, 'verify-workers', 1),
    queue: null,
  })
  const limits = {
    ...DEFAULT_LIMITS,
    bodyBytes: wholeNumber(args, 'body-limit', 1) ?? DEFAULT_LIMITS.bodyBytes,
    batch: wholeNumber(args, 'batch-limit', 1) ?? DEFAULT_LIMITS.batch,
  }
  const log = createLog({
    name,
    quiet: args.quiet as boolean,
    format: args['log-format'] as 'text' | 'json',
    stream: process.stderr,
    clock: () => performance.now(),
  })
  const text = (name: Option): string | null => (args[name] === undefined ? null : String(args[name]))
  const forwardToken = process.env.CHEMHERM_FORWARD_API_TOKEN ?? null
  if (forwardToken !== null && text('forward-base-url') === null)
    log.warn('CHEMHERM_FORWARD_API_TOKEN changes nothing here: there is no --forward-base-url')
  const options: ChemWorkerOptions = {
    oracles: given<Pick<OracleOptions, 'kind' | 'forward'>>({
      kind: 'embedded',
      forward: forwardOf(text('forward-base-url'), forwardToken),
    }),
    data: readFilters(
      given<DataOptions>({
        purchasableBloom: text('purchasable-bloom'),
        ringsBloom: text('rings-bloom'),
        fingerprintsBloom: text('fingerprints-bloom'),
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
  process.stdout.write(`http://${address.includes(':') ? `[${address}]` : address}:${port}\n`)
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

function positive(args: Args<Option>, name: Option): number {
  const value = args[name] as number
  if (!(value > 0)) throw new UsageError(`${value} is not a positive number`, `--${name}`)
  return value
}

if (isStarted(import.meta.url)) await runMain(HELP.name, () => serveRewards(process.argv.slice(2)))
