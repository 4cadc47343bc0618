import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { givesTokenTypes } from '../../src/text/token-types.ts'

interface Case {
  /** What tokenizer_config.json and config.json say of the tokenizer's class. */
  readonly config: Readonly<Record<string, unknown>>
  readonly model: Readonly<Record<string, unknown>> | null
  readonly gives: boolean
}
const { cases } = JSON.parse(readFileSync(packagePath('test/data/text/token-types.json'), 'utf8')) as {
  readonly cases: readonly Case[]
}

describe('token types of a pair, as AutoTokenizer gives them', () => {
  it('the cases are of both kinds', () =>
    expect(new Set(cases.map(({ gives }) => gives))).toEqual(new Set([true, false])))
  it.each(cases)('$config $model: $gives', ({ config, model, gives }) => {
    expect(givesTokenTypes(config, model)).toBe(gives)
  })
})
