import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Analysis, analyse, writeAnalysis } from '../../analysis/analyze.ts'
import { driftOf } from '../../analysis/drift.ts'
import { readRewardBenchFiles, readRewardBenchScores } from '../../analysis/rewardbench.ts'
import { findRuns, readRun } from '../../analysis/run-folders.ts'
import type { Run } from '../../analysis/runs.ts'
import { align, ensembles } from '../../analysis/scorers.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { hermEvalSetScores, hermJson } from '../../src/agreement/herm.ts'
import { DataError } from '../../src/errors.ts'
import { packagePath } from '../../src/package.ts'
import { demoPairs, rmScores } from '../agreement/demo.ts'
import { complaints, hasTex, TEX } from '../tex.ts'
import { demoResults, writeRun } from './fixture.ts'

const settings = { seed: 0, resamples: 500 }
let outputDir: string
let runs: Run[]
let analysis: Analysis
beforeAll(async () => {
  outputDir = await demoResults()
  runs = await Promise.all(findRuns(outputDir).map(readRun))
  analysis = analyse('pairs', runs, settings)
})
afterAll(() => rmSync(outputDir, { recursive: true, force: true }))

const rows = (name: string): Record<string, unknown>[] => {
  const { columns, rows } = analysis.csv[name]!
  return rows.map((row) => Object.fromEntries(columns.map((c, i) => [c, row[i]])))
}

describe('analyse', () => {
  it('finds the accuracies that the demo was published with', () => {
    const expected = JSON.parse(readFileSync(packagePath('test/data/demo/expected-accuracy.json'), 'utf8')) as {
      'pairs.jsonl': Record<string, Record<string, number>>
    }
    const keys = {
      'demo-reward-model': 'rm',
      'demo-policy-dpo__vs__demo-ref-sft': 'dpo_sum',
      'demo-policy-dpo__ref-free': 'policy_ref_free_sum',
    }
    for (const [model, key] of Object.entries(keys)) {
      for (const subset of ['all', 'functional-group', 'property', 'molecule-formula']) {
        const row = rows('subsets.csv').find((r) => r.scorer === model && r.subset === subset)!
        expect(row.strict as number, `${model} ${subset}`).toBeCloseTo(expected['pairs.jsonl'][subset]![key]!, 4)
      }
    }
  })
  it('ranks models, ensembles of all and baselines; the sweep stands apart', () => {
    const board = rows('leaderboard.csv')
    expect(board.map((r) => r.kind).filter((k) => k === 'null')).toHaveLength(4)
    expect(board.map((r) => r.kind).filter((k) => k === 'ensemble')).toHaveLength(3)
    const half = board.map((r) => r.half as number)
    expect([...half].sort((a, b) => b - a)).toEqual(half)
    // 3 models: 3 pairs and the whole, 3 modes each
    expect(rows('ensembles.csv')).toHaveLength(12)
  })
  it('tests every two scorers with multiplicity control', () => {
    const tests = rows('paired-tests.csv').filter((r) => r.statistic === 'accuracy_half')
    expect(tests).toHaveLength(3)
    for (const t of tests) {
      expect(t.p_holm as number).toBeGreaterThanOrEqual(t.p as number)
      expect(t.p_bh as number).toBeLessThanOrEqual(t.p_holm as number)
      expect(t.difference).toBeCloseTo(((t.discordant_a as number) - (t.discordant_b as number)) / 300, 12)
      expect((t.value_a as number) - (t.value_b as number)).toBeCloseTo(t.difference as number, 12)
    }
  })
  it('tests every two scorers by AUROC, as a family of its own', () => {
    const tests = rows('paired-tests.csv').filter((r) => r.statistic === 'auroc')
    expect(tests).toHaveLength(3)
    const aurocs = Object.fromEntries(
      rows('agreement.csv')
        .filter((r) => r.subset === 'all' && r.statistic === 'auroc')
        .map((r) => [r.scorer, r.value as number]),
    )
    for (const t of tests) {
      expect(t).toMatchObject({ n: 600, clusters: 299, missing: 0, test: 'delong_clustered', discordant_a: null })
      expect(t.value_a).toBe(aurocs[t.a as string])
      expect(t.difference).toBe(aurocs[t.a as string]! - aurocs[t.b as string]!)
      expect(t.p_holm as number).toBeGreaterThanOrEqual(t.p as number)
      // the 95 % interval leaves 0 out exactly where p < 0.05, both from the same standard error
      expect((t.ci_low as number) * (t.ci_high as number) > 0).toBe((t.p as number) < 0.05)
    }
    expect(new Set(rows('paired-tests.csv').map((r) => r.family)).size).toBe(2)
  })
  it('compares reference-free with reference, overall and by subset', () => {
    const all = rows('ref-free.csv').find((r) => r.subset === 'all')!
    expect(all.difference).toBeCloseTo(0.85 - 242 / 300, 12)
    expect(rows('ref-free.csv')).toHaveLength(7)
  })
  it('standardises each model before combining', () => {
    // A monotone linear change of one model's scores changes no ensemble.
    const doubled = runs.map((run, i) =>
      i === 0
        ? {
            ...run,
            completions: { ...run.completions, score: run.completions.score.map((v) => 10 * v + 3) },
            pairs: {
              ...run.pairs,
              chosenScore: run.pairs.chosenScore.map((v) => 10 * v + 3),
              rejectedScore: run.pairs.rejectedScore.map((v) => 10 * v + 3),
            },
          }
        : run,
    )
    const [a, b] = [ensembles(align('pairs', runs), runs), ensembles(align('pairs', doubled), doubled)]
    a.forEach((e, i) => {
      e.margin.forEach((m, k) => {
        expect(b[i]!.margin[k]).toBeCloseTo(m, 9)
      })
    })
  })
  it('aligns runs on the pairs they share and counts the rest', () => {
    const { pairs } = runs[0]!
    const shorter = {
      ...runs[0]!,
      model: 'short',
      pairs: { ...pairs, key: Array.from(pairs.key, (k, i) => (i < 10 ? `other${k}` : k)) },
    }
    const aligned = align('pairs', [runs[0]!, shorter])
    expect(aligned.pairs.n).toBe(290)
    expect(aligned.dropped).toEqual({ [runs[0]!.model]: 10, short: 10 })
  })
  it('refuses runs in which one id means different rows', () => {
    const { pairs } = runs[0]!
    const names = pairs.subset.names.map((n) => `${n} of other data`)
    const other = { ...runs[0]!, pairs: { ...pairs, subset: { ...pairs.subset, names } } }
    expect(() => align('pairs', [runs[0]!, other])).toThrow('is of subset')
  })
  it('has nothing to compare without pairs, and still says what it can of completions', () => {
    const groups = runs.map((run) => {
      const none = new Float64Array(0)
      const coded = { code: new Int32Array(0), names: [] }
      const pairs = Object.fromEntries(Object.keys(run.pairs).map((k) => [k, none])) as unknown as Run['pairs']
      return { ...run, pairs: { ...pairs, n: 0, key: [], subset: coded, cluster: coded, writers: null } }
    })
    const only = analyse('groups', groups, settings)
    expect(only.standings).toEqual([])
    expect(Object.keys(only.csv)).toContain('agreement.csv')
    expect(Object.keys(only.csv)).not.toContain('leaderboard.csv')
  })
  it('gives two scorers that contradict each other the least ICC there is, from the ties too', () => {
    const row = rows('scorer-agreement.csv').find(({ a, b }) => a === 'null:longest' && b === 'null:shortest')!
    expect(row).toMatchObject({ n: 288, ties: 12, spearman: -1 })
    expect(row.icc).toBeCloseTo(-300 / 299, 12)
  })
  it('sees no drift between a run and itself', () => {
    expect(driftOf(runs[0]!, runs[0]!)).toMatchObject({ completions: 600, pairs: 300, largest: 0, flips: 0 })
  })
})

describe('files', () => {
  it('read back to the same doubles and text, every column in the codebook', async () => {
    const folder = join(outputDir, 'analysis', 'pairs')
    const files = await writeAnalysis(analysis, folder)
    for (const [name, { columns, rows: written }] of Object.entries(analysis.csv)) {
      const [header, ...read] = parse(readFileSync(join(folder, name)), { relax_column_count: false }) as string[][]
      expect(header).toEqual(columns)
      expect(read).toHaveLength(written.length)
      ;[...written].forEach((row, i) => {
        row.forEach((cell, c) => {
          const text = read[i]![c]!
          if (cell === null) expect(text).toBe('')
          else if (typeof cell === 'number') expect(Number(text)).toBe(cell)
          else expect(text.replace(/^'(?='*[=+\-@\t\r])/, '')).toBe(cell)
        })
      })
      expect(undocumented({ [name]: columns })).toEqual([])
    }
    expect(files).toContain('tables/leaderboard.tex')
  })
  it.skipIf(!hasTex)(`compile without a warning (${TEX})`, async () => {
    const folder = join(outputDir, 'analysis', 'pairs')
    await writeAnalysis(analysis, folder)
    const files = analysis.tables.map(({ name }) => `tables/${name}.tex`)
    expect(files).toContain('tables/agreement.tex')
    expect(complaints(folder, files)).toEqual([])
  })
})

describe('RewardBench score files', () => {
  it('are read as they were written, classifiers and DPO alike', () => {
    const { pairs } = demoPairs(rmScores())
    const folder = mkdtempSync(join(tmpdir(), 'chemherm-rb-'))
    for (const [file, modelType] of [
      ['rm.json', 'Seq. Classifier'],
      ['dpo.json', 'DPO'],
    ] as const) {
      const run = { model: 'org/m', modelType, refModel: null, chatTemplate: 'tokenizer' }
      writeFileSync(join(folder, file), hermJson(hermEvalSetScores(pairs, run, (p, side) => p.prompt + p[side].text)))
      const read = readRewardBenchScores(join(folder, file), 'rewardbench')
      expect(read.model).toBe('org__m')
      expect([...read.pairs.margin]).toEqual(pairs.map((p) => p.margin))
      expect(
        analyse('rewardbench', [read], settings).standings.find((s) => s.scorer.kind === 'rm')!.accuracy.strict,
      ).toBe(251 / 300)
    }
    rmSync(folder, { recursive: true })
  })
  it('of the command line, with Python’s NaN as an absent score', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chemherm-rb-'))
    const path = join(folder, 'x_outputs.jsonl')
    writeFileSync(
      path,
      '{"prompt": "NaN", "results": 1, "scores_chosen": 0.5, "scores_rejected": -1.5, "id": "a", "subset": "s"}\n' +
        '{"prompt": "q", "results": 0, "scores_chosen": NaN, "scores_rejected": 1.0, "id": "b", "subset": "s"}\n',
    )
    const run = readRewardBenchScores(path, 'd')
    expect([...run.pairs.margin]).toEqual([2, Number.NaN])
    expect(run.pairs.cluster.names).toEqual(['NaN', 'q'])
    rmSync(folder, { recursive: true })
  })
  it.each(['NaN', 'Infinity', '-Infinity', 'null'])('%s is no score: that pair is not scored, and counted', (word) => {
    const folder = mkdtempSync(join(tmpdir(), 'chemherm-rb-'))
    const text = readFileSync(packagePath('test/data/pairs/cases/rewardbench-nan.json'), 'utf8')
    for (const [name, content, where] of [
      ['chosen.json', text.replace('NaN', word), [Number.NaN, 0, -1]],
      ['rejected.json', text.replace('NaN', '1.5').replace('4.0', word), [1, 0, Number.NaN]],
    ] as const) {
      writeFileSync(join(folder, name), content)
      const run = readRewardBenchScores(join(folder, name), 'd')
      expect([...run.pairs.margin]).toEqual(where)
      expect(run.warnings).toEqual([`${join(folder, name)}: 1 of 3 pairs are not scored: NaN, Infinity or null`])
    }
    rmSync(folder, { recursive: true })
  })
  it('without ids are aligned by place with one that has them, never by a number that looks like an id', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chemherm-rb-'))
    const put = (name: string, extra: object) => {
      const path = join(folder, name)
      writeFileSync(path, JSON.stringify({ model: name, scores_chosen: [1, 2], scores_rejected: [0, 5], ...extra }))
      return path
    }
    const rm = put('rm.json', { subset: ['s', 't'], id: [0, 1] })
    const dpo = put('dpo.json', { subset: ['s', 't'], scores_chosen: [7, 8] })
    const other = put('other.json', { subset: ['t', 's'] })
    const aligned = align('rb', readRewardBenchFiles([rm, dpo], 'rb'))
    expect(aligned.pairs.n).toBe(2)
    expect(aligned.scorers.map((s) => [...s.margin])).toEqual([
      [1, -3],
      [7, 3],
    ])
    expect(align('rb', readRewardBenchFiles([rm, other], 'rb')).pairs.n).toBe(0)
    rmSync(folder, { recursive: true })
  })
  it.each([
    ['[]', 'is not an object'],
    ['{', 'is not JSON'],
    ['{"model": "m"}', 'has no list "scores_chosen"'],
    ['{"scores_chosen": [1], "scores_rejected": [1, 2]}', '"scores_rejected" has 2 rows'],
    ['{"scores_chosen": ["a"], "scores_rejected": [1]}', 'expected a number'],
    ['{"scores_chosen": [[1, 2]], "scores_rejected": [1]}', 'expected a number'],
    ['{"scores_chosen": [], "scores_rejected": []}', 'has no row'],
  ])('that cannot be used are one clear error: %s', (content, message) => {
    const path = join(mkdtempSync(join(tmpdir(), 'chemherm-rb-')), 'bad.json')
    writeFileSync(path, content)
    expect(() => readRewardBenchScores(path, 'd')).toThrow(DataError)
    expect(() => readRewardBenchScores(path, 'd')).toThrow(message)
  })
})

describe('run folders', () => {
  it('that are damaged are one clear error naming file, row and column', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chemherm-runs-'))
    const demo = demoPairs(rmScores())
    await writeRun(folder, 'm', { pairs: demo.pairs.slice(0, 2), completions: demo.completions.slice(0, 4) })
    const [found] = findRuns(folder)
    const scores = join(found!.path, 'scores.csv')
    const good = readFileSync(scores, 'utf8')
    writeFileSync(scores, good.replace(/0\.656\d+/, 'high'))
    await expect(readRun(found!)).rejects.toThrow('score is "high", expected a number')
    writeFileSync(scores, good.replace('verifiable_reward', 'reward'))
    await expect(readRun(found!)).rejects.toThrow('has no column verifiable_reward')
    writeFileSync(scores, `${good}"unclosed`)
    await expect(readRun(found!)).rejects.toThrow(DataError)
    rmSync(folder, { recursive: true })
    expect(findRuns(join(folder, 'absent'))).toEqual([])
    mkdirSync(folder)
    rmSync(folder, { recursive: true })
  })
  it('give the same agreement numbers as the records they were written from', () => {
    const run = runs.find((r) => r.model === 'demo-reward-model')!
    const strict = rows('agreement.csv').find(
      (r) => r.scorer === run.model && r.subset === 'all' && r.statistic === 'accuracy_strict',
    )!
    expect(strict.value).toBe(251 / 300)
    expect(strict.clusters).toBe(299)
  })
})
