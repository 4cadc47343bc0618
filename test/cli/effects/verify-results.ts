import type { OPTIONS } from '../../../scripts/commands/verify-results.ts'
import type { Rows } from './shown.ts'

const FILE = 'test/run/verify-results.test.ts'
export const VERIFY_RESULTS_ROWS: Rows<keyof typeof OPTIONS> = {
  dataset: [FILE, 'takes the data from where they are now'],
  rewards: [FILE, 'verifies the completions again, unless --no-rewards'],
  offline: [FILE, 'asks no hub with --offline'],
  quiet: [FILE, 'says on the screen, or in JSON, or quietly'],
  'log-format': [FILE, 'says on the screen, or in JSON, or quietly'],
}
