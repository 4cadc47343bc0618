import { UsageError } from '../errors.ts'
import { percent, textTable } from '../report/table.ts'
import { checkDatasetName, inspect, openDataset, rowsOf } from '../setup/dataset.ts'
import { claimRunFolder, findRunFolder } from '../setup/folder.ts'
import { unusedWithoutGroups, unusedWithoutSolutions } from '../setup/unused.ts'
import { lock } from '../store/lock.ts'
import type { ScoredCompletion } from '../types.ts'
import { analysedColumns } from './analysed-columns.ts'
import { begin } from './begin.ts'
import { countBy, counted, unreadNote } from './count.ts'
import { downloadBar } from './download-bar.ts'
import { explainVerdicts } from './explain.ts'
import { finish } from './finish.ts'
import { watchInterrupt } from './interrupt.ts'
import { largestRows } from './largest-rows.ts'
import type { BinHelp } from './parse.ts'
import { sayReadings } from './readings.ts'
import { sayFolder } from './replaced.ts'
import { printText } from './screen.ts'
import { CAUSED_BY } from './verdict-causes.ts'
import { openVerifier, verifierLines } from './verifier.ts'
import { verifyRows } from './verifying.ts'

const HELP: BinHelp = {
  name: 'run-verify',
  summary: "ether0's verifiable rewards alone, no model. Without arguments: the embedded pairs.",
  examples: [
    ['run-verify', 'the embedded pairs'],
    ['run-verify --dataset demo-groups', 'the embedded groups'],
    ['run-verify --dataset own.jsonl --explain', 'why each of your rows passes or fails'],
    [
      'run-verify --dataset futurehouse/ether0-benchmark --split test --extraction loose',
      'a data set of the hub, by the benchmark rule',
    ],
  ],
}

/**
 * Verifies every completion and prints rewards by problem type and reason. Returns the exit code.
 * @param name the command as the user called it
 */
export async function runVerify(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const begun = await begin('run-verify', { ...HELP, name }, argv)
  if (begun === null) return 0
  const { given, config, modes, log, elapsedMs } = begun
  if (!config.verification.enabled) throw new UsageError('leaves nothing to do', '--no-verify')
  checkDatasetName(config.dataset)
  const verifier = openVerifier(config.verification)!
  for (const line of verifierLines(verifier)) log.info(line)
  const data = await openDataset(config, downloadBar(log))
  const rows = () => rowsOf(config, data)
  const inspection = await inspect(rows())
  for (const note of data.notes) log.warn(note)
  log.info(
    `${data.name}: ${counted(inspection.rows, 'row')}, ${counted(inspection.completions, 'completion')}, ${counted(inspection.withSolution, 'row')} with a solution${unreadNote(inspection.failures.length)}`,
  )
  sayReadings(inspection, config, log, analysedColumns('run-verify', inspection.pairs))
  if (inspection.withSolution === 0)
    log.warn(
      'no row has a solution, so nothing can be verified: a row says what is right as its "solution", fxn_name!:!answer_info!:!problem_type (docs/own-data.md)',
    )
  if (inspection.withSolution === 0) for (const line of unusedWithoutSolutions(config, given)) log.warn(line)
  if (inspection.groups === 0) for (const line of unusedWithoutGroups(given)) log.warn(line)
  const request = {
    outputDir: config.outputDir,
    scorer: config.name ?? 'verifiable',
    dataset: data.name,
    identity: { weights: [], dataSha256: data.identity },
  }
  const ahead = { config, models: [], subjects: [], device: null }
  if (modes.dryRun) {
    sayFolder(findRunFolder(request), { ...ahead, verifier: null }, log, true)
    const { rows: count, completions, withSolution } = inspection
    const table = [[count, withSolution, completions, config.verification.workers].map(String)]
    printText(`${textTable(['rows', 'with a solution', 'completions', 'workers'], table)}\n`)
    return 0
  }
  const place = claimRunFolder(request)
  const { path: folder, identity } = place
  // there is no store, whose lock would do
  const unlock = lock(folder)
  const interrupt = watchInterrupt(log)
  try {
    const replaced = sayFolder(place, { ...ahead, verifier }, log)
    const { completions } = inspection
    const { ledger, verdicts } = await verifyRows({ config, verifier, interrupt, log, completions, rows })
    interrupt.dispose()
    const causes = modes.explain ? await explainVerdicts(rows, ledger, config.verification) : null
    const scorer = {
      formula: 'none: verifiable rewards alone',
      columns: [],
      score: () => ({ score: null, reason: 'no_model', own: [] }),
    }
    return await finish({
      config,
      data,
      inspection,
      models: [],
      subjects: [],
      device: null,
      scorer,
      plan: null,
      folder,
      identity,
      replaced,
      certified: [],
      store: null,
      ledger,
      work: [],
      verdictErrors: verdicts.errors,
      verdictTroubles: verdicts.troubles,
      exact: null,
      verifier,
      log,
      elapsedMs,
      print: (all) => [printVerdicts(all), ...(causes === null ? [] : ['', causes])].join('\n'),
    })
  } finally {
    interrupt.dispose()
    unlock()
    await verifier.close()
  }
}

/** Rewards by problem type, and the reasons. */
function printVerdicts(completions: readonly ScoredCompletion[]): string {
  const line = (name: string, part: readonly ScoredCompletion[]): string[] => {
    const { pass = 0, partial = 0, fail = 0, unverifiable = 0 } = countBy(part, (c) => c.verifiableStatus)
    const rewards = part.flatMap((c) => (c.verifiableReward === null ? [] : [c.verifiableReward]))
    const mean = rewards.length === 0 ? null : rewards.reduce((a, b) => a + b, 0) / rewards.length
    return [
      name,
      mean === null ? '–' : mean.toFixed(3),
      percent(rewards.length === 0 ? null : pass / rewards.length),
      String(pass),
      String(partial),
      String(fail),
      String(unverifiable),
      String(part.length),
    ]
  }
  const types = new Map<string, ScoredCompletion[]>()
  for (const c of completions) {
    const type = c.problemType ?? '(none)'
    const part = types.get(type)
    if (part === undefined) types.set(type, [c])
    else part.push(c)
  }
  const reasons = Object.entries(
    countBy(completions, (c) =>
      JSON.stringify([
        c.verifiableReason ?? `(none given, ${c.verifiableStatus})`,
        c.verdictCause == null ? '' : CAUSED_BY[c.verdictCause],
      ]),
    ),
  ).sort((a, b) => b[1] - a[1])
  const named = { what: 'problem types', of: 'completions', file: 'scores.csv' }
  const { shown, left } = largestRows([...types], ([, part]) => part.length, named)
  return [
    textTable(
      ['problem type', 'mean reward', 'passing', 'pass', 'partial', 'fail', 'unverifiable', 'completions'],
      [...shown.map(([name, part]) => line(name, part)), line('all', completions)],
    ),
    ...(left === null ? [] : [left]),
    '',
    textTable(
      ['reason', 'caused by', 'completions'],
      reasons.map(([key, n]) => [...(JSON.parse(key) as string[]), String(n)]),
      [1],
    ),
  ].join('\n')
}
