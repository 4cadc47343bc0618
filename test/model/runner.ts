import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { applyAdapter, openAdapter } from '../../src/model/adapter.ts'
import { type Checkpoint, openCheckpoint } from '../../src/model/checkpoint.ts'
import { type OpenOptions, openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import type { Runner } from '../../src/types.ts'

/** Opens a checkpoint and starts it. */
export const openRunner = async (checkpoint: Checkpoint, options: OpenOptions): Promise<Runner> =>
  startSession(openModel(checkpoint, options))

/** A checkpoint, or an adapter on its base, whose path is relative to the adapter. */
export function openGolden(dir: string): Checkpoint {
  if (!existsSync(join(dir, 'adapter_config.json'))) return openCheckpoint(dir)
  const adapter = openAdapter(dir)
  return applyAdapter(openCheckpoint(join(dir, adapter.config.base)), adapter)
}
