import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import {
  type CsvRow,
  type Done,
  header,
  jsonLines,
  manifestOf,
  QUICK,
  readCsv,
  readJson,
  run,
  temporaryFolder,
} from './bin.ts'

/** Rows of every form and format, from the file to the tables. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const DEMO = 'demo-reward-model'
function file(name: string, rows: readonly unknown[]): string {
  writeFileSync(at(name), jsonLines(rows))
  return at(name)
}
const go = async (dataset: string, ...args: string[]): Promise<Done> => {
  const done = await run('run-rm', ['--dataset', dataset, '--output-dir', folder.path, ...QUICK, ...args])
  expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 })
  return done
}
const scores = (name: string): CsvRow[] => readCsv(at(DEMO, name), 'scores.csv')
const key = ({ id, role, index }: CsvRow): string => `${id} ${role} ${index}`

describe.concurrent('formats', () => {
  const formats = (name: string): string => packagePath('test/data/pairs/formats', name)
  beforeAll(() => go(formats('pairs.jsonl')))

  it.each(['pairs.csv.gz', 'pairs-zstd.parquet', 'pairs-data.json'])('%s', async (name) => {
    const label = name.replace(/\..*/, '-as-format')
    const done = await run('run-rm', ['--dataset', formats(name), '--output-dir', at(label), ...QUICK])
    expect(done.code).toBe(0)
    const dataset = name.replace(/(\.\w+?)(\.gz)?$/, '')
    const got = readCsv(at(label, DEMO, dataset), 'scores.csv')
    expect(got.length).toBeGreaterThan(5)
    expect(got).toEqual(scores('pairs'))
  })
})

describe.concurrent('forms', () => {
  const form = (name: string): string => packagePath('test/data/pairs/forms', `${name}.jsonl`)

  it('best-of-n: a pair for every rejected completion', async () => {
    const done = await go(form('pair-best-of-n'))
    const pairs = readCsv(at(DEMO, 'pair-best-of-n'), 'pairs.csv')
    expect(pairs.map(({ rejected_index }) => rejected_index)).toEqual(['0', '1', '2'])
    // the third is the chosen text: a tie, and measured once
    expect(pairs[2]).toMatchObject({ margin: '0', outcome: 'tie', agree: '' })
    expect(manifestOf(at(DEMO, 'pair-best-of-n')).models[0]!.work).toMatchObject({ measured: 3, repeated: 1 })
    expect(done.stdout).toMatch(/^all +\d+\.\d % +\d+\.\d % .* 1 +3$/m)
  })

  it('one conversation a row: scores and no pairs', async () => {
    const done = await go(form('messages'))
    expect(scores('messages')).toMatchObject([
      { id: '1', role: 'completion', index: '0', verifiable_status: 'unverifiable' },
    ])
    expect(done.stdout).toMatch(/^score +mean +lowest +highest +scored +completions$/m)
    expect(done.stdout).toMatch(/^all +(\S+) +\1 +\1 +1 +1$/m)
  })

  it('the same text gives the same score, as text or as messages', async () => {
    const rows = [
      { id: 'text', prompt: 'Hi', chosen: 'CCO', rejected: 'CCC' },
      {
        id: 'turns',
        prompt: [{ role: 'user', content: 'Hi' }],
        chosen: [{ role: 'assistant', content: 'CCO' }],
        rejected: 'CCC',
      },
      {
        id: 'whole',
        chosen: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'CCO' },
        ],
        rejected: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'CCC' },
        ],
      },
    ]
    await go(file('same.jsonl', rows))
    const pairs = readCsv(at(DEMO, 'same'), 'pairs.csv')
    expect(new Set(pairs.map(({ chosen_score }) => chosen_score)).size).toBe(1)
    expect(new Set(pairs.map(({ cluster }) => cluster)).size).toBe(1)
  })
})

describe('groups', () => {
  it('score every completion, in order', async () => {
    const done = await go('demo-groups', '--limit', '6')
    const rows = scores('demo-groups')
    expect(rows).toHaveLength(48)
    expect(rows.map(({ role, index }) => `${role} ${index}`)).toEqual(
      Array.from({ length: 48 }, (_, i) => `completion ${i % 8}`),
    )
    expect(done.stdout).toMatch(/^all .* 48 +48$/m)
    expect(manifestOf(at(DEMO, 'demo-groups')).dataset).toMatchObject({ kind: 'group', rows: 6, completions: 48 })
  })

  it('with the same prompt are one cluster in agreement.csv, as in scores.csv', async () => {
    // 1 and 2 ask the same
    const asked = ['CCO', 'CCO', 'CCN']
    const rows = asked.map((answer, i) => ({
      id: String(i),
      prompt: `Give ${answer}.`,
      completions: [answer, 'CCC', `${answer}C`],
      solution: `str_eval!:!${answer}!:!x`,
    }))
    const args = ['--dataset', file('shared.jsonl', rows), '--output-dir', folder.path, '--resamples', '100']
    expect((await run('run-rm', args)).code).toBe(0)
    const table = readCsv(at(DEMO, 'shared'), 'agreement.csv')
    const auroc = table.find(({ scope, statistic }) => scope === 'completions' && statistic === 'auroc')
    expect(new Set(scores('shared').map(({ cluster }) => cluster)).size).toBe(2)
    expect(auroc).toMatchObject({ n: '9', clusters: '2' })
  })

  it("verify as ether0's Python did", async () => {
    const done = await run('run-verify', [
      '--dataset',
      'demo-groups',
      '--limit',
      '12',
      '--output-dir',
      folder.path,
      '--resamples',
      '100',
    ])
    expect(done.code).toBe(0)
    interface Group {
      readonly id: string
      readonly completions: readonly {
        readonly reward: number
        readonly format_reward: number
        readonly reason: string
      }[]
    }
    const groups = readFileSync(packagePath('src/embedded/demo/groups.jsonl'), 'utf8')
      .split('\n')
      .slice(0, 12)
      .map((line) => JSON.parse(line) as Group)
    const got = new Map(readCsv(at('verifiable/demo-groups'), 'scores.csv').map((row) => [key(row), row]))
    expect(got.size).toBe(96)
    for (const { id, completions } of groups)
      for (const [i, { reward, format_reward, reason }] of completions.entries()) {
        const row = got.get(`${id} completion ${i}`)!
        expect([Number(row.verifiable_reward), Number(row.format_reward), row.verifiable_reason]).toEqual([
          reward,
          format_reward,
          reason,
        ])
        expect(row).toMatchObject({
          score: '',
          score_reason: 'no_model',
          verifiable_status: reward === 1 ? 'pass' : 'fail',
        })
      }
    const passes = groups.flatMap(({ completions }) => completions).filter(({ reward }) => reward === 1).length
    expect(done.stdout).toMatch(new RegExp(`^all +\\S+ +\\S+ % +${passes} +0 +${96 - passes} +0 +96$`, 'm'))
  })
})

describe('rows of ether0', () => {
  it('verify the given answer, and say what cannot be verified', async () => {
    const row = JSON.parse(readFileSync(packagePath('test/data/pairs/forms/ether0.jsonl'), 'utf8')) as object
    const tagged = { ...row, ideal: '<answer>CCO</answer>' }
    const rows = [
      tagged,
      {
        ...tagged,
        id: 'object',
        solution: { fxn_name: 'formula_eval', answer_info: 'CCO', problem_type: 'molecule-formula' },
      },
      { ...row, id: 'wrong', ideal: '<answer>CCC</answer>' },
      { ...tagged, id: 'none', solution: null },
    ]
    const done = await run('run-verify', [
      '--dataset',
      file('ether0.jsonl', rows),
      '--no-require-reasoning',
      '--extraction',
      'loose',
      '--output-dir',
      folder.path,
    ])
    expect(done.code).toBe(0)
    const got = readCsv(at('verifiable/ether0'), 'scores.csv')
    expect(got.map(({ id, verifiable_status }) => [id, verifiable_status])).toEqual([
      ['e', 'pass'],
      ['object', 'pass'],
      ['wrong', 'fail'],
      ['none', 'unverifiable'],
    ])
    expect(got[3]!.verifiable_reward).toBe('')
  })
})

describe('text that would like to run', () => {
  const FORMULA = '=HYPERLINK("http://x","y")'
  const SCRIPT = '</script><script>alert(1)</script><img src=x onerror=alert(2)>'
  beforeAll(() =>
    go(
      file('hostile.jsonl', [
        {
          id: FORMULA,
          subset: '+1',
          prompt: `=cmd() ${SCRIPT}`,
          chosen: '=cmd()',
          rejected: SCRIPT,
          note: '@SUM(A1)',
          '=column': SCRIPT,
        },
        {
          id: SCRIPT,
          subset: SCRIPT,
          prompt: 'two\nlines, "quoted"',
          chosen: '-1',
          rejected: '\t=1',
          note: 'plain',
          '=column': -2,
        },
      ]),
    ),
  )

  it('is marked as text in every CSV, numbers are not', () => {
    const out = at(DEMO, 'hostile')
    const raw = readFileSync(join(out, 'pairs.csv'), 'utf8')
    expect(raw).toContain(`"'=HYPERLINK(""http://x"",""y"")",'+1,`)
    const [first, second] = readCsv(out, 'pairs.csv')
    expect(first).toMatchObject({ note: "'@SUM(A1)" })
    expect(second!.id).toBe(SCRIPT)
    expect(header(out, 'pairs.csv')).toContain("'=column")
    expect(second!["'=column"]).toBe('-2')
    // a number keeps its sign
    expect(readCsv(out, 'scores.csv').some(({ score }) => score!.startsWith('-'))).toBe(true)
  })

  it('never becomes part of the page', () => {
    const html = readFileSync(at(DEMO, 'hostile/report.html'), 'utf8')
    expect(html).not.toContain('<script>alert')
    expect(html).not.toContain('<img src=x')
    expect(html).toContain('alert(1)') // it is there, as text
  })

  it('is given back by summary.json as it came', () => {
    const { accuracy } = readJson<{ accuracy: { subsets: Record<string, unknown> } }>(at(DEMO, 'hostile/summary.json'))
    expect(Object.keys(accuracy.subsets)).toEqual(['+1', SCRIPT])
  })
})
