import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { accuracyReward, canonicalSmiles, molFormula, tanimoto } from '../../src/index.ts'
import { KINDS } from '../../src/make/kinds/index.ts'
import { call } from '../command.ts'
import { moleculeFile, outputFile } from './molecules.ts'
import { rowsOf } from './read-rows.ts'

const answer = (text: string): string => /<\|answer_start\|>([\s\S]*)<\|answer_end\|>/.exec(text)?.[1] ?? ''

const output = outputFile()
const from = moleculeFile()
const made = call('make-pairs', ['--from', from, '--n', '65', '--seed', '3', '--output', output])

it('makes as many as wanted of every kind, balanced in length', async () => {
  const { code, stderr } = await made
  expect(code, stderr).toBe(0)
  const rows = rowsOf(output)
  expect(rows.length).toBe(65)
  expect(new Set(rows.map(({ id }) => id)).size).toBe(65)
  expect([...new Set(rows.map(({ reject_kind }) => reject_kind))].sort()).toEqual([...KINDS.keys()].sort())
  const longer = rows.filter(({ chosen, rejected }) => chosen.length > rejected.length).length
  const shorter = rows.filter(({ chosen, rejected }) => chosen.length < rejected.length).length
  // none of equal length; per kind they differ by one pair at most
  expect(longer + shorter).toBe(65)
  expect(Math.abs(longer - shorter)).toBeLessThanOrEqual(KINDS.size)
})

describe.each([...KINDS.keys()])('%s', (kind) => {
  it('verifies to 1 and to 0, by the front door', async () => {
    await made
    const rows = rowsOf(output).filter(({ reject_kind }) => reject_kind === kind)
    expect(rows.length).toBeGreaterThan(0)
    for (const { chosen, rejected, solution, chosen_reward, rejected_reward, changed, subset } of rows) {
      expect((await accuracyReward(chosen, solution)).value, chosen).toBe(chosen_reward)
      expect((await accuracyReward(rejected, solution)).value, rejected).toBe(rejected_reward)
      expect([chosen_reward, rejected_reward, subset]).toEqual([1, 0, kind])
      expect(changed).not.toBe('')
    }
  })
})

it('says the distance, or why there is none', async () => {
  await made
  for (const { chosen, rejected, distance, distance_reason } of rowsOf(output)) {
    if (distance === null) expect(distance_reason).toBe('not_two_molecules')
    else {
      const same = await tanimoto(answer(chosen), answer(rejected) || answer(chosen))
      expect(distance).toBeCloseTo(1 - same, 12)
    }
  }
})

/** What each kind does to the formula of the right molecule. */
it('changes what the kind says, and nothing else', async () => {
  await made
  const molecules = rowsOf(output).filter(({ distance }) => distance !== null)
  for (const { reject_kind, chosen, rejected, changed } of molecules) {
    const [right, wrong] = [answer(chosen), answer(rejected)]
    if (['stereo_inversion', 'regio_isomer', 'isomer'].includes(reject_kind)) {
      expect(await molFormula(wrong), changed).toBe(await molFormula(right))
      const flat = async (smiles: string) => canonicalSmiles(smiles.replace(/@+|[/\\]/g, ''))
      expect((await flat(wrong)) === (await flat(right))).toBe(reject_kind === 'stereo_inversion')
    }
    if (reject_kind === 'ch2')
      expect(await carbonsAndHydrogens(wrong, right)).toSatisfy(
        ([c, h]: number[]) => Math.abs(c!) === 1 && h === 2 * c!,
      )
    if (reject_kind === 'stereo_inversion') expect(changed).toMatch(/^[A-Z][a-z]?\d+: ([RSrs] → [RSrs]|inverted)$/)
  }
})

async function carbonsAndHydrogens(a: string, b: string): Promise<number[]> {
  const [x, y] = [await molFormula(a), await molFormula(b)]
  const count = (formula: string, element: string): number => {
    const [, n] = new RegExp(`${element}(\\d*)(?![a-z])`).exec(formula) ?? []
    return n === undefined ? 0 : n === '' ? 1 : Number(n)
  }
  return ['C', 'H'].map((element) => count(x, element) - count(y, element))
}

it('the same seed gives the same bytes, whatever the workers; another seed others', async () => {
  await made
  const again = outputFile()
  const args = ['--from', from, '--n', '65', '--seed', '3', '--output', again, '--verify-workers', '2']
  expect((await call('make-pairs', args)).code).toBe(0)
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(output, 'utf8'))
  const other = outputFile()
  await call('make-pairs', ['--from', from, '--n', '65', '--seed', '4', '--output', other])
  expect(readFileSync(other, 'utf8')).not.toBe(readFileSync(output, 'utf8'))
})

it('lists lines that are no molecule, with exit 4', async () => {
  const bad = moleculeFile(['CCOC(=O)CCC', 'C1CC', 'not a molecule', '', 'CCCCOCC name'])
  const { code, stderr } = await call('make-pairs', ['--from', bad, '--kinds', 'ch2', '--output', outputFile()])
  expect(code).toBe(4)
  expect(stderr).toContain(`${bad}:2: RDKit cannot read the SMILES string`)
  expect(stderr).toContain(`${bad}:3: RDKit cannot read the SMILES string`)
  expect(stderr).not.toContain(`${bad}:5`)
})

it('without --n says that a row gives one pair, not that no row allows the other kinds', async () => {
  const args = ['--from', moleculeFile(['C[C@H](N)C(=O)O']), '--kinds', 'stereo_inversion,ch2']
  const one = await call('make-pairs', [...args, '--output', outputFile()])
  expect(one.stderr).toMatch(/no pair of (ch2|stereo_inversion): without --n each row gives one pair, of one kind/)
  const both = await call('make-pairs', [...args, '--n', '2', '--output', outputFile()])
  expect(both.stderr).not.toContain('no pair of')
  const none = await call('make-pairs', [
    '--from',
    moleculeFile(['CCOC(=O)CCC']),
    '--kinds',
    'stereo_inversion,ch2',
    '--n',
    '2',
    '--output',
    outputFile(),
  ])
  expect(none.stderr).toContain('no pair of stereo_inversion: no row allows one')
})

it('reactions: the product is asked for, and products of the same bonds elsewhere are wrong', async () => {
  const reactions = moleculeFile([
    '[CH3:1][C:2](=[O:3])[OH:4].[NH2:5][c:6]1[cH:7][cH:8][cH:9][cH:10][c:11]1[CH3:12]>>[CH3:1][C:2](=[O:3])[NH:5][c:6]1[cH:7][cH:8][cH:9][cH:10][c:11]1[CH3:12]',
    'CC(=O)c1ccccc1C>[Na+].[BH4-]>CC(O)c1ccccc1C',
    'no>reaction',
  ])
  const file = outputFile()
  const { code, stderr } = await call('make-pairs', [
    '--from',
    reactions,
    '--kinds',
    'wrong_product,ch2',
    '--n',
    '4',
    '--output',
    file,
  ])
  expect(code).toBe(4)
  expect(stderr).toContain(`${reactions}:3: a reaction is reactants>agents>product`)
  const rows = rowsOf(file)
  expect(rows.map(({ problem_type }) => problem_type)).toEqual(rows.map(() => 'reaction-prediction'))
  expect(
    rows.some(
      ({ prompt }) => String(prompt).includes('CC(=O)O.Nc1ccccc1C>>') || String(prompt).includes('[CH3][C](=[O])[OH]'),
    ),
  ).toBe(true)
})

it('rows of pairs and of ether0 keep their question', async () => {
  const file = outputFile()
  const { code } = await call('make-pairs', [
    '--from',
    'src/embedded/demo/pairs.jsonl',
    '--kinds',
    'format_break',
    '--n',
    '20',
    '--output',
    file,
  ])
  expect(code).toBe(0)
  const prompts = new Set(
    readFileSync('src/embedded/demo/pairs.jsonl', 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.stringify((JSON.parse(line) as { prompt: unknown }).prompt)),
  )
  for (const { prompt } of rowsOf(file)) expect(prompts).toContain(JSON.stringify(prompt))
})
