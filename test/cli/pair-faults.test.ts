import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { apart } from '../../src/chem/ether0/apart.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { type Comparing, DistancesAhead } from '../../src/cli/distances.ts'
import { faultNote, faultOf, withFaults } from '../../src/cli/pair-faults.ts'
import { packagePath } from '../../src/package.ts'
import type { Fault, ScoredCompletion, ScoredPair, VerdictStatus } from '../../src/types.ts'
import { pairOf } from '../agreement/pair-data.ts'

const STRICT = { extraction: 'strict', requireReasoning: true } as const
const LOOSE = { extraction: 'loose', requireReasoning: true } as const
const answered = (answer: string): string => `<|think_start|>so<|think_end|><|answer_start|>${answer}<|answer_end|>`

interface Side {
  readonly text: string
  readonly status?: VerdictStatus
  readonly reason?: string | null
}
function pair(chosen: Side, rejected: Side): ScoredPair {
  const made = pairOf({ chosen: chosen.text, rejected: rejected.text })
  const judged = (side: ScoredCompletion, { status = 'pass', reason = null }: Side): ScoredCompletion => ({
    ...side,
    verifiableStatus: status,
    verifiableReason: reason,
  })
  return { ...made, chosen: judged(made.chosen, chosen), rejected: judged(made.rejected, rejected) }
}
const right = { text: answered('CCCCO') }
const wrong = (answer: string, reason: string | null = 'wrong_answer'): Side => ({
  text: answered(answer),
  status: 'fail',
  reason,
})

interface Row {
  readonly id: string
  readonly chosen: string
  readonly rejected: string
  readonly rejected_reason: string
  readonly solution: string
}
const rowsIn = (file: string): Row[] => {
  const bytes = readFileSync(packagePath(file))
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}
const EMBEDDED = {
  'demo-pairs': rowsIn('src/embedded/demo/pairs.jsonl'),
  'chem-pairs-v1': rowsIn('src/embedded/chem-pairs-v1/pairs.jsonl.gz'),
}
const GOLDEN = parse(readFileSync(packagePath('test/data/agreement/pair-faults.csv'), 'utf8'), {
  columns: true,
}) as Record<'data' | 'id' | 'fault' | 'well_formed' | 'tanimoto', string>[]

describe('how the rejected answers of the embedded pairs fail', () => {
  it.each(Object.entries(EMBEDDED))('is what RDKit in Python says: %s', async (name, rows) => {
    const golden = new Map(GOLDEN.filter(({ data }) => data === name).map((line) => [line.id, line]))
    expect(golden.size).toBeGreaterThan(299)
    let compared = 0
    for (const { id, chosen, rejected, rejected_reason } of rows) {
      const expected = golden.get(id)
      if (expected === undefined) continue
      const found = await faultOf(
        pair({ text: chosen }, { text: rejected, status: 'fail', reason: rejected_reason }),
        STRICT,
      )
      expect([id, found.rejected, Number(found.wellFormed)]).toEqual([id, expected.fault, Number(expected.well_formed)])
      if (expected.tanimoto === '') expect(found.tanimoto, id).toBeNull()
      else {
        expect(found.tanimoto, id).toBeCloseTo(Number(expected.tanimoto), 12)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(60)
  })
})

describe('the fault of one pair', () => {
  const cases: [name: string, chosen: Side, rejected: Side, fault: string, wellFormed: boolean | null][] = [
    ['no tags', right, { text: 'CCCCN', status: 'fail', reason: 'format_failed' }, 'format', false],
    ['no SMILES', right, wrong('CCCC(', 'invalid_mol'), 'invalid', false],
    ['words where a molecule stands', right, wrong('it is butanol'), 'invalid', false],
    ['an unknown ring', right, wrong('C1#CC1', 'failed_ring_check'), 'implausible', true],
    ['a homologue', right, wrong('CCCCCO'), 'near_miss', true],
    ['an isomer, far by fingerprint', right, wrong('COC(C)C'), 'near_miss', true],
    ['another molecule', right, wrong('c1ccncc1'), 'wrong', true],
    ['a formula, one CH2 off', { text: answered('C4H10O') }, wrong('C5H12O'), 'near_miss', true],
    ['a formula, two CH2 off', { text: answered('C4H10O') }, wrong('C6H14O'), 'wrong', true],
    ['a SMILES string for a formula', { text: answered('C4H10O') }, wrong('CCCCO'), 'wrong', true],
    ['another number', { text: answered('12') }, wrong('13'), 'wrong', true],
    // carbon monoxide, not methanol: too short a word to say that a molecule is expected
    ['a formula that is a SMILES string, too', { text: answered('CO') }, wrong('CO2'), 'wrong', true],
    ['a right one', right, { text: answered('OCCCC'), status: 'pass', reason: 'right_answer' }, 'right', true],
    ['partial credit', right, { text: answered('CCCCCO'), status: 'partial', reason: 'wrong_answer' }, 'near_miss', true],
    ['no verdict', right, { text: answered('CCCCN'), status: 'unverifiable' }, 'no_verdict', null],
    ['a reaction that reads and is another', right, wrong('CC.O>>CCO', 'invalid_rxn'), 'wrong', true],
    ['a reaction that does not read', right, wrong('CC(.O>>CCO', 'invalid_rxn'), 'invalid', false],
    ['a chosen one without tags', { text: 'CCCCO', status: 'fail', reason: 'format_failed' }, wrong('CCCCN'), 'wrong', false],
    ['a chosen one that is unverifiable', { text: answered('CCCCO'), status: 'unverifiable' }, wrong('CCCCCO'), 'near_miss', null],
    // ethanol: ether0 takes so short a part for a counter-ion and finds no molecule
    ['a molecule of three characters', right, wrong('CCN', 'invalid_mol'), 'wrong', true],
    ['three characters that are none', right, wrong('C(C', 'invalid_mol'), 'invalid', false],
    ['half a character in the chosen one', { text: answered('CCCC\ud800') }, wrong('CCCCO'), 'wrong', true],
    ['half a character in the rejected one', right, wrong('CCCC\ud800'), 'invalid', false],
    ['a reaction that RDKit gives up on', right, wrong(`${'C'.repeat(20_000)}.O>>C`, 'invalid_rxn'), 'invalid', false],
    ['both malformed, one unverifiable', { text: 'x', status: 'unverifiable' }, wrong('CCC(', 'invalid_mol'), 'invalid', false],
  ] // biome-ignore format: a table
  it.each(cases)('%s', async (_name, chosen, rejected, fault, wellFormed) => {
    const found = await faultOf(pair(chosen, rejected), STRICT)
    expect([found.rejected, found.wellFormed]).toEqual([fault, wellFormed])
  })
  it('reads the answer as the run does', async () => {
    const loose = pair(
      { text: '<answer>CCCCO</answer>' },
      { text: '<answer>CCCCCO</answer>', status: 'fail', reason: 'wrong_answer' },
    )
    expect((await faultOf(loose, LOOSE)).rejected).toBe('near_miss')
    // ether0 judges an answer that is not there as an empty one
    const none = pair(loose.chosen, { text: 'CCCCCO', status: 'fail', reason: 'wrong_answer' })
    expect(await faultOf(none, LOOSE)).toEqual({ rejected: 'format', wellFormed: false, tanimoto: null })
  })
  it('takes the rest of a molecule with its start', async () => {
    const solution = 'valid_mol_eval!:!CCOc1ccccc!:!molecule-completion'
    const rest = { text: answered('1CC') }
    const found = (chosen: Side, rejected: Side) => faultOf(pair(chosen, rejected), STRICT, { solution })
    // ethane and propane by themselves, and CCOc1cccccCC opens a ring that it does not close
    for (const open of ['CC', 'CCC', 'N'])
      expect(await found(rest, wrong(open, 'invalid_mol'))).toEqual({
        rejected: 'invalid',
        wellFormed: false,
        tanimoto: null,
      })
    expect(
      await found({ text: answered('CC'), status: 'fail', reason: 'invalid_mol' }, { text: answered('1CC') }),
    ).toMatchObject({ rejected: 'right', wellFormed: false })
    expect(await found(rest, wrong('1C#CC#C', 'failed_reos_check'))).toMatchObject({ rejected: 'implausible' })
    // RDKit in Python: CCOc1ccccc1CC and CCOc1ccccc1CN, 18 of 26 bits in common
    const near = await found(rest, wrong('1CN'))
    expect([near.rejected, near.tanimoto]).toEqual(['near_miss', 18 / 26])
  })
  it('says where molecules were not compared', async () => {
    const huge = `C${'C'.repeat(20_000)}`
    expect((await faultOf(pair(right, wrong('CCCCCO')), STRICT, { compare: false })).rejected).toBe(
      'wrong_or_near_miss',
    )
    expect((await faultOf(pair(right, wrong(huge)), STRICT)).rejected).toBe('wrong_or_near_miss')
  })
})

it('compares molecules up to a number of pairs', async () => {
  const rows = async function* () {
    yield { pairs: [pair(right, wrong('CCCCCO'))], row: { solution: null } }
    yield { pairs: [], row: { solution: null } }
  }
  const faults = async (completions: number, most: number) => {
    const found: unknown[] = []
    for await (const row of withFaults(rows(), { verification: STRICT, completions }, most))
      found.push(row.pairs.map(({ fault }) => fault?.rejected))
    return found
  }
  expect(await faults(2, 1)).toEqual([['near_miss'], []])
  expect(await faults(3, 1)).toEqual([['wrong_or_near_miss'], []])
  const of = (rejected: Fault) => ({ fault: { rejected, wellFormed: true, tanimoto: null } })
  expect(faultNote([of('near_miss'), {}])).toBeNull()
  expect(faultNote([of('near_miss'), of('wrong_or_near_miss')])).toMatch(
    /^near misses are not told from other wrong answers in 1 of 2 pairs .* up to 100,000 pairs/,
  )
})

it('takes what was compared before, and compares what was not', async () => {
  const far = pair(right, wrong('c1ccncc1'))
  const asked: unknown[] = []
  const found = async (before: Awaited<ReturnType<Comparing>>) => {
    const known: Comparing = async (a, b) => {
      asked.push([a, b])
      return before
    }
    const { rejected, tanimoto } = await faultOf(far, STRICT, { known })
    return [rejected, tanimoto]
  }
  expect(await found({ similarity: 0.1, edits: 1, sameFormula: true })).toEqual(['near_miss', 0.1])
  expect(await found({ similarity: 0.4, edits: 1, sameFormula: false })).toEqual(['near_miss', 0.4])
  expect(await found({ similarity: 0.4, edits: 1, sameFormula: null })).toEqual(['near_miss', 0.4])
  expect(await found({ similarity: 0.1, edits: 1, sameFormula: false })).toEqual(['wrong', 0.1])
  // RDKit gave up on a formula
  expect(await found({ similarity: 0.1, edits: 1, sameFormula: null })).toEqual(['wrong_or_near_miss', null])
  const own = await faultOf(far, STRICT)
  expect(await found(null)).toEqual([own.rejected, own.tanimoto])
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(new Set(['[["CCCCO"],["c1ccncc1"]]']))
})

it('is the same of the embedded pairs, whoever compared them', async () => {
  const ahead = new DistancesAhead(async (a, b) => apart(a, b, await Toolkit.shared()))
  const kinds = new Set<string>()
  for (const { id, chosen, rejected, rejected_reason, solution } of EMBEDDED['demo-pairs']) {
    const texts = [chosen, rejected].map(
      (text, i) => ({ role: i === 0 ? 'chosen' : 'rejected', index: 0, text }) as const,
    )
    ahead.push({ kind: 'pair', completions: texts, solution })
    const judged = pair({ text: chosen }, { text: rejected, status: 'fail', reason: rejected_reason })
    const there = await faultOf(judged, STRICT, { known: ahead.known, solution })
    expect([id, there]).toEqual([id, await faultOf(judged, STRICT, { solution })])
    if (there.tanimoto !== null) kinds.add(there.rejected)
  }
  expect(kinds).toEqual(new Set(['wrong', 'near_miss']))
})
