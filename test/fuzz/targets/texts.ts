import { extractAnswerLoose, extractThoughtAnswerStrict } from '../../../src/chem/ether0/answer.ts'
import { formatReward } from '../../../src/chem/ether0/format.ts'
import { parseSolution } from '../../../src/chem/ether0/solution.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'
import { isIntact, parseMeasurement, parseObject, parsePlan } from '../../../src/store/record.ts'
import { expected, type Target, texts } from '../target.ts'

const COMPLETION = '<|think_start|>It has <answer>CO</answer> one oxygen.<|think_end|><|answer_start|>CCO<|answer_end|>'

/** Texts: what models write, what data say of them, and lines of a store. */
export async function textTargets(): Promise<Target[]> {
  let toolkit = await Toolkit.load()
  return [
    {
      name: 'smiles',
      seeds: texts(
        'CC(=O)Oc1ccccc1C(=O)O',
        '[13C@@H](F)(Cl)[NH3+].[Na+]',
        'C/C=C/%12CC%12',
        '[H]C([H])=O',
        '[Pt@SP1](Cl)(Cl)(N)N',
      ),
      run: (input) =>
        expected(async () => {
          if (!toolkit.ready) toolkit = await Toolkit.load()
          const molecule = toolkit.read(input.toString())
          if (molecule !== null)
            void [molecule.canonical, molecule.formula, molecule.kekule, molecule.environments, molecule.ringSystems]
        }),
    },
    {
      name: 'completion',
      seeds: texts(COMPLETION, COMPLETION.replace('CCO', "['CCO', 'CO']")),
      run: (input) =>
        expected(() => {
          for (const reasoning of [true, false]) {
            extractThoughtAnswerStrict(input.toString(), reasoning)
            formatReward(input.toString(), { reasoning })
          }
          extractAnswerLoose(input.toString())
        }),
    },
    {
      name: 'solution',
      seeds: texts('valid_mol_eval!:!C2H6O!:!oracle/x', "functional_group_eval!:!('C6H6', ['phenol'])!:!t"),
      run: (input) => expected(() => parseSolution(input.toString())),
    },
    {
      name: 'store line',
      json: true,
      seeds: texts(
        '{"key":"a","kind":"head","values":[1.5],"scoredTokenIndex":3,"crc":"00000000"}',
        '{"key":"a","kind":"logProb","sum":-1.5,"tokens":3,"sumSquares":2,"logProbs":[-0.5,-1],"crc":"00000000"}',
        '{"plan":"p","from":0,"batches":[["padded",0,9,[1,2]]]}',
      ),
      run: (input) =>
        expected(() => {
          isIntact(input)
          parseMeasurement(input)
          parsePlan(input)
          parseObject(input)
        }),
    },
  ]
}
