import { join } from 'node:path'
import { type Accuracy, type Summary, summarise } from '../agreement/accuracy.ts'
import { AGREEMENT_COLUMNS, agreement, agreementRow } from '../agreement/agreement.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { writeCsv } from '../report/csv.ts'
import { machine, versions, writeJson } from '../report/manifest.ts'
import { percent, textTable } from '../report/table.ts'
import { type Joined, writeScores } from '../report/write.ts'
import { joinAll, type WorkDone } from '../run.ts'
import type { Ledger } from '../score/ledger.ts'
import type { PlanOptions } from '../score/plan.ts'
import type { Scorer } from '../score/scorer.ts'
import { SCORE_VERSION } from '../store/key.ts'
import type { Store } from '../store/log.ts'
import type { RowFailure, Verifier } from '../types.ts'
import type { RunConfig } from './config.ts'
import { type Dataset, type Inspection, rowsOf } from './dataset.ts'
import type { Log } from './log.ts'
import type { LoadedModel } from './models.ts'

/** What is left when everything has been measured. */
export interface FinishInput {
  readonly config: RunConfig
  readonly data: Dataset
  readonly inspection: Inspection
  readonly models: readonly LoadedModel[]
  readonly device: ResolvedDevice | null
  readonly scorer: Scorer
  readonly plan: PlanOptions | null
  readonly folder: string
  readonly store: Store | null
  readonly ledger: Ledger
  readonly work: readonly WorkDone[]
  readonly verifier: Verifier | null
  readonly log: Log
  readonly elapsedMs: () => number
}

/** Joins, writes every file of the run and prints the table. Returns the exit code: 4 where rows are missing from the numbers. */
export async function finish(input: FinishInput): Promise<number> {
  const { config, data, folder, scorer, log, inspection } = input
  const joined = await writeScores(
    folder,
    joinAll({ rows: () => rowsOf(config, data, true), store: input.store, ledger: input.ledger }, scorer),
    { ownColumns: scorer.columns, extraColumns: inspection.extraColumns, scored: input.models.length > 0 },
  )
  const settings = { seed: config.seed, resamples: config.resamples }
  const summary = summarise(joined.pairs, settings)
  const { statistics, warnings } = agreement(joined.pairs, joined.completions, settings)
  for (const { message } of warnings) log.warn(message)
  await writeCsv(join(folder, 'agreement.csv'), AGREEMENT_COLUMNS, statistics.map(agreementRow))
  await writeJson(join(folder, 'summary.json'), summary)
  const failures = [...inspection.failures, ...joined.unscored.map(asFailure)]
  await writeFailures(folder, failures)
  await writeJson(join(folder, 'run.json'), manifest(input, joined, failures))
  printSummary(input, joined, summary)
  listFailures(failures, folder, log)
  log.info(`written to ${folder}`)
  return failures.length > 0 ? 4 : 0
}

const asFailure = ({ where, id, role, index, reason }: Joined['unscored'][number]): RowFailure => ({
  where,
  id,
  reason,
  message: `${role} ${index} has no score: ${reason}`,
  hint: null,
})

const FAILURE_COLUMNS = ['where', 'id', 'reason', 'message', 'hint'] as const
const writeFailures = (folder: string, failures: readonly RowFailure[]): Promise<void> =>
  writeCsv(
    join(folder, 'failures.csv'),
    FAILURE_COLUMNS,
    failures.map((f) => [f.where, f.id, f.reason, f.message, f.hint]),
  )

/** Failures shown on screen; all of them are in failures.csv. */
const SHOWN = 20
function listFailures(failures: readonly RowFailure[], folder: string, log: Log): void {
  for (const { where, message, hint } of failures.slice(0, SHOWN))
    log.warn(`${where}: ${message}${hint === null ? '' : ` (${hint})`}`)
  if (failures.length > SHOWN)
    log.warn(`and ${failures.length - SHOWN} more; all are in ${join(folder, 'failures.csv')}`)
}

/** run.json: everything that someone needs who does not trust the numbers. */
function manifest(input: FinishInput, joined: Joined, failures: readonly RowFailure[]): Record<string, unknown> {
  const { config, data, inspection, models, device, scorer, plan, work, verifier, log } = input
  return {
    created: new Date().toISOString(),
    command: [config.bin, ...process.argv.slice(2)].join(' '),
    config,
    versions: versions(),
    score_version: SCORE_VERSION,
    machine: machine(),
    score: scorer.formula,
    models: models.map((model, i) => ({
      role: model.choice.role,
      name: model.name,
      source: model.resolved.source,
      revision: model.resolved.revision,
      architecture: model.description.architecture,
      parameters: model.description.parameters,
      weight_bytes: model.description.weightBytes,
      max_positions: model.description.maxPositions,
      labels: model.description.labels,
      pad_token_id: model.description.padTokenId,
      weights_sha256: model.weightsSha256,
      files: model.hashes,
      tokenizer: { sha256: model.tokenizer.sha256, files: model.tokenizer.files },
      ignored_tensors: model.description.ignoredTensors,
      runner: work[i]?.runner ?? null,
      work: work[i] === undefined ? null : { ...work[i], runner: undefined },
    })),
    device,
    plan,
    dataset: {
      name: data.name,
      ...data.provenance,
      rows: inspection.rows,
      completions: inspection.completions,
      kind: inspection.kind,
      failed_rows: inspection.failures.length,
    },
    verification: verifier === null ? null : { ...config.verification, provenance: verifier.provenance },
    verdicts: countBy(joined.completions, (c) => c.verifiableStatus),
    verdict_reasons: countBy(joined.completions, (c) => c.verifiableReason ?? 'none'),
    failures: { count: failures.length, by_reason: countBy(failures, (f) => f.reason), first: failures.slice(0, 100) },
    warnings: log.warnings,
    seed: config.seed,
    elapsed_ms: Math.round(input.elapsedMs()),
  }
}

export function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) {
    const k = key(item)
    counts[k] = (counts[k] ?? 0) + 1
  }
  return counts
}

function printSummary({ models, scorer, verifier }: FinishInput, joined: Joined, { accuracy }: Summary): void {
  const out: string[] = []
  if (joined.pairs.length > 0 && models.length > 0) {
    const line = (name: string, a: Accuracy): string[] => [
      name,
      percent(a.strict),
      percent(a.half),
      interval(a),
      String(a.ties),
      String(a.n),
      ...(accuracy.overall.missing > 0 ? [String(a.missing)] : []),
    ]
    out.push(
      textTable(
        [
          'accuracy',
          'strict',
          'half',
          '95 % CI (half)',
          'ties',
          'pairs',
          ...(accuracy.overall.missing > 0 ? ['missing'] : []),
        ],
        [
          ...Object.entries(accuracy.subsets).map(([name, a]) => line(name, a)),
          ...Object.entries(accuracy.sections).map(([name, a]) => line(`[${name}]`, a)),
          line('all', accuracy.overall),
        ],
      ),
    )
    out.push(`score = ${scorer.formula}`)
  }
  if (verifier !== null) out.push(verdictLine(joined))
  process.stdout.write(`\n${out.join('\n')}\n\n`)
}

const interval = ({ ci: { half } }: Accuracy): string =>
  half === null ? '–' : `${(half.low * 100).toFixed(1)} – ${(half.high * 100).toFixed(1)}`

function verdictLine({ completions, pairs }: Joined): string {
  const { pass = 0, partial = 0, fail = 0, unverifiable = 0 } = countBy(completions, (c) => c.verifiableStatus)
  const decided = pairs.filter((p) => p.agree !== null)
  const agreed = decided.filter((p) => p.agree === 1).length
  const agreement =
    decided.length === 0
      ? ''
      : `; the model agrees with the verifier on ${agreed} of ${decided.length} pairs that both decide (${percent(agreed / decided.length)})`
  return `verifier: ${pass} pass, ${partial > 0 ? `${partial} partial, ` : ''}${fail} fail, ${unverifiable} unverifiable of ${completions.length} completions${agreement}`
}
