#!/usr/bin/env node
import { join } from 'node:path'
import { type Analysis, analyse, writeAnalysis } from '../analysis/analyze.ts'
import { writeBestOfN } from '../analysis/best-of-n.ts'
import { readRewardBenchFiles } from '../analysis/rewardbench.ts'
import { findRuns, type Run, readRun } from '../analysis/runs.ts'
import { bestOfTable } from '../src/cli/best-of-table.ts'
import { runMain } from '../src/cli/fail.ts'
import { createLog, type Log } from '../src/cli/log.ts'
import type { OptionTable } from '../src/cli/options.ts'
import { type BinHelp, parseArgs } from '../src/cli/parse.ts'
import { DataError, HarnessError, UsageError } from '../src/errors.ts'

const HELP: BinHelp = {
  name: 'analyze',
  summary:
    'Recomputes the analyses of the runs under --output-dir and compares them: leaderboard with null scorers and ensembles, subsets, paired tests, agreement between scorers, reference-free against reference, lengths, distributions, drift between two runs of one model, best-of-n picks. Prints the leaderboard and writes CSV, Markdown and LaTeX tables and SVG plots to <output-dir>/analysis/<dataset>/.',
  examples: [
    ['run-rm && run-dpo && analyze', 'the embedded reward model against the embedded DPO policy'],
    ['analyze --dataset pairs --model demo-reward-model', 'one data set, one model'],
    ['analyze --rewardbench eval-set-scores/org/model.json', "RewardBench's own score file, no model needed"],
  ],
}
const list = { type: 'array', string: true, requiresArg: true, default: [] as string[] } as const
const OPTIONS: OptionTable = {
  'output-dir': {
    group: 'Data',
    type: 'string',
    requiresArg: true,
    default: 'results',
    describe: 'Folder that holds the runs, as <model>/<dataset>/',
  },
  dataset: { ...list, group: 'Data', describe: 'Data set folders to analyse, repeatable', defaultDescription: 'all' },
  model: { ...list, group: 'Data', describe: 'Model folders to take, repeatable', defaultDescription: 'all' },
  rewardbench: {
    ...list,
    group: 'Data',
    describe:
      "Score files that RewardBench or RewardBench 2 wrote (eval-set-scores *.json, *_outputs.jsonl, *_all.jsonl), repeatable; data set 'rewardbench'",
    defaultDescription: 'none',
  },
  'data-file': {
    group: 'Data',
    type: 'string',
    requiresArg: true,
    describe: 'Data set of the groups, for the texts of best-of-n/*.json',
    defaultDescription: 'the one that run.json names',
  },
  resamples: {
    group: 'Statistics',
    type: 'number',
    requiresArg: true,
    default: 2000,
    describe: 'Bootstrap resamples of prompts',
  },
  seed: { group: 'Statistics', type: 'number', requiresArg: true, default: 0, describe: 'Seed of every random draw' },
  quiet: { group: 'Run', type: 'boolean', default: false, describe: 'Say nothing but results and warnings' },
}

async function main(): Promise<number> {
  const args = await parseArgs(HELP, OPTIONS, process.argv.slice(2))
  if (args === null) return 0
  const outputDir = String(args['output-dir'])
  const settings = { resamples: Number(args.resamples), seed: Number(args.seed) }
  if (!Number.isInteger(settings.resamples) || settings.resamples < 100 || settings.resamples > 1_000_000)
    throw new UsageError(`${args.resamples} resamples`, '--resamples', 'A whole number from 100 to 1,000,000.')
  const log = createLog({
    name: HELP.name,
    quiet: args.quiet === true,
    format: 'text',
    stream: process.stderr,
    clock: () => performance.now(),
  })
  const text = (name: string): string | null => (args[name] === undefined ? null : String(args[name]))
  const strings = (name: string): string[] => (args[name] as string[] | undefined) ?? []
  const [datasets, models] = [strings('dataset'), strings('model')]
  const found = findRuns(outputDir)
  const folders = found
    .filter(({ dataset }) => datasets.length === 0 || datasets.includes(dataset))
    .filter(({ model }) => models.length === 0 || models.includes(model))
  const imported = strings('rewardbench')
  if (folders.length === 0 && imported.length === 0) throw noRun(outputDir, found)
  const troubles: HarnessError[] = []
  const warn = (error: unknown): void => {
    if (!(error instanceof HarnessError)) throw error
    troubles.push(error)
    log.warn(`${error.where}: ${error.message}${error.hint === null ? '' : ` (${error.hint})`}`)
  }
  const groups = new Map<string, Run[]>()
  const add = (run: Run): void => {
    for (const warning of run.warnings) log.warn(warning)
    groups.set(run.dataset, [...(groups.get(run.dataset) ?? []), run])
  }
  for (const run of readRewardBenchFiles(imported, datasets[0] ?? 'rewardbench')) add(run)
  for (const folder of folders) await readRun(folder).then(add).catch(warn)
  let done = 0
  for (const [dataset, runs] of groups) {
    const folder = join(outputDir, 'analysis', dataset)
    try {
      const analysis = analyse(dataset, runs, settings)
      const files = await writeAnalysis(analysis, folder)
      files.push(...(await writeBestOfN(runs, folder, text('data-file'), log)))
      process.stdout.write(`${done > 0 ? '\n' : ''}${analysis.screen}\n`)
      for (const [scorer, table] of analysis.bestOf) process.stdout.write(`\n${scorer}\n${bestOfTable(table)}\n`)
      tell(analysis, runs, log)
      log.info(`${dataset}: ${runs.length} run${runs.length === 1 ? '' : 's'}, ${files.length} files in ${folder}`)
      done++
    } catch (error) {
      warn(error)
    }
  }
  if (done === 0) return troubles[0]!.exitCode
  return troubles.length > 0 ? 4 : 0
}

function noRun(outputDir: string, found: readonly { model: string; dataset: string }[]): DataError {
  if (found.length === 0)
    return new DataError(
      'no run found',
      outputDir,
      'Runs stand in <output-dir>/<model>/<dataset>/scores.csv; make one with run-rm.',
    )
  const there = found.map(({ model, dataset }) => `${model}/${dataset}`)
  return new DataError('none of the runs is asked for', outputDir, `There are ${there.join(', ')}.`)
}

/** What a reader of the leaderboard must know. */
function tell({ dataset, aligned, copies, standings }: Analysis, runs: readonly Run[], log: Log): void {
  if (runs.every((run) => run.pairs.n === 0))
    log.warn(`${dataset}: no run has pairs; only the statistics of completions are written`)
  else if (aligned.pairs.n === 0)
    log.warn(`${dataset}: the runs have no pair in common; compare them apart with --model`)
  if (copies.length > 0)
    log.info(
      `${dataset}: ${copies.join(', ')}: another run's model, computed otherwise; compared in drift.csv, left out of ensembles and tests`,
    )
  const models = standings.filter((s) => ['rm', 'dpo', 'dpo-ref-free'].includes(s.scorer.kind))
  for (const { scorer, accuracy, rank } of standings) {
    if (scorer.kind !== 'null' || accuracy.half === null) continue
    const worse = models.filter((s) => s.rank >= rank && s.accuracy.half !== null)
    if (worse.length > 0)
      log.warn(
        `${dataset}: ${scorer.name} does as well as or better than ${worse.map((s) => s.scorer.name).join(', ')}`,
      )
  }
}

await runMain(HELP.name, main)
