import { parentPort, workerData } from 'node:worker_threads'
import { type StatisticsWork, takeTasks } from './run-statistics.ts'

/** ◆ A thread of run-statistics.ts: takes tasks until there is none, answers once. */
parentPort!.postMessage(takeTasks(workerData as StatisticsWork))
