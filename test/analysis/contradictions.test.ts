import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readRewardBenchScores } from '../../analysis/rewardbench.ts'
import { readRun } from '../../analysis/run-folders.ts'
import { DataError } from '../../src/errors.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-contradictions-'))
afterAll(() => rmSync(root, { recursive: true }))

const PAIRS = [
  'id,subset,rejected_index,chosen_index,chosen_score,rejected_score,margin,chosen_reward,rejected_reward',
  'a,s,0,0,2,0.5,1.5,1,0',
  'b,s,0,0,1e100,-1e100,2e100,1,',
  'c,s,0,0,,0.25,,1,0',
]
const SCORES = [
  'id,subset,role,index,score,verifiable_reward',
  'a,s,chosen,0,2,1',
  'a,s,rejected,0,0.5,0',
  'b,s,chosen,0,1e100,1',
  'b,s,rejected,0,-1e100,',
  'c,s,chosen,0,,1',
  'c,s,rejected,0,0.25,0',
]
let folders = 0
function read(pairs: readonly string[], scores: readonly string[] = SCORES) {
  const path = join(root, String(folders++))
  mkdirSync(path)
  writeFileSync(join(path, 'pairs.csv'), `${pairs.join('\n')}\n`)
  writeFileSync(join(path, 'scores.csv'), `${scores.join('\n')}\n`)
  return readRun({ model: 'm', dataset: 'd', path })
}
const changed = (lines: readonly string[], from: string, to: string): string[] => {
  expect(lines.filter((line) => line.includes(from))).toHaveLength(1)
  return lines.map((line) => line.replace(from, to))
}

describe('a run whose files agree', () => {
  it('is read, huge and absent numbers included', async () => {
    const { pairs } = await read(PAIRS)
    expect([...pairs.margin]).toEqual([1.5, 2e100, Number.NaN])
    expect((await read(PAIRS)).warnings).toEqual([])
  })
  it('may have rounded numbers and lack columns or completions', async () => {
    expect((await read(changed(PAIRS, '2,0.5,1.5', '2,0.5,1.5000001'))).pairs.n).toBe(3)
    expect((await read(PAIRS, SCORES.slice(0, 3))).pairs.n).toBe(3)
    expect((await read(['id,subset,margin', 'a,s,1.5', 'b,s,-2'])).pairs.n).toBe(2)
  })
})

describe('a run whose files were cut', () => {
  it.each(['scores.csv', 'pairs.csv'])('is refused where %s is empty', async (name) => {
    const path = join(root, `empty-${name}`)
    mkdirSync(path)
    writeFileSync(join(path, 'pairs.csv'), `${PAIRS.join('\n')}\n`)
    writeFileSync(join(path, 'scores.csv'), `${SCORES.join('\n')}\n`)
    writeFileSync(join(path, name), '')
    const error = await readRun({ model: 'm', dataset: 'd', path }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DataError)
    expect(error).toMatchObject({ message: 'is empty: not even its header is there', where: join(path, name) })
  })
  it('says so where run.json counts other completions', async () => {
    const path = join(root, 'cut')
    mkdirSync(path)
    writeFileSync(join(path, 'scores.csv'), `${SCORES.slice(0, 3).join('\n')}\n`)
    const warningsWith = async (completions: number) => {
      writeFileSync(join(path, 'run.json'), JSON.stringify({ dataset: { completions } }))
      return (await readRun({ model: 'm', dataset: 'd', path })).warnings
    }
    expect(await warningsWith(2)).toEqual([])
    expect(await warningsWith(6)).toEqual([
      `${join(path, 'scores.csv')} has 2 of the 6 completions that run.json counts: it was altered after the run, and each statistic is of the rows that are there. The file was edited, or the two files are of different runs: run it again.`,
    ])
  })
})

describe('a run that contradicts itself', () => {
  it.each([
    [
      'a margin of another sign',
      changed(PAIRS, '1.5', '-1.5'),
      SCORES,
      'row 1: margin is -1.5, the scores 2 and 0.5 differ by 1.5',
    ],
    ['a margin that is not the difference', changed(PAIRS, '1.5', '1.6'), SCORES, 'row 1: margin is 1.6'],
    ['a margin left out', changed(PAIRS, '2,0.5,1.5', '2,0.5,'), SCORES, 'row 1: margin is absent'],
    [
      'a score of another run',
      PAIRS,
      changed(SCORES, 'chosen,0,2,', 'chosen,0,3,'),
      'chosen_score is 2, scores.csv (row 1) says 3',
    ],
    [
      'a score that is absent there',
      PAIRS,
      changed(SCORES, 'rejected,0,0.5', 'rejected,0,'),
      'scores.csv (row 2) says absent',
    ],
    [
      'a reward of another run',
      PAIRS,
      changed(SCORES, 'chosen,0,2,1', 'chosen,0,2,0'),
      'chosen_reward is 1, scores.csv (row 1) says 0',
    ],
  ])('says so, where, and in how many rows: %s', async (_, pairs, scores, message) => {
    const { warnings } = await read(pairs, scores)
    expect(warnings).toEqual([expect.stringContaining(message)])
    expect(warnings[0]).toContain('1 of 3 rows')
  })
  it.each([
    ['a row that stands twice', [...PAIRS, PAIRS[1]!], SCORES, 'repeats row 1: id "a"'],
    ['a completion that stands twice', PAIRS, [...SCORES, SCORES[2]!], 'repeats row 2: id "a", rejected, 0'],
    [
      'a column that stands twice',
      changed(PAIRS, 'chosen_reward,rejected_reward', 'chosen_reward,margin'),
      SCORES,
      'the column "margin" stands twice',
    ],
  ])('is refused, where something would count twice: %s', async (_, pairs, scores, message) => {
    await expect(read(pairs, scores)).rejects.toThrow(DataError)
    await expect(read(pairs, scores)).rejects.toThrow(message)
  })
})

describe('cells that JavaScript takes for numbers and no CSV means so', () => {
  it.each([' ', '\t', '0x10', '0b1', '0o7', ' 1', '1_000', 'Infinity', 'nan', '1e400', '--1'])('%j', async (cell) => {
    await expect(read(['id,subset,margin', `a,s,1`, `b,s,"${cell}"`])).rejects.toThrow('expected a number')
  })
  it.each([
    ['+1', 1],
    ['.5', 0.5],
    ['1.', 1],
    ['-0', -0],
    ['1E-300', 1e-300],
  ])('%j is one', async (cell, value) => {
    expect((await read(['id,subset,margin', `a,s,${cell}`])).pairs.margin[0]).toBe(value)
  })
})

it('a score whose variance is no number is refused; Infinity reached the CSV', async () => {
  await expect(read(['id,subset,margin', 'a,s,1', 'b,s,-1e300'])).rejects.toThrow('margin is -1e+300, beyond 1e+150')
  const path = join(root, 'scores.json')
  writeFileSync(path, JSON.stringify({ subset: ['s'], scores_chosen: [1e300], scores_rejected: [0] }))
  expect(() => readRewardBenchScores(path, 'd')).toThrow('score is 1e+300, beyond 1e+150')
})
