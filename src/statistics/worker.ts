import { parentPort, workerData } from 'node:worker_threads'
import { type StatisticsWork, takeTasks } from './start.ts'

/** ◆ A thread of start.ts: takes tasks until there is none, answers once. The memory of its answer is handed over. */
const results = await takeTasks(workerData as StatisticsWork)
parentPort!.postMessage(
  results,
  results.flatMap(({ rows }) =>
    rows.columns.flatMap((column) => (column ?? []).map((piece) => piece.buffer as ArrayBuffer)),
  ),
)
