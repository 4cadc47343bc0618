import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Target } from '../target.ts'
import { dataTargets } from './data.ts'
import { httpTargets } from './http.ts'
import { modelTargets } from './models.ts'
import { resultTargets } from './results.ts'
import { settingTargets } from './settings.ts'
import { textTargets } from './texts.ts'

/** Everything that reads what strangers made. @param scratch folder for files that are read by name */
export const allTargets = async (scratch = mkdtempSync(join(tmpdir(), 'fuzz-'))): Promise<readonly Target[]> => [
  ...modelTargets(scratch),
  ...dataTargets(scratch),
  ...(await textTargets()),
  ...(await resultTargets(scratch)),
  ...settingTargets(scratch),
  ...(await httpTargets()),
]
