import { join } from 'node:path'
import { AGREEMENT_COLUMNS, agreementRow } from '../../src/agreement/agreement.ts'
import { smilesPart, tokenizeSmiles } from '../../src/chem/toolkit/smiles-tokens.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { type BinHelp, parseArgs } from '../../src/cli/parse.ts'
import { UsageError } from '../../src/errors.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { reexecForCuda } from '../../src/model/device-env.ts'
import { floatProductsFor } from '../../src/model/dtype.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { readRows } from '../../src/pairs/read.ts'
import { promptCluster } from '../../src/plain-text.ts'
import { type Cell, writeCsv } from '../../src/report/csv.ts'
import { percent, textTable } from '../../src/report/table.ts'
import { keepingTokens } from '../../src/score/subject.ts'
import { planOf, scorerOf } from '../../src/setup/choices.ts'
import { type RunConfig, toRunConfig } from '../../src/setup/config.ts'
import { openDataset } from '../../src/setup/dataset.ts'
import { claimScorerFolder } from '../../src/setup/folder.ts'
import { loadModels, scorerName } from '../../src/setup/models.ts'
import { choice, type Given, readOptions, whole } from '../../src/setup/option.ts'
import { CHECKPOINTS, COLUMNS, DATA, MODEL, RUN, type RunOption, SCORING } from '../../src/setup/options.ts'
import { subjectOf } from '../../src/setup/subject.ts'
import { changesNothing, unusedWithModels } from '../../src/setup/unused.ts'
import type { Row, Statistic } from '../../src/types.ts'
import { type Attribution, type Opened, occluded, ratios } from '../attribute.ts'
import { partShares, type TakenApart } from '../part-shares.ts'
import { unitsOf } from '../text-units.ts'

const HELP: BinHelp = {
  name: 'attribution',
  summary:
    'Which words carry the score: the atoms of the SMILES, the tags, or the prose. By occlusion for a reward model, by log-ratios of the tokens for a DPO policy and its reference. CSV in <output-dir>/analysis/attribution/<model>/.',
  examples: [
    ['node dist/analysis/attribution.js', 'the embedded reward model, the first 20 embedded pairs'],
    ['node dist/analysis/attribution.js --method log-ratio', 'the embedded policy and its reference'],
    ['node dist/analysis/attribution.js --model ./my-rm --dataset pairs.jsonl --limit 100', 'your model and pairs'],
  ],
}
const FEW = 20
export const OPTIONS = {
  method: choice(
    ['occlusion', 'log-ratio'],
    'What a piece is worth: the score lost without it (reward models), or its log-ratio (DPO)',
    'occlusion',
    { group: 'Model' },
  ),
  model: CHECKPOINTS.model,
  revision: CHECKPOINTS.revision,
  refModel: CHECKPOINTS.refModel,
  refRevision: CHECKPOINTS.refRevision,
  ...MODEL,
  ...DATA,
  ...COLUMNS,
  limit: whole([1], 'Rows, from the first', FEW, { group: 'Data' }),
  maxLength: SCORING.maxLength,
  threads: SCORING.threads,
  outputDir: RUN.outputDir,
  seed: RUN.seed,
  resamples: RUN.resamples,
  offline: RUN.offline,
}
export const ATTRIBUTION_COLUMNS = ['id', 'subset', 'role', 'index', 'piece', 'part', 'start', 'end', 'text', 'value', 'score'] as const // biome-ignore format: in the order of the file

const warn = (line: string): void => void process.stderr.write(`${HELP.name}: warning: ${line}\n`)

/** The whole command; returns the exit code. */
export async function attribution(argv: readonly string[]): Promise<number> {
  const given = await parseArgs(HELP, OPTIONS, argv)
  if (given === null) return 0
  const { method, limit } = readOptions(OPTIONS, given)
  const byRatio = method === 'log-ratio'
  const { method: _, limit: __, ...rest } = given
  const only = ['refModel', 'refRevision', 'beta', 'refFreeType'] as const
  const unused = byRatio ? [] : only.filter((name) => name in rest)
  if (unused.length > 0) warn(changesNothing([...unused], 'occlusion is of a reward model; see --method log-ratio'))
  const config = toRunConfig(byRatio ? 'run-dpo' : 'run-rm', rest as Given<RunOption>)
  if (byRatio && config.models.length !== 2)
    throw new UsageError('needs --ref-model', '--method log-ratio', 'A log-ratio is of a policy and its reference.')
  await reexecForCuda(config.device, floatProductsFor(config.dtype))
  const found = await takeApart(config, rest as Given<RunOption>, byRatio, limit)
  const { path: folder } = claimScorerFolder(
    join(config.outputDir, 'analysis', 'attribution'),
    found.model.replaceAll('/', '__'),
    found.weights,
  )
  await writeCsv(join(folder, 'attribution.csv'), ATTRIBUTION_COLUMNS, found.cells)
  const settings = { seed: config.seed, resamples: config.resamples }
  const statistics = partShares(found.apart, settings)
  await writeCsv(join(folder, 'agreement.csv'), AGREEMENT_COLUMNS, statistics.map(agreementRow))
  if (found.unscored > 0) warn(`${found.unscored} completions have no score and are left out`)
  process.stdout.write(`\n${tableOf(statistics, byRatio)}\n\n${found.rows} rows; written to ${folder}\n`)
  return found.unscored > 0 ? 4 : 0
}

async function takeApart(config: RunConfig, given: Given<RunOption>, byRatio: boolean, limit: number) {
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  const models = await loadModels(config, device, () => {})
  for (const line of [...models.flatMap(({ notes }) => notes), ...unusedWithModels(config, given, models, device)])
    warn(line)
  const scorer = scorerOf(config, models)
  const plan = planOf(config, models)
  const opened: Opened[] = []
  const apart: TakenApart[] = []
  const cells: Cell[][] = []
  let [rows, unscored] = [0, 0]
  try {
    for (const model of models) {
      const subject = await subjectOf(model, config, device, new Date(), warn)
      const runner = await subject.open()
      opened.push({ subject, runner: byRatio ? keepingTokens(runner) : runner, plan })
    }
    const toolkit = await Toolkit.load()
    const smilesTokens = (answer: string): readonly string[] | null => {
      if (toolkit.ready && toolkit.read(answer) === null) return null
      return tokenizeSmiles(smilesPart(answer).core)?.map(({ text }) => text) ?? null
    }
    for await (const row of rowsOf(config, limit)) {
      rows++
      for (const completion of row.completions) {
        if (typeof completion.text !== 'string') {
          unscored++
          continue
        }
        await toolkit.recover()
        const units = unitsOf(completion.text, smilesTokens)
        const found: Attribution | null = byRatio
          ? await ratios(row, completion, units, opened as [Opened, Opened], config.beta, models[0]!.tokenizer)
          : await occluded(row, completion, units, opened, scorer)
        if (found === null || found.score === null) {
          unscored++
          continue
        }
        apart.push({ cluster: promptCluster(row.prompt), role: completion.role, pieces: found.pieces })
        for (const [i, { part, start, end, text, value }] of found.pieces.entries())
          cells.push([row.id, row.subset, completion.role, completion.index, i, part, start, end, text, value, found.score]) // biome-ignore format: one line
      }
    }
  } finally {
    for (const { runner } of opened) await runner.release()
  }
  const weights = models.map(({ weightsSha256 }, i) => ({ role: config.models[i]!.role, sha256: weightsSha256 }))
  return { model: scorerName(config, models), weights, apart, cells, rows, unscored }
}

async function* rowsOf(config: RunConfig, limit: number): AsyncGenerator<Row> {
  const data = await openDataset(config, () => {})
  for (const note of data.notes) warn(note)
  for await (const row of readRows(data.source, { split: data.split, columns: config.columns, limit }))
    if (isFailure(row)) warn(`${row.where}: ${row.message}`)
    else yield row
}

function tableOf(statistics: readonly Statistic[], byRatio: boolean): string {
  const find = (part: string, name: string): Statistic | undefined =>
    statistics.find(({ subset, statistic }) => subset === part && statistic === name)
  const number = (line: Statistic | undefined): string => (line?.value == null ? '–' : line.value.toFixed(4))
  const interval = (line: Statistic | undefined): string =>
    line?.ciLow == null || line.ciHigh == null
      ? '–'
      : `${(100 * line.ciLow).toFixed(1)} – ${(100 * line.ciHigh).toFixed(1)}`
  const parts = [...new Set(statistics.map(({ subset }) => subset))]
  return textTable(
    ['part', 'share of |value|', '95 % CI', 'share of pieces', 'mean |value|', byRatio ? 'part of the margin' : 'signed, in margin', 'pieces'],
    parts.map((part) => [
      part,
      percent(find(part, 'abs_share')?.value ?? null),
      interval(find(part, 'abs_share')),
      percent(find(part, 'piece_share')?.value ?? null),
      number(find(part, 'mean_abs_value')),
      number(find(part, 'margin_part')),
      String(find(part, 'mean_abs_value')?.n ?? 0),
    ]),
  ) // biome-ignore format: one line each
}
