import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BloomFilter } from '../../../src/chem/toolkit/bloom.ts'
import { newFolder } from './shown.ts'

const folder = newFolder()
export function written(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`

/** Rows in which every option of the verifiable rewards decides something. */
const ROWS = [
  {
    id: 'group',
    subset: 'one',
    problem_type: 'functional-group',
    prompt: 'A primary alcohol of formula C8H10O?',
    chosen: wrap('OCCc1ccccc1'),
    rejected: wrap('OCCc1ccccc1C'),
    solution: "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group",
  },
  {
    id: 'reaction',
    subset: 'one',
    problem_type: 'retro-synthesis',
    prompt: 'How do I make ethyl benzoate?',
    chosen: wrap('O=C(O)c1ccccc1.CCO>>'),
    rejected: wrap('no reaction'),
    solution: 'rxn_forward!:!CCOC(=O)c1ccccc1!:!retro-synthesis',
  },
  {
    id: 'product',
    subset: 'two',
    problem_type: 'reaction-prediction',
    prompt: 'What do acetic acid and ethanol give?',
    chosen: wrap('CCOC(=O)CC'),
    rejected: wrap('CCOC(C)=O'),
    solution: 'product_eval!:!CCOC(C)=O!:!reaction-prediction',
  },
  {
    id: 'loose',
    subset: 'two',
    problem_type: 'property',
    prompt: 'Which one boils at 78 °C?',
    chosen: 'It is <answer>CCO</answer>.',
    rejected: '<|answer_start|>CCO<|answer_end|>',
    solution: 'str_eval!:!CCO!:!property',
  },
]
export const PAIRS = written('pairs.jsonl', lines(ROWS))
export const UNSOLVED = written('unsolved.jsonl', lines(ROWS.map(({ solution: _, ...row }) => row)))
export const PLAIN = written('plain.jsonl', lines([{ prompt: 'Hi', chosen: 'CCO', rejected: 'C' }]))
/** Completions of three and of two steps, with the marks of Qwen2.5-Math-PRM, and with a blank line between the steps. */
const step = (join: string, end: string) => [
  {
    prompt: 'SMILES of ethanol?',
    chosen: `Ethanol has two carbons.${join}It has an OH, too.${join}So it is CCO: C2H6O.${end}`,
    rejected: `It has one carbon.${join}So it is CO.${end}`,
  },
]
export const STEPS = written('steps.jsonl', lines(step('<extra_0>', '<extra_0>')))
/** Two steps and one, marked as Math-Shepherd marks them, by another word. */
export const PLUS_STEPS = written(
  'plus.jsonl',
  lines([{ prompt: 'SMILES of ethanol?', chosen: 'Two carbons. +\nSo it is CCO. +\n', rejected: 'So it is CO. +\n' }]),
)
export const UNMARKED_STEPS = written('unmarked.jsonl', lines(step('\n\n', '')))
/** Two rows in one split, one in the other. */
export const SPLITS = written('splits.json', JSON.stringify({ train: ROWS.slice(0, 2), test: ROWS.slice(2, 3) }))

/** A filter in which nothing is. */
const nothing = (): Uint8Array => BloomFilter.create(8 * 1009, 10).toBytes()
export const EMPTY_BLOOM = written('nothing.bloom', nothing())
export const CUT_BLOOM = written('cut.bloom', nothing().subarray(0, 500))
export const CONFIG = (text: string): string => written(`config-${text.length}.yaml`, text)
