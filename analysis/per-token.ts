#!/usr/bin/env node
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isStarted, runMain } from '../src/cli/fail.ts'
import { dataOptions, type OptionTable, rmModelOptions, runOptions, scoringOptions } from '../src/cli/options.ts'
import { type Args, type BinHelp, optionsGiven, parseArgs } from '../src/cli/parse.ts'
import { DataError, UsageError } from '../src/errors.ts'
import { resolveDevice } from '../src/model/device.ts'
import { reexecForCuda } from '../src/model/device-env.ts'
import { floatProductsFor } from '../src/model/dtype.ts'
import { isFailure } from '../src/pairs/failure.ts'
import { readRows } from '../src/pairs/read.ts'
import { type Cell, writeCsv } from '../src/report/csv.ts'
import { writeWhole } from '../src/report/manifest.ts'
import { textTable } from '../src/report/table.ts'
import { chooseHead } from '../src/score/head.ts'
import { type RunConfig, toRunConfig } from '../src/setup/config.ts'
import { openDataset } from '../src/setup/dataset.ts'
import { claimScorerFolder } from '../src/setup/folder.ts'
import { loadModels } from '../src/setup/models.ts'
import { subjectOf } from '../src/setup/subject.ts'
import { changesNothing, type Given, unusedWithModels } from '../src/setup/unused.ts'
import type { Row } from '../src/types.ts'
import { isUnscored } from '../src/unscored.ts'
import { prefixPlot, type RewardLine } from './prefix-plot.ts'
import { prefixRewards } from './prefix-rewards.ts'

const HELP: BinHelp = {
  name: 'per-token',
  summary:
    'Reward of each growing prefix of a text: CSV and SVG in <output-dir>/analysis/per-token/<model>/. Without arguments: the first of the embedded pairs under the embedded reward model.',
  examples: [
    ['node dist/analysis/per-token.js --id test-functional-group-0091', 'chosen and rejected of an embedded pair'],
    ['node dist/analysis/per-token.js --prompt "A SMILES of ethanol?" --text CCO', 'a conversation'],
    ['node dist/analysis/per-token.js --model ./my-rm --text "CCO is ethanol"', 'a text as it is, no template'],
  ],
}
const { 'chat-template': template, ...modelOptions } = rmModelOptions
export const OPTIONS = {
  ...modelOptions,
  'chat-template': {
    ...template,
    default: undefined,
    defaultDescription: 'tokenizer; raw for --text without --prompt',
  },
  text: { group: 'Data', type: 'string', requiresArg: true, describe: 'Text, or with --prompt the completion' },
  prompt: { group: 'Data', type: 'string', requiresArg: true, describe: 'What the text answers' },
  dataset: dataOptions.dataset,
  split: dataOptions.split,
  'dataset-config': dataOptions['dataset-config'],
  'prompt-column': dataOptions['prompt-column'],
  'chosen-column': dataOptions['chosen-column'],
  'rejected-column': dataOptions['rejected-column'],
  'id-column': dataOptions['id-column'],
  'subset-column': dataOptions['subset-column'],
  id: {
    group: 'Data',
    type: 'string',
    requiresArg: true,
    describe: 'Row of the data set',
    defaultDescription: 'the first',
  },
  'max-length': scoringOptions['max-length'],
  threads: scoringOptions.threads,
  'output-dir': runOptions['output-dir'],
  offline: runOptions.offline,
} satisfies OptionTable
const DATA_OPTIONS = [
  'dataset',
  'split',
  'dataset-config',
  'prompt-column',
  'chosen-column',
  'rejected-column',
  'id-column',
  'subset-column',
  'id',
] as const
export const PER_TOKEN_COLUMNS = ['role', 'index', 'token', 'token_id', 'part', 'text', 'characters', 'reward'] as const

const warn = (line: string): void => void process.stderr.write(`${HELP.name}: warning: ${line}\n`)

/** The whole command; returns the exit code. */
export async function perToken(argv: readonly string[]): Promise<number> {
  const args = await parseArgs(HELP, OPTIONS, argv)
  if (args === null) return 0
  const given = (name: keyof typeof OPTIONS): string | null => (args[name] === undefined ? null : String(args[name]))
  const named = optionsGiven(OPTIONS, argv)
  if (given('prompt') !== null && given('text') === null)
    throw new UsageError('needs --text', '--prompt', 'The text is what answers the prompt.')
  const bare = given('text') !== null && given('prompt') === null
  const config = toRunConfig('run-rm', {
    ...args,
    'chat-template': given('chat-template') ?? (bare ? 'raw' : 'tokenizer'),
  })
  if (bare && config.chatTemplate !== 'raw')
    throw new UsageError('needs --prompt', `--chat-template ${config.chatTemplate}`, 'A text alone is read as it is.')
  await reexecForCuda(config.device, floatProductsFor(config.dtype))
  const unused = DATA_OPTIONS.filter((name) => named.has(name))
  if (given('text') !== null && unused.length > 0) warn(changesNothing(unused, '--text is read, no data set'))
  const row = given('text') === null ? await rowOf(config, args) : conversation(given('prompt'), given('text')!)
  const { model, weightsSha256, lines } = await linesOf(config, row, named)
  const { path: folder, remarks: why } = claimScorerFolder(
    join(config.outputDir, 'analysis', 'per-token'),
    model.replaceAll('/', '__'),
    [{ role: 'rm', sha256: weightsSha256 }],
  )
  const name = fileName(row.id)
  const remarks = [...why]
  if (existsSync(join(folder, `${name}.csv`)))
    remarks.push(`the earlier ${join(folder, name)}.csv and .svg are replaced`)
  for (const remark of remarks) process.stderr.write(`${HELP.name}: ${remark}\n`)
  const cells = lines.flatMap(({ role, index, prefixes }) =>
    prefixes.map((p): Cell[] => {
      const part = p.completion ? 'completion' : 'prompt'
      return [role, index, p.token, p.id, part, p.text, p.characters, p.reward]
    }),
  )
  await writeCsv(join(folder, `${name}.csv`), PER_TOKEN_COLUMNS, cells)
  await writeWhole(join(folder, `${name}.svg`), prefixPlot(lines, `${model}, ${row.id}`))
  process.stdout.write(`${summary(row.id, lines)}\nwritten to ${join(folder, name)}.csv and .svg\n`)
  return 0
}

/** Ids whose letters a file name cannot have all are told apart by digits of their hash. @example fileName('a') // 'a' */
export function fileName(id: string): string {
  const name = id.replace(/[^\w.@+-]/g, '_')
  return name === id ? name : `${name}~${createHash('sha256').update(id).digest('hex').slice(0, 8)}`
}

interface Line extends RewardLine {
  readonly role: string
  readonly index: number
}

async function linesOf(
  config: RunConfig,
  row: Row,
  named: Given,
): Promise<{ model: string; weightsSha256: string; lines: Line[] }> {
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  const [model] = await loadModels(config, device, () => {})
  const choice = chooseHead(config.head, model!.description.labels)
  if (choice.kind === 'all') throw new UsageError('draws one head', '--head all', 'Name one of them.')
  for (const line of [...model!.notes, ...unusedWithModels(config, named, [model!], device)]) warn(line)
  const subject = await subjectOf(model!, config, device, new Date(), warn)
  const prepared = subject.prepare(row)
  const rules = {
    tokenizer: model!.tokenizer,
    pooling: subject.text.pooling ?? 'hf',
    padTokenId: subject.text.pad_token_id,
  }
  const runner = await subject.open()
  try {
    const lines: Line[] = []
    for (const [i, { role, index }] of row.completions.entries()) {
      const ready = prepared[i]!
      if (isUnscored(ready)) throw new DataError(`${role} ${index} has no score: ${ready.message}`, row.where)
      const name =
        row.completions.length === 1 ? 'text' : row.kind === 'pair' && index === 0 ? role : `${role} ${index}`
      lines.push({ role, index, name, prefixes: await prefixRewards(runner, ready, choice, rules) })
    }
    return { model: model!.name, weightsSha256: model!.weightsSha256, lines }
  } finally {
    await runner.release()
  }
}

const conversation = (prompt: string | null, text: string): Row => ({
  kind: 'single',
  id: 'text',
  subset: '',
  problemType: null,
  prompt: prompt ?? '',
  completions: [{ role: 'completion', index: 0, text }],
  solution: null,
  where: '--text',
  extra: {},
})

async function rowOf(config: RunConfig, args: Args<'id'>): Promise<Row> {
  const data = await openDataset(config, () => {})
  for (const note of data.notes) warn(note)
  for await (const row of readRows(data.source, { split: data.split, columns: config.columns })) {
    if (isFailure(row)) continue
    if (args.id === undefined || row.id === String(args.id)) return row
  }
  throw new DataError(
    `has no row ${String(args.id)}`,
    config.dataset,
    'Ids are those of the data; rows without one count from 1.',
  )
}

/** Where each line ends, and its largest step. */
function summary(id: string, lines: readonly Line[]): string {
  const cells = lines.map(({ name, prefixes }) => {
    const steps = prefixes.slice(1).map((p, i) => ({ token: p, step: p.reward - prefixes[i]!.reward }))
    const largest = steps.reduce<(typeof steps)[number] | null>(
      (best, s) => (best === null || Math.abs(s.step) > Math.abs(best.step) ? s : best),
      null,
    )
    const step = largest === null ? '–' : `${largest.step > 0 ? '+' : ''}${largest.step.toFixed(3)}`
    const at = largest === null ? '–' : `${largest.token.token} ${JSON.stringify(largest.token.text)}`
    return [name, String(prefixes.length), prefixes.at(-1)!.reward.toFixed(4), step, at]
  })
  return textTable([id, 'tokens', 'reward', 'largest step', 'at token'], cells)
}

if (isStarted(import.meta.url)) await runMain(HELP.name, () => perToken(process.argv.slice(2)))
