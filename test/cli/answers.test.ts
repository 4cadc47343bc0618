import { expect, it } from 'vitest'
import { answersOf } from '../../src/cli/answers.ts'
import type { CompletionGroup } from '../../src/types.ts'
import { pairOf } from '../agreement/pair-data.ts'

it('votes by molecule, the whole one where an answer is the rest of it', async () => {
  const group = (id: string, answers: readonly string[]): CompletionGroup => ({
    id,
    subset: 'all',
    problemType: null,
    cluster: id,
    prompt: id,
    completions: answers.map((answer, index) => ({
      ...pairOf({ chosen: `<answer>${answer}</answer>`, rejected: '' }).chosen,
      id,
      index,
    })),
  })
  const solutions = new Map([['rest', 'valid_mol_eval!:!CCOc1ccccc!:!molecule-completion']])
  const groups = [group('whole', ['CCO', 'OCC', 'CC=O']), group('rest', ['1CCO', '1OCC', '1C(C)', '1CC'])]
  const { of } = await answersOf(groups, solutions, { extraction: 'loose', requireReasoning: true })
  // canonical SMILES of RDKit in Python
  expect(of.map(({ voteKeys }) => voteKeys)).toEqual([
    ['CCO', 'CCO', 'CC=O'],
    ['CCOc1ccccc1CCO', 'CCOc1ccccc1OCC', 'CCOc1ccccc1CC', 'CCOc1ccccc1CC'],
  ])
  const unlike = await answersOf([group('rest', ['CCO', 'OCC'])], new Map([['rest', 'valid_mol_eval!:!N!:!x']]), {
    extraction: 'loose',
    requireReasoning: true,
  })
  expect(unlike.of[0]!.voteKeys).toEqual(['NCCO', 'CCON'])
})
