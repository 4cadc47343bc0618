#!/usr/bin/env node
import { join } from 'node:path'
import { analyse, writeAnalysis } from '../analysis/analyze.ts'
import { readRewardBenchFiles } from '../analysis/rewardbench.ts'
import { findRuns, type Run, readRun } from '../analysis/runs.ts'
import { markdownTable } from '../src/agreement/tables.ts'
import { runMain } from '../src/cli/fail.ts'
import { createLog } from '../src/cli/log.ts'
import type { OptionTable } from '../src/cli/options.ts'
import { type BinHelp, parseArgs } from '../src/cli/parse.ts'
import { DataError, UsageError } from '../src/errors.ts'

const HELP: BinHelp = {
  name: 'analyze',
  summary:
    'Recomputes the analyses of the runs under --output-dir and compares them: leaderboard with null scorers and ensembles, subsets, paired tests, agreement between scorers, reference-free against reference, lengths, distributions, drift. Prints the leaderboard and writes CSV, Markdown and LaTeX tables to <output-dir>/analysis/<dataset>/.',
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
      "Score files that RewardBench wrote (eval-set-scores *.json, *_outputs.jsonl), repeatable; data set 'rewardbench'",
    defaultDescription: 'none',
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
  const strings = (name: string): string[] => (args[name] as string[] | undefined) ?? []
  const [datasets, models] = [strings('dataset'), strings('model')]
  const folders = findRuns(outputDir)
    .filter(({ dataset }) => datasets.length === 0 || datasets.includes(dataset))
    .filter(({ model }) => models.length === 0 || models.includes(model))
  const imported = strings('rewardbench')
  if (folders.length === 0 && imported.length === 0)
    throw new DataError(
      'no run found',
      outputDir,
      'Runs stand in <output-dir>/<model>/<dataset>/scores.csv; make one with run-rm.',
    )
  const groups = new Map<string, Run[]>()
  const add = (run: Run): void => {
    groups.set(run.dataset, [...(groups.get(run.dataset) ?? []), run])
  }
  for (const run of readRewardBenchFiles(imported, datasets[0] ?? 'rewardbench')) add(run)
  for (const folder of folders) add(await readRun(folder))
  for (const [dataset, runs] of groups) {
    if (runs.every((run) => run.pairs.n === 0)) {
      log.warn(`${dataset}: no run has pairs; only the statistics of completions are written`)
    }
    const analysis = analyse(dataset, runs, settings)
    if (analysis.aligned.pairs.n === 0 && runs.some((run) => run.pairs.n > 0))
      log.warn(`${dataset}: the runs have no pair in common; compare them apart with --model`)
    const folder = join(outputDir, 'analysis', dataset)
    const files = await writeAnalysis(analysis, folder)
    if (analysis.standings.length > 0) process.stdout.write(`${markdownTable(analysis.leaderboard)}\n`)
    for (const { scorer, accuracy, rank } of analysis.standings) {
      const worse = analysis.standings.filter(
        (s) => ['rm', 'dpo', 'dpo-ref-free'].includes(s.scorer.kind) && s.rank >= rank && s.accuracy.half !== null,
      )
      if (scorer.kind === 'null' && accuracy.half !== null && worse.length > 0)
        log.warn(
          `${dataset}: ${scorer.name} does as well as or better than ${worse.map((s) => s.scorer.name).join(', ')}`,
        )
    }
    log.info(`${dataset}: ${runs.length} run${runs.length === 1 ? '' : 's'}, ${files.length} files in ${folder}`)
  }
  return 0
}

await runMain(HELP.name, main)
