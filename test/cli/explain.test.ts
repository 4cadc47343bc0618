import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REWARD_REASON } from '../../src/chem/ether0/reason.ts'
import { explainVerdicts, formatCause, MEANINGS } from '../../src/cli/explain.ts'
import type { LedgerVerdict } from '../../src/score/ledger.ts'
import type { Row } from '../../src/types.ts'

const STRICT = { extraction: 'strict', requireReasoning: true } as const
const ANSWER = '<|answer_start|>CCO<|answer_end|>'
const THOUGHT = '<|think_start|>so<|think_end|>'

describe('why a completion fails by its format', () => {
  it.each([
    [`${THOUGHT}CCO`, STRICT, 'no <|answer_start|>'],
    [`${THOUGHT}<|answer_start|>CCO`, STRICT, 'no <|answer_end|>'],
    [`<|think_start|>so${ANSWER}`, STRICT, 'no <|think_end|>'],
    [ANSWER, STRICT, 'an answer without a thought: --no-require-reasoning takes it'],
    [
      '<think>so</think><answer>CCO</answer>',
      STRICT,
      'the answer is in <answer>…</answer>: --extraction loose reads it',
    ],
    [`${THOUGHT}${ANSWER}.`, STRICT, 'text after <|answer_end|>'],
    [`So: ${THOUGHT}${ANSWER}`, STRICT, 'text before <|think_start|>'],
    [`${THOUGHT}${ANSWER}${ANSWER}`, STRICT, '<|answer_start|> more than once'],
    [`${THOUGHT}<|answer_start|> <|answer_end|>`, STRICT, 'the tags are empty or in another order'],
    ['CCO', { extraction: 'loose', requireReasoning: true }, 'no <answer>…</answer> with something in it'],
  ] as const)('%s', (text, extraction, cause) => {
    expect(formatCause(text, extraction)).toBe(cause)
  })
})

const row = (id: string, solution: string | null, texts: readonly string[]): Row => ({
  kind: 'group',
  id,
  subset: '',
  problemType: null,
  prompt: 'p',
  completions: texts.map((text, index) => ({ role: 'completion', index, text })),
  solution,
  where: `own.jsonl:${id}`,
  extra: {},
})
const verdict = (value: number | null, reason: string | null): LedgerVerdict => ({
  value,
  reason,
  status: value === null ? 'unverifiable' : value >= 1 ? 'pass' : 'fail',
  formatReward: 1,
  cause: null,
  hingesOn: null,
})

describe('run-verify --explain', () => {
  it('says of a molecule of three characters that ether0 drops it, not that it cannot be read', async () => {
    const stream = async function* () {
      yield row('1', 'product_eval!:!CCO!:!t', [`${THOUGHT}${ANSWER}`])
      yield row(
        '2',
        'product_eval!:!CCCCO!:!t',
        ['CCCC', 'CC('].map((a) => ANSWER.replace('CCO', a)).map((a) => THOUGHT + a),
      )
    }
    const truth = { ...verdict(0, 'invalid_ground_truth'), status: 'unverifiable' } as const
    const verdicts = [verdict(0, 'invalid_mol'), truth, verdict(0, 'invalid_mol')]
    const text = await explainVerdicts(stream, { verdictOf: (i) => verdicts[i]! }, STRICT)
    const blocks = text.split('\n\n')
    expect(blocks[0]).toContain('meaning   ether0 takes parts of up to 3 characters for counter-ions')
    expect(blocks[1]).toContain('unverifiable (invalid_ground_truth), 1 completion, no reward in the first')
    expect(blocks[1]).toContain('meaning   the molecule in the solution itself cannot be read')
  })

  it('groups by cause, the most frequent first, with the first row of each', async () => {
    const rows = [row('1', 'str_eval!:!A!:!t', [`${THOUGHT}${ANSWER}`, 'no tags']), row('2', null, ['CCO', 'CCN'])]
    const verdicts = [verdict(1, 'right_answer'), verdict(0, 'format_failed'), verdict(null, null), verdict(null, null)]
    const stream = async function* () {
      yield* rows
    }
    const text = await explainVerdicts(stream, { verdictOf: (i) => verdicts[i]! }, STRICT)
    expect(text.split('\n\n')).toEqual([
      '(no solution): unverifiable, 2 completions, no reward in the first\n    meaning   the row has no solution: there is nothing to verify\n    first     2, completion 0 (own.jsonl:2)\n    text      CCO',
      'str_eval: pass (right_answer), 1 completion, reward 1 in the first\n    meaning   as expected\n    first     1, completion 0 (own.jsonl:1)\n    solution  str_eval!:!A!:!t\n    answer    CCO',
      'str_eval: fail (format_failed), 1 completion, reward 0 in the first\n    meaning   no <|think_start|>\n    first     1, completion 1 (own.jsonl:1)\n    solution  str_eval!:!A!:!t\n    text      no tags',
    ])
  })

  it('has a meaning for every reason that ether0 sets, and docs/own-data.md explains each', () => {
    const set = Object.values(REWARD_REASON).filter(
      (reason) => reason !== 'format_failed' && reason !== 'invalid_value',
    )
    expect(Object.keys(MEANINGS).sort()).toEqual([...set].sort())
    const page = readFileSync(new URL('../../docs/own-data.md', import.meta.url), 'utf8')
    for (const reason of set) if (reason !== 'right_answer') expect(page).toContain(`\`${reason}\``)
  })
})
