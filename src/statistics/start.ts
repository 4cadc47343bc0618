import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { BootstrapSettings } from '../agreement/accuracy.ts'
import {
  AGREEMENT_COLUMNS,
  agreementRow,
  columnSamples,
  type RunColumns,
  type RunLines,
  type SampleStatistics,
  type StatisticTask,
  StatisticTasks,
  taskStatistics,
} from '../agreement/agreement.ts'
import { type Coded, rankedCodes } from '../agreement/columns.ts'
import { forgetDraws } from '../agreement/prompt-draws.ts'
import { builtUrl } from '../package.ts'
import { PackedRows } from '../report/packed-rows.ts'
import { collectGarbage } from '../tight-heap.ts'
import { type RunResult, type SampleRows, StatisticList } from './list.ts'
import { answerOfThread } from './thread.ts'

/** What a worker reads: columns in memory that all threads share, and how many of each run's tasks have been taken. */
export interface StatisticsWork {
  readonly runs: readonly RunColumns[]
  readonly settings: BootstrapSettings
  readonly taken: Int32Array
}

/** Fewer rows than this are done before a worker has started. */
const FEW_ROWS = 20_000
const MOST_WORKERS = 7
/** A sample of so many rows leaves some hundred megabytes. */
const MANY_ROWS = 500_000

/** Pairs and completions of all runs. */
export const rowsOf = (runs: readonly Pick<RunColumns, 'pairs' | 'completions'>[]): number =>
  runs.reduce((n, { pairs, completions }) => n + pairs.n + completions.n, 0)

/** Statistics of several runs, being worked out. */
export interface RunStatistics {
  /** Waits for all; this thread takes its share of what is left, and sees to other things after each task. One per run. */
  done(): Promise<RunLines[]>
}

/**
 * The lines of agreement.csv that are worked out by sample, of each run, on all processors: the numbers do not depend on who works them out, nor in
 * which order. Where a worker dies, this thread works out all.
 * @param threads in all, this one included; 1 = no worker
 * @param fewRows below so many rows no worker is started
 */
export function startStatistics(
  runs: readonly RunColumns[],
  settings: BootstrapSettings,
  {
    threads = availableParallelism(),
    fewRows = FEW_ROWS,
    worker = builtUrl('src/statistics/worker.ts'),
  }: { readonly threads?: number; readonly fewRows?: number; readonly worker?: URL } = {},
): RunStatistics {
  const workers = rowsOf(runs) < fewRows ? 0 : Math.min(threads - 1, MOST_WORKERS)
  const work: StatisticsWork = {
    runs: workers === 0 ? runs : runs.map(shared),
    settings,
    taken: none(runs),
  }
  const results = Array.from({ length: workers }, () => answerOfThread<readonly RunResult[]>(worker, work))
  // seen where it is waited for
  for (const result of results) result.catch(() => {})
  return {
    async done() {
      const own = await takeTasks(work)
      const others = await Promise.allSettled(results)
      const answers = others.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
      // what a thread had taken when it died (of its memory, mostly) is with none: all is worked out here, where an error of the statistics comes again
      const all = answers.length === workers ? [own, ...answers] : [await takeTasks({ ...work, taken: none(runs) })]
      return runs.map((_, r): RunLines => {
        const made = all.map((results) => results[r]!)
        return {
          columns: StatisticList.of(made, ['pairs', 'completions']),
          strata: StatisticList.of(made, ['strata']),
        }
      })
    },
  }
}

/** No task of any run is taken. */
const none = (runs: readonly unknown[]): Int32Array => new Int32Array(new SharedArrayBuffer(4 * runs.length))

/** Works out tasks that nobody has taken, run by run, until there is none: one result per run. */
export async function takeTasks({ runs, settings, taken }: StatisticsWork): Promise<RunResult[]> {
  const results: RunResult[] = []
  for (const [run, columns] of runs.entries()) {
    const rows = new PackedRows(AGREEMENT_COLUMNS.length)
    const samples: SampleRows[] = []
    const of = columnSamples(columns, settings)
    const tasks = new StatisticTasks(of)
    for (let next = take(); next !== undefined; next = take()) {
      for (const made of taskStatistics(of, next)) {
        samples.push(packed(made, rows))
        // the columns of the next would stand beside these, which the engine frees late
        if (made.statistics.some(({ n }) => n >= MANY_ROWS)) collectGarbage()
      }
      await setImmediate()
    }
    results.push({ rows: rows.parts(), samples })
    function take(): StatisticTask | undefined {
      return tasks.at(Atomics.add(taken, run, 1))
    }
  }
  forgetDraws()
  return results
}

function packed({ scope, place, statistics }: SampleStatistics, rows: PackedRows): SampleRows {
  const from = rows.length
  for (const statistic of statistics) rows.push(agreementRow(statistic))
  return { scope, place, from, end: rows.length }
}

/** The columns that statistics read, in shared memory. Names of prompts only order them: their order takes their place. */
function shared({ pairs: p, completions: c, strata }: RunColumns): RunColumns {
  const cluster = (column: Coded): Coded => {
    const { code, names, ranked } = rankedCodes(column)
    return { code: ints(code), names, ranked }
  }
  const subset = ({ code, names }: Coded): Coded => ({ code: ints(code), names })
  return {
    pairs: {
      n: p.n,
      subset: subset(p.subset),
      cluster: cluster(p.cluster),
      margin: doubles(p.margin),
      chosenReward: doubles(p.chosenReward),
      rejectedReward: doubles(p.rejectedReward),
      chosenChars: doubles(p.chosenChars),
      rejectedChars: doubles(p.rejectedChars),
    },
    completions: {
      n: c.n,
      subset: subset(c.subset),
      cluster: cluster(c.cluster),
      score: doubles(c.score),
      reward: doubles(c.reward),
      length: doubles(c.length),
    },
    strata: strata.map((stratum) => ({ ...stratum, levels: subset(stratum.levels) })),
  }
}
/** The same memory where it can be shared already. */
function doubles(values: Float64Array): Float64Array {
  if (values.buffer instanceof SharedArrayBuffer) return values
  const out = new Float64Array(new SharedArrayBuffer(values.byteLength))
  out.set(values)
  return out
}
function ints(values: Int32Array): Int32Array {
  if (values.buffer instanceof SharedArrayBuffer) return values
  const out = new Int32Array(new SharedArrayBuffer(values.byteLength))
  out.set(values)
  return out
}
