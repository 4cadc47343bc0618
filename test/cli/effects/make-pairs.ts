import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { OPTIONS } from '../../../src/cli/make/options.ts'
import { call, type Done } from '../../command.ts'
import { moleculeFile, SMILES_LINES } from '../../make/molecules.ts'
import { rowsOf } from '../../make/read-rows.ts'
import { CUT_BLOOM, EMPTY_BLOOM } from './data.ts'
import { all, newFolder, type Rows } from './shown.ts'

const FROM = moleculeFile(SMILES_LINES.slice(0, 8))
const KINDS = ['--kinds', 'ch2']

interface Made extends Done {
  readonly output: string
}
async function made(args: readonly string[], from = FROM): Promise<Made> {
  const output = join(newFolder(), 'pairs.jsonl')
  return { ...(await call('make-pairs', ['--from', from, '--output', output, ...args])), output }
}
const refuses = (args: readonly string[], code: number, message: string) => async (): Promise<void> => {
  const done = await call('make-pairs', args)
  expect(done).toMatchObject({ code, stdout: '' })
  expect(done.stderr).toContain(message)
}
const making = ['--from', FROM, '--output', join(newFolder(), 'pairs.jsonl')]
const noFilter = (flag: string) =>
  all(
    refuses([...making, flag, '/nowhere.bloom'], 3, `(${flag}) cannot be read`),
    refuses([...making, flag, CUT_BLOOM], 3, 'header says'),
  )
/** With a filter that knows nothing, molecules that one of the kinds would make are not plausible. */
const knowsNothing = (flag: string) =>
  all(noFilter(flag), async () => {
    const done = await made([...KINDS, flag, EMPTY_BLOOM])
    expect(done.stdout).toMatch(/ch2 +wrong_answer_implausible/)
    expect(rowsOf(done.output).length).toBeLessThan(rowsOf((await made(KINDS)).output).length)
  })
const ROLLOUTS = 'test/make/rollouts.test.ts'
const VALIDATE = 'test/make/validate.test.ts'
const MAKE = 'test/make/kinds.test.ts'

const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`

export const MAKE_ROWS: Rows<keyof typeof OPTIONS> = {
  from: all(
    refuses(['--from', '/nowhere.smi', '--output', 'x.jsonl'], 3, '/nowhere.smi'),
    refuses(['--from', FROM, '--validate', FROM], 2, 'cannot be given together'),
  ),
  benchmark: all(
    refuses(['--benchmark', 'chem-pairs-v0', '--output', 'x.jsonl'], 2, 'is none of chem-pairs-v1'),
    refuses(['--benchmark', 'chem-pairs-v1'], 2, '--output: is needed'),
  ),
  kinds: all(refuses([...making, '--kinds', 'ch3'], 2, '"ch3" is none of'), async () => {
    const { output } = await made(['--kinds', 'format-break,ch2', '--n', '6'])
    expect(new Set(rowsOf(output).map(({ reject_kind }) => reject_kind))).toEqual(new Set(['format_break', 'ch2']))
  }),
  problems: all(refuses([...making, '--problems', 'names'], 2, 'Did you mean name?'), async () => {
    const { output } = await made(['--kinds', 'format_break', '--problems', 'completion'])
    expect(new Set(rowsOf(output).map(({ problem_type }) => problem_type))).toEqual(new Set(['molecule-completion']))
  }),
  invariance: ['test/run/invariance-suite.test.ts', 'makes the first groups of the embedded suite again byte for byte'],
  transformations: refuses(['--invariance', FROM, '--output', 'x.jsonl', '--transformations', 'kekulee'], 2, 'kekule'),
  'list-kinds': async () => {
    const { code, stdout } = await call('make-pairs', ['--list-kinds'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/stereo_inversion +hard +one stereocentre inverted/)
    expect(stdout).toMatch(/completion +only when asked for/)
  },
  n: async () => {
    expect(rowsOf((await made([...KINDS, '--n', '3'])).output).length).toBe(3)
    expect(rowsOf((await made([...KINDS, '--n', '11'])).output).length).toBe(11)
  },
  'per-prompt': async () => {
    const from = join(newFolder(), 'groups.jsonl')
    const completions = ['CCOC(C)=O', 'CCCO', 'CCO', 'CCCCO'].map(wrap)
    writeFileSync(from, `${JSON.stringify({ prompt: 'p', completions, solution: 'product_eval!:!CCOC(C)=O!:!r' })}\n`)
    const count = async (n: string): Promise<number> =>
      rowsOf((await made(['--no-balance', '--per-prompt', n], from)).output).length
    expect([await count('1'), await count('2'), await count('9')]).toEqual([1, 2, 3])
  },
  soft: [ROLLOUTS, 'with partial credit the margin is the difference of the rewards'],
  'min-margin': all(refuses([...making, '--soft', '--min-margin', '0'], 2, '0 is not in (0, 1]'), async () => {
    expect((await made([...KINDS, '--min-margin', '0.5'])).stderr).toContain('--min-margin changes nothing here')
  }),
  balance: [ROLLOUTS, 'lengths are balanced by choosing'],
  without: async () => {
    const kept = rowsOf((await made(KINDS)).output)
    const { output, stdout } = await made([...KINDS, '--without', moleculeFile([SMILES_LINES[0]!])])
    expect(stdout).toMatch(/ch2 +held_out_molecule/)
    expect(rowsOf(output).length).toBeLessThan(kept.length)
  },
  output: all(
    refuses(['--from', FROM], 2, '--output: is needed'),
    refuses(['--from', FROM, '--output', 'pairs.csv'], 2, 'does not end in .jsonl'),
  ),
  seed: [MAKE, 'the same seed gives the same bytes'],
  resume: all(async () => {
    const { output } = await made(KINDS)
    const before = readFileSync(output, 'utf8')
    const args = ['--from', FROM, '--output', output, ...KINDS, '--seed', '8']
    expect((await call('make-pairs', args)).code).toBe(2)
    expect((await call('make-pairs', [...args, '--no-resume'])).code).toBe(0)
    expect(readFileSync(output, 'utf8')).not.toBe(before)
  }),
  validate: [VALIDATE, 'a sound file has no finding'],
  against: [VALIDATE, 'leakage between splits'],
  card: [VALIDATE, 'the table, its exit code, and a card'],
  extraction: [VALIDATE, 'answers in another format are judged where it is asked for'],
  'require-reasoning': [VALIDATE, 'answers in another format are judged where it is asked for'],
  licence: all(refuses(['--validate', FROM, '--licence', 'MIT'], 2, '--licence'), async () => {
    expect(readFileSync(VALIDATE, 'utf8')).toContain("'--licence', 'CC0 1.0 <b>'")
  }),
  'rings-bloom': noFilter('--rings-bloom'),
  'fingerprints-bloom': knowsNothing('--fingerprints-bloom'),
  'purchasable-bloom': noFilter('--purchasable-bloom'),
  'verify-workers': all(
    refuses([...making, '--verify-workers', '0'], 2, 'not a whole number of at least 1'),
    async () => {
      expect(readFileSync(MAKE, 'utf8')).toContain("'--verify-workers', '2'")
    },
  ),
  quiet: async () => {
    const bad = moleculeFile(['C1CC', SMILES_LINES[0]!])
    const loud = await made([...KINDS, '--n', '1'], bad)
    const quiet = await made([...KINDS, '--n', '1', '--quiet'], bad)
    expect(loud.stderr).toContain('making 1/1 pairs')
    expect(quiet.stderr).not.toContain('making')
    expect(quiet.stderr).toContain('RDKit cannot read')
  },
  'log-format': async () => {
    const { stderr } = await made([...KINDS, '--log-format', 'json'], moleculeFile(['C1CC', SMILES_LINES[0]!]))
    const [line = ''] = stderr.split('\n')
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', reason: 'invalid_smiles' })
  },
}
