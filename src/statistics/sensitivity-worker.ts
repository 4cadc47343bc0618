import { parentPort, workerData } from 'node:worker_threads'
import { sensitivity } from '../agreement/invariance/sensitivity.ts'
import type { SensitivityWork } from './sensitivity.ts'

/** ◆ The thread of sensitivity.ts. */
const { pairs, settings } = workerData as SensitivityWork
parentPort!.postMessage(sensitivity(pairs, settings))
