import { deviceLine, resolveDevice } from '../model/device.ts'
import { devicesOf } from '../model/device-list.ts'
import { floatProductsFor } from '../model/dtype.ts'
import { isFailure } from '../pairs/failure.ts'
import type { Cut, Shard } from '../pairs/shard.ts'
import { allHeadsNote } from '../score/head.ts'
import type { Subject } from '../score/subject.ts'
import { roundingNote } from '../setup/adapter.ts'
import { planOf, scorerOf } from '../setup/choices.ts'
import type { RunConfig } from '../setup/config.ts'
import { checkDatasetName, type Dataset, type Inspection, inspect, openDataset, rowsOf } from '../setup/dataset.ts'
import { driftPlan } from '../setup/drift.ts'
import { claimRunFolder, type FolderRequest, findRunFolder } from '../setup/folder.ts'
import { guarded } from '../setup/guard.ts'
import { fitPlan } from '../setup/memory.ts'
import { type LoadedModel, loadModels, scorerName } from '../setup/models.ts'
import { type OpenSubject, subjectOf } from '../setup/subject.ts'
import { changesNothing, unusedWithModels, unusedWithoutGroups, unusedWithoutSolutions } from '../setup/unused.ts'
import { stripReasoning } from '../text/conversation.ts'
import { analysedColumns } from './analysed-columns.ts'
import { begin } from './begin.ts'
import { certifiedBefore, certifiedLines, certifyRun } from './certify.ts'
import { counted, unreadNote } from './count.ts'
import { downloadBar } from './download-bar.ts'
import { dumpRows } from './dump.ts'
import { compareGraphs, comparisonLines } from './graph-comparison.ts'
import { hermRemarks } from './herm-flags.ts'
import { watchInterrupt } from './interrupt.ts'
import type { Log } from './log.ts'
import { modelLine } from './model-line.ts'
import type { BinHelp } from './parse.ts'
import { endWithParent } from './part.ts'
import { runParts } from './parts.ts'
import { printPlan } from './plan.ts'
import { sayReadings } from './readings.ts'
import { sayFolder } from './replaced.ts'
import { scoreAll, scoreShard } from './scoring.ts'
import { openVerifier, verifierLines } from './verifier.ts'

const HELP: Readonly<Record<'run-rm' | 'run-dpo', BinHelp>> = {
  'run-rm': {
    name: 'run-rm',
    summary:
      'Scores chemistry pairs with a reward model, beside the verifiable rewards. Without arguments: the embedded demo.',
    examples: [
      ['run-rm', 'the embedded reward model on the embedded pairs'],
      ['run-rm --model Skywork/Skywork-Reward-V2-Llama-3.2-1B', 'a model of the hub on the embedded pairs'],
      ['run-rm --model ./my-rm --dataset pairs.jsonl --device cuda', 'your model and pairs, on a GPU'],
    ],
  },
  'run-dpo': {
    name: 'run-dpo',
    summary:
      'Scores chemistry pairs with a DPO policy and its reference, beside the verifiable rewards. Without arguments: the embedded demo.',
    examples: [
      ['run-dpo', 'the embedded policy and reference on the embedded pairs'],
      ['run-dpo --model org/policy --ref-model org/base --dataset pairs.jsonl', 'your policy against its reference'],
      ['run-dpo --model org/policy --ref-free-type sum', 'the policy alone'],
    ],
  },
}

/**
 * run-rm and run-dpo: the same line with another scorer. Returns the exit code.
 * @param name the command as the user called it
 */
export async function runModel(
  bin: 'run-rm' | 'run-dpo',
  argv: readonly string[],
  name: string = bin,
): Promise<number> {
  const begun = await begin(bin, { ...HELP[bin], name }, argv)
  if (begun === null) return 0
  const { given, modes, log, elapsedMs } = begun
  endWithParent()
  checkDatasetName(begun.config.dataset)
  const devices = devicesOf(begun.config.device)
  const only = devices.length === 1 || modes.dryRun || modes.dumpRendered !== null
  const parts = only ? null : await runParts(name, devices, begun.config, log, scriptOf(argv))
  const config = devices.length === 1 ? begun.config : ofDevices(begun.config, devices, only)
  for (const remark of hermRemarks(given, bin)) log.info(remark)

  const verifier = openVerifier(config.verification)
  for (const line of verifier === null ? [] : verifierLines(verifier)) log.info(line)
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  log.info(deviceLine(device))
  const onDownload = downloadBar(log)
  const data = await openDataset(config, onDownload)
  // what is merged is the whole
  const rows = () => rowsOf(config, data, config.merge === 'only')
  const inspection = await inspect(rows())
  for (const note of data.notes) log.warn(note)
  log.info(inspectionLine(data, inspection))
  if (data.cut !== null && config.merge !== 'only') log.info(shardLine(data.cut, config.shard))
  sayReadings(inspection, config, log, analysedColumns(bin, inspection.pairs))
  if (inspection.withSolution === 0) for (const line of unusedWithoutSolutions(config, given)) log.warn(line)
  if (inspection.groups === 0) for (const line of unusedWithoutGroups(given)) log.warn(line)
  if (config.reasoning === 'strip') await sayThoughts(rows(), log)
  const since = Date.now()
  const models = await loadModels(config, device, onDownload)
  const scorer = scorerOf(config, models)
  for (const model of models) {
    log.info(modelLine(model))
    const rounding = model.adapter === null ? null : roundingNote(model.adapter)
    if (rounding !== null) log.info(`${model.choice.role}: ${rounding}`)
    for (const note of model.notes) log.warn(note)
  }
  for (const line of unusedWithModels(config, given, models, device)) log.warn(line)
  const { labels } = models[0]!.description
  if (config.head === 'all' && labels.length > 1) log.warn(allHeadsNote(labels))
  log.info(`score = ${scorer.formula}`)
  const now = new Date()
  const prepared: { model: LoadedModel; subject: OpenSubject }[] = []
  for (const model of models) prepared.push({ model, subject: await subjectOf(model, config, device, now, log.info) })
  const subjects = prepared.map(({ model, subject }) => guarded(model, subject, since))
  const exact = driftPlan(config, models, device)
  const twins = []
  for (const model of exact?.models ?? [])
    twins.push(guarded(model, await subjectOf(model, config, device, now, log.info), since))
  for (const note of new Set(subjects.flatMap(({ notes }) => notes))) log.warn(note)
  const { plan, memory, line, warnings } = await fitPlan(planOf(config, models), config, models, device)
  log.info(line)
  for (const warning of warnings) log.warn(warning, { event: 'memory' })

  if (modes.dumpRendered !== null) return dumpRows(rows(), subjects, modes.dumpRendered)
  const request = requestOf(config, models, data)
  if (modes.dryRun) {
    const place = findRunFolder(request)
    sayFolder(place, { config, models, subjects, device, verifier: null }, log, true)
    return printPlan(rows, prepared, { plan, drift: exact }, place.path, log)
  }
  if (config.truncation === 'error') await checkAll(rows(), subjects)

  const place = claimRunFolder(request)
  const { path: folder, identity } = place
  const interrupt = watchInterrupt(log)
  const drift = exact === null ? null : { plan: exact, subjects: twins }
  const base = { config, data, models, subjects, device, scorer, plan, memory, folder, identity, verifier, drift }
  try {
    const replaced = sayFolder(place, base, log)
    const certified = config.certify ? await certifyRun(config, prepared, folder, log) : certifiedBefore(folder, models)
    if (!config.certify) for (const line of certifiedLines(certified, models, folder)) log.info(line)
    const comparison = await compareGraphs({ ...base, rows })
    for (const { text, warning } of comparison === null ? [] : comparisonLines(comparison))
      if (warning) log.warn(text)
      else log.info(text)
    const asked = parts === null ? {} : { parts: { parts, asked: begun.config } }
    const run = { ...base, ...asked, comparison, replaced, certified, log, elapsedMs, interrupt }
    return await (config.shard.count === 1 ? scoreAll(run, inspection) : scoreShard(run, inspection))
  } finally {
    interrupt.dispose()
    await verifier?.close()
  }
}

/** What node was started with, up to this command's own flags. */
const scriptOf = (argv: readonly string[]): string[] => process.argv.slice(1, process.argv.length - argv.length)

/** The configuration of the process that merges what those of several devices measured, or that only plans. */
const ofDevices = (config: RunConfig, devices: readonly string[], plansOnly: boolean): RunConfig => ({
  ...config,
  device: devices[0]!,
  ...(!plansOnly && { shard: { index: 1, count: devices.length }, merge: 'only' as const }),
})

/** Where the results belong: the models' weights, in the order of the roles, and the data. */
const requestOf = (config: RunConfig, models: readonly LoadedModel[], { name, identity }: Dataset): FolderRequest => ({
  outputDir: config.outputDir,
  scorer: scorerName(config, models),
  dataset: name,
  identity: {
    weights: models.map(({ choice, weightsSha256 }) => ({ role: choice.role, sha256: weightsSha256 })),
    dataSha256: identity,
  },
})

const inspectionLine = ({ name }: Dataset, { rows, completions, failures }: Inspection): string =>
  `${name}: ${counted(rows, 'row')}, ${counted(completions, 'completion')}${unreadNote(failures.length)}`

/** What of the whole a shard is. One that is much heavier than the mean has one prompt that no cut can divide. */
function shardLine(cut: Cut, { index, count }: Shard): string {
  const [own, all] = [cut.loads[index - 1]!, cut.loads.reduce((sum, load) => sum + load, 0)]
  const share =
    all === 0 ? '' : ` (${((100 * own) / all).toFixed(1)} %, an even share is ${(100 / count).toFixed(1)} %)`
  return `shard ${index}/${count} of it: about ${own} of ${all} tokens${share}, estimated from the text; rows of one prompt stay together`
}

/** `--reasoning strip`: in how many completions there is a thought to cut. */
async function sayThoughts(rows: ReturnType<typeof rowsOf>, log: Log): Promise<void> {
  let [thoughts, completions] = [0, 0]
  for await (const row of rows)
    for (const { text } of isFailure(row) ? [] : row.completions) {
      completions++
      if (JSON.stringify(stripReasoning(text)) !== JSON.stringify(text)) thoughts++
    }
  if (thoughts === 0) log.warn(changesNothing(['reasoning'], 'no completion has a thought'))
  else
    log.info(
      `--reasoning strip: the thought of ${thoughts} of ${completions} completions is cut before a model sees it`,
    )
}

/** `--truncation error`: the encoders throw at the first row that is too long, before anything is scored. */
async function checkAll(rows: ReturnType<typeof rowsOf>, subjects: readonly Subject[]): Promise<void> {
  for await (const row of rows) if (!isFailure(row)) for (const subject of subjects) subject.prepare(row)
}
