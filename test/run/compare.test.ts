import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { scoreCompletions } from '../../src/index.ts'
import { packagePath } from '../../src/package.ts'
import type { Message } from '../../src/types.ts'
import { changed } from '../model/changed.ts'
import { type CsvRow, type Done, jsonLines, manifestOf, QUICK, readCsv, run, temporaryFolder } from './bin.ts'

/** Models that compare two answers, through run-rm: a completion's score is how it stands, shown first, against the other of its row. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

const env = { CHEMHERM_QUANTISED_DIR: join(folder.path, 'quantised') }

interface Case {
  readonly id: string
  readonly messages_a: readonly Message[]
  readonly messages_b: readonly Message[]
  readonly limits?: unknown
  readonly scores: readonly [number]
  readonly ab: { readonly logit: number; readonly prob_of_messages_a: number }
  readonly ba: { readonly logit: number; readonly prob_of_messages_a: number }
}
const heads = (name: string): string => packagePath('test/data/heads', name)
const golden = (name: string): { cases: Case[]; tolerance_advice: { atol: number; rtol: number } } =>
  JSON.parse(gunzipSync(readFileSync(join(heads(name), 'golden.json.gz'))).toString('utf8'))

interface Outcome extends Done {
  readonly out: string
  readonly scores: () => CsvRow[]
}
async function score(
  label: string,
  model: string,
  rows: readonly unknown[],
  flags: readonly string[] = [],
): Promise<Outcome> {
  const data = join(folder.path, `${label}.jsonl`)
  writeFileSync(data, jsonLines(rows))
  const args = ['--model', heads(model), '--dataset', data, '--output-dir', folder.path, '--name', label]
  const done = await run('run-rm', [...args, ...QUICK, ...flags], env)
  const out = join(folder.path, label, label)
  return { ...done, out, scores: () => readCsv(out, 'scores.csv') }
}

const MODELS = [
  {
    name: 'pairrm',
    flags: [],
    wanted: ({ ab, ba }: Case) => [ab.logit, ba.logit],
    whole: (margin: number) => margin,
    says: 'score = preference of a completion, shown first, over the other of its row',
    even: 0,
  },
  {
    name: 'pair-preference',
    flags: ['--head', 'letters'],
    wanted: ({ ab, ba }: Case) => [ab.prob_of_messages_a, 1 - ba.prob_of_messages_a],
    whole: (margin: number) => (1 + margin) / 2,
    says: 'score = probability that a completion, shown first as A, is called better than the other of its row',
    even: 0.5,
  },
] as const

describe.each(MODELS)('$name', ({ name, flags, wanted, whole, says, even }) => {
  const { cases: all, tolerance_advice } = golden(name)
  const cases = all.filter(({ limits }) => !limits)
  const rows = cases.map(({ id, messages_a, messages_b }) => ({
    id,
    prompt: messages_a.slice(0, -1),
    chosen: messages_a.slice(-1),
    rejected: messages_b.slice(-1),
  }))
  const near = (got: number, want: number, what: string): void =>
    expect(Math.abs(got - want), `${what}: ${got} for ${want}`).toBeLessThanOrEqual(
      tolerance_advice.atol + tolerance_advice.rtol * Math.abs(want),
    )

  it("scores both orders as the peer's pipeline, and the margin is its verdict", async () => {
    const done = await score(`golden-${name}`, name, rows, flags)
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 })
    expect(done.stderr).toContain(says)
    const found = done.scores()
    expect(found).toHaveLength(2 * cases.length)
    const pairs = readCsv(done.out, 'pairs.csv')
    for (const [i, one] of cases.entries()) {
      const want = wanted(one)
      near(Number(found[2 * i]!.score), want[0]!, `${one.id}, chosen first`)
      near(Number(found[2 * i + 1]!.score), want[1]!, `${one.id}, rejected first`)
      near(whole(Number(pairs[i]!.margin)), one.scores[0], `${one.id}, both orders`)
      expect(pairs[i]!.outcome, one.id).toBe(one.id === 'identical' ? 'tie' : one.scores[0] > even ? 'win' : 'loss')
    }
    expect(manifestOf(done.out)).toMatchObject({
      score: expect.stringContaining(says.slice(8)),
      models: [{ head: flags[1] ?? name }],
    })
    expect(readFileSync(join(done.out, 'methods.md'), 'utf8')).toContain(says.slice(8))

    // the share of pairs of which the same answer is preferred in both orders, counted from the reference
    const sides = cases.map((one) => wanted(one).map((score) => Math.sign(score - even)))
    const same = sides.filter(([first, second]) => first === -second!).length
    const line = readCsv(done.out, 'agreement.csv').find(({ statistic }) => statistic === 'order_consistency')
    expect(line).toMatchObject({ scope: 'pairs', subset: 'all', n: String(cases.length), ties: '0', missing: '0' })
    expect(Number(line!.value)).toBe(same / cases.length)
    expect(done.stdout).toContain(
      `both orders: of ${cases.length} pairs the same completion is preferred in ${((100 * same) / cases.length).toFixed(1)} %`,
    )
    expect(readFileSync(join(done.out, 'codebook.md'), 'utf8')).toContain('order_consistency')
  })

  it('chosen and rejected change places: the scores go with them', async () => {
    const two = rows.slice(0, 3)
    const turned = two.map(({ chosen, rejected, ...row }) => ({ ...row, chosen: rejected, rejected: chosen }))
    const [one, other] = [
      await score(`as-is-${name}`, name, two, flags),
      await score(`turned-${name}`, name, turned, flags),
    ]
    const scores = ({ scores }: Outcome): number[] => scores().map(({ score }) => Number(score))
    const [was, is] = [scores(one), scores(other)]
    for (const i of was.keys()) near(is[i]!, was[i % 2 === 0 ? i + 1 : i - 1]!, String(i))
  })

  it('a row without one other answer is not scored, and the others are', async () => {
    const [first] = rows
    const [prompt, a, b] = ['Hi', 'CCO', 'CCN']
    const done = await score(
      `partner-${name}`,
      name,
      [
        { prompt, chosen: a, rejected: [b, 'C'] },
        { prompt, chosen: a, rejected: b },
        { ...first, id: 'first' },
      ],
      flags,
    )
    expect(done.code).toBe(4)
    const reasons = done.scores().map(({ score_reason }) => score_reason)
    expect(reasons).toEqual(['no_partner', 'no_partner', 'no_partner', '', '', '', ''])
    expect(done.stderr).toContain('the model compares a chosen answer with a rejected one; this row has 3 answers')
    const groups = await score(`groups-${name}`, name, [{ prompt, completions: [a, b] }], flags)
    expect(groups.scores().map(({ score_reason }) => score_reason)).toEqual(['no_partner', 'no_partner'])
    expect(groups.stderr).toContain('no pair (it is a group of 2)')
  })

  it('a conversation that its format cannot hold is not scored', async () => {
    const turn = (role: string) => ({ role, content: `the ${role}` })
    const done = await score(
      `turns-${name}`,
      name,
      [
        { prompt: [turn('system'), turn('user')], chosen: 'a', rejected: 'b' },
        { prompt: [turn('user'), turn('assistant')], chosen: 'a', rejected: 'b' },
      ],
      flags,
    )
    expect(done.scores().map(({ score_reason }) => score_reason)).toEqual(Array(4).fill('pair_turns'))
    expect(done.stderr).toMatch(/system, user.*takes user and assistant in turn/)
  })

  it('the library scores it, too', async () => {
    const [row] = rows
    const found = []
    for await (const one of scoreCompletions(heads(name), [row], {
      device: 'cpu',
      ...(flags.length > 0 && { head: 'letters' }),
    }))
      found.push(...one.completions)
    found.forEach(({ score }, i) => void near(score!, wanted(cases[0]!)[i]!, String(i)))
    expect(found).toHaveLength(2)
  })

  it('is refused what it cannot have', async () => {
    const refused = async (label: string, more: readonly string[]): Promise<Done> =>
      score(`${label}-${name}`, name, rows, [...flags, ...more])
    expect(await refused('certify', ['--certify'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--certify: has probes of single completions; this model compares two'),
    })
    expect(await refused('left', ['--truncation', 'left'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--truncation left: would cut'),
    })
  })
})

describe('lengths of PairRM', () => {
  const long = 'carbon '.repeat(1500)
  const row = { id: 'a', prompt: 'Hi', chosen: long, rejected: 'CCO' }

  it('what is longer than its part is not scored by default', async () => {
    const done = await score('long', 'pairrm', [row, { ...row, id: 'b', prompt: long, chosen: 'CCN' }])
    expect(done.code).toBe(4)
    expect(done.scores().map(({ score_reason }) => score_reason)).toEqual(Array(4).fill('too_long'))
    expect(done.stderr).toMatch(/an answer has [\d,]+ tokens, the limit is [\d,]+ of this part/)
    expect(done.stderr).toMatch(/the prompt has [\d,]+ tokens, the limit is 1,224 of this part/)
  })

  it.each([[['--truncation', 'right']], [['--herm-compat']]])('%s cuts each part at its limit', async (flags) => {
    const both = [row, { ...row, id: 'b', prompt: long }]
    const done = await score(`cut-${flags.length}`, 'pairrm', both, flags)
    expect(done.code).toBe(0)
    const found = done.scores()
    for (const one of found) expect(one.truncated).toBe('1')
    // the answers share what the prompt leaves of 2,048 tokens: its limit is 1,224, so they have 412 at least
    expect(found[2]).toMatchObject({ prompt_tokens: '1224', completion_tokens: '412' })
    const { prompt_tokens, completion_tokens } = found[0]!
    expect(Number(completion_tokens)).toBe(Math.floor((2048 - Number(prompt_tokens)) / 2))
    expect(done.stderr).toContain('cut on the right to the limit of 2,048 tokens')
  })

  it('--max-length bounds the whole, the prompt by its share', async () => {
    const done = await score(
      'bounded',
      'pairrm',
      [{ ...row, prompt: long }],
      ['--truncation', 'right', '--max-length', '512'],
    )
    expect(done.scores()[0]).toMatchObject({ prompt_tokens: '306', completion_tokens: '103' })
    const tiny = await score('tiny', 'pairrm', [row], ['--truncation', 'right', '--max-length', '4'])
    expect(tiny.scores().map(({ score_reason }) => score_reason)).toEqual(['too_long', 'too_long'])
  })

  it('letters are never cut', async () => {
    const done = await score('letters-long', 'pair-preference', [row], ['--head', 'letters'])
    expect(done.scores().map(({ score_reason }) => score_reason)).toEqual(['too_long', 'too_long'])
    const right = await score('letters-right', 'pair-preference', [row], ['--head', 'letters', '--truncation', 'right'])
    expect(right).toMatchObject({ code: 2, stderr: expect.stringContaining('would cut a comparison') })
  })
})

it("another tokenizer than the model's has no such marks", async () => {
  const done = await score(
    'marks',
    'pairrm',
    [{ prompt: 'Hi', chosen: 'a', rejected: 'b' }],
    ['--tokenizer', heads('reft-llama')],
  )
  expect(done).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/gives <\|source\|> the ids .* config.json is 396/),
  })
})

it('letters are no encoder’s', async () => {
  // without its head, which would be claimed
  const dir = changed('parity/bert', {
    tensors: (tensors) => {
      for (const name of [...tensors.keys()]) if (/^(classifier|bert\.pooler)\./.test(name)) tensors.delete(name)
    },
  })
  const flags = ['--model', dir, '--dataset', 'demo-pairs', '--output-dir', folder.path, '--head', 'letters', ...QUICK]
  const tokenizer = ['--tokenizer', heads('pair-preference')]
  expect(await run('run-rm', [...flags, ...tokenizer])).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(
      /is an encoder \(model_type bert\): it has no logits of words, of which --head letters/,
    ),
  })
})

it.each([
  ['pairrm', [], [{ prompt: 'Hi', chosen: 'a', rejected: 'b' }]],
  ['pair-preference', ['--head', 'letters'], [{ prompt: 'Hi', chosen: 'a', rejected: 'b' }]],
  // the other head that must be asked for
  [
    'math-shepherd',
    ['--step-tokens', '+ the of', '--chat-template', 'raw'],
    [{ prompt: 'Hi', chosen: 'a +', rejected: 'b +' }],
  ],
] as const)('%s: the drift of a number format is measured by the same head', async (name, flags, rows) => {
  const done = await score(`drift-${name}`, name, rows, [...flags, '--dtype', 'q8'])
  expect({ code: done.code, stderr: done.stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('drift of q8 against fp32, 1 rows: 2 scores move'),
  })
})

it('a mark of its own in the text would be found in place of the part', async () => {
  const done = await score('mark', 'pairrm', [{ prompt: 'What is <|candidate2|>?', chosen: 'a', rejected: 'b' }])
  expect(done.scores().map(({ score_reason }) => score_reason)).toEqual(['mark_in_text', 'mark_in_text'])
})

it('PairRM has a format of its own: --chat-template changes nothing, and that is said', async () => {
  const done = await score(
    'template',
    'pairrm',
    [{ prompt: 'Hi', chosen: 'a', rejected: 'b' }],
    ['--chat-template', 'raw'],
  )
  expect(done.stderr).toContain('--chat-template changes nothing here: the head (pairrm) has a format of its own')
  expect(manifestOf(done.out)).toMatchObject({ models: [{ text: { chat_template: 'pairrm', max_length: 2048 } }] })
})
