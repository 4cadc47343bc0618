import { describe, expect, it } from 'vitest'
import { REWARDS } from '../../src/chem/ether0/rewards/index.ts'
import { answerPort, expectedOf } from '../../src/cli/answer-port.ts'
import { Drawings } from '../../src/report/html/drawings.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import type { ScoredCompletion } from '../../src/types.ts'
import { demoPairs } from './demo-input.ts'
import { demoMolecules } from './demo-molecules.ts'

const STRICT = { extraction: 'strict', requireReasoning: true } as const
const answering = (answer: string): ScoredCompletion => ({
  ...demoPairs[0]!.chosen,
  id: 'x',
  text: `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`,
})
const drawnOf = async (solution: string, answer: string) => {
  const port = answerPort(new Map([['x', solution]]), STRICT)
  return new Drawings(await demoMolecules(), port, LIMITS).single(answering(answer))
}

describe('what a row expects', () => {
  it('has words for every reward function of ether0', () => {
    for (const name of REWARDS.keys()) expect(expectedOf(`${name}!:!CCO!:!x`).rule, name).not.toContain('no function')
    expect(expectedOf('mine!:!CCO!:!x')).toEqual({
      rule: 'what mine asks for, which is no function of ether0',
      text: 'CCO',
      kind: 'other',
    })
  })

  it('is the solution itself where that cannot be read', () => {
    expect(expectedOf('CCO')).toEqual({
      rule: 'unknown: the solution is not of the form fxn_name!:!answer_info!:!problem_type',
      text: 'CCO',
      kind: 'other',
    })
  })

  it('is nothing where the row has no solution', () => {
    expect(answerPort(new Map(), STRICT).expected('x')).toBeNull()
  })
})

describe('an answer', () => {
  it('is read as the run reads it; one in tags alone is shown, and said not to be read', () => {
    const loose = answerPort(new Map(), { extraction: 'loose', requireReasoning: true })
    const strict = answerPort(new Map(), STRICT)
    const of = (text: string): ScoredCompletion => ({ ...answering(''), text })
    expect(loose.answer(of('so <answer> CCO </answer>.'))).toEqual({ text: 'CCO', read: true })
    expect(strict.answer(answering('CCO'))).toEqual({ text: 'CCO', read: true })
    expect(strict.answer(of('so <|answer_start|>CCO<|answer_end|>'))).toEqual({ text: 'CCO', read: false })
    expect(strict.answer(of('CCO'))).toBeNull()
  })

  // the same choice as the metadata of ether0's valid_mol_eval (full_smiles): the answer alone where it begins with the start and is a molecule
  it.each([
    ['CCO', 'CC', 'CCOCC', true],
    ['CCO', 'CCOC', 'CCOC', true],
    ['C1CC', 'C1CC1', 'C1CC1', true],
    ['C(', 'C(C)C', 'C(C)C', true],
    ['C(', 'C(C', 'C(C(C', false],
    ['c1cc', 'xx', 'c1ccxx', false],
  ])('that completes %s by %s is %s', async (start, answer, whole, drawable) => {
    const drawn = await drawnOf(`valid_mol_eval!:!${start}!:!molecule-completion`, answer)
    expect(drawn).toMatchObject({ answer, whole, undrawn: drawable ? null : 'answer' })
    expect(drawn.drawing !== null).toBe(drawable)
  })

  it('of three letters is drawn only where a molecule is expected', async () => {
    expect((await drawnOf('str_eval!:!NO!:!x', 'NO')).drawing).toBeNull()
    expect((await drawnOf('str_eval!:!CCOC!:!x', 'CCOC')).drawing).toBe(0)
    expect((await drawnOf('product_eval!:!CO!:!x', 'CO')).drawing).toBe(0)
  })
})

describe('an expected answer', () => {
  it.each([
    ['product_eval!:!CCO!:!x', 0, null],
    ['product_eval!:!not smiles!:!x', null, 'answer'],
    ['str_eval!:!CCOC!:!x', 0, null],
    ['str_eval!:!C12H15F3N2O!:!x', null, null],
    ['str_eval!:!CO!:!x', null, null],
    ['valid_mol_eval!:!c1cc!:!x', null, null],
    ["functional_group_eval!:!('C2H6O', ['alcohol'])!:!x", null, null],
  ])('%s: drawing %s, reason %s', async (solution, drawing, undrawn) => {
    const drawings = new Drawings(await demoMolecules(), null, LIMITS)
    expect(drawings.expected(expectedOf(solution))).toEqual({ drawing, undrawn })
    expect(drawings.tally()).toEqual({ undrawn: 0, undrawable: 0 })
  })
})
