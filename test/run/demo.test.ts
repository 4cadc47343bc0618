import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { unexplained } from '../code-book.ts'
import { complaints, hasTex, TEX } from '../tex.ts'
import { type CsvRow, type Done, header, manifestOf, readCsv, readJson, start, temporaryFolder } from './bin.ts'
import { sampleOf } from './sample.ts'

/** The columns of the contract, in its order; others may follow. */
const SCORES =
  'id subset role index score score_reason verifiable_reward verifiable_status verifiable_reason format_reward prompt_tokens completion_tokens truncated scored_token_index text_sha256'.split(
    ' ',
  )
const DPO =
  'policy_logprob reference_logprob logratio implicit_reward policy_mean_logprob reference_mean_logprob mean_logratio policy_norm'.split(
    ' ',
  )
const PAIRS =
  'id subset rejected_index chosen_score rejected_score margin outcome chosen_reward rejected_reward verifiable_outcome agree chosen_reason rejected_reason chosen_tokens rejected_tokens chosen_chars rejected_chars'.split(
    ' ',
  )
const AGREEMENT = 'scope subset statistic value ci_low ci_high ci_method n clusters ties missing reason'.split(' ')

const expected = (name: string): Map<string, CsvRow> => {
  const rows = parse(readFileSync(packagePath('test/data/demo', name)), { columns: true }) as CsvRow[]
  return new Map(rows.map((row) => [row.id!, row]))
}
interface DemoPair {
  readonly id: string
  readonly subset: string
  readonly chosen_reward: number
  readonly rejected_reward: number
  readonly chosen_format: number
  readonly rejected_format: number
  readonly rejected_reason: string
  readonly chosen: string
  readonly rejected: string
}
const demo = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as DemoPair)

interface Accuracy {
  readonly strict: number
  readonly half: number
  readonly ties: number
  readonly n: number
}
interface Summary {
  readonly accuracy: {
    readonly overall: Accuracy
    readonly sections: Record<string, Accuracy>
    readonly subsets: Record<string, Accuracy>
  }
}

const folder = temporaryFolder()
afterAll(() => folder.remove())
const RM = join(folder.path, 'demo-reward-model/demo-pairs')
const DPO_FOLDER = join(folder.path, 'demo-policy-dpo__vs__demo-ref-sft/demo-pairs')

/** Share of the pairs whose margin is above 0, overall and by subset. */
function accuracies(margins: ReadonlyMap<string, number>): Map<string, number> {
  const found = new Map<string, [number, number]>()
  for (const { id, subset } of demo)
    for (const name of ['all', subset]) {
      const [wins, n] = found.get(name) ?? [0, 0]
      found.set(name, [wins + (margins.get(id)! > 0 ? 1 : 0), n + 1])
    }
  return new Map([...found].map(([name, [wins, n]]) => [name, wins / n]))
}

/** What both bins must have written, whatever the score is. */
function itWritesTheContract(path: string, done: () => Done, ownColumns: readonly string[]): void {
  it('ends with 0 and prints the accuracy table', () => {
    expect(done().code).toBe(0)
    expect(done().stdout).toMatch(/^all +\d+\.\d % /m)
    expect(done().stderr).not.toContain('warning: ')
  })

  it('has every column of the contract in order', () => {
    expect(header(path, 'scores.csv').slice(0, SCORES.length + ownColumns.length)).toEqual([...SCORES, ...ownColumns])
    expect(header(path, 'pairs.csv').slice(0, PAIRS.length)).toEqual(PAIRS)
    expect(header(path, 'agreement.csv')).toEqual(AGREEMENT)
  })

  it('says in the code book what every column of every CSV is', () => {
    const codebook = readFileSync(join(path, 'codebook.md'), 'utf8')
    const sections = new Map(
      codebook
        .split('\n## ')
        .slice(1)
        .map((text) => [text.slice(0, text.indexOf('\n')), text]),
    )
    const files = readdirSync(path).filter((name) => name.endsWith('.csv'))
    expect([...sections.keys()].filter((name) => name.endsWith('.csv')).sort()).toEqual(files.sort())
    for (const file of files)
      for (const column of header(path, file))
        expect(sections.get(file), `${file}: ${column}`).toMatch(
          new RegExp(`^\\| \`${column}\` \\| .+ \\| .+ \\|$`, 'm'),
        )
  })

  it('says there what every word in the cells of its files means', () => {
    expect(unexplained(path)).toEqual([])
  })

  it("has the pairs' own rewards in the verifier's columns", () => {
    const pairs = new Map(readCsv(path, 'pairs.csv').map((row) => [row.id, row]))
    const formats = new Map(readCsv(path, 'scores.csv').map((row) => [`${row.id} ${row.role}`, row.format_reward]))
    expect(pairs.size).toBe(demo.length)
    for (const pair of demo) {
      const row = pairs.get(pair.id)!
      expect([Number(row.chosen_reward), Number(row.rejected_reward)]).toEqual([
        pair.chosen_reward,
        pair.rejected_reward,
      ])
      expect(row.rejected_reason).toBe(pair.rejected_reason)
      expect(Number(formats.get(`${pair.id} chosen`))).toBe(pair.chosen_format)
      expect(Number(formats.get(`${pair.id} rejected`))).toBe(pair.rejected_format)
    }
  })

  it('joins pairs from scores: margins, outcomes and agreement', () => {
    const scores = new Map(readCsv(path, 'scores.csv').map((row) => [`${row.id} ${row.role}`, Number(row.score)]))
    for (const row of readCsv(path, 'pairs.csv')) {
      const margin = scores.get(`${row.id} chosen`)! - scores.get(`${row.id} rejected`)!
      expect(Number(row.margin)).toBe(margin)
      expect(row.outcome).toBe(margin > 0 ? 'win' : margin < 0 ? 'loss' : 'tie')
      expect(row.agree).toBe(row.outcome === row.verifiable_outcome ? '1' : '0')
    }
  })

  it('lists suspects with their texts, to be read', () => {
    const pairs = new Map(demo.map((pair) => [pair.id, pair]))
    const suspects = readCsv(path, 'suspects.csv')
    expect(suspects.length).toBeGreaterThan(0)
    for (const { id, role, completion } of suspects)
      expect(completion).toBe(pairs.get(id!)![role as 'chosen' | 'rejected'])
  })

  it('has what a sceptic needs in run.json', () => {
    const run = manifestOf(path)
    expect(run.command).toContain('--output-dir')
    expect(run.versions).toMatchObject({
      chemherm: expect.any(String),
      node: process.versions.node,
      'onnxruntime-node': expect.stringMatching(/^1\./),
      '@huggingface/tokenizers': expect.any(String),
      '@rdkit/rdkit': expect.any(String),
    })
    expect(run).toMatchObject({ seed: 0, failures: { count: 0 }, warnings: [] })
    expect(run.device).toMatchObject({ device: 'cpu', provider: 'CPUExecutionProvider' })
    expect(run.elapsed_ms).toBeGreaterThan(0)
    expect(run.verification!.provenance.length).toBeGreaterThan(0)
    const data = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'))
    expect(run.dataset).toMatchObject({
      sha256: createHash('sha256').update(data).digest('hex'),
      rows: 300,
      completions: 600,
    })
    for (const model of run.models) {
      const dir = packagePath('src/embedded/demo', model.name)
      for (const { name, sha256 } of model.files)
        expect(sha256).toBe(
          createHash('sha256')
            .update(readFileSync(join(dir, name)))
            .digest('hex'),
        )
      expect(model.files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors'])
      expect(Object.keys(model.tokenizer.files)).toContain('tokenizer.json')
      const template = readFileSync(join(dir, 'chat_template.jinja'))
      expect(model.text.template_sha256).toBe(createHash('sha256').update(template).digest('hex'))
      expect(model).toMatchObject({ source: 'folder', revision: null, dtype: 'fp32' })
      expect(model.text).toMatchObject({ max_length: 512, truncation: 'skip' })
      expect(model.runner).toMatchObject({ device: 'cpu', provider: 'CPUExecutionProvider', dtype: 'fp32' })
      expect(model.work).toMatchObject({ measured: 600, found: 0, repeated: 0, unscored: 0, truncated: 0, repairs: {} })
      expect(model.work.tokens_per_second).toBeCloseTo((1000 * model.work.tokens) / model.work.modelMs, 0)
    }
  })

  it('leaves no half-written file behind', () => {
    expect(readdirSync(path, { recursive: true }).filter((name) => /partial|lock/.test(String(name)))).toEqual([])
    for (const name of [
      'measurements.jsonl',
      'failures.csv',
      'report.html',
      'tables/accuracy.md',
      'tables/accuracy.tex',
      'tables/agreement.md',
      'tables/agreement.tex',
      'tables/agreement-completions.tex',
    ])
      expect(existsSync(join(path, name)), name).toBe(true)
  })
}

describe('run-rm without arguments', () => {
  let done: Done
  beforeAll(async () => {
    done = await start('run-rm', ['--output-dir', folder.path]).done
  })
  itWritesTheContract(RM, () => done, [])

  it('prints what the README says', () => {
    const readme = readFileSync(packagePath('README.md'), 'utf8')
    expect(readme).toContain(`\n\`\`\`${done.stdout.trimEnd()}\n\`\`\`\n`)
  })

  it('is the sample of the guides, word for word (npm run sample makes that anew)', () => {
    const [fresh, sample] = [sampleOf(RM), sampleOf(packagePath('docs/sample'))]
    expect(fresh['report.html']!.length).toBeGreaterThan(3000)
    expect(fresh).toEqual(sample)
  })

  it('gives the scores of transformers within 1e-4', () => {
    const want = expected('expected-rm.csv')
    const rows = readCsv(RM, 'pairs.csv')
    expect(rows.length).toBe(want.size)
    for (const row of rows) {
      const one = want.get(row.id!)!
      expect(Math.abs(Number(row.chosen_score) - Number(one.chosen_score))).toBeLessThan(1e-4)
      expect(Math.abs(Number(row.rejected_score) - Number(one.rejected_score))).toBeLessThan(1e-4)
    }
    for (const row of readCsv(RM, 'scores.csv'))
      expect(Number(row.prompt_tokens) + Number(row.completion_tokens)).toBe(
        Number(want.get(row.id!)![`${row.role}_tokens`]),
      )
  })

  it('has their accuracies in summary.json', () => {
    const margins = new Map(
      [...expected('expected-rm.csv')].map(([id, row]) => [id, Number(row.chosen_score) - Number(row.rejected_score)]),
    )
    const { accuracy } = readJson<Summary>(RM, 'summary.json')
    for (const [name, share] of accuracies(margins)) {
      const found = name === 'all' ? accuracy.overall : accuracy.subsets[name]!
      expect(found.strict).toBeCloseTo(share, 12)
      expect(found).toMatchObject({ half: found.strict, ties: 0, n: name === 'all' ? 300 : 50 })
    }
    // the whole table of the training run: 83.67 % of the 300
    const table = readJson<Record<string, Record<string, Record<string, number>>>>(
      packagePath('test/data/demo/expected-accuracy.json'),
    )
    expect(accuracy.overall.strict).toBeCloseTo(table['pairs.jsonl']!.all!.rm!, 4)
    expect(accuracy.sections).toEqual({})
  })
})

describe('run-dpo without arguments', () => {
  let done: Done
  beforeAll(async () => {
    done = await start('run-dpo', ['--output-dir', folder.path]).done
  })
  itWritesTheContract(DPO_FOLDER, () => done, DPO)

  it('gives the log-probabilities of transformers within 1e-4 a token', () => {
    const want = expected('expected-dpo.csv')
    const rows = readCsv(DPO_FOLDER, 'scores.csv')
    expect(rows.length).toBe(2 * want.size)
    for (const row of rows) {
      const one = want.get(row.id!)!
      const tokens = Number(one[`${row.role}_count`])
      expect(Number(row.completion_tokens)).toBe(tokens)
      const [policy, reference] = [Number(one[`${row.role}_policy_sum`]), Number(one[`${row.role}_ref_sum`])]
      expect(Math.abs(Number(row.policy_logprob) - policy)).toBeLessThan(1e-4 * tokens)
      expect(Math.abs(Number(row.reference_logprob) - reference)).toBeLessThan(1e-4 * tokens)
      // β = 0.1; the other columns follow from the sums
      const [p, r] = [Number(row.policy_logprob), Number(row.reference_logprob)]
      expect(Number(row.logratio)).toBe(p - r)
      expect(Number(row.implicit_reward)).toBe(0.1 * (p - r))
      expect(row.score).toBe(row.implicit_reward)
      expect(Number(row.policy_mean_logprob)).toBe(p / tokens)
      expect(Number(row.mean_logratio)).toBe(p / tokens - r / tokens)
    }
  })

  it('has their accuracies in summary.json', () => {
    const logratio = (row: CsvRow, role: string): number =>
      Number(row[`${role}_policy_sum`]) - Number(row[`${role}_ref_sum`])
    const margins = new Map(
      [...expected('expected-dpo.csv')].map(([id, row]) => [id, logratio(row, 'chosen') - logratio(row, 'rejected')]),
    )
    const { accuracy } = readJson<Summary>(DPO_FOLDER, 'summary.json')
    for (const [name, share] of accuracies(margins))
      expect((name === 'all' ? accuracy.overall : accuracy.subsets[name]!).strict).toBeCloseTo(share, 12)
  })
})

describe('the tables of all of these runs', () => {
  const files = (): string[] =>
    readdirSync(folder.path, { recursive: true })
      .map(String)
      .filter((name) => /tables.[^/\\]*\.tex$/.test(name))
  const read = (name: string): string => readFileSync(join(folder.path, name), 'utf8')

  it('have labels that no other has, and the reference in their captions', () => {
    const labels = files().flatMap((name) => read(name).match(/\\label\{[^}]*\}/g)!)
    expect(labels.length).toBeGreaterThanOrEqual(8)
    expect(new Set(labels).size).toBe(labels.length)
    for (const name of files().filter((name) => name.includes('__vs__')))
      expect(read(name), name).toContain('demo-policy-dpo against the reference demo-ref-sft')
  })

  it('have the numbers of agreement.csv', () => {
    for (const path of [RM, DPO_FOLDER]) {
      const rows = readCsv(path, 'agreement.csv')
      const of = (scope: string, subset: string, statistic: string): string => {
        const row = rows.find((one) => one.scope === scope && one.subset === subset && one.statistic === statistic)!
        return Number(row.value).toFixed(2).replace('-', '−')
      }
      const table = readFileSync(join(path, 'tables/agreement.md'), 'utf8')
      const lines = [
        ['yes', 'stratum:well_formed', 'both'],
        ['near miss', 'stratum:rejected_fault', 'near_miss'],
        ['all pairs', 'pairs', 'all'],
      ]
      for (const [title, scope, subset] of lines) {
        const cells = table
          .split('\n')
          .find((line) => line.startsWith(`| ${title} |`))!
          .split(' | ')
        const names = ['cohen_kappa', 'gwet_ac1', 'margin_auroc', 'margin_kendall_tau_b']
        expect(cells.slice(5, 9).map((cell) => cell.split(' ')[0])).toEqual(
          names.map((name) => of(scope!, subset!, name)),
        )
      }
    }
  })

  it.skipIf(!hasTex)(`compile without a warning (${TEX})`, () => {
    expect(complaints(folder.path, files())).toEqual([])
  })
})

describe('the verdicts alone, and all of these runs beside each other', () => {
  it.each([
    ['run-verify', 'verifiable/demo-pairs'],
    ['analyze', 'analysis/demo-pairs'],
  ] as const)('%s explains every word of its files', async (command, path) => {
    const { code } = await start(command, ['--resamples', '100', '--output-dir', folder.path]).done
    expect(code).toBe(0)
    expect(unexplained(join(folder.path, path))).toEqual([])
  })
})
