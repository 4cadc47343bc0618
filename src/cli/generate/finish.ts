import { join } from 'node:path'
import type { Digest } from '../../digest-map.ts'
import type { FinishReason, GeneratedCompletion, GenerationCount } from '../../generate/generate.ts'
import type { ResolvedDevice } from '../../model/device.ts'
import { machine, versions, writeJson } from '../../report/manifest.ts'
import { textTable } from '../../report/table.ts'
import type { RunConfig } from '../../setup/config.ts'
import { checkUnchanged, type Dataset, type Inspection } from '../../setup/dataset.ts'
import type { RunFolder } from '../../setup/folder.ts'
import type { OpenGeneration } from '../../setup/generation.ts'
import { identityRecord } from '../../setup/identity.ts'
import type { LoadedModel } from '../../setup/models.ts'
import { COMPLETIONS_FILE, type CompletionsFile } from '../../store/completions.ts'
import { SCORE_VERSION } from '../../store/key.ts'
import { readsBack } from '../../text/continuation.ts'
import type { Row, RowFailure, RunnerInfo } from '../../types.ts'
import { countBy } from '../count.ts'
import type { Replaced } from '../differences.ts'
import { failureLines } from '../failure-lines.ts'
import { writeFailures } from '../failures-file.ts'
import type { Log } from '../log.ts'
import { modelRecords } from '../manifest.ts'
import { readingsRecord } from '../readings.ts'
import { removeResults } from '../results.ts'
import { printText } from '../screen.ts'

/** A generation whose model, data and output folder are settled. */
export interface GenerationRun {
  readonly config: RunConfig
  readonly data: Dataset
  /** The usable rows and the failures, from the start every time. */
  readonly rows: () => AsyncIterable<Row | RowFailure>
  readonly inspection: Inspection
  readonly model: LoadedModel
  readonly generation: OpenGeneration
  readonly device: ResolvedDevice
  readonly place: RunFolder
  readonly replaced: Replaced | null
  readonly log: Log
  readonly elapsedMs: () => number
}

/** A prompt with what it is found again by. */
export interface KeyedPrompt {
  readonly id: string
  readonly ids: Int32Array
  /** Rendered, with the header of the assistant's turn. */
  readonly text: string
  readonly row: Row
  readonly promptIdsSha256: string
  readonly key: Digest
}

/** What a run has computed. */
interface GenerationWork {
  readonly runner: RunnerInfo
  readonly count: GenerationCount
  /** Prompts whose completions an earlier run has made. */
  readonly kept: number
  /** Without opening the model. */
  readonly modelMs: number
  readonly openMs: number
}

/** A line of completions.jsonl: a group row, with what makes its tokens traceable. */
export const generatedRow = (
  { row, ids, text: promptText, promptIdsSha256 }: KeyedPrompt,
  completions: readonly GeneratedCompletion[],
  tokenizer: LoadedModel['tokenizer'],
): Record<string, unknown> => ({
  id: row.id,
  subset: row.subset,
  ...(row.problemType !== null && { problem_type: row.problemType }),
  prompt: row.prompt,
  ...(row.solution !== null && { solution: row.solution }),
  prompt_tokens: ids.length,
  prompt_ids_sha256: promptIdsSha256,
  completions: completions.map(({ text, tokenIds, tokenLogProbs, sumLogProb, finishReason }) => ({
    completion: text,
    finish_reason: finishReason,
    sum_logprob: sumLogProb,
    reads_back: readsBack(
      tokenizer,
      { ids, text: promptText },
      text,
      finishReason === 'stop' ? tokenIds.slice(0, -1) : tokenIds,
    ),
    token_ids: tokenIds,
    token_logprobs: tokenLogProbs,
  })),
})

interface WrittenCompletion {
  readonly completion: string
  readonly finish_reason: FinishReason
  readonly sum_logprob: number
  readonly reads_back: boolean
  readonly token_ids: readonly number[]
}

/** What all completions of the file come to. */
class Totals {
  rows = 0
  completions = 0
  tokens = 0
  logProb = 0
  empty = 0
  otherwise = 0
  readonly finish: Record<FinishReason, number> = { stop: 0, stop_string: 0, length: 0 }

  add(line: Buffer): void {
    const { completions } = JSON.parse(line.toString('utf8')) as { completions: readonly WrittenCompletion[] }
    this.rows++
    for (const { completion, finish_reason, sum_logprob, reads_back, token_ids } of completions) {
      this.completions++
      this.tokens += token_ids.length
      this.logProb += sum_logprob
      this.finish[finish_reason]++
      if (completion === '') this.empty++
      if (!reads_back && finish_reason !== 'stop_string') this.otherwise++
    }
  }
}

/** Writes completions.jsonl in the order of the data, failures.csv and run.json. Returns the exit code: 4 where a row has no completions. */
export async function finishGeneration(
  run: GenerationRun,
  {
    file,
    keys,
    failures: unmade,
    work,
  }: {
    readonly file: CompletionsFile
    readonly keys: AsyncIterable<Digest>
    readonly failures: readonly RowFailure[]
    readonly work: GenerationWork
  },
): Promise<number> {
  const { data, place, inspection, log, config } = run
  const folder = place.path
  await checkUnchanged(data)
  removeResults(folder)
  const totals = new Totals()
  await file.finish(keys, (line) => totals.add(line))
  const failures = [...inspection.failures, ...unmade]
  await writeFailures(folder, failures)
  printText(`\n${summary(totals, work)}\n\n`)
  if (totals.empty > 0) log.warn(`${totals.empty} of ${totals.completions} completions are empty`)
  if (totals.otherwise > 0)
    log.info(
      `${totals.otherwise} of ${totals.completions} completions are cut into other tokens when their text is read again (reads_back false): scored, they have other log-probabilities`,
    )
  if (totals.finish.length > 0)
    log.info(
      `${totals.finish.length} of ${totals.completions} completions end at a limit: --max-new-tokens ${config.maxNewTokens}, or the model's ${run.generation.options.maxPositions} positions`,
    )
  for (const line of failureLines(failures, join(folder, 'failures.csv'))) log.warn(line)
  await writeJson(join(folder, 'run.json'), manifestOf(run, totals, work, failures))
  file.forget()
  log.info(`written to ${join(folder, COMPLETIONS_FILE)}`)
  return failures.length > 0 ? 4 : 0
}

const perSecond = (count: number, ms: number): number | null => (ms > 0 ? Math.round((count / ms) * 10_000) / 10 : null)

function summary(
  { rows, completions, tokens, logProb, finish }: Totals,
  { count, kept, modelMs }: GenerationWork,
): string {
  const rate = perSecond(count.newTokens, modelMs)
  const table = textTable(
    ['prompts', 'completions', 'tokens', 'tokens each', 'log p per token', 'ended by token', 'by text', 'by length'],
    [
      [
        String(rows),
        String(completions),
        String(tokens),
        completions === 0 ? '–' : (tokens / completions).toFixed(1),
        tokens === 0 ? '–' : (logProb / tokens).toFixed(4),
        String(finish.stop),
        String(finish.stop_string),
        String(finish.length),
      ],
    ],
  )
  const speed =
    count.newTokens === 0
      ? 'nothing was left to generate'
      : `${count.newTokens} tokens generated${rate === null ? '' : `, ${rate} per second`}; ${count.promptTokens} tokens of prompts computed, each prompt once, what all begin with once for all`
  return `${table}\n${speed}${kept > 0 ? `; ${kept} prompts were complete already` : ''}`
}

function manifestOf(
  { config, data, inspection, model, generation, device, place, replaced, log, elapsedMs }: GenerationRun,
  totals: Totals,
  { runner, count, kept, modelMs, openMs }: GenerationWork,
  failures: readonly RowFailure[],
): Record<string, unknown> {
  const [record] = modelRecords({ models: [model], subjects: [], work: [], certified: [], device })
  const { options, eos, text, header, budget } = generation
  return {
    created: new Date().toISOString(),
    command: [config.bin, ...process.argv.slice(process.argv[2] === config.bin ? 3 : 2)].join(' '),
    identity: identityRecord(place.identity),
    replaced,
    config,
    versions: versions(),
    score_version: SCORE_VERSION,
    machine: machine(),
    models: [{ ...record, dtype: runner.dtype, runner, text }],
    generation: {
      header: JSON.parse(header) as unknown,
      n: options.n,
      temperature: options.temperature,
      top_p: options.topP,
      seed: options.seed,
      max_new_tokens: options.maxNewTokens,
      max_positions: options.maxPositions,
      stop: options.stop,
      eos_token_ids: eos.ids,
      eos_from: eos.from,
      recommended_sampling: eos.recommended,
      rules_not_done: eos.unmet,
      log_probs:
        "natural log-probabilities of the model's own distribution, whatever --temperature and --top-p; float32",
      prompts: totals.rows,
      completions: totals.completions,
      tokens: totals.tokens,
      mean_logprob: totals.tokens === 0 ? null : totals.logProb / totals.tokens,
      finish_reasons: totals.finish,
      empty_completions: totals.empty,
      other_tokens_when_read: totals.otherwise,
      kept_prompts: kept,
      prompt_tokens_computed: count.promptTokens,
      prompt_tokens_with_padding: count.paddedPromptTokens,
      new_tokens: count.newTokens,
      steps: count.steps,
      mean_batch: count.steps === 0 ? null : count.stepRows / count.steps,
      recomputed: count.recomputed,
      open_ms: Math.round(openMs),
      model_ms: Math.round(modelMs),
      tokens_per_second: perSecond(count.newTokens, modelMs),
      budget: budget(1).rows,
    },
    device,
    dataset: {
      name: data.name,
      ...data.provenance,
      rows: inspection.rows,
      kind: inspection.kind,
      failed_rows: inspection.failures.length,
      ...readingsRecord(inspection, config, data.provenance.sha256),
    },
    failures: { count: failures.length, by_reason: countBy(failures, (f) => f.reason), first: failures.slice(0, 100) },
    warnings: log.warnings,
    seed: config.seed,
    elapsed_ms: Math.round(elapsedMs()),
  }
}
