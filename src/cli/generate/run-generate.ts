import { createHash } from 'node:crypto'
import { InterruptedError } from '../../errors.ts'
import { generate, noTokens } from '../../generate/generate.ts'
import { deviceLine, resolveDevice } from '../../model/device.ts'
import { floatProductsFor } from '../../model/dtype.ts'
import { isFailure } from '../../pairs/failure.ts'
import { textTable } from '../../report/table.ts'
import { checkDatasetName, inspect, openDataset, rowsOf } from '../../setup/dataset.ts'
import { claimRunFolder, findRunFolder } from '../../setup/folder.ts'
import { type OpenGeneration, openGeneration } from '../../setup/generation.ts'
import { guardedOpen } from '../../setup/guard.ts'
import { readRecord } from '../../setup/identity.ts'
import { loadModels, scorerName } from '../../setup/models.ts'
import { unusedWithModels } from '../../setup/unused.ts'
import { CompletionsFile, rowKey, TRAJECTORIES_FILE } from '../../store/completions.ts'
import { lock } from '../../store/lock.ts'
import type { Row, RowFailure, Unscored } from '../../types.ts'
import { isUnscored } from '../../unscored.ts'
import { begin } from '../begin.ts'
import { counted, unreadNote } from '../count.ts'
import { decodingLine } from '../decoding-line.ts'
import { downloadBar } from '../download-bar.ts'
import { type Interrupt, watchInterrupt } from '../interrupt.ts'
import { modelLine } from '../model-line.ts'
import type { BinHelp } from '../parse.ts'
import { sayReadings } from '../readings.ts'
import { sayFolder } from '../replaced.ts'
import { printText } from '../screen.ts'
import { finishGeneration, type GenerationRun, generatedRow, type KeyedPrompt } from './finish.ts'

const HELP: BinHelp = {
  name: 'run-generate',
  summary:
    'Completes prompts with a causal language model, greedy or sampled, into groups that run-rm, run-dpo and run-verify read. Without arguments: the embedded policy on the embedded prompts.',
  examples: [
    ['run-generate', 'the embedded policy, greedy, on the embedded prompts'],
    ['run-generate --n 8 --temperature 1 --seed 1', 'eight sampled completions of each prompt'],
    [
      'run-verify --dataset results/demo-policy-dpo/demo-prompts/completions.jsonl',
      "ether0's verifiable rewards of what was generated",
    ],
  ],
}

/**
 * The whole command; returns the exit code.
 * @param name the command as the user called it
 */
export async function runGenerate(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const begun = await begin('run-generate', { ...HELP, name }, argv)
  if (begun === null) return 0
  const { given, config, modes, log, elapsedMs } = begun
  checkDatasetName(config.dataset)
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  log.info(deviceLine(device))
  const onDownload = downloadBar(log)
  const data = await openDataset(config, onDownload)
  const rows = () => rowsOf(config, data)
  const inspection = await inspect(rows())
  for (const note of data.notes) log.warn(note)
  log.info(`${data.name}: ${counted(inspection.rows, 'prompt')}${unreadNote(inspection.failures.length)}`)
  sayReadings(inspection, config, log)
  if (inspection.completions > 0)
    log.info(
      `the rows have ${inspection.completions} completions (${inspection.kind} rows): their prompts alone are continued`,
    )
  const since = Date.now()
  const [model] = await loadModels(config, device, onDownload)
  log.info(modelLine(model!))
  for (const note of model!.notes) log.warn(note)
  for (const line of unusedWithModels(config, given, [model!], device)) log.warn(line)
  const generation = await openGeneration(model!, config, device, new Date(), log.info)
  for (const note of generation.notes) log.warn(note)
  log.info(decodingLine(generation, 'prompt'))

  if (modes.dumpRendered !== null) return dumpPrompts(rows(), generation, model!.tokenizer.tokens, modes.dumpRendered)
  const request = {
    outputDir: config.outputDir,
    scorer: scorerName(config, [model!]),
    dataset: data.name,
    identity: { weights: [{ role: 'policy', sha256: model!.weightsSha256 }], dataSha256: data.identity },
    beside: TRAJECTORIES_FILE,
  }
  const ahead = { config, models: [model!], subjects: [], device, verifier: null }
  if (modes.dryRun) {
    const place = findRunFolder(request)
    sayFolder(place, ahead, log, true)
    return printGenerationPlan(rows(), generation, place.path)
  }
  const place = claimRunFolder(request)
  const unlock = lock(place.path)
  const interrupt = watchInterrupt(log)
  try {
    const replaced = sayFolder(place, ahead, log)
    const base = { config, data, inspection, model: model!, generation, device, place, replaced, log }
    const run: GenerationRun = { ...base, rows, elapsedMs }
    return await generateAll(run, interrupt, since)
  } finally {
    interrupt.dispose()
    unlock()
  }
}

/** Completes what an earlier run has not, and writes the files of the run. */
async function generateAll(run: GenerationRun, { stopped, dispose }: Interrupt, since: number): Promise<number> {
  const { config, generation, inspection, place, log, model } = run
  const earlier = readRecord(place.path, 'run.json') as { readonly generation?: { readonly header?: unknown } } | null
  const { file, found } = await CompletionsFile.open(place.path, generation.header, {
    finished: JSON.stringify(earlier?.generation?.header) === generation.header,
    resume: config.resume,
  })
  try {
    if (found.forgotten !== null) log.warn('completions of an unfinished run with other options are forgotten')
    if (found.damaged > 0) log.warn(`${found.damaged} lines of an unfinished run could not be read: made anew`)
    const failures: RowFailure[] = []
    const count = noTokens()
    let kept = 0
    async function* prompts(): AsyncGenerator<KeyedPrompt> {
      for await (const row of run.rows()) {
        if (isFailure(row)) continue
        const prompt = keyed(row, generation)
        if (isUnscored(prompt)) failures.push(failureOf(row, prompt))
        else if (file.has(prompt.key)) kept++
        else yield prompt
        done(0)
      }
    }
    let made = 0
    const bar = log.progress('generating', inspection.rows * config.n, 'completions')
    const done = (more: number): void => {
      made += more
      bar.update((made + kept + failures.length) * config.n, kept * config.n)
    }
    const started = performance.now()
    const decoder = await guardedOpen(model, () => generation.open(), since)()
    let modelMs = 0
    try {
      const opened = performance.now()
      const options = { ...generation.options, budget: generation.budget(decoder.bytesPerToken) }
      for await (const generated of generate(decoder, prompts(), options, { stopped, count })) {
        if ('unscored' in generated) failures.push(failureOf(generated.prompt.row, generated.unscored))
        else file.append(generated.prompt.key, generatedRow(generated.prompt, generated.completions, model.tokenizer))
        done('unscored' in generated ? 0 : 1)
      }
      modelMs = performance.now() - opened
    } finally {
      bar.stop()
      await decoder.release()
    }
    if (stopped())
      throw new InterruptedError(
        `${made + kept} of ${inspection.rows} prompts are complete and kept`,
        place.path,
        'Run the same command again to go on.',
      )
    // From here on nothing is lost: a Ctrl-C may end the process at once.
    dispose()
    const keys = async function* () {
      for await (const row of run.rows()) {
        const prompt = isFailure(row) ? null : keyed(row, generation)
        if (prompt !== null && !isUnscored(prompt)) yield prompt.key
      }
    }
    const work = { runner: decoder.info, count, kept, modelMs, openMs: performance.now() - started - modelMs }
    return await finishGeneration(run, { file, keys: keys(), failures, work })
  } finally {
    file.close()
  }
}

/** A row as it is continued, and what it is found again by. */
function keyed(row: Row, { encode }: OpenGeneration): KeyedPrompt | Unscored {
  const encoded = encode(row.prompt)
  if (isUnscored(encoded)) return encoded
  const { ids, text } = encoded
  const promptIdsSha256 = createHash('sha256').update(ids.join(' ')).digest('hex')
  return {
    id: row.id,
    ids,
    text,
    row,
    promptIdsSha256,
    key: rowKey({ id: row.id, prompt: row.prompt, promptIdsSha256 }),
  }
}

const failureOf = ({ where, id }: Row, { reason, message }: Unscored): RowFailure => ({
  where,
  id,
  reason,
  message,
  hint: null,
})

/** `--dump-rendered N`: the prompts that are continued, every id with its token. */
async function dumpPrompts(
  rows: ReturnType<typeof rowsOf>,
  { encode, options }: OpenGeneration,
  tokensOf: (ids: Int32Array) => string[],
  count: number,
): Promise<number> {
  let seen = 0
  for await (const row of rows) {
    if (isFailure(row)) continue
    const encoded = encode(row.prompt)
    if (isUnscored(encoded))
      printText(`${row.where}, ${row.id}: not continued, ${encoded.reason}: ${encoded.message}\n`)
    else {
      const { ids, text, repairs } = encoded
      const lines = tokensOf(ids).map(
        (token, i) => `${String(i).padStart(5)} ${String(ids[i]).padStart(7)}  ${JSON.stringify(token)}`,
      )
      const facts = [`${ids.length} tokens`, `room for ${Math.max(0, options.maxPositions - ids.length)}`, ...repairs]
      printText(`${row.where}, ${row.id}: ${facts.join(', ')}\n${JSON.stringify(text)}\n${lines.join('\n')}\n\n`)
    }
    if (++seen >= count) break
  }
  return 0
}

/** `--dry-run`: what would be computed. */
async function printGenerationPlan(
  rows: ReturnType<typeof rowsOf>,
  { encode, options, budget }: OpenGeneration,
  folder: string,
): Promise<number> {
  let [prompts, tokens, longest, left] = [0, 0, 0, 0]
  for await (const row of rows) {
    if (isFailure(row)) continue
    const encoded = encode(row.prompt)
    if (isUnscored(encoded) || encoded.ids.length >= options.maxPositions) {
      left++
      continue
    }
    prompts++
    tokens += encoded.ids.length
    longest = Math.max(longest, encoded.ids.length)
  }
  const cells = [
    prompts,
    tokens,
    longest,
    prompts * options.n,
    prompts * options.n * options.maxNewTokens,
    budget(1).rows,
    left,
  ]
  const header = [
    'prompts',
    'their tokens',
    'longest',
    'completions',
    'new tokens at most',
    'side by side',
    'not continued',
  ]
  printText(`${textTable(header, [cells.map((cell) => cell.toLocaleString('en'))])}\nwould be written to: ${folder}\n`)
  return 0
}
