import { keepYoungGeneration } from '../tight-heap.ts'
import type { runModel } from './run-model.ts'

/** What run-rm and run-dpo do. Their modules alone would make V8's young generation as large as it may become. */
export async function loadRunModel(): Promise<typeof runModel> {
  keepYoungGeneration()
  return (await import('./run-model.ts')).runModel
}
