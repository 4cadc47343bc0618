import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import {
  columnSamples,
  inOrder,
  type SampleStatistics,
  statisticTasks,
  taskStatistics,
} from '../src/agreement/agreement.ts'
import { type Coded, type CompletionColumns, type PairColumns, rankedCodes } from '../src/agreement/columns.ts'
import { builtUrl } from '../src/package.ts'
import type { Statistic } from '../src/types.ts'
import type { Run } from './runs.ts'

/** What a worker reads: columns in memory that all threads share, and how many of the tasks have been taken. */
export interface StatisticsWork {
  readonly runs: readonly SharedRun[]
  readonly settings: BootstrapSettings
  readonly taken: Int32Array
}
export interface SharedRun {
  readonly pairs: PairColumns
  readonly completions: CompletionColumns
}
/** Statistics of one task, and the run they are of. */
export interface TaskResult {
  readonly run: number
  readonly statistics: readonly SampleStatistics[]
}

/** Fewer rows than this are done before a worker has started. */
const FEW_ROWS = 20_000
const MOST_WORKERS = 7
/** Of a worker's heap for what has just been made: the statistics make columns, which stand elsewhere, and little else. */
const YOUNG_MB = 8

/** Statistics of several runs, being worked out. */
export interface RunStatistics {
  /** Waits for all; this thread takes its share of what is left. One list a run, in agreement.csv's order. */
  done(): Promise<Statistic[][]>
}

/**
 * `columnStatistics` of each run, by subset, on all processors: the numbers do not depend on who works them out, nor in which order.
 * @param threads in all, this one included; 1 = no worker
 * @param fewRows below so many rows no worker is started
 */
export function startStatistics(
  runs: readonly Run[],
  settings: BootstrapSettings,
  {
    threads = availableParallelism(),
    fewRows = FEW_ROWS,
  }: { readonly threads?: number; readonly fewRows?: number } = {},
): RunStatistics {
  const rows = runs.reduce((n, { pairs, completions }) => n + pairs.n + completions.n, 0)
  const workers = rows < fewRows ? 0 : Math.min(threads - 1, MOST_WORKERS)
  const work: StatisticsWork = {
    runs: workers === 0 ? runs : runs.map(shared),
    settings,
    taken: new Int32Array(new SharedArrayBuffer(4)),
  }
  const results = Array.from({ length: workers }, () => runWorker(work))
  // said where it is waited for
  for (const result of results) result.catch(() => {})
  return {
    async done() {
      const own = takeTasks(work)
      const all = [own, ...(await Promise.all(results))].flat()
      return runs.map((_, r) => inOrder(all.filter(({ run }) => run === r).map(({ statistics }) => statistics)))
    },
  }
}

/** Works out tasks that nobody has taken, until there is none. */
export function takeTasks({ runs, settings, taken }: StatisticsWork): TaskResult[] {
  const samples = runs.map(({ pairs, completions }) => columnSamples(pairs, completions, settings))
  const tasks = samples.flatMap((of, run) => statisticTasks(of).map((task) => ({ run, of, task })))
  const made: TaskResult[] = []
  for (;;) {
    const next = tasks[Atomics.add(taken, 0, 1)]
    if (next === undefined) return made
    made.push({ run: next.run, statistics: taskStatistics(next.of, next.task) })
  }
}

function runWorker(work: StatisticsWork): Promise<readonly TaskResult[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(builtUrl('analysis/statistics-worker.ts'), {
      workerData: work,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`a worker of the statistics ended with ${code}`)))
  })
}

/** The columns that statistics read, in shared memory. Names of prompts only order them: their order takes their place. */
function shared({ pairs: p, completions: c }: Run): SharedRun {
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
