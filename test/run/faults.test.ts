import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CsvRow, type Done, jsonLines, readCsv, readJson, run, temporaryFolder } from './bin.ts'

const { path: out, remove } = temporaryFolder()
afterAll(remove)
const answered = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
const product = 'product_eval!:!CCCCO!:!synthesis'
/** One pair of each kind; a ring that the stand-in does not know; solutions by which nothing can be judged. */
const PAIRS = [
  ['near miss', 'CCCCO', answered('CCCCCO'), product],
  ['isomer', 'CCCCO', answered('CCOCC'), product],
  ['wrong', 'CCCCO', answered('c1ccncc1'), product],
  ['invalid', 'CCCCO', answered('CCCC('), product],
  ['format', 'CCCCO', 'CCCCN', product],
  ['implausible', 'CCCO', answered('C1CC2CC1C2=O'), 'valid_mol_eval!:!C!:!completion'],
  ['both right', 'CCCCO', answered('OCCCC'), product],
  ['bad target', 'CCCCO', answered('CCCCN'), 'product_eval!:!CCCC(!:!synthesis'],
  ['no function', 'CCCCO', answered('CCCCN'), 'smell_eval!:!CCCC!:!synthesis'],
  ['no oracle', 'CC(=O)O.CCO>>', answered('CC(=O)O.CCCO>>'), 'rxn_forward!:!CCOC(C)=O!:!retro'],
] as const
const data = join(out, 'kinds.jsonl')
const RUN = join(out, 'demo-reward-model', 'kinds')
const VERIFIED = join(out, 'verifiable', 'kinds')
let scored: Done
let verified: Done
beforeAll(async () => {
  writeFileSync(
    data,
    jsonLines(
      PAIRS.map(([id, chosen, rejected, solution]) => ({
        id,
        prompt: `Make ${id}`,
        chosen: answered(chosen),
        rejected,
        solution,
      })),
    ),
  )
  const common = ['--dataset', data, '--output-dir', out, '--resamples', '100']
  scored = await run('run-rm', [...common, '--device', 'cpu'])
  verified = await run('run-verify', common)
  expect([scored.code, verified.code]).toEqual([0, 0])
})

const FAULTS = {
  'near miss': 'near_miss',
  isomer: 'near_miss',
  wrong: 'wrong',
  invalid: 'invalid',
  format: 'format',
  implausible: 'implausible',
  'both right': 'right',
  'bad target': 'no_verdict',
  'no function': 'no_verdict',
  'no oracle': 'no_verdict',
}
const linesOf = (text: string, title: string): string[][] => {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.startsWith(title))
  const end = lines.findIndex((line, i) => i > at && line === '')
  return lines.slice(at + 2, end).map((line) => line.trim().split(/ {2,}/))
}

describe('why the rejected answer is wrong', () => {
  it('is a column of pairs.csv', () => {
    for (const folder of [RUN, VERIFIED])
      expect(Object.fromEntries(readCsv(folder, 'pairs.csv').map((row) => [row.id, row.rejected_fault]))).toEqual(
        FAULTS,
      )
    const of = Object.fromEntries(readCsv(RUN, 'pairs.csv').map((row) => [row.id!, row])) as Record<string, CsvRow>
    expect(of.wrong).toMatchObject({ well_formed: '1', tanimoto: '0' })
    expect(Number(of['near miss']!.tanimoto)).toBeGreaterThan(0.4)
    expect(of.format).toMatchObject({ well_formed: '0', tanimoto: '' })
    expect(of['bad target']).toMatchObject({ well_formed: '', tanimoto: '' })
  })
  it('leads the screen, with the mix', () => {
    const table = linesOf(scored.stdout, 'why the rejected is wrong')
    expect(table.map((cells) => [cells[0], cells.at(-1)])).toEqual([
      ['both well-formed', '50.0 %'],
      ['near miss', '20.0 %'],
      ['wrong', '10.0 %'],
      ['implausible', '10.0 %'],
      ['not wrong', '10.0 %'],
      ['invalid', '10.0 %'],
      ['format', '10.0 %'],
      ['no verdict', '30.0 %'],
      ['all pairs', '10'],
    ])
    expect(scored.stdout.indexOf('why the rejected is wrong')).toBeLessThan(scored.stdout.indexOf('accuracy  '))
    // without a model the mix alone
    expect(linesOf(verified.stdout, 'why the rejected is wrong')[0]).toEqual(['both well-formed', '5', '50.0 %'])
  })
  it('is in summary.json, recomputed from pairs.csv', () => {
    const { accuracy_by_fault: found } = readJson<{ accuracy_by_fault: Record<string, { half: number; n: number }> }>(
      RUN,
      'summary.json',
    )
    const rows = readCsv(RUN, 'pairs.csv')
    const half = (own: readonly CsvRow[]): number =>
      own.reduce((sum, { outcome }) => sum + (outcome === 'win' ? 1 : outcome === 'tie' ? 0.5 : 0), 0) / own.length
    for (const [level, own] of [
      ['both_well_formed', rows.filter(({ well_formed }) => well_formed === '1')],
      ['near_miss', rows.filter(({ rejected_fault }) => rejected_fault === 'near_miss')],
      ['no_verdict', rows.filter(({ rejected_fault }) => rejected_fault === 'no_verdict')],
      ['all', rows],
    ] as const) {
      expect(found[level]!.n, level).toBe(own.length)
      expect(found[level]!.half, level).toBeCloseTo(half(own), 12)
    }
    expect(Object.keys(readJson<object>(VERIFIED, 'summary.json'))).not.toContain('accuracy_by_fault')
  })
  it('is a paper table', () =>
    expect(readFileSync(join(RUN, 'tables/accuracy-by-fault.md'), 'utf8')).toMatch(/^\| both well-formed \| /m))
})

describe('who is at fault, and what hinges on a stand-in filter', () => {
  it('is in scores.csv', () => {
    const rejected = readCsv(RUN, 'scores.csv').filter(({ role }) => role === 'rejected')
    expect(Object.fromEntries(rejected.map(({ id, verdict_cause }) => [id, verdict_cause]))).toEqual({
      ...Object.fromEntries(PAIRS.map(([id]) => [id, 'answer'])),
      'both right': '',
      'bad target': 'target',
      'no function': 'target',
      'no oracle': 'oracle',
    })
    expect(rejected.filter(({ hinges_on }) => hinges_on !== '').map(({ id, hinges_on }) => [id, hinges_on])).toEqual([
      ['implausible', 'rings'],
    ])
  })
  it('is counted in run.json', () => {
    for (const folder of [RUN, VERIFIED])
      expect(readJson<object>(folder, 'run.json')).toMatchObject({
        verdict_causes: {
          answer: { wrong_answer: 3, invalid_mol: 1, format_failed: 1, failed_ring_check: 1 },
          target: { invalid_ground_truth: 2, reward_function_exception: 2 },
          oracle: { invalid_rxn: 2 },
          verifier: {},
        },
        stand_in_filters: {
          verdicts: 14,
          hinge_on: { rings: 1, fingerprints: 0, 'rings+fingerprints': 0, purchasable: 0 },
        },
      })
  })
  it('is on the screen', () => {
    expect(scored.stdout).toContain(
      '6 unverifiable (by the target 4: invalid_ground_truth 2, reward_function_exception 2; by an oracle 2: ',
    )
    for (const { stdout } of [scored, verified])
      expect(stdout).toContain(
        'stand-in filters: 1 of 14 verdicts would be another without the filter of ring systems (1)',
      )
    expect(verified.stdout).toMatch(/^invalid_ground_truth +the target +2$/m)
    expect(verified.stdout).toMatch(/^failed_ring_check +the answer +1$/m)
  })
  it('is in the report', () => {
    const page = readFileSync(join(RUN, 'report.html'), 'utf8')
    expect(page).toContain('<td>invalid_ground_truth</td><td class="num">2</td>')
    expect(page).toContain('1 of 14 verdicts hinges on a filter that stands in for ether0’s own')
    const bare = readFileSync(join(VERIFIED, 'report.html'), 'utf8')
    expect(bare).toContain('4 by the target, 2 by an oracle; never counted as a fail')
  })
})

it('agreement is said once where the verifier can only prefer the chosen one', () =>
  expect(scored.stdout).toContain(
    '; it prefers chosen in all 6 pairs that it decides (1 tie, 3 without a verdict): accuracy and agreement are one measurement there',
  ))

it('ten prompts are said to be too few for baselines, in one sentence', () => {
  const lines = scored.stderr.split('\n').filter((line) => line.includes('baseline'))
  expect(lines.length).toBeLessThan(2)
})

it('verify-results recomputes all of it', async () => {
  expect((await run('verify-results', [RUN, '--quiet'])).code).toBe(0)
  const changes = [
    ['pairs.csv', ',near_miss,', ',wrong,', 'rejected_fault'],
    ['scores.csv', ',answer,rings', ',answer,', 'hinges_on'],
    ['scores.csv', ',target,', ',answer,', 'verdict_cause'],
    ['summary.json', '"both_well_formed"', '"well_formed"', 'accuracy_by_fault'],
    ['run.json', '"rings": 1', '"rings": 2', 'stand_in_filters'],
    ['run.json', '"failed_ring_check": 1\n', '"failed_ring_check": 3\n', 'verdict_causes'],
  ] as const
  for (const [i, [file, before, after, column]] of changes.entries()) {
    const folder = join(out, `changed-${i}`)
    cpSync(RUN, folder, { recursive: true })
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text, file).toContain(before)
    writeFileSync(join(folder, file), text.replace(before, after))
    const { code, stdout } = await run('verify-results', [folder, '--quiet', '--log-format', 'json'])
    expect(code, column).toBe(4)
    expect(stdout, column).toContain(column)
  }
})
