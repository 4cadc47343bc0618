import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analyse } from '../../analysis/analyze.ts'
import { ownGroupsNote } from '../../analysis/groups.ts'
import { readRun } from '../../analysis/run-folders.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import type { CsvFile } from '../../src/report/compare/csv-file.ts'
import { correctness, type Group, golden } from '../groups/golden.ts'
import { type CsvRow, readCsv, run } from '../run/bin.ts'

/** Groups from a run's files alone: what the run said, the reference's averages, and files that are not of one run. */
const results = mkdtempSync(join(tmpdir(), 'chemherm-group-analysis-'))
afterAll(() => rmSync(results, { recursive: true, force: true }))
const settings = { seed: 0, resamples: 200 }

/** A run's folder of two files. The reference has many thresholds, ours is 1: its correctness stands for the reward. */
function writeGolden(model: string, groups: readonly Group[]): { model: string; dataset: string; path: string } {
  const path = join(results, model, 'golden')
  mkdirSync(path, { recursive: true })
  const scores = groups.flatMap((group) =>
    correctness(group).map(
      (right, i) => `${group.id},${group.kind},completion,${i},${group.rm_scores[i] ?? ''},${right ?? ''}`,
    ),
  )
  writeFileSync(join(path, 'scores.csv'), `id,subset,role,index,score,verifiable_reward\n${scores.join('\n')}\n`)
  const lists = (keys: readonly (string | null)[]): string =>
    `"${JSON.stringify(keys.map((key) => (key === null ? null : keys.indexOf(key))))}"`
  const answers = groups.map(({ id, answers, vote_keys }) => `${id},${lists(answers)},${lists(vote_keys)}`)
  writeFileSync(join(path, 'groups.csv'), `id,same_answer,same_molecule\n${answers.join('\n')}\n`)
  return { model, dataset: 'golden', path }
}

describe('the groups of the reference', () => {
  let rows: Readonly<Record<string, string | number | null>>[] = []
  let curves: typeof rows = []
  const records = (file: CsvFile) =>
    file.rows.map((row) => Object.fromEntries(file.columns.map((column, i) => [column, row[i]!])))
  beforeAll(async () => {
    const analysis = analyse('golden', [await readRun(writeGolden('golden-rm', golden.groups))], settings)
    rows = records(analysis.csv['agreement.csv']!).filter(({ scope, subset }) => scope === 'groups' && subset === 'all')
    curves = records(analysis.csv['curves.csv']!).filter(({ subset }) => subset === 'all')
    const names = ['curves.csv', 'group-leaderboard.csv', 'over-optimisation.csv', 'top-rewards.csv']
    expect(undocumented(Object.fromEntries(names.map((name) => [name, analysis.csv[name]!.columns])))).toEqual([])
  })
  const summary = golden.summary as Record<string, Record<string, { groups: number; mean: number }>>

  it.each([1, 2, 4, 8])('have its averages at n = %i', (n) => {
    const best = curves.find((row) => row.method === 'best_of_n' && row.n === n)!
    const want = summary[`@${n}`]!
    expect(best.groups).toBe(want.best_of_n_correct!.groups)
    expect(best.value).toBeCloseTo(want.best_of_n_correct!.mean, 9)
    // the reference counts a missing pick as wrong; ours leaves it out and says how many
    for (const [ours, theirs] of [
      ['voting_string', 'voting_string'],
      ['voting_canonical', 'voting_canonical'],
      ['rerank', 'rerank'],
    ] as const) {
      const point = curves.find((row) => row.method === ours && row.n === n)!
      const { groups, mean } = want[theirs]!
      expect(Number(point.groups) + Number(point.missing), ours).toBe(groups)
      expect((Number(point.value) * Number(point.groups)) / groups, ours).toBeCloseTo(mean, 9)
    }
  })

  it('have the picks of the whole groups, missing ones set aside or as wrong', () => {
    const of = (name: string) => rows.find(({ statistic }) => statistic === name)!
    for (const [name, picks] of [
      ['voting_string', (group: Group) => group.expected.voting_string],
      ['voting_canonical', (group: Group) => group.expected.voting_canonical],
      ['rerank', (group: Group) => group.expected.rerank],
      ['rerank_answered', (group: Group) => group.expected.rerank_answered],
    ] as const) {
      const last = golden.groups.map((group) => picks(group).at(-1)!)
      const right = last.filter(({ correct }) => correct).length
      expect(of(`${name}_missing_as_wrong`).value, name).toBeCloseTo(right / 60, 12)
      expect(Number(of(name).value) * Number(of(name).n), name).toBeCloseTo(right, 9)
      expect(Number(of(name).n) + Number(of(name).missing)).toBe(60)
      expect(of(name).missing).toBeGreaterThan(0)
    }
  })
})

describe('a run of groups', () => {
  const DEMO = join(results, 'demo-reward-model', 'demo-groups')
  beforeAll(async () => {
    for (const bin of ['run-rm', 'run-dpo'] as const)
      expect(
        (
          await run(bin, [
            '--dataset',
            'demo-groups',
            '--limit',
            '16',
            '--output-dir',
            results,
            '--resamples',
            '200',
            '--device',
            'cpu',
          ])
        ).code,
      ).toBe(0)
  })

  it('says what the run itself said', async () => {
    const done = await run('analyze', ['--output-dir', results, '--dataset', 'demo-groups', '--resamples', '200'])
    expect(done.code).toBe(0)
    const analysis = join(results, 'analysis/demo-groups')
    const own = (name: string): CsvRow[] =>
      readCsv(analysis, name).flatMap(({ scorer, ...row }) => (scorer === 'demo-reward-model' ? [row as CsvRow] : []))
    for (const name of ['curves.csv', 'over-optimisation.csv', 'top-rewards.csv']) {
      expect(own(name).length, name).toBeGreaterThan(6)
      expect(own(name), name).toEqual(readCsv(DEMO, name))
    }
    const statistics = (rows: CsvRow[]): CsvRow[] => rows.filter(({ scope }) => scope === 'groups')
    expect(statistics(own('agreement.csv'))).toEqual(statistics(readCsv(DEMO, 'agreement.csv')))
    // the pick of each, on the same groups
    const test = readCsv(analysis, 'paired-tests.csv').find(({ statistic }) => statistic === 'best_of_n')!
    const rewards = (model: string): number => {
      const rows = readCsv(results, model, 'demo-groups', 'groups.csv')
      return rows.reduce((sum, row) => sum + Number(row.rm_expected_reward), 0) / rows.length
    }
    expect(Number(test.value_a)).toBeCloseTo(rewards(test.a!), 12)
    expect(Number(test.value_b)).toBeCloseTo(rewards(test.b!), 12)
    expect(test).toMatchObject({ n: '16', clusters: '16', missing: '0', test: 'sign_flip' })
    const board = readCsv(analysis, 'group-leaderboard.csv')
    expect(board.map(({ best_of_n }) => Number(best_of_n))).toEqual(
      board.map(({ best_of_n }) => Number(best_of_n)).toSorted((a, b) => b - a),
    )
    expect(readFileSync(join(analysis, 'tables/groups.md'), 'utf8')).toContain(
      'demo\\-reward-model'.replace('\\-', '-'),
    )
    expect(done.stdout).toContain('demo-groups, groups')
    expect(done.stdout).not.toContain('not of the same groups')
  })

  it('says where runs are not of the same groups', () => {
    expect(
      ownGroupsNote([
        ['a', 'b', 'c'],
        ['c', 'a', 'd'],
      ]),
    ).toBe(
      "The runs are not of the same groups: 2 of 4 are in all of them, and each value is over the run's own. paired-tests.csv compares two runs on the groups that both have.",
    )
    expect(
      ownGroupsNote([
        ['a', 'b'],
        ['b', 'a'],
      ]),
    ).toBeNull()
    expect(ownGroupsNote([['a']])).toBeNull()
    const [first, ...others] = golden.groups.slice(0, 6)
    const runs = [readRun(writeGolden('many', [first!, ...others])), readRun(writeGolden('few', others))]
    return Promise.all(runs).then((read) => {
      const { screen, tables } = analyse('golden', read, settings)
      const note = 'The runs are not of the same groups: 5 of 6 are in all of them'
      expect(screen).toContain(note)
      expect(tables.find(({ name }) => name === 'groups')!.notes!.join('\n')).toContain(note)
    })
  })

  it('is refused where groups.csv is of another run', async () => {
    const folder = join(results, 'odd', 'demo-groups')
    const scores = readFileSync(join(DEMO, 'scores.csv'), 'utf8')
    const whole = readFileSync(join(DEMO, 'groups.csv'), 'utf8')
    const read = async (groups: string): Promise<unknown> => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'scores.csv'), scores)
      writeFileSync(join(folder, 'groups.csv'), groups)
      return readRun({ model: 'odd', dataset: 'demo-groups', path: folder })
    }
    await expect(read(whole.replace(/"\[0,[^"]*\]"/, '"[0]"'))).rejects.toThrow(
      'has 1 answers, and 8 completions in scores.csv',
    )
    await expect(read(whole.replace(/"\[0,[^"]*\]"/, 'none'))).rejects.toThrow('same_answer of group "')
    await expect(read(whole)).resolves.toMatchObject({ groups: { length: 16 } })
    rmSync(folder, { recursive: true })
    cpSync(DEMO, folder, { recursive: true })
  })
})
