import { expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { rewardWeightsOf } from '../../src/setup/options.ts'

it.each([
  ['1,1,1', [1, 1, 1]],
  [' 0.1, 1 ,0.5 ', [0.1, 1, 0.5]],
  ['0,1e30,0', [0, 1e30, 0]],
  ['1e-30,0,0', [1e-30, 0, 0]],
])('%s', (given, weights) => expect(rewardWeightsOf(given)).toEqual(weights))

// advantages that no double holds ended the run as a bug, behind the scoring
it.each(['1e308,1e308,1e308', '1e-320,0,0', '1,1,1e31', '0,1e-31,0'])('%s is refused before the run', (given) => {
  expect(() => rewardWeightsOf(given)).toThrow(UsageError)
  expect(() => rewardWeightsOf(given)).toThrow('neither 0 nor between 1e-30 and 1e30')
})
