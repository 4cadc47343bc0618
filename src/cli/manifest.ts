import type { HermRun } from '../agreement/herm.ts'
import type { MethodsInput } from '../agreement/methods.ts'
import { OWN_FILE } from '../chem/ether0/data.ts'
import type { Joined } from '../collect.ts'
import { fileRecord, isReadyMade } from '../model/ready-made/open.ts'
import { packageVersion } from '../package.ts'
import { CUT_RULE, type Cut, unevenness } from '../pairs/shard.ts'
import type { RunRecord, ScoreScale } from '../report/html/input.ts'
import { machine, versions } from '../report/manifest.ts'
import { namedWithBase } from '../setup/adapter.ts'
import type { RunConfig } from '../setup/config.ts'
import { identityRecord } from '../setup/identity.ts'
import type { LoadedModel } from '../setup/models.ts'
import { SCORE_VERSION } from '../store/key.ts'
import { REPAIRS } from '../text/repairs.ts'
import type { Repair, RepairCount, RowFailure, RunnerInfo } from '../types.ts'
import { countBy } from './count.ts'
import type { DriftRecord } from './drift.ts'
import type { FinishInput } from './finish.ts'
import { methodRemarks } from './method-remarks.ts'
import { readingsRecord } from './readings.ts'
import { countsOf, repairsOfRun } from './repairs.ts'
import { configAsRun } from './replaced.ts'
import { standInTally, verdictCauses } from './verdict-causes.ts'
import { verificationRecord } from './verification-record.ts'

/** A model in run.json, likewise. */
export interface ModelJson extends Readonly<Record<string, unknown>> {
  readonly name: string
  readonly adapter: LoadedModel['adapter']
  readonly dtype: string | null
}

/** Of run.json, what the report reads, and what computes the files once more. The rest of it is shown as it is. */
export interface RunJson extends Readonly<Record<string, unknown>> {
  readonly config: RunConfig
  readonly versions: Readonly<Record<string, string>>
  /** What the score is, in words. */
  readonly score: string
  /** Of a model that compares two answers; else left out. */
  readonly score_even?: number
  readonly models: readonly ModelJson[]
  readonly drift: DriftRecord | null
  readonly device: { readonly device: string; readonly provider: string } | null
  readonly dataset: Readonly<Record<string, unknown>> & { readonly name: string }
  readonly verification: { readonly provenance: RunRecord['provenance'] } | null
  readonly repairs: Readonly<Record<string, { readonly completions: number }>>
  readonly warnings: readonly string[]
  readonly seed: number
  readonly herm: HermRun | null
  readonly methods: MethodsInput
}

/** run.json: everything that someone needs who does not trust the numbers. */
export function manifest(
  input: FinishInput,
  joined: Joined,
  failures: readonly RowFailure[],
  drift: DriftRecord | null,
) {
  const { config, data, inspection, device, scorer, plan, verifier, log } = input
  return {
    created: new Date().toISOString(),
    // `chemherm run-rm …` is `run-rm …`
    command: [config.bin, ...process.argv.slice(process.argv[2] === config.bin ? 3 : 2)].join(' '),
    identity: identityRecord(input.identity),
    replaced: input.replaced,
    config: configAsRun(input.parts?.asked ?? config, input.subjects),
    versions: versions(),
    score_version: SCORE_VERSION,
    machine: machine(),
    score: scorer.formula,
    ...(scorer.even !== undefined && { score_even: scorer.even }),
    head: config.bin === 'run-rm' ? (config.head ?? '0') : null,
    models: modelRecords(input),
    graph: input.comparison == null ? null : { comparison: input.comparison },
    drift,
    device,
    plan,
    memory: { ...input.memory, peak_rss_bytes: peakRssBytes() },
    dataset: {
      name: data.name,
      ...data.provenance,
      rows: inspection.rows,
      completions: inspection.completions,
      kind: inspection.kind,
      failed_rows: inspection.failures.length,
      ...readingsRecord(inspection, config, data.provenance.sha256),
    },
    shards: shardsRecord(data.cut),
    parts: input.parts?.parts ?? null,
    verification: verifier === null ? null : verificationRecord(config.verification, verifier),
    repairs: describedRepairs(input),
    verdict_errors: input.verdictErrors,
    verdicts: countBy(joined.completions, (c) => c.verifiableStatus),
    verdict_reasons: countBy(joined.completions, (c) => c.verifiableReason ?? 'none'),
    verdict_causes: verdictCauses(joined.completions),
    stand_in_filters: verifier === null ? null : standInTally(joined.completions),
    failures: { count: failures.length, by_reason: countBy(failures, (f) => f.reason), first: failures.slice(0, 100) },
    warnings: log.warnings,
    seed: config.seed,
    elapsed_ms: Math.round(input.elapsedMs()),
  }
}

/** The most memory that this process had so far, resident: weights that are mapped from their files and other threads included. */
export const peakRssBytes = (): number => 1024 * process.resourceUsage().maxRSS

/** How the rows were cut into shards; null where the run was one. */
const shardsRecord = (cut: Cut | null): Record<string, unknown> | null =>
  cut === null
    ? null
    : { count: cut.count, rule: CUT_RULE, id: cut.id, estimated_tokens: cut.loads, heaviest_over_mean: unevenness(cut) }

/** The models of a run as run.json has them, each with what was done for it. */
export const modelRecords = ({
  models,
  subjects,
  work,
  certified,
  device,
}: Pick<FinishInput, 'models' | 'subjects' | 'work' | 'certified' | 'device'>): readonly ModelJson[] =>
  models.map((model, i) => ({
    role: model.choice.role,
    name: model.name,
    source: model.resolved.source,
    revision: model.resolved.revision,
    adapter: model.adapter,
    architecture: model.description.architecture,
    head: model.opened.head.name,
    parameters: model.description.parameters,
    weight_bytes: model.description.weightBytes,
    max_positions: model.description.maxPositions,
    labels: model.description.labels,
    pad_token_id: model.description.padTokenId,
    weights_sha256: model.weightsSha256,
    files: model.hashes,
    tokenizer: { other: model.tokenizerFrom, sha256: model.tokenizer.sha256, files: model.tokenizer.files },
    text: subjects[i]?.text ?? null,
    graph: graphRecord(model, work[i]?.runner ?? null),
    ignored_tensors: model.description.ignoredTensors,
    device: device?.device ?? null,
    dtype: subjects[i]?.dtype ?? null,
    certificate: certified[i] ?? null,
    quantisation: model.description.quantisation,
    runner: work[i]?.runner ?? null,
    work:
      work[i] === undefined
        ? null
        : {
            ...work[i],
            runner: undefined,
            repairs: countsOf(work[i].repairs, 'completions'),
            repairedRows: countsOf(work[i].repairs, 'rows'),
            tokens_per_second: perSecond(work[i].tokens, work[i].modelMs),
            completions_per_second: perSecond(work[i].measured, work[i].modelMs),
          },
  }))

/** Which graph ran; of a ready-made one what it is, and what its first runs showed (null where nothing was left to measure). */
const graphRecord = ({ opened }: LoadedModel, runner: RunnerInfo | null): Record<string, unknown> =>
  isReadyMade(opened)
    ? {
        ...fileRecord(opened),
        provider: runner?.provider ?? null,
        ...(runner?.found ?? { batches: null, pooling: null }),
      }
    : { kind: 'checkpoint', attention: opened.attention }

const perSecond = (count: number, ms: number): number | null => (ms > 0 ? Math.round((count / ms) * 10_000) / 10 : null)

/** Names under which RewardBench's files keep the run; null for run-verify. */
export function hermRun({ config, models, subjects }: FinishInput): HermRun | null {
  const [first, second] = models
  if (first === undefined) return null
  const rewardModel = first.opened.head.compares === undefined ? 'Seq. Classifier' : 'Custom Classifier'
  const modelType = config.bin === 'run-rm' ? rewardModel : second === undefined ? 'DPO Ref. Free' : 'DPO'
  return { model: first.name, modelType, refModel: second?.name ?? null, chatTemplate: templateOf(config, subjects) }
}

/** The template that was used; with --herm-compat it may be another than the one that was named. */
const templateOf = (config: FinishInput['config'], subjects: FinishInput['subjects']): string =>
  subjects[0]?.text.chat_template ?? config.chatTemplate

const EXTRACTIONS: Readonly<Record<RunConfig['verification']['extraction'], string>> = {
  strict: "nothing may stand outside ether0's tags",
  loose: 'the last <answer>…</answer>',
}

function verifierWords({ config, verifier }: Pick<FinishInput, 'config' | 'verifier'>): string {
  const { extraction, requireReasoning, soft, goodMoleculeBonus } = config.verification
  if (verifier === null) return 'not computed'
  return [
    `${extraction} extraction (${EXTRACTIONS[extraction]})`,
    ...(extraction === 'loose' ? [] : [`thought tags ${requireReasoning ? 'required' : 'not required'}`]),
    `${soft ? 'partial' : 'no partial'} credit`,
    ...(goodMoleculeBonus === 0 ? [] : [`good-molecule bonus ${goodMoleculeBonus}`]),
    ...verifier.provenance.flatMap(({ name, file, origin, sha256 }) =>
      origin === OWN_FILE ? [`${name} of ${file} (SHA-256 ${sha256})`] : [],
    ),
  ].join(', ')
}

/** What is not ether0's own. */
const standInsOf = (verifier: FinishInput['verifier']): NonNullable<MethodsInput['standIns']> =>
  (verifier?.provenance ?? []).flatMap(({ name, origin, sha256, standIn }) =>
    standIn === true ? [{ name: String(name), origin: String(origin), sha256: String(sha256) }] : [],
  )

/** @example 'q8 (weights in uint8 block 32 with zero points)' */
function formatOf(model: FinishInput['models'][number] | undefined, dtype: string): string {
  const quantisation = model?.description.quantisation ?? null
  return quantisation === null ? dtype : `${dtype} (weights in ${quantisation.scheme})`
}

export function methodsInput(input: FinishInput, joined: Joined, drift: DriftRecord | null): MethodsInput {
  const { config, data, inspection, models, device, subjects, verifier, scorer } = input
  const [first, second] = models
  return {
    seed: config.seed,
    resamples: config.resamples,
    version: packageVersion,
    ...namedForMethods(first),
    weightsSha256: first?.weightsSha256 ?? null,
    reference: second === undefined ? null : namedWithBase(second.name, second.adapter),
    referenceRevision: second?.adapter == null ? (second?.resolved.revision ?? null) : null,
    referenceSha256: second?.weightsSha256 ?? null,
    referenceFree: config.bin === 'run-dpo' && second === undefined ? config.refFreeType : null,
    beta: second === undefined ? null : config.beta,
    dataset: data.name,
    datasetSha256: (data.provenance.sha256 as string | undefined) ?? null,
    kept: keptRows(config),
    unread: inspection.failures.length,
    ...methodCounts(joined),
    chatTemplate: templateOf(config, subjects),
    maxLength: subjects[0]?.text.max_length ?? null,
    truncation: subjects[0]?.text.truncation ?? 'skip',
    pooling: subjects[0]?.text.pooling ?? null,
    score: scorer.formula,
    device: device?.device ?? 'cpu',
    dtype: formatOf(first, subjects[0]?.dtype ?? 'fp32'),
    verifier: verifierWords({ config, verifier }),
    standIns: standInsOf(verifier),
    versions: versions(),
    hermCompat: config.hermCompat,
    remarks: methodRemarks(input, joined, drift),
  }
}

/** Which rows of the data a run took; null = all. @example 'the first 10 rows' */
export const keptRows = ({ limit, filter }: Pick<RunConfig, 'limit' | 'filter'>): string | null => {
  const those = filter.length === 0 ? '' : ` that --filter ${filter.join(' ')} keeps`
  if (limit !== null)
    return `the first ${limit === 1 ? 'row' : `${limit.toLocaleString('en-US')} rows`}${those === '' ? '' : ` of those${those}`}`
  return those === '' ? null : `the rows${those}`
}

const isUnverifiable = ({ verifiableStatus }: Joined['completions'][number]): boolean =>
  verifiableStatus === 'unverifiable'

/** What the methods paragraph counts. */
export const methodCounts = ({ pairs, groups, completions, unscored }: Joined) => ({
  pairs: pairs.length,
  groups: groups.length,
  variants: groups.reduce((sum, one) => sum + one.completions.filter(({ variant }) => variant !== undefined).length, 0),
  prompts: new Set([...pairs, ...groups].map(({ cluster }) => cluster)).size,
  completions: completions.length,
  unscored: unscored.length,
  unscoredReasons: countBy(unscored, ({ reason }) => reason),
  unverifiable: completions.filter(isUnverifiable).length,
  unverifiableReasons: countBy(completions.filter(isUnverifiable), (c) => c.verifiableReason ?? 'no solution'),
})

/** An adapter's revision stands before its base, another model's behind its name. */
function namedForMethods(model: LoadedModel | undefined): Pick<MethodsInput, 'model' | 'revision'> {
  if (model === undefined) return { model: 'none', revision: null }
  const { name, adapter, resolved } = model
  const { revision } = resolved
  if (adapter === null) return { model: name, revision }
  return { model: namedWithBase(revision === null ? name : `${name} (revision ${revision})`, adapter), revision: null }
}

/** run.json as report.html shows it. */
export function runRecord(record: RunJson, { truncations }: Pick<Joined, 'truncations'>): RunRecord {
  const { herm: _, methods, score, ...shown } = record
  const { config, models, device } = record
  const [first, second] = models
  return {
    command: config.bin,
    model: first === undefined ? 'verifiable rewards alone' : namedWithBase(first.name, first.adapter),
    reference: second === undefined ? null : namedWithBase(second.name, second.adapter),
    dataset: record.dataset.name,
    device: device?.device ?? null,
    provider: device?.provider ?? null,
    dtype: first?.dtype ?? null,
    seed: record.seed,
    ...scaleOf(record),
    versions: record.versions,
    repairs: Object.fromEntries(
      Object.entries(record.repairs).map(([repair, { completions }]) => [repair, completions]),
    ),
    truncations,
    warnings: record.warnings,
    remarks: methods.remarks,
    provenance: record.verification?.provenance ?? [],
    details: { score, ...shown },
  }
}

/** Name and unit of the scores; of a reward model's raw output there is none. */
function scaleOf({ config, models, score }: RunJson): { readonly scale?: ScoreScale } {
  if (config.bin !== 'run-dpo')
    return score.startsWith('softmax') ? { scale: { name: 'softmax probability', unit: null } } : {}
  if (models.length > 1) return { scale: { name: `implicit reward, β = ${config.beta}`, unit: 'nats' } }
  const names = {
    avg: ['mean log-probability of the policy', 'nats per token'],
    sum: ['log-probability of the policy', 'nats'],
    norm: ['negative norm of the policy’s log-probabilities', 'nats'],
  } as const
  const [name, unit] = names[config.refFreeType]
  return { scale: { name, unit } }
}

/** What was mended on the way to the models, each with its sentence. */
export function describedRepairs({
  work,
  subjects,
}: Pick<FinishInput, 'work' | 'subjects'>): Record<string, RepairCount & { readonly what: string }> {
  const facts = subjects[0]?.text
  if (facts === undefined) return {}
  return Object.fromEntries(
    Object.entries(repairsOfRun(work)).map(([repair, count]) => [
      repair,
      { ...count, what: REPAIRS[repair as Repair](facts) },
    ]),
  )
}
