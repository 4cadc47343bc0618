import { describe, expect, it } from 'vitest'
import { OPTIONS as ANALYZE } from '../../scripts/commands/analyze.ts'
import { OPTIONS as SERVE } from '../../scripts/commands/serve-rewards.ts'
import { OPTIONS as SETUP } from '../../scripts/commands/setup-cuda.ts'
import { OPTIONS as SUBMIT } from '../../scripts/commands/submit-eval-jobs.ts'
import { OPTIONS as VERIFY_RESULTS } from '../../scripts/commands/verify-results.ts'
import { OPTIONS as MAKE } from '../../src/cli/make/options.ts'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { flagOf } from '../../src/setup/option.ts'
import { ANALYZE_ROWS } from './effects/analyze.ts'
import { MAKE_ROWS } from './effects/make-pairs.ts'
import { GENERATE_ROWS } from './effects/run-generate.ts'
import { PROCESS_ROWS } from './effects/run-process.ts'
import { RUN_ROWS } from './effects/runs.ts'
import { SERVE_ROWS } from './effects/serve-rewards.ts'
import { SETUP_ROWS } from './effects/setup-cuda.ts'
import { type Shown, showEach } from './effects/shown.ts'
import { SUBMIT_ROWS } from './effects/submit-eval-jobs.ts'
import { VERIFY_RESULTS_ROWS } from './effects/verify-results.ts'

/**
 * Option × bin → what shows its effect. An option without a row fails, and so does a row without an option or with a test that does not
 * exist. To add one: a line in the bin's rows, a check that runs here or [file, title] of a test elsewhere. Those of `serve-rewards` run with
 * the other tests of servers, in test/serve/option-effects.test.ts.
 */
const BINS: Readonly<Record<string, { readonly options: object; readonly rows: Readonly<Record<string, Shown>> }>> = {
  'run-rm': { options: BIN_OPTIONS['run-rm'], rows: RUN_ROWS['run-rm'] },
  'run-dpo': { options: BIN_OPTIONS['run-dpo'], rows: RUN_ROWS['run-dpo'] },
  'run-verify': { options: BIN_OPTIONS['run-verify'], rows: RUN_ROWS['run-verify'] },
  'run-process': { options: BIN_OPTIONS['run-process'], rows: PROCESS_ROWS },
  'run-generate': { options: BIN_OPTIONS['run-generate'], rows: GENERATE_ROWS },
  analyze: { options: ANALYZE, rows: ANALYZE_ROWS },
  'make-pairs': { options: MAKE, rows: MAKE_ROWS },
  'serve-rewards': { options: SERVE, rows: SERVE_ROWS },
  'submit-eval-jobs': { options: SUBMIT, rows: SUBMIT_ROWS },
  'verify-results': { options: VERIFY_RESULTS, rows: VERIFY_RESULTS_ROWS },
  'setup-cuda': { options: SETUP, rows: SETUP_ROWS },
}

it.each(Object.entries(BINS))('%s: every option has a row, every row an option', (_, { options, rows }) => {
  expect(Object.keys(rows).sort()).toEqual(Object.keys(options).map(flagOf).sort())
})

const { 'serve-rewards': _service, ...HERE } = BINS
describe.each(Object.entries(HERE))('%s', (_, { rows }) => showEach(rows))
