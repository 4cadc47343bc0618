import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../cli/effects/shown.ts'
import { call, type Done } from '../command.ts'
import { moleculeFile, outputFile } from './molecules.ts'

const wrap = (answer: string, thought = 't'): string =>
  `<|think_start|>${thought}<|think_end|><|answer_start|>${answer}<|answer_end|>`
const product = (smiles: string): string => `product_eval!:!${smiles}!:!reaction-prediction`

interface Given {
  readonly prompt: string
  readonly chosen: string
  readonly rejected: string
  readonly solution?: string
  readonly [more: string]: unknown
}
function pairs(rows: readonly Given[], name = 'pairs.jsonl'): string {
  const path = join(newFolder(), name)
  writeFileSync(path, rows.map((row, i) => `${JSON.stringify({ id: `r${i}`, ...row })}\n`).join(''))
  return path
}
/** Neither text longer than the other, on the whole. */
const CLEAN: readonly Given[] = [
  { prompt: 'a', chosen: wrap('CCOC(C)=O', 'longer'), rejected: wrap('CCCCO'), solution: product('CCOC(C)=O') },
  { prompt: 'b', chosen: wrap('CCCCCO'), rejected: wrap('CCCCO', 'longer'), solution: product('CCCCCO') },
]
interface Found {
  readonly check: string
  readonly rows: readonly string[]
  readonly message: string
}
const findings = ({ stdout }: Done): Found[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Found)
const found = async (path: string, ...args: string[]): Promise<Found[]> => {
  const done = await call('make-pairs', ['--validate', path, '--log-format', 'json', ...args])
  const all = findings(done)
  expect(done.code).toBe(all.length > 0 ? 4 : 0)
  return all
}
const rowsOf = (all: readonly Found[], check: string): string[] =>
  all.filter((one) => one.check === check).flatMap(({ rows }) => rows)

it('a sound file has no finding', async () => {
  expect(await found(pairs(CLEAN))).toEqual([])
})

it('a chosen answer that fails, a rejected one that passes, and rows that cannot be told', async () => {
  const all = await found(
    pairs([
      ...CLEAN,
      { ...CLEAN[0]!, prompt: 'c', chosen: wrap('CCCCCCC') },
      { ...CLEAN[0]!, prompt: 'd', rejected: wrap('O=C(C)OCC', 'another') },
      { prompt: 'e', chosen: wrap('C'), rejected: wrap('N', 'tt') },
      { ...CLEAN[0]!, prompt: 'g', chosen: '<answer>CCOC(C)=O</answer>' },
    ]),
  )
  expect(rowsOf(all, 'chosen_fails')).toEqual(['r2', 'r5'])
  expect(all.find(({ check }) => check === 'chosen_fails')!.message).toBe(
    '2 rows: the chosen answer does not verify (wrong_answer 1, format_failed 1: the format that is asked for is <|think_start|>…<|think_end|><|answer_start|>…<|answer_end|>; --no-require-reasoning asks for no thought, --extraction loose for <answer>…</answer>)',
  )
  expect(rowsOf(all, 'rejected_passes')).toEqual(['r3'])
  expect(rowsOf(all, 'no_solution')).toEqual(['r4'])
})

it('duplicates: word for word, and the same answers in other words', async () => {
  const again = { ...CLEAN[0]!, chosen: wrap('CC(=O)OCC', 'in other words') }
  const all = await found(
    pairs([...CLEAN, CLEAN[1]!, again, { ...CLEAN[1]!, prompt: 'f', rejected: CLEAN[1]!.chosen }]),
  )
  expect(rowsOf(all, 'duplicate')).toEqual(['r2', 'r3'])
  expect(rowsOf(all, 'same_text')).toEqual(['r4'])
})

it('leakage between splits: question, molecule, scaffold', async () => {
  const train = pairs(
    [
      { prompt: 'a', chosen: wrap('CCCCCCCCO'), rejected: wrap('C') },
      // the molecule of the second row, spelled otherwise
      { prompt: 'x', chosen: wrap('OCCCCC'), rejected: wrap('C') },
      { prompt: 'y', chosen: wrap('Cc1ccc(-c2ccccc2)cc1'), rejected: wrap('C') },
    ],
    'train.jsonl',
  )
  const biphenyl = 'OCc1ccccc1-c1ccccc1'
  const test = pairs([
    ...CLEAN,
    {
      prompt: 'z',
      chosen: wrap(biphenyl, 'w'),
      rejected: wrap('CCCCO', 'a longer thought'),
      solution: product(biphenyl),
    },
  ])
  const all = await found(test, '--against', train)
  expect(rowsOf(all, 'leakage_prompt')).toEqual(['r0'])
  expect(rowsOf(all, 'leakage_molecule')).toEqual(['r1'])
  expect(rowsOf(all, 'leakage_scaffold')).toEqual(['r2'])
  // a column names the splits of one file
  const inside = await found(
    pairs(
      CLEAN.flatMap((row) => ['train', 'test'].map((split, i) => ({ ...row, prompt: `${row.prompt}${i}`, split }))),
    ),
  )
  expect(rowsOf(inside, 'leakage_molecule')).toEqual(['r1', 'r3'])
  expect(rowsOf(inside, 'leakage_prompt')).toEqual([])
})

it('baselines above 55 %, and giveaways of a subset', async () => {
  const rows = Array.from({ length: 60 }, (_, i): Given => {
    const answer = `${'C'.repeat(5 + (i % 30))}${i < 30 ? 'O' : 'N'}`
    return {
      prompt: `p${i}`,
      subset: i < 55 ? 'given away' : 'other',
      chosen: wrap(answer, 'a long thought'),
      rejected: wrap(`C${answer}`),
      solution: product(answer),
    }
  })
  const all = await found(pairs(rows))
  const baselines = all.filter(({ check }) => check === 'baseline')
  expect(baselines.map(({ message }) => message.split(' ')[0])).toEqual(['longest'])
  expect(baselines[0]!.message).toContain('100.0 % of 60 pairs')
  const lengths = all.filter(({ check }) => check === 'length_giveaway').map(({ message }) => message)
  expect(
    lengths.some(
      (message) => message.startsWith('shorter_answer') && message.endsWith('60 pairs; at most 55 % is wanted'),
    ),
  ).toBe(true)
  expect(lengths.some((message) => message.includes('of given away'))).toBe(true)
  expect(lengths.some((message) => message.includes('of other'))).toBe(false)
})

it('verdicts that hinge on a stand-in filter', async () => {
  const alcohol = "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group"
  // a ring system that the filter does not know
  const strange = 'C1=CC=CN=C1C1=NOS1'
  const all = await found(
    pairs([
      { prompt: 'a', chosen: wrap('OCCc1ccccc1'), rejected: wrap('OCCCc1ccccc1', 'w'), solution: alcohol },
      {
        prompt: 'b',
        chosen: wrap('c1ccccc1'),
        rejected: wrap('C', 'a long thought'),
        solution: 'valid_mol_eval!:!c1cc!:!molecule-completion',
      },
      CLEAN[1]!,
      { prompt: 'd', chosen: wrap(strange), rejected: wrap('C', 'x'), solution: product(strange) },
    ]),
  )
  expect(rowsOf(all, 'stand_in')).toEqual(expect.arrayContaining(['r0', 'r1']))
  expect(rowsOf(all, 'stand_in')).not.toContain('r2')
  expect(rowsOf(all, 'stand_in')).not.toContain('r3')
})

it('the table, its exit code, and a card', async () => {
  const path = pairs([...CLEAN, CLEAN[0]!])
  const card = join(newFolder(), 'card.md')
  const { code, stdout } = await call('make-pairs', ['--validate', path, '--card', card, '--licence', 'CC0 1.0 <b>'])
  expect(code).toBe(4)
  expect(stdout).toMatch(/check +rows +finding\n/)
  expect(stdout).toMatch(/duplicate +r2 +1 row repeat/)
  const text = readFileSync(card, 'utf8')
  expect(text).toContain('3 rows, 3 pairs')
  expect(text).toContain('- CC0 1.0 &lt;b&gt;')
  expect(text).toContain('| rings | CC BY-SA 3.0 (ChEMBL) | yes |')
  expect(text).toMatch(/\| pairs\.jsonl \| [\d,]+ \| [0-9a-f]{64} \|/)
})

it('what make-pairs makes of one kind passes', async () => {
  const file = outputFile()
  await call('make-pairs', [
    '--from',
    moleculeFile(),
    '--kinds',
    'ch2,regio_isomer,stereo_inversion',
    '--n',
    '24',
    '--output',
    file,
  ])
  expect((await found(file)).filter(({ check }) => check !== 'length_giveaway')).toEqual([])
})

it('answers in another format are judged where it is asked for', async () => {
  const tags = ([open, close]: readonly [string, string], row: Given): Given => {
    const inTags = (text: string): string => open + /<\|answer_start\|>(.*)<\|answer_end\|>/.exec(text)![1]! + close
    return { ...row, chosen: inTags(row.chosen), rejected: inTags(row.rejected) }
  }
  const loose = pairs(CLEAN.map((row) => tags(['longer or not: <answer>', '</answer>'], row)))
  expect(rowsOf(await found(loose), 'chosen_fails')).toEqual(['r0', 'r1'])
  expect((await found(loose, '--extraction', 'loose')).map(({ check }) => check)).not.toContain('chosen_fails')
  const bare = pairs(CLEAN.map((row) => tags(['<|answer_start|>', '<|answer_end|>'], row)))
  expect(rowsOf(await found(bare), 'chosen_fails')).toEqual(['r0', 'r1'])
  expect((await found(bare, '--no-require-reasoning')).map(({ check }) => check)).not.toContain('chosen_fails')
})
