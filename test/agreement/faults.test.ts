import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { agreement } from '../../src/agreement/agreement.ts'
import { codebook } from '../../src/agreement/codebook/codebook.ts'
import { faultSummary } from '../../src/agreement/fault-summary.ts'
import { faultPaperTable } from '../../src/agreement/fault-table.ts'
import { accuracyByFault, FAULTS } from '../../src/agreement/faults.ts'
import { markdownTable } from '../../src/agreement/tables.ts'
import { packagePath } from '../../src/package.ts'
import type { Fault, ScoredPair } from '../../src/types.ts'
import { demoPairs, rmScores } from './demo.ts'

const golden = new Map(
  (
    parse(readFileSync(packagePath('test/data/agreement/pair-faults.csv'), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[]
  ).map((line) => [line.id!, line]),
)
const demo = demoPairs(rmScores())
const pairs = demo.pairs.map((pair): ScoredPair => {
  const line = golden.get(pair.id)!
  return { ...pair, fault: { rejected: line.fault as Fault, wellFormed: line.well_formed === '1', tanimoto: null } }
})
const lines = accuracyByFault(agreement(pairs, demo.completions).statistics)

describe('accuracy by why the rejected answer is wrong', () => {
  const belongs: Readonly<Record<string, (pair: ScoredPair) => boolean>> = {
    both_well_formed: ({ fault }) => fault!.wellFormed === true,
    ...Object.fromEntries(FAULTS.map((fault) => [fault, (pair: ScoredPair) => pair.fault!.rejected === fault])),
    all: () => true,
  }
  it('leads with the pairs in which both answers are well-formed, and ends with all', () =>
    expect(lines.map(({ level }) => level)).toEqual([
      'both_well_formed',
      'near_miss',
      'wrong',
      'implausible',
      'invalid',
      'format',
      'all',
    ]))
  it.each(lines.map((line) => [line.level, line] as const))('counts %s', (level, { strict, half, share }) => {
    const own = pairs.filter(belongs[level]!)
    const wins = own.filter(({ margin }) => margin! > 0).length
    expect([half.n, half.ties, half.clusters]).toEqual([own.length, 0, new Set(own.map((p) => p.cluster)).size])
    expect(strict.value).toBeCloseTo(wins / own.length, 12)
    expect(half.value).toBeCloseTo(wins / own.length, 12)
    if (share !== null) expect(share.value).toBeCloseTo(own.length / pairs.length, 12)
    expect(share === null).toBe(level === 'all')
  })
  it('has the intervals of the normal approximation, nearly', () => {
    for (const { half, share } of lines)
      for (const { value, ciLow, ciHigh, n } of [half, ...(share === null ? [] : [share])]) {
        if (n < 30) continue
        const error = 1.96 * Math.sqrt((value! * (1 - value!)) / n)
        expect(ciLow).toBeCloseTo(value! - error, 1)
        expect(ciHigh).toBeCloseTo(Math.min(1, value! + error), 1)
      }
  })
  it('has parts that add up', () => {
    const of = (level: string) => lines.find((line) => line.level === level)!
    const wins = (...levels: string[]) =>
      levels.reduce((sum, level) => sum + of(level).half.value! * of(level).half.n, 0)
    expect(wins('near_miss', 'wrong', 'implausible')).toBeCloseTo(wins('both_well_formed'), 9)
    expect(wins('both_well_formed', 'invalid', 'format')).toBeCloseTo(wins('all'), 9)
    const shares = lines.flatMap(({ level, share }) => (level === 'both_well_formed' ? [] : (share?.value ?? [])))
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
  })
  it('is one record: summary.json and the table have its numbers', () => {
    const summary = faultSummary(lines)
    expect(Object.keys(summary)).toEqual(lines.map(({ level }) => level))
    const both = lines[0]!
    expect(summary.both_well_formed).toMatchObject({
      half: both.half.value,
      n: both.half.n,
      ci: { half: { low: both.half.ciLow, high: both.half.ciHigh } },
      share: { value: both.share!.value },
    })
    const table = markdownTable(faultPaperTable(lines, 'demo', 'pairs', 'bootstrap'))
    expect(table).toContain('| both well-formed | 70.7 (61.8–78.9) | 70.7 (61.8–78.9) | 123 | 123 | 41.0 (')
    expect(table).toContain('| – implausible | 50.0† (')
    expect(table).toContain('Tanimoto similarity of at least 0.4')
  })
})

describe('without verdicts', () => {
  it('says nothing', () => {
    expect(accuracyByFault(agreement(demo.pairs, demo.completions).statistics)).toEqual([])
    const unjudged = demo.pairs.map(
      (pair): ScoredPair => ({ ...pair, fault: { rejected: 'no_verdict', wellFormed: null, tanimoto: null } }),
    )
    expect(accuracyByFault(agreement(unjudged, demo.completions).statistics)).toEqual([])
  })
  it('counts those that have none beside the others', () => {
    const some = pairs.map(
      (pair, i): ScoredPair =>
        i < 50 ? { ...pair, fault: { rejected: 'no_verdict', wellFormed: null, tanimoto: null } } : pair,
    )
    const found = accuracyByFault(agreement(some, demo.completions).statistics)
    expect(found.find(({ level }) => level === 'no_verdict')!.half.n).toBe(50)
  })
})

it('explains every fault in the code book', () => {
  const book = codebook({ 'agreement.csv': ['scope', 'subset'] })
  for (const fault of FAULTS) expect(book).toContain(`| \`${fault}\` | `)
})
