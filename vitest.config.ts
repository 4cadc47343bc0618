import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files of more than eight seconds of processor time, the longest first: begun last, one of them would keep the other cores waiting at the end. */
const LONG = [
  'test/cli/option-effects.test.ts',
  'test/report-html/accessibility.test.ts',
  'test/fuzz/hostile.test.ts',
  'test/run/devices.test.ts',
  'test/report-html/browser.test.ts',
  'test/report-html/comparison-browser.test.ts',
  'test/model/parity.test.ts',
  'test/chem/hostile.test.ts',
  'test/run/resume.test.ts',
  'test/run/demo.test.ts',
  'test/run/identity.test.ts',
  'test/docs/first-tries.test.ts',
  'test/chem/toolkit.test.ts',
  'test/run/invariance.test.ts',
  'test/report-html/comparison.test.ts',
  'test/model/quantised.test.ts',
  'test/cli/submit-eval-jobs.test.ts',
  'test/chem-oracles/pool.test.ts',
  'test/store/log.test.ts',
  'test/pairs/read.test.ts',
  'test/run/parity.test.ts',
  'test/model/parity-models.test.ts',
  'test/chem/molecules.test.ts',
  'test/pairs/csv-too-long.test.ts',
]

/** Tests that wait for services more than they compute: vitest.services.config.ts runs them. */
export const SERVICES = ['test/serve/**/*.test.ts', 'test/image/**/*.test.ts']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(name))
      return at < 0 ? LONG.length : at
    }
    // the sort is stable: the others stay as Vitest orders them
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...SERVICES],
    globalSetup: 'test/temporary.ts',
    setupFiles: 'test/one-thread.ts',
    // for what hangs; a busy machine is no failure
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // every core; Vitest leaves one free, which of two is half
    maxWorkers: '100%',
    // files follow each other in one process, which has loaded modules, RDKit and ONNX Runtime already: what a file changes in the process
    // (environment, spies) it gives back, and `afterAll` stands in test files only
    isolate: false,
    sequence: { sequencer: LongestFirst },
    coverage: { include: ['src/**/*.ts', 'analysis/**/*.ts', 'scripts/*.ts'], reporter: ['text', 'html'] },
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'test-results.json' }]] : ['default'],
  },
})
