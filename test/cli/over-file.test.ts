import { expect, it } from 'vitest'
import { withoutOverruled } from '../../src/cli/over-file.ts'
import { OPTIONS } from '../../src/setup/options.ts'

const { refModel: _, ...RM } = OPTIONS
const POLICY = { ...RM, 'ref-model': OPTIONS.refModel }

it.each([
  [{ 'torch-dtype': 'bfloat16', seed: 1 }, ['--dtype', 'fp32'], { seed: 1 }],
  [{ dtype: 'bf16' }, ['--torch-dtype=float32'], {}],
  [{ debug: true }, ['--limit', '5'], {}],
  [{ limit: 5 }, ['--debug'], {}],
  [{ limit: 5 }, ['--debug=false'], { limit: 5 }],
  [{ limit: 5 }, ['--no-debug'], { limit: 5 }],
  [{ 'pref-sets': true }, ['--dataset', 'x'], {}],
  [{ dataset: 'x' }, ['--pref-sets'], {}],
  [{ truncation: 'right', 'max-length': 9 }, ['--force-truncation'], { 'max-length': 9 }],
  [{ 'force-truncation': true, 'max-length': 9 }, ['--truncation', 'right'], { 'max-length': 9 }],
  [{ 'force-truncation': true }, ['--truncation', 'right'], { 'max-length': 512 }],
  // both of one level are left for the check that refuses them
  [{ dtype: 'fp32', 'torch-dtype': 'bfloat16' }, ['--seed', '1'], { dtype: 'fp32', 'torch-dtype': 'bfloat16' }],
])('%j under %j', (config, flags, left) => {
  expect(withoutOverruled(config, flags, RM)).toEqual(left)
})

it('of a policy nothing is cut by --force-truncation: the file keeps its own', () => {
  expect(withoutOverruled({ truncation: 'right' }, ['--force-truncation'], POLICY)).toEqual({ truncation: 'right' })
})
