import { createRequire } from 'node:module'
import type { MainModule } from '@rdkit/rdkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { answerIn, compose, envelopeOf } from '../../src/make/invariance/envelope.ts'
import { type InvarianceGroup, invarianceGroup, LeftOut, type Source } from '../../src/make/invariance/group.ts'
import { TRANSFORMATIONS } from '../../src/make/invariance/index.ts'

/** Aromatic and Kekulé rings, stereocentres behind ring closures, double bonds, charges, salts, isotopes, brackets, fused rings. */
const SMILES = [
  'CCO', 'C[C@H](N)C(=O)O', 'OC(=O)[C@@H]1CCCN1', 'O[C@@H]1CCCC[C@H]1F', 'F/C=C/F', 'C(/F)=C\\Cl',
  'OC(=O)/C=C\\c1ccc(O)cc1', 'CN1CCC[C@H]1c1cccnc1', 'c1ccc2[nH]ccc2c1', 'c1ccc(cc1)-c1ccccc1',
  'C[n+]1ccccc1.[I-]', '[Na+].[Na+].[O-]C(=O)[C@H](O)[C@@H](O)C([O-])=O', 'CC(=O)[O-].[Ca+2].CC(=O)[O-]', 'Cl.NCCc1ccc(O)c(O)c1', 'c1cc[se]c1', '[13CH3]C(=O)N', 'C1CC2CCC1CC2', 'C%10CCCC%10', 'C[C@]1(F)CCc2c([nH]cc2)C1',
  '[H]C([H])([H])O', 'OB(O)c1ccccc1', 'C=1CCCCC1', 'C[S@](=O)c1ccccc1',
] as const // biome-ignore format: a list
const CHANGED = TRANSFORMATIONS.filter(({ same }) => !same).map(({ name }) => name)

let toolkit: Toolkit
/** RDKit itself, not through our toolkit. */
let rdkit: MainModule
beforeAll(async () => {
  toolkit = await Toolkit.load()
  rdkit = await (createRequire(import.meta.url)('@rdkit/rdkit') as () => Promise<MainModule>)()
})

const tagged = (thought: string, answer: string): string =>
  `<|think_start|>${thought}<|think_end|><|answer_start|>${answer}<|answer_end|>`
const source = (original: string, more: Partial<Source> = {}): Source => ({
  id: original,
  subset: 's',
  problemType: null,
  prompt: 'Which molecule?',
  solution: null,
  original,
  rejected: [],
  ...more,
})
function groupOf(given: Source, seed = 0, leftOut = new LeftOut()): InvarianceGroup | null {
  return invarianceGroup(given, { transformations: TRANSFORMATIONS, toolkit, seed, leftOut })
}
const named = (group: InvarianceGroup | null, name: string): string[] =>
  (group?.completions ?? []).filter(({ transformation }) => transformation === name).map(({ completion }) => completion)

function inchi(smiles: string): string | null {
  const mol = rdkit.get_mol(smiles)
  const found = mol?.get_inchi() ?? null
  mol?.delete()
  return found
}

describe('every transformation does what it says', () => {
  it.each(SMILES)('%s', (smiles) => {
    const leftOut = new LeftOut()
    const group = groupOf(source(tagged('First sentence. Second one.', smiles)), 0, leftOut)!
    const want = inchi(smiles)
    expect(want).not.toBeNull()
    const [original, ...others] = group.completions
    expect(original).toMatchObject({
      transformation: 'original',
      same: true,
      completion: group.completions[0]!.completion,
    })
    for (const { completion, transformation, same } of others) {
      const got = inchi(answerIn(completion)!)
      expect(got, `${transformation}: ${completion}`).not.toBeNull()
      expect(got === want, `${transformation}: ${completion}`).toBe(same)
      expect(same).toBe(!CHANGED.includes(transformation))
    }
    expect(new Set(group.completions.map(({ completion }) => completion)).size).toBe(group.completions.length)
    expect(leftOut.lines.filter(({ reason }) => reason.startsWith('check_failed'))).toEqual([])
    // everything was made, or counted as left out
    for (const { name } of TRANSFORMATIONS)
      expect(named(group, name).length > 0 || leftOut.lines.some((line) => line.transformation === name), name).toBe(
        true,
      )
  })
  it('spellings leave all but the answer as it was, character by character', () => {
    const text = ' <|think_start|> So.\n <|think_end|> \n<|answer_start|>  c1ccccc1O <|answer_end|>'
    const group = groupOf(source(text))!
    for (const { completion, family } of group.completions)
      if (family === 'spelling' || family === 'molecule')
        expect(completion.replace(answerIn(completion)!, 'c1ccccc1O')).toBe(text)
  })
  it('are those that a reader would write', () => {
    const group = groupOf(source(tagged('I think so. Yes.', 'C[C@@H](c1ccccc1)[NH3+].[Cl-]')))
    const answers = (name: string): (string | null)[] => named(group, name).map(answerIn)
    expect(answers('kekule')).toEqual(['C[C@@H](C1=CC=CC=C1)[NH3+].[Cl-]'])
    expect(answers('bracket_hydrogens')).toEqual(['[CH3][C@@H]([c]1[cH][cH][cH][cH][cH]1)[NH3+].[Cl-]'])
    expect(answers('explicit_hydrogens')).toEqual(['C([H])([H])([H])[C@@]([H])(c1c([H])c([H])c([H])c([H])c1[H])[N+]([H])([H])[H].[Cl-]'])
    expect(answers('part_order')).toEqual(['[Cl-].C[C@@H](c1ccccc1)[NH3+]'])
    expect(answers('smiles_order')).toHaveLength(3)
    expect(named(group, 'code_fence')).toEqual([tagged('I think so. Yes.', '```\nC[C@@H](c1ccccc1)[NH3+].[Cl-]\n```')])
    expect(named(group, 'other_tags')).toEqual(['<think>I think so. Yes.</think><answer>C[C@@H](c1ccccc1)[NH3+].[Cl-]</answer>'])
    expect(named(group, 'thought_shorter')).toEqual([tagged('I think so.', 'C[C@@H](c1ccccc1)[NH3+].[Cl-]')])
    expect(named(group, 'style_bare')).toEqual([tagged('', 'C[C@@H](c1ccccc1)[NH3+].[Cl-]')])
    expect(named(group, 'style_explained')[0]).toContain('The molecule has the formula C8H12ClN and 1 ring.')
    expect(named(group, 'style_verbose')[0]).toContain('It has 10 atoms other than hydrogen.')
    expect(named(group, 'thought_longer')[0]).toMatch(/^<\|think_start\|>I think so\. Yes\. I .*\. I .*\. I .*\.<\|think_end\|>/)
  }) // biome-ignore format: one line each
  it('say why they made nothing', () => {
    const why = (original: string, name: string): string | undefined => {
      const leftOut = new LeftOut()
      groupOf(source(original), 0, leftOut)
      return leftOut.lines.find((line) => line.transformation === name)?.reason
    }
    expect(why(tagged('One.', 'CCO'), 'kekule')).toBe('no_aromatic_ring')
    expect(why(tagged('One.', 'CCO'), 'part_order')).toBe('one_part')
    expect(why(tagged('One.', 'CCO'), 'thought_shorter')).toBe('one_sentence')
    expect(why(tagged('', 'CCO'), 'style_bare')).toBe('bare_already')
    expect(why(tagged('One.', 'C12H15N'), 'smiles_order')).toBe('answer_is_no_molecule')
    expect(why(tagged('One.', '[Na+]'), 'explicit_hydrogens')).toBe('no_hydrogen_to_write')
    expect(why(tagged('One.', 'O'), 'isotope')).toBe('no_carbon')
    expect(why('no answer here', 'row')).toBe('no_answer')
  })
  it('a part of a SMILES string is written no other way, though it reads as a molecule', () => {
    const leftOut = new LeftOut()
    const group = groupOf(source(tagged('A. B.', 'CCO'), { solution: 'valid_mol_eval!:!c1ccccc1!:!molecule-completion' }), 0, leftOut)
    expect(group!.completions.map(({ family }) => family)).not.toContain('spelling')
    expect(leftOut.lines).toContainEqual({ transformation: 'smiles_order', reason: 'answer_is_no_molecule', count: 1 })
  }) // biome-ignore format: one line
  it('the rejected completions stand at the end, but for those with the same molecule', () => {
    const leftOut = new LeftOut()
    const group = groupOf(source(tagged('A.', 'CCO'), { rejected: [tagged('A.', 'OCC'), tagged('A.', 'CCN'), 'prose'] }), 0, leftOut)!
    expect(named(group, 'rejected')).toEqual([tagged('A.', 'CCN'), 'prose'])
    expect(group.completions.filter(({ transformation }) => transformation === 'rejected').every(({ same }) => !same)).toBe(true)
    expect(leftOut.lines).toContainEqual({ transformation: 'rejected', reason: 'same_chemistry', count: 1 })
  }) // biome-ignore format: one line each
  it('the same seed gives the same bytes, whatever came before; another seed others', () => {
    const text = tagged('A. B. C.', 'CC(C)Cc1ccc(cc1)C(C)C(=O)O')
    const first = groupOf(source(text))
    for (const smiles of SMILES.slice(0, 5)) groupOf(source(tagged('x', smiles)))
    expect(JSON.stringify(groupOf(source(text)))).toBe(JSON.stringify(first))
    expect(JSON.stringify(groupOf(source(text), 1))).not.toBe(JSON.stringify(first))
  })
})

describe('envelopes', () => {
  it.each([
    [tagged('t', 'CCO'), 'strict', 't', 'CCO'],
    ['<|answer_start|> CCO <|answer_end|>', 'strict', null, 'CCO'],
    ['<think>\nhm\n</think>\n<answer> CCO\n</answer> done', 'loose', '\nhm\n', 'CCO'],
    ['The answer is <answer>CCO</answer>', 'loose', null, 'CCO'],
    [' CCO\n', 'bare', null, 'CCO'],
    ['```smiles\nCCO\n```', 'bare', null, 'CCO'],
    [tagged('t', '```\nCCO\n```'), 'strict', 't', '```\nCCO\n```'],
  ] as const)('%j', (text, form, thought, answer) => {
    const envelope = envelopeOf(text)!
    expect(envelope).toMatchObject({ form, thought, answer })
    expect(compose(envelope, {})).toBe(text)
    expect(answerIn(text)).toBe('CCO')
  })
  it.each(['', 'two words', '<|answer_start|>CCO', '<|answer_start|> <|answer_end|>', '<|answer_start|>C<|answer_start|>C<|answer_end|>', '<answer></answer>'])('%j has no answer', (text) => {
    expect(envelopeOf(text)).toBeNull()
  }) // biome-ignore format: one line
})
