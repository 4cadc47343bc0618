import { loadChemistryData } from '../../chem/ether0/data.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'
import type { LeftOut, Source } from '../../make/invariance/group.ts'
import { formulaProblem } from '../../make/problems/formula.ts'
import { nameProblem } from '../../make/problems/name.ts'
import { readNamedRows } from '../../make/read-named.ts'
import { isRowFailure, readSource } from '../../make/source.ts'
import { editableOf } from '../../make/subject.ts'
import { builtinDataset } from '../../pairs/builtin.ts'
import { isFailure } from '../../pairs/failure.ts'
import { namedPrng } from '../../prng.ts'
import type { Row, RowFailure, Text } from '../../types.ts'

const SMILES_FILE = /\.(smi|smiles|ism)(\.gz)?$/i

/** The completions of a file that are to be rewritten, streamed: of built-in data, rows of any form, or molecules, one per line. */
export const sourcesOf = (
  path: string,
  toolkit: Toolkit,
  seed: number,
  leftOut: LeftOut,
): AsyncGenerator<Source | RowFailure> =>
  SMILES_FILE.test(path) ? ofMolecules(path, toolkit, seed) : ofRows(builtinDataset(path) ?? path, leftOut)

async function* ofRows(path: string, leftOut: LeftOut): AsyncGenerator<Source | RowFailure> {
  for await (const row of readNamedRows(path)) yield isFailure(row) ? row : ofRow(row, leftOut)
}

/** The chosen completion and the rejected ones; of other rows the first completion. */
function ofRow(row: Row, leftOut: LeftOut): Source | RowFailure {
  const { id, subset, problemType, prompt, solution, where } = row
  const texts = row.completions.map(({ role, text }) => ({ role, text: oneTurn(text) }))
  const original = texts.find(({ role }) => role !== 'rejected')?.text ?? null
  if (original === null)
    return {
      where,
      id,
      reason: 'several_turns',
      message: 'the completion has several turns',
      hint: 'One turn of the assistant is rewritten.',
    }
  const rejected = texts.flatMap(({ role, text }) => {
    if (role !== 'rejected') return []
    if (text === null) leftOut.add('rejected', 'several_turns')
    return text === null ? [] : [text]
  })
  return { id, subset, problemType, prompt, solution, original, rejected }
}

const oneTurn = (text: Text): string | null =>
  typeof text === 'string' ? text : text.length === 1 ? text[0]!.content : null

/** Says nothing of a molecule. Two sentences, so that one can be cut. */
const THOUGHT = 'I write the atoms in order. Then I close the rings and the branches.'

/** A question about each molecule, as the minimal pairs ask it: its SMILES from its InChI; of a salt, a molecule of its formula. */
async function* ofMolecules(path: string, mols: Toolkit, seed: number): AsyncGenerator<Source | RowFailure> {
  const chemistry = { mols, data: loadChemistryData() }
  let number = 0
  for await (const item of readSource(path)) {
    if (isRowFailure(item)) {
      yield item
      continue
    }
    number++
    const { where } = item
    if (item.kind !== 'subject' || item.input.kind !== 'molecule') {
      yield refused(where, 'no_molecule', 'a molecule is expected, and this is a reaction')
      continue
    }
    const { smiles } = item.input
    await mols.recover()
    const molecule = mols.read(smiles) === null ? null : editableOf(smiles, chemistry)
    const random = namedPrng(seed, `question ${number}`)
    const problem =
      molecule === null
        ? null
        : (nameProblem.build(molecule, random, chemistry) ?? formulaProblem.build(molecule, random, chemistry))
    if (problem === null) {
      yield refused(where, 'invalid_smiles', 'RDKit cannot read the molecule, or it has no name and formula to ask for')
      continue
    }
    const { type, prompt, solution, answer } = problem
    yield {
      id: String(number),
      subset: type,
      problemType: type,
      prompt,
      solution,
      original: `<|think_start|>${THOUGHT}<|think_end|><|answer_start|>${answer}<|answer_end|>`,
      rejected: [],
    }
  }
}

const refused = (where: string, reason: string, message: string): RowFailure => ({
  where,
  id: null,
  reason,
  message,
  hint: null,
})
