import { expect, it } from 'vitest'
import { replacedLine, verificationRecord } from '../../src/cli/verification-record.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import type { Verifier } from '../../src/types.ts'

const verifier = (replaced?: number): Verifier => ({
  verify: () => Promise.reject(new Error('not asked')),
  provenance: [{ name: 'rings' }],
  ...(replaced !== undefined && { replaced }),
  close: async () => {},
})

it('run.json has the limit of a verdict, and how many workers were replaced', () => {
  const { verification } = toRunConfig('run-verify', {})
  expect(verificationRecord(verification, verifier(3))).toEqual({
    ...verification,
    time_limit_s: 20,
    workers_replaced: 3,
    provenance: [{ name: 'rings' }],
  })
  expect(verificationRecord(verification, verifier()).workers_replaced).toBe(0)
})

it('the screen says it where there were some', () => {
  expect([null, verifier(), verifier(0)].map(replacedLine)).toEqual([null, null, null])
  expect(replacedLine(verifier(1))).toBe(
    'verification: 1 worker died or computed for longer than 20 s and was replaced; the answers that it had in hand went to a fresh one',
  )
  expect(replacedLine(verifier(2))).toMatch(
    /^verification: 2 workers .+ were replaced; .+ they had in hand went to fresh ones$/,
  )
})
