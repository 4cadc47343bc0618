import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GROUP_COLUMNS } from '../../src/agreement/groups.ts'
import { packagePath } from '../../src/package.ts'
import type { RowTable } from '../../src/report/html/row-table.ts'
import { unexplained } from '../code-book.ts'
import {
  type CsvRow,
  type Done,
  header,
  jsonLines,
  manifestOf,
  readCsv,
  readJson,
  run,
  temporaryFolder,
} from './bin.ts'

/** Groups from the command line: the embedded ones against what the reference says of them, and what is hardly a group. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const go = async (bin: 'run-rm' | 'run-dpo' | 'run-verify', ...args: string[]): Promise<Done> => {
  const done = await run(bin, [
    '--output-dir',
    folder.path,
    '--resamples',
    '200',
    ...(bin === 'run-verify' ? [] : ['--device', 'cpu']),
    ...args,
  ])
  expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 })
  return done
}
function file(name: string, rows: readonly unknown[]): string {
  writeFileSync(at(name), jsonLines(rows))
  return at(name)
}

interface Pick {
  readonly pass: number
  readonly vote_index: number | null
  readonly vote_reward: number
  readonly rerank_index: number
  readonly rerank_reward: number
  readonly mean_reward: number
}
interface Expected {
  readonly summary: Readonly<Record<string, Omit<Pick, 'vote_index' | 'rerank_index'>>>
  readonly rm_scores: Readonly<Record<string, readonly number[]>>
  readonly groups: readonly (Readonly<Record<'@1' | '@2' | '@4' | '@8', Pick>> & {
    readonly id: string
    readonly mean: number
    readonly std_unbiased: number
  })[]
}
const expected = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/demo/expected-groups.json.gz'))).toString('utf8'),
) as Expected

describe('the embedded groups', () => {
  const RM = 'demo-reward-model/demo-groups'
  let done: Done
  beforeAll(async () => {
    done = await go('run-rm', '--dataset', 'demo-groups')
  })
  const groups = (): CsvRow[] => readCsv(at(RM), 'groups.csv')
  const statistic = (name: string, run = RM, subset = 'all'): CsvRow =>
    readCsv(at(run), 'agreement.csv').find(
      (row) => row.scope === 'groups' && row.subset === subset && row.statistic === name,
    )!

  it('have the scores of the reference', () => {
    for (const { id, index, score } of readCsv(at(RM), 'scores.csv'))
      expect(Math.abs(Number(score) - expected.rm_scores[id!]![Number(index)]!), `${id} ${index}`).toBeLessThan(1e-4)
  })

  it('have its picks in groups.csv, exactly', () => {
    expect(header(at(RM), 'groups.csv')).toEqual(GROUP_COLUMNS)
    expect(groups()).toHaveLength(60)
    for (const [g, row] of groups().entries()) {
      const want = expected.groups[g]!
      const last = want['@8']
      expect(row).toMatchObject({
        id: want.id,
        n: '8',
        n_verified: '8',
        top1: String(want['@1'].mean_reward),
        voting: String(last.vote_reward),
        voting_pick: last.vote_index === null ? '' : String(last.vote_index),
        rerank: String(last.rerank_reward),
        rm_pick: String(last.rerank_index),
        rm_pick_reward: String(last.rerank_reward),
        pass_at_n: String(last.pass),
        mean_reward: String(want.mean),
        zero_advantage_verifier: want.std_unbiased === 0 ? '1' : '0',
        reason: '',
      })
    }
  })

  it('have its averages at 1, 2, 4 and 8 in agreement.csv and curves.csv, exactly', () => {
    const curves = readCsv(at(RM), 'curves.csv')
    for (const n of [1, 2, 4, 8]) {
      const want = expected.summary[`@${n}`]!
      for (const [name, value] of [
        ['voting_string', want.vote_reward],
        ['rerank', want.rerank_reward],
        ['pass_prefix', want.pass],
      ] as const) {
        const point = curves.find((row) => row.subset === 'all' && row.method === name && row.n === String(n))!
        expect(Number(point.value), `${name}@${n}`).toBeCloseTo(value, 12)
        expect(point).toMatchObject({ groups: '60', clusters: '60', missing: '0', reason: '' })
      }
      expect(Number(statistic(`voting_string@${n}`).value)).toBeCloseTo(want.vote_reward, 12)
      expect(Number(statistic(`rerank@${n}`).value)).toBeCloseTo(want.rerank_reward, 12)
    }
    expect(Number(statistic('pass_at_n').value)).toBeCloseTo(expected.summary['@8']!.pass, 12)
    expect(Number(statistic('top1').value)).toBeCloseTo(expected.summary['@1']!.vote_reward, 12)
    expect(Number(statistic('random').value)).toBeCloseTo(expected.summary['@8']!.mean_reward, 12)
  })

  it('stand in report.html with the numbers of the CSV files', () => {
    const html = readFileSync(at(RM, 'report.html'), 'utf8')
    const figure = (id: string): string[][] => {
      const body = new RegExp(`<figure id="fig-${id}">(.*?)</figure>`, 's').exec(html)![1]!
      return parse(Buffer.from(/base64,([^"]*)"/.exec(body)![1]!, 'base64').toString('utf8')) as string[][]
    }
    const all = (file: string, columns: readonly string[], keep: (row: CsvRow) => boolean): string[][] =>
      readCsv(at(RM), file)
        .filter(keep)
        .map((row) => columns.map((name) => row[name]!))
    for (const [id, methods] of [
      ['best-of-n', ['best_of_n', 'pass_at_n', 'random', 'voting_string_expected', 'voting_canonical_expected']],
      ['first-n', ['rerank', 'rerank_answered', 'voting_string', 'voting_canonical', 'pass_prefix']],
    ] as const) {
      const wanted = all(
        'curves.csv',
        ['method', 'n', 'value', 'ci_low', 'ci_high', 'groups'],
        (row) => row.subset === 'all',
      )
      expect(
        figure(id)
          .slice(1)
          .map((row) => row.slice(0, 6))
          .toSorted(),
      ).toEqual(wanted.filter(([method]) => (methods as readonly string[]).includes(method!)).toSorted())
    }
    expect(figure('advantages').slice(1)).toEqual(
      all('advantages.csv', ['id', 'index', 'advantage_verifier', 'advantage_learned'], () => true),
    )
    expect(
      figure('reward-of-the-top')
        .slice(1)
        .map(([, ...row]) => row),
    ).toEqual(all('top-rewards.csv', ['value', 'ci_low', 'ci_high', 'places'], (row) => row.subset === 'all'))
    const { columns, details } = JSON.parse(/id="groups-data">(.*?)<\/script>/s.exec(html)![1]!) as RowTable
    const ids = columns.find(({ key }) => key === 'id')!.values as string[]
    expect(ids.toSorted()).toEqual(
      groups()
        .map(({ id }) => id)
        .toSorted(),
    )
    for (const row of groups()) {
      const marked = (word: string): string[] =>
        details[ids.indexOf(row.id!)]!.completions.filter(({ ranked }) =>
          ranked!.marks.some((mark) => mark.startsWith(word)),
        ).map(({ title }) => title)
      const title = (pick: string | undefined): string[] => (pick === '' ? [] : [`Completion ${pick}`])
      expect(marked('highest score')).toEqual(title(row.rm_pick))
      expect(marked('vote by exact answer')).toEqual(title(row.voting_pick))
      expect(marked('vote by molecule')).toEqual(title(row.voting_canonical_pick))
    }
    const lead = statistic('rerank')
    const percent = (share: string | undefined): string => (Number(share) * 100).toFixed(1)
    expect(html).toContain(
      `<p class="value">${percent(lead.value)}%<small>[${percent(lead.ci_low)}, ${percent(lead.ci_high)}]</small></p><p><b>Highest score.</b>`,
    )
  })

  it('vote by molecule no worse where spellings differ, and the ties are counted', () => {
    // recomputed from groups.csv: same_answer and same_molecule say who votes alike
    let ties = 0
    for (const row of groups()) {
      const votes = new Map<number, number>()
      for (const key of JSON.parse(row.same_molecule!) as (number | null)[])
        if (key !== null) votes.set(key, (votes.get(key) ?? 0) + 1)
      const most = Math.max(0, ...votes.values())
      const winners = [...votes].filter(([, count]) => count === most).map(([key]) => key)
      expect(Number(row.voting_canonical_votes)).toBe(most)
      expect(Number(row.voting_canonical_tied)).toBe(winners.length)
      if (most > 0) expect(Number(row.voting_canonical_pick)).toBe(Math.min(...winners))
      if (winners.length > 1) ties++
    }
    expect(Number(statistic('voting_canonical').ties)).toBe(ties)
    expect(done.stdout).toContain(`by molecule ${ties})`)
  })

  it('are summed up on the screen, in summary.json and in the tables', () => {
    expect(done.stdout).toMatch(/^all +33\.3 % +61\.7 % +68\.3 % +36\.7 % +36\.7 % +88\.3 % +28\.1 % +60$/m)
    expect(done.stdout).toContain('ties of the vote go to the answer seen first (')
    // pass@8 is 53 of 60
    expect(done.stdout).toContain('by accuracy alone, without the format: 0 all right and 7 all wrong of 60 groups')
    expect(done.stdout).toContain('best of n: no decline up to n = 8')
    expect(readJson(at(RM), 'summary.json')).toMatchObject({
      groups: {
        groups: 60,
        completions: 480,
        overall: { voting_string: { value: 37 / 60, n: 60, missing: 0 }, rerank: { value: 22 / 60 } },
        over_optimisation: { peak_n: 8, decline: 0, p: 1 },
      },
    })
    for (const name of ['md', 'tex']) expect(readFileSync(at(RM, `tables/groups.${name}`), 'utf8')).toContain('61.7')
    expect(readFileSync(at(RM, 'methods.md'), 'utf8')).toContain('has 60 groups of 60 prompts and 480 completions')
    expect(readFileSync(at(RM, 'codebook.md'), 'utf8')).toMatch(/## groups\.csv[\s\S]*## curves\.csv[\s\S]*## Methods/)
    expect(unexplained(at(RM))).toEqual([])
  })

  it('without a model have votes and ceilings, and empty columns of the model', async () => {
    const verified = await go('run-verify', '--dataset', 'demo-groups')
    const own = readCsv(at('verifiable/demo-groups'), 'groups.csv')
    for (const [g, row] of own.entries()) {
      const { top1, voting, voting_canonical, pass_at_n, best_reward, same_molecule } = groups()[g]!
      expect(row).toMatchObject({
        top1,
        voting,
        voting_canonical,
        pass_at_n,
        best_reward,
        same_molecule,
        reason: 'rerank: not_scored; rerank_answered: not_scored',
      })
      expect(row).toMatchObject({
        rerank: '',
        rm_pick: '',
        rm_pick_reward: '',
        zero_advantage_rm: '',
        advantage_sign_agreement: '',
        advantage_kendall_tau_b: '',
      })
    }
    expect(verified.stdout).toMatch(/^all +33\.3 % +61\.7 % +68\.3 % +88\.3 % +28\.1 % +60$/m)
    expect(statistic('rerank', 'verifiable/demo-groups')).toMatchObject({
      value: '',
      n: '0',
      missing: '60',
      reason: 'no_scored_and_verified_completion',
    })
  })

  it('are picked by a DPO policy too', async () => {
    await go('run-dpo', '--dataset', 'demo-groups', '--limit', '4')
    const rows = readCsv(at('demo-policy-dpo__vs__demo-ref-sft/demo-groups'), 'groups.csv')
    const scores = readCsv(at('demo-policy-dpo__vs__demo-ref-sft/demo-groups'), 'scores.csv')
    for (const { id, rm_pick } of rows) {
      const own = scores.filter((row) => row.id === id)
      const top = Math.max(...own.map(({ score }) => Number(score)))
      expect(own.findIndex(({ score }) => Number(score) === top)).toBe(Number(rm_pick))
    }
  })
})

describe('a two-class reranker', () => {
  it("has ReFT's classifier accuracy at a probability of ½", async () => {
    const model = ['--model', packagePath('test/data/heads/reft-llama'), '--chat-template', 'chatml']
    const args = ['--dataset', 'demo-groups', '--limit', '10', ...model, '--head', 'softmax:1']
    const done = await go('run-rm', ...args)
    const rows = readCsv(at('reft-llama/demo-groups'), 'scores.csv')
    const hits = rows.filter(({ score, verifiable_reward }) => Number(score) > 0.5 === Number(verifiable_reward) >= 1)
    const found = readCsv(at('reft-llama/demo-groups'), 'agreement.csv').find(
      ({ statistic }) => statistic === 'cls_acc',
    )!
    expect(Number(found.value)).toBeCloseTo(hits.length / rows.length, 12)
    expect(found).toMatchObject({ n: '80', clusters: '10', missing: '0' })
    expect(done.stdout).toContain('classifier accuracy (a probability above 0.5 says that it passes): ')
    // a raw logit has no such border
    await go('run-rm', ...args.slice(0, -1), '1', '--name', 'raw')
    expect(readFileSync(at('raw/demo-groups/agreement.csv'), 'utf8')).not.toContain('cls_acc')
  })
})

describe('groups that are hardly any', () => {
  const tag = (answer: string): string => `<|think_start|>x<|think_end|><|answer_start|>${answer}<|answer_end|>`
  const solution = 'str_eval!:!CCO!:!x'
  const rows = [
    { id: 'one', prompt: 'a', completions: [tag('CCO')], solution },
    { id: 'equal', prompt: 'b', completions: [tag('CCN'), tag('CCN'), tag('CCN')], solution },
    { id: 'bare', prompt: 'c', completions: [tag('CCO'), tag('OCC')] },
    { id: 'empty', prompt: 'd', completions: ['', tag('CCO'), tag('OCC'), tag('CCN')], solution },
    // columns of ether0-benchmark, with recorded rollouts
    { id: 'ether0', problem: 'e', ideal: 'CCO', problem_type: 'x', solution, rewards: [1, 0], completions: [{ completion: tag('CCO'), reward: 1 }, { completion: 'no answer', reward: 0 }] },
  ] // biome-ignore format: one line each
  let done: Done
  beforeAll(async () => {
    done = await go('run-rm', '--dataset', file('few.jsonl', rows))
  })
  const groups = (): CsvRow[] => readCsv(at('demo-reward-model/few'), 'groups.csv')

  it('are defined', () => {
    const [one, equal, bare, empty, ether0] = groups()
    expect(one).toMatchObject({
      n: '1',
      top1: '1',
      voting: '1',
      rerank: '1',
      pass_at_n: '1',
      rm_pick: '0',
      zero_advantage_verifier: '1',
      kendall_tau_b: '',
    })
    expect(equal).toMatchObject({
      n: '3',
      duplicates: '2',
      voting: '0',
      voting_votes: '3',
      rm_pick: '0',
      rm_pick_tied: '3',
      zero_advantage_rm: '1',
      mrr: '',
    })
    expect(bare).toMatchObject({
      n_verified: '0',
      top1: '',
      voting: '',
      rerank: '',
      pass_at_n: '',
      best_reward: '',
      rm_pick_reward: '',
    })
    expect(bare!.reason).toContain('top1: unverifiable; voting: unverifiable')
    expect(bare).toMatchObject({ voting_tied: '2', voting_canonical_tied: '1', voting_canonical_votes: '2' })
    expect(empty).toMatchObject({
      n: '4',
      empty: '1',
      voters: '3',
      voting: '1',
      voting_canonical: '1',
      same_answer: '[null,1,2,3]',
      same_molecule: '[null,1,1,3]',
    })
    expect(ether0).toMatchObject({ n: '2', n_verified: '2', n_correct: '1', voters: '1', top1: '1', problem_type: 'x' })
  })

  it('of unequal size are not mixed in silence', () => {
    expect(done.stderr).toContain(
      'groups have 1 to 4 completions: a value at n is over the groups with at least n (at 4: 1 of 5;',
    )
    const curve = readCsv(at('demo-reward-model/few'), 'curves.csv').filter(
      ({ subset, method }) => subset === 'all' && method === 'voting_string',
    )
    expect(curve.map(({ n, groups, missing }) => [n, groups, missing])).toEqual([
      ['1', '4', '1'],
      ['2', '3', '1'],
      ['3', '2', '0'],
      ['4', '1', '0'],
    ])
    const table = readCsv(at('demo-reward-model/few'), 'agreement.csv').filter(
      ({ scope, subset }) => scope === 'groups' && subset === 'all',
    )
    const top1 = table.find(({ statistic }) => statistic === 'top1')!
    expect(top1).toMatchObject({ n: '4', missing: '1' })
    expect(Number(top1.value)).toBe(0.5)
    expect(Number(table.find(({ statistic }) => statistic === 'top1_missing_as_wrong')!.value)).toBe(0.4)
    // each at its own size: 1 of one; 0 of three that tie; empty: its best; ether0: its best
    const own = groups().flatMap(({ best_of_n }) => (best_of_n === '' ? [] : [Number(best_of_n)]))
    const best = table.find(({ statistic }) => statistic === 'best_of_n')!
    expect([best.n, best.missing]).toEqual(['4', '1'])
    expect(Number(best.value)).toBeCloseTo(own.reduce((a, b) => a + b, 0) / 4, 12)
    expect(done.stdout).toMatch(/passing .* unverifiable$/m)
  })

  it('an answer is what the verification reads', async () => {
    const loose = [
      { id: '1', prompt: 'a', completions: ['<answer>CCO</answer>', '<answer>OCC</answer>', tag('CCN')], solution },
    ]
    await go('run-verify', '--dataset', file('loose.jsonl', loose), '--extraction', 'loose')
    const bare = [{ id: '1', prompt: 'a', completions: [`<|answer_start|>CCO<|answer_end|>`, tag('CCN')], solution }]
    await go('run-verify', '--dataset', file('bare.jsonl', bare), '--no-require-reasoning')
    const answers = (name: string): string => readCsv(at('verifiable', name), 'groups.csv')[0]!.same_molecule!
    expect([answers('loose'), answers('bare')]).toEqual(['[0,0,null]', '[0,null]'])
  })
})

describe('a run that is cut inside a group', () => {
  it('ends with the same bytes, and the prompt of a group is computed once', async () => {
    // 3 completions of a batch: a group of 8 lies in several
    const args = ['--dataset', 'demo-groups', '--limit', '5', '--batch-size', '3']
    const names = [
      'scores.csv',
      'groups.csv',
      'curves.csv',
      'agreement.csv',
      'summary.json',
      'top-rewards.csv',
      'over-optimisation.csv',
    ]
    const files = (name: string): string[] => names.map((one) => readFileSync(at(name, 'demo-groups', one), 'utf8'))
    await go('run-rm', ...args, '--name', 'whole')
    await go('run-rm', ...args, '--name', 'cut')
    expect(files('cut')).toEqual(files('whole'))
    const store = at('cut/demo-groups/measurements.jsonl')
    truncateSync(store, Math.floor(statSync(store).size * 0.6))
    const again = await go('run-rm', ...args, '--name', 'cut')
    const { work } = manifestOf(at('cut/demo-groups')).models[0]!
    expect(work.measured).toBeGreaterThan(0)
    expect(work.found).toBeGreaterThan(0)
    expect(work.measured % 8).not.toBe(0)
    expect(again.stderr).toContain('bytes behind the last whole batch were cut off')
    expect(files('cut')).toEqual(files('whole'))
    // in one batch a group's prompt is computed once, whatever its completions share beyond it
    await go('run-rm', '--dataset', 'demo-groups', '--limit', '5', '--name', 'once')
    const rows = readCsv(at('once/demo-groups'), 'scores.csv')
    const texts = new Map(rows.map((row) => [row.text_sha256, Number(row.completion_tokens)]))
    const prompts = new Map(rows.map((row) => [row.id, Number(row.prompt_tokens)]))
    const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)
    const { tokens } = manifestOf(at('once/demo-groups')).models[0]!.work
    expect(tokens).toBeLessThanOrEqual(sum(texts.values()) + sum(prompts.values()))
    expect(tokens).toBeLessThan(sum(rows.map((row) => Number(row.prompt_tokens) + Number(row.completion_tokens))) / 1.5)
  })
})
