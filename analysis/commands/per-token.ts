import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BinHelp, parseArgs } from '../../src/cli/parse.ts'
import { DataError, UsageError } from '../../src/errors.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { reexecForCuda } from '../../src/model/device-env.ts'
import { floatProductsFor } from '../../src/model/dtype.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { readRows } from '../../src/pairs/read.ts'
import { type Cell, writeCsv } from '../../src/report/csv.ts'
import { writeWhole } from '../../src/report/manifest.ts'
import { textTable } from '../../src/report/table.ts'
import { chooseHead } from '../../src/score/head.ts'
import { type RunConfig, toRunConfig } from '../../src/setup/config.ts'
import { openDataset } from '../../src/setup/dataset.ts'
import { claimScorerFolder } from '../../src/setup/folder.ts'
import { loadModels } from '../../src/setup/models.ts'
import { flagOf, type Given, readOptions, text as textOption } from '../../src/setup/option.ts'
import { CHECKPOINTS, COLUMNS, DATA, MODEL, RUN, type RunOption, SCORING } from '../../src/setup/options.ts'
import { subjectOf } from '../../src/setup/subject.ts'
import { changesNothing, unusedWithModels } from '../../src/setup/unused.ts'
import type { Row } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'
import { prefixPlot, type RewardLine } from '../prefix-plot.ts'
import { prefixRewards } from '../prefix-rewards.ts'

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
const { beta, refFreeType, chatTemplate, ...model } = MODEL
const DATA_OPTIONS = {
  ...DATA,
  ...COLUMNS,
  id: textOption('Row of the data set', null, { group: 'Data', shown: 'the first' }),
}
export const OPTIONS = {
  model: CHECKPOINTS.model,
  revision: CHECKPOINTS.revision,
  ...model,
  chatTemplate: { ...chatTemplate, shown: 'tokenizer; raw for --text without --prompt' },
  text: textOption('Text, or with --prompt the completion', null, { group: 'Data' }),
  prompt: textOption('What the text answers', null, { group: 'Data' }),
  ...DATA_OPTIONS,
  maxLength: SCORING.maxLength,
  threads: SCORING.threads,
  outputDir: RUN.outputDir,
  offline: RUN.offline,
}
export const PER_TOKEN_COLUMNS = ['role', 'index', 'token', 'token_id', 'part', 'text', 'characters', 'reward'] as const

const warn = (line: string): void => void process.stderr.write(`${HELP.name}: warning: ${line}\n`)

/** The whole command; returns the exit code. */
export async function perToken(argv: readonly string[]): Promise<number> {
  const given = await parseArgs(HELP, OPTIONS, argv)
  if (given === null) return 0
  const { text, prompt, id } = readOptions(OPTIONS, given)
  if (prompt !== null && text === null)
    throw new UsageError('needs --text', '--prompt', 'The text is what answers the prompt.')
  const bare = text !== null && prompt === null
  const config = toRunConfig('run-rm', { chatTemplate: bare ? 'raw' : 'tokenizer', ...given })
  if (bare && config.chatTemplate !== 'raw')
    throw new UsageError('needs --prompt', `--chat-template ${config.chatTemplate}`, 'A text alone is read as it is.')
  await reexecForCuda(config.device, floatProductsFor(config.dtype))
  const unused = Object.keys(DATA_OPTIONS).filter((name) => Object.hasOwn(given, name))
  if (text !== null && unused.length > 0) warn(changesNothing(unused.map(flagOf), '--text is read, no data set'))
  const row = text === null ? await rowOf(config, id) : conversation(prompt, text)
  const { model, weightsSha256, lines } = await linesOf(config, row, given)
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
  given: Given<RunOption>,
): Promise<{ model: string; weightsSha256: string; lines: Line[] }> {
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  const [model] = await loadModels(config, device, () => {})
  const { name: head, reads } = model!.opened.head
  if (reads !== null)
    throw new UsageError(
      `the head of ${model!.name} (${head}) reads by a rule of its own`,
      '--model',
      'Token by token the reward is drawn of heads that read the last token of transformers.',
    )
  const choice = chooseHead(config.head, model!.description.labels)
  if (choice.kind === 'all') throw new UsageError('draws one head', '--head all', 'Name one of them.')
  for (const line of [...model!.notes, ...unusedWithModels(config, given, [model!], device)]) warn(line)
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

async function rowOf(config: RunConfig, id: string | null): Promise<Row> {
  const data = await openDataset(config, () => {})
  for (const note of data.notes) warn(note)
  for await (const row of readRows(data.source, { split: data.split, columns: config.columns })) {
    if (isFailure(row)) continue
    if (id === null || row.id === id) return row
  }
  throw new DataError(`has no row ${id}`, config.dataset, 'Ids are those of the data; rows without one count from 1.')
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
