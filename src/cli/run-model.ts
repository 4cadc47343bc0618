import { join } from 'node:path'
import { resolveDevice } from '../model/device.ts'
import { reexecWithCudaLibraries } from '../model/device-env.ts'
import { isFailure } from '../pairs/failure.ts'
import type { Subject } from '../score/subject.ts'
import { planOf, scorerOf } from '../setup/choices.ts'
import { toRunConfig, wholeNumber } from '../setup/config.ts'
import { type LoadedModel, loadModels, scorerName } from '../setup/models.ts'
import { type OpenSubject, subjectOf } from '../setup/subject.ts'
import { type Dataset, type Inspection, inspect, openDataset, rowsOf } from './dataset.ts'
import { downloadBar } from './download-bar.ts'
import { dumpRows } from './dump.ts'
import { makeOutputFolder } from './folder.ts'
import { hermRemarks } from './herm-flags.ts'
import { watchInterrupt } from './interrupt.ts'
import { createLog } from './log.ts'
import { BIN_OPTIONS } from './options.ts'
import { type BinHelp, parseArgs } from './parse.ts'
import { printPlan } from './plan.ts'
import { scoreAll, scorePart } from './scoring.ts'
import { openVerifier } from './verifier.ts'

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

/** run-rm and run-dpo: the same line with another scorer. Returns the exit code. */
export async function runModel(bin: 'run-rm' | 'run-dpo', argv: readonly string[]): Promise<number> {
  const started = performance.now()
  const args = await parseArgs(HELP[bin], BIN_OPTIONS[bin], argv)
  if (args === null) return 0
  const config = toRunConfig(bin, args)
  const dump = wholeNumber(args, 'dump-rendered', 1)
  if (args['print-config'] === true) {
    process.stdout.write(`${JSON.stringify(config, null, 2)}\n`)
    return 0
  }
  await reexecWithCudaLibraries(config.device)
  const log = createLog({
    name: bin,
    quiet: config.quiet,
    format: config.logFormat,
    stream: process.stderr,
    clock: () => performance.now(),
  })
  for (const remark of hermRemarks(args, bin)) log.info(remark)

  const onDownload = downloadBar(log)
  const data = await openDataset(config, onDownload)
  const rows = () => rowsOf(config, data)
  const inspection = await inspect(rows())
  for (const note of data.notes) log.warn(note)
  log.info(inspectionLine(data, inspection))
  const models = await loadModels(config, onDownload)
  const device = await resolveDevice(config.device)
  log.info(`device ${device.device}${device.deviceId === null ? '' : `:${device.deviceId}`}: ${device.why}`)
  const scorer = scorerOf(config, models)
  for (const model of models) {
    log.info(modelLine(model))
    for (const note of model.notes) log.warn(note)
  }
  log.info(`score = ${scorer.formula}`)
  const now = new Date()
  const prepared: { model: LoadedModel; subject: OpenSubject }[] = []
  for (const model of models) prepared.push({ model, subject: await subjectOf(model, config, device, now) })
  const subjects = prepared.map(({ subject }) => subject)
  for (const note of new Set(subjects.flatMap(({ notes }) => notes))) log.warn(note)
  const plan = planOf(config, device.device)

  if (dump !== null) return dumpRows(rows(), subjects, dump)
  if (args['dry-run'] === true) return printPlan(rows, prepared, plan, log)
  if (config.truncation === 'error') await checkAll(rows(), subjects)

  const scorerFolder = join(config.outputDir, scorerName(config, models))
  const folder = join(scorerFolder, data.name)
  makeOutputFolder(folder)
  const interrupt = watchInterrupt(log)
  const verifier = openVerifier(config.verification)
  const elapsedMs = () => performance.now() - started
  const run = { config, data, models, subjects, device, scorer, plan, folder, verifier, log, elapsedMs, interrupt }
  try {
    return await (config.shard.count === 1 ? scoreAll(run, inspection) : scorePart(run, inspection))
  } finally {
    interrupt.dispose()
    await verifier?.close()
  }
}

const inspectionLine = ({ name }: Dataset, { rows, completions, failures }: Inspection): string =>
  `${name}: ${rows} rows, ${completions} completions${failures.length > 0 ? `, ${failures.length} rows could not be read` : ''}`

const modelLine = ({ choice, name, resolved, description }: LoadedModel): string =>
  `${choice.role}: ${name}${resolved.revision === null ? '' : `@${resolved.revision.slice(0, 8)}`}, ${description.architecture}, ${(description.parameters / 1e6).toPrecision(3)} M parameters`

/** `--truncation error`: the encoders throw at the first row that is too long, before anything is scored. */
async function checkAll(rows: ReturnType<typeof rowsOf>, subjects: readonly Subject[]): Promise<void> {
  for await (const row of rows) if (!isFailure(row)) for (const subject of subjects) subject.prepare(row)
}
