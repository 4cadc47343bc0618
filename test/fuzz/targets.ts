import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAnswerLoose, extractThoughtAnswerStrict } from '../../src/chem/ether0/answer.ts'
import { formatReward } from '../../src/chem/ether0/format.ts'
import { parseSolution } from '../../src/chem/ether0/solution.ts'
import { ToolkitFailure } from '../../src/chem/toolkit/molecule.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { HarnessError } from '../../src/errors.ts'
import { TemplateFault } from '../../src/jinja/exceptions.ts'
import { modelSpec } from '../../src/model/archs/index.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { readSafetensorsHeader } from '../../src/model/safetensors.ts'
import { readRows } from '../../src/pairs/read.ts'
import { PythonError } from '../../src/python/error.ts'
import { isIntact, parseMeasurement, parseObject, parsePlan } from '../../src/store/record.ts'
import { compileTemplate } from '../../src/text/template.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { UnencodableText } from '../../src/text/unencodable.ts'

/** What reads something of a stranger's, and inputs to begin with. */
export interface Target {
  readonly name: string
  readonly seeds: readonly Buffer[]
  /** Returns where the input is taken or refused in words; throws what nobody expected. */
  run(input: Buffer): Promise<void>
}

/** Errors that say what is wrong with an input. */
const EXPECTED = [HarnessError, TemplateFault, PythonError, ToolkitFailure, UnencodableText]
async function expected(read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!EXPECTED.some((family) => error instanceof family)) throw error
  }
}

const DEMO = 'src/embedded/demo/demo-reward-model'
const seed = (path: string): Buffer => readFileSync(path)
const texts = (...all: readonly string[]): Buffer[] => all.map((text) => Buffer.from(text))

/** @param scratch folder for files that are read by name */
export async function targetsIn(scratch = mkdtempSync(join(tmpdir(), 'fuzz-'))): Promise<readonly Target[]> {
  const model = join(scratch, 'model')
  cpSync(DEMO, model, { recursive: true })
  const rowsOf = (file: string) => (input: Buffer) =>
    expected(async () => {
      const path = join(scratch, file)
      writeFileSync(path, input)
      for await (const _ of readRows(path));
    })
  const inModel = (file: string, read: () => unknown) => async (input: Buffer) => {
    const whole = seed(join(DEMO, file))
    writeFileSync(join(model, file), input)
    await expected(read)
    writeFileSync(join(model, file), whole)
  }
  let toolkit = await Toolkit.load()
  const weights = seed(join(DEMO, 'model.safetensors'))
  const header = weights.subarray(0, 8 + Number(weights.readBigUInt64LE(0)))
  const formats = 'test/data/pairs/formats'
  const completion =
    '<|think_start|>It has <answer>CO</answer> one oxygen.<|think_end|><|answer_start|>CCO<|answer_end|>'
  return [
    {
      name: 'safetensors',
      seeds: [header],
      run: (input) =>
        expected(() => {
          writeFileSync(join(scratch, 'x.safetensors'), input)
          readSafetensorsHeader(join(scratch, 'x.safetensors'))
        }),
    },
    {
      name: 'config',
      seeds: [seed(join(DEMO, 'config.json'))],
      run: inModel('config.json', () => modelSpec(openCheckpoint(model))),
    },
    {
      name: 'tokenizer',
      seeds: [seed(join(DEMO, 'tokenizer.json'))],
      run: inModel('tokenizer.json', async () => {
        const tokenizer = await openTokenizer(model, { id: 'm' })
        const { ids } = tokenizer.encode('CC(=O)O is acetic acid.', { addSpecialTokens: true })
        tokenizer.decode(ids)
      }),
    },
    {
      name: 'template',
      seeds: [
        seed(join(DEMO, 'chat_template.jinja')),
        ...texts(
          "{% for m in messages %}{% if loop.first %}{{ m['role']|upper ~ '\\n' }}{% endif %}{{ m.content|tojson }}{% endfor %}",
        ),
      ],
      run: (input) =>
        expected(() => compileTemplate(input.toString(), 't').render([{ role: 'user', content: 'CCO?' }])),
    },
    {
      name: 'parquet',
      seeds: ['pairs-none', 'pairs-zstd', 'pairs-checksums', 'conversations'].map((name) =>
        seed(join(formats, `${name}.parquet`)),
      ),
      run: rowsOf('x.parquet'),
    },
    {
      name: 'csv',
      seeds: [seed(join(formats, 'pairs.csv')), seed(join(formats, 'pairs-semicolon.csv'))],
      run: rowsOf('x.csv'),
    },
    {
      name: 'jsonl',
      seeds: [seed(join(formats, 'pairs.jsonl')), seed(join(formats, 'pairs-data.json'))],
      run: rowsOf('x.jsonl'),
    },
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
      seeds: texts(completion, completion.replace('CCO', "['CCO', 'CO']")),
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
      seeds: texts('{"key":"a","score":1.5,"crc":"00000000"}', '{"plan":"p","from":0,"batches":[[1,2]]}'),
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
