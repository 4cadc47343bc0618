import type { Checkpoint } from '../../src/model/checkpoint.ts'
import { type OpenOptions, openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import type { Runner } from '../../src/types.ts'

/** Opens a checkpoint and starts it. */
export const openRunner = async (checkpoint: Checkpoint, options: OpenOptions): Promise<Runner> =>
  startSession(openModel(checkpoint, options))
