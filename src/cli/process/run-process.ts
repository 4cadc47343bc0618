import { DataError, UsageError } from '../../errors.ts'
import { deviceLine, resolveDevice } from '../../model/device.ts'
import { floatProductsFor } from '../../model/dtype.ts'
import type { AnnotatedRow, LabelledRow, ProcessRow, RationaleRow, StepRow, TrajectoryRow } from '../../pairs/steps.ts'
import type { RunConfig } from '../../setup/config.ts'
import { checkDatasetName, type Inspection, inspect, openDataset, processRowsOf, rowsOf } from '../../setup/dataset.ts'
import { claimRunFolder, findRunFolder } from '../../setup/folder.ts'
import { guarded, guardedGeneration } from '../../setup/guard.ts'
import type { LoadedModel } from '../../setup/models.ts'
import { CHANNEL_OF, type Channel, loadStepModels, openChannels, stepEnd } from '../../setup/step-channels.ts'
import { openStepGeneration, type StepGeneration } from '../../setup/step-generation.ts'
import { unusedOfAnnotations, unusedWithModels, unusedWithoutSolutions } from '../../setup/unused.ts'
import { COMPLETIONS_FILE } from '../../store/completions.ts'
import { lock } from '../../store/lock.ts'
import type { Row, RowFailure } from '../../types.ts'
import { begin } from '../begin.ts'
import { counted, unreadNote } from '../count.ts'
import { decodingLine } from '../decoding-line.ts'
import { downloadBar } from '../download-bar.ts'
import { dumpRows } from '../dump.ts'
import { watchInterrupt } from '../interrupt.ts'
import { modelLine } from '../model-line.ts'
import type { BinHelp } from '../parse.ts'
import { printPlan } from '../plan.ts'
import { sayReadings } from '../readings.ts'
import { sayFolder } from '../replaced.ts'
import { printText } from '../screen.ts'
import { openVerifier, verifierLines } from '../verifier.ts'
import { chooseSteps } from './choices.ts'
import { judgeSteps } from './labels.ts'
import { printPrompts, writeReasonings } from './loop.ts'
import { checkAnnotated, filterRationales } from './rationales.ts'
import type { ProcessRun } from './run.ts'
import { verifyStepsAlone } from './verify-steps.ts'

const HELP: BinHelp = {
  name: 'run-process',
  summary:
    'Process supervision: chooses among candidate next steps by their likelihood behind a rationale, or by a reward model. Without arguments: the embedded steps.',
  examples: [
    ['run-process', 'the embedded policy chooses among the embedded candidates'],
    ['run-process --model org/policy --dataset steps.jsonl --layout rationale-last', 'your model and rows of steps'],
    ['run-process --generate --model org/policy --dataset prompts.jsonl', 'reasonings, step by step'],
    ['run-process --verify-steps steps.jsonl', 'what the steps claim of molecules, checked with RDKit; no model'],
    ['run-process --heuristic reward --model org/prm --dataset steps.jsonl', 'a (process) reward model chooses'],
  ],
}

/**
 * The whole command; returns the exit code.
 * @param name the command as the user called it
 */
export async function runProcess(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const begun = await begin('run-process', { ...HELP, name }, argv)
  if (begun === null) return 0
  const { given, config, modes, log, elapsedMs } = begun
  const filtering = config.filterRationales !== null || config.verifySteps !== null
  const dataset = config.verifySteps ?? config.filterRationales ?? config.dataset
  checkDatasetName(dataset)
  const device = config.models.length === 0 ? null : await resolveDevice(config.device, floatProductsFor(config.dtype))
  if (device !== null) log.info(deviceLine(device))
  const onDownload = downloadBar(log)
  const data = await openDataset({ ...config, dataset }, onDownload)
  const rows = (): AsyncGenerator<Row | RowFailure> =>
    config.generate ? rowsOf(config, data) : processRowsOf(config, data)
  const { inspection, form } = await inspectForms(rows())
  for (const note of data.notes) log.warn(note)
  log.info(
    `${data.name}: ${counted(inspection.rows, 'row')}${form === 'choice' && !config.generate ? `, ${counted(inspection.completions, 'candidate')}` : ''}${unreadNote(inspection.failures.length)}`,
  )
  sayReadings(inspection, config, log)
  if (!config.generate) checkForm(form, config, dataset)
  if (!filtering && !config.generate && inspection.withSolution === 0)
    for (const line of unusedWithoutSolutions(config, given)) log.warn(line)
  const verifier =
    filtering || config.generate || inspection.withSolution === 0 ? null : openVerifier(config.verification)
  for (const line of verifier === null ? [] : verifierLines(verifier)) log.info(line)
  const since = Date.now()
  // annotated texts are only compared
  const models = device === null || form === 'annotated' ? [] : await loadStepModels(config, device, onDownload)
  for (const model of models) {
    log.info(modelLine(model))
    for (const note of model.notes) log.warn(note)
  }
  const kinds = filtering
    ? (['following'] as const)
    : [...new Set(config.heuristic.flatMap((one) => CHANNEL_OF[one] ?? []))]
  const opened =
    device === null || models.length === 0
      ? []
      : await openChannels(kinds, models, config, device, new Date(), log.info)
  if (form === 'labelled') checkProcessHead(opened)
  const writer = config.generate || config.heuristic.includes('trajectory_greedy') ? models[0] : undefined
  const generation =
    writer === undefined || device === null
      ? null
      : guardedGeneration(writer, await openStepGeneration(writer, config, device, new Date(), log.info), since)
  for (const note of config.generate ? (generation?.generation.notes ?? []) : []) log.warn(note)
  if (config.generate && generation !== null) {
    const options = generation.options({ n: config.n, stop: [stepEnd(config)] })
    log.info(decodingLine({ ...generation.generation, options }, 'step'))
  }
  const channels = opened.map(
    (channel): Channel => ({ ...channel, subject: guarded(channel.model, channel.subject, since) }),
  )
  const subjects = channels.map(({ subject }) => subject)
  for (const note of new Set(subjects.flatMap(({ notes }) => notes))) log.warn(note)
  for (const line of device === null ? [] : unusedWithModels(config, given, models, device)) log.warn(line)
  if (form === 'annotated') for (const line of unusedOfAnnotations(given)) log.warn(line)
  if (config.generate && (modes.dumpRendered !== null || modes.dryRun))
    return printPrompts(rows(), generation!, modes.dumpRendered ?? 0)
  if (modes.dumpRendered !== null) return dumpRows(rows(), subjects, modes.dumpRendered)
  const request = {
    outputDir: config.outputDir,
    scorer: config.name ?? folderName(models),
    dataset: data.name,
    identity: {
      weights: models.map(({ choice, weightsSha256 }) => ({ role: choice.role, sha256: weightsSha256 })),
      dataSha256: data.identity,
    },
    ...(config.generate && { beside: COMPLETIONS_FILE }),
  }
  const ahead = { config, models, subjects, device, verifier: null }
  if (modes.dryRun) {
    const place = findRunFolder(request)
    sayFolder(place, ahead, log, true)
    for (const { model, subject, plan } of channels)
      await printPlan(rows, [{ model, subject }], { plan, drift: null }, place.path, log)
    if (channels.length === 0) printText(`nothing would be measured; would be written to: ${place.path}\n`)
    return 0
  }
  const place = claimRunFolder(request)
  // with a model the store has a lock of its own
  const unlock = channels.length === 0 || config.generate ? lock(place.path) : () => {}
  const interrupt = watchInterrupt(log)
  try {
    const replaced = sayFolder(place, { ...ahead, verifier }, log)
    const run = {
      config,
      data,
      rows,
      inspection,
      models,
      channels,
      device,
      verifier,
      folder: place.path,
      identity: place.identity,
      replaced,
      interrupt,
      log,
      elapsedMs,
    }
    if (config.generate) return await writeReasonings(run as ProcessRun, generation!)
    return await START[form](run as ProcessRun, generation)
  } finally {
    interrupt.dispose()
    unlock()
    await verifier?.close()
  }
}

type Form = ProcessRow['form']

/** Counts rows, and finds out what they are. */
async function inspectForms(
  rows: AsyncIterable<Row | RowFailure>,
): Promise<{ readonly inspection: Inspection; readonly form: Form }> {
  let form: Form = 'choice'
  async function* noted(): AsyncGenerator<Row | RowFailure> {
    for await (const row of rows) {
      if ('form' in row) form = (row as ProcessRow).form
      yield row
    }
  }
  const inspection = await inspect(noted())
  return { inspection, form }
}

/** What is made of rows of each form. */
const START: Readonly<Record<Form, (run: ProcessRun, generation: StepGeneration | null) => Promise<number>>> = {
  choice: (run, generation) => chooseSteps(run as ProcessRun<StepRow>, generation),
  labelled: (run) => judgeSteps(run as ProcessRun<LabelledRow>),
  rationale: (run) => filterRationales(run as ProcessRun<RationaleRow>),
  annotated: (run) => checkAnnotated(run as ProcessRun<AnnotatedRow>),
  trajectory: (run) => verifyStepsAlone(run as ProcessRun<TrajectoryRow>),
}

const WORDS: Readonly<Record<Form, string>> = {
  choice: 'candidates for a next step',
  labelled: 'labelled steps',
  rationale: 'rationales with what follows them',
  annotated: 'annotated texts',
  trajectory: 'steps',
}

/** Refuses rows of a form that was not asked for. */
function checkForm(
  form: Form,
  { filterRationales: file, verifySteps, heuristic, layout }: RunConfig,
  dataset: string,
): void {
  if (verifySteps !== null) return
  const toFilter = form === 'rationale' || form === 'annotated'
  if (file !== null && !toFilter)
    throw new DataError(
      `holds ${WORDS[form]}, no rationales with what follows them`,
      file,
      'Rows of --filter-rationales have prompt, steps, rationale and following, or input and output.',
    )
  if (file === null && toFilter)
    throw new DataError(`holds ${WORDS[form]}, no candidates`, dataset, `Say --filter-rationales ${dataset}.`)
  if (form === 'rationale' && layout === 'none')
    throw new UsageError('leaves the rationale out, and there is nothing to compare', '--layout none')
  if (form === 'labelled' && heuristic.join() !== 'reward')
    throw new UsageError(
      `${dataset} holds labelled steps, which a process reward model is held against`,
      '--heuristic',
      'Say --heuristic reward, with --model.',
    )
}

/** @throws UsageError where the model gives one number of a text */
function checkProcessHead(channels: readonly Channel[]): void {
  for (const { model, subject } of channels)
    if (subject.text.steps === null)
      throw new UsageError(
        `the head of ${model.name} (${model.opened.head.name}) gives one reward of a text, not one of every step`,
        `--model ${model.name}`,
        'Labelled steps are held against a process reward model; a causal one is read as such with --step-tokens.',
      )
}

/** Folder name of the models under the output folder. */
const folderName = (models: readonly LoadedModel[]): string =>
  models.length === 0 ? 'no-model' : models.map(({ name }) => name.replaceAll('/', '__')).join('__with__')
