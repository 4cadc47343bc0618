import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { analysisMethods } from '../../analysis/methods.ts'
import { type Methods, type MethodsInput, methods } from '../../src/agreement/methods.ts'
import { bibliography, REFERENCES, type ReferenceKey } from '../../src/agreement/references.ts'
import { keptRows } from '../../src/cli/manifest.ts'
import { hasTex, TEX } from '../tex.ts'

const INPUT: MethodsInput = {
  version: '0.1.0',
  model: 'org/m',
  revision: 'abc',
  weightsSha256: 'ff'.repeat(32),
  reference: null,
  referenceFree: null,
  beta: null,
  dataset: 'd [@evil2020] \\cite{x}',
  datasetSha256: 'ee'.repeat(32),
  pairs: 300,
  groups: 0,
  prompts: 299,
  completions: 600,
  unread: 2,
  unscored: 3,
  unscoredReasons: { too_long: 3 },
  unverifiable: 4,
  unverifiableReasons: { no_solution: 4 },
  chatTemplate: 'tokenizer',
  maxLength: 2048,
  truncation: 'left',
  pooling: 'hf',
  score: 'raw output',
  device: 'cpu',
  dtype: 'fp32',
  verifier: 'strict extraction',
  standIns: [{ name: 'rings', origin: "replacement of ether0's rings.bloom: ChEMBL", sha256: 'dd' }],
  versions: { node: '20.1.0', 'onnxruntime-node': '1.30.0', '@rdkit/rdkit': '2026.9.1' },
  seed: 7,
  resamples: 500,
  remarks: [],
}
const ANALYSIS = analysisMethods({
  dataset: 'd',
  aligned: { pairs: { n: 3 }, dropped: { m: 2 } } as never,
  models: ['a', 'b'],
  ensemble: ['a', 'b'],
  tests: [
    { test: 'sign_flip', mcnemar: {} as never, family: 'f' },
    { test: 'delong_clustered', mcnemar: null, family: 'g' },
  ],
  groups: true,
  settings: { seed: 0, resamples: 2000 },
})
const ALL: readonly Methods[] = [
  methods(INPUT),
  methods({ ...INPUT, pairs: 0, groups: 60, hermCompat: true }),
  methods({ ...INPUT, reference: 'org/r', beta: 0.1 }),
  methods({ ...INPUT, model: 'none', revision: null, weightsSha256: null }),
  ANALYSIS,
]
/** What a text cites: the brackets that are not a data set's. */
const cited = (text: string): string[] => [
  ...new Set(
    (text.match(/(?<!\\)\[@[^\]]*\]/g) ?? []).flatMap((one) => one.slice(1, -1).split('; ')).map((key) => key.slice(1)),
  ),
]
const entries = (bib: string): string[] => [...bib.matchAll(/^@\w+\{(\w+),/gm)].map((match) => match[1]!)

describe('methods.md and references.bib', () => {
  it('cite what they have an entry for, and have an entry for what they cite', () => {
    for (const { text, bibliography } of ALL) expect(entries(bibliography).sort()).toEqual(cited(text).sort())
    expect(cited(ALL[0]!.text)).not.toContain('evil2020')
    // an entry that no text cites would be dead
    const used = new Set(ALL.flatMap(({ text }) => cited(text)))
    expect(Object.keys(REFERENCES).filter((key) => !used.has(key) && key !== 'jiang2025rationalyst')).toEqual([])
  })

  it('name model, data, settings, stand-ins, software, and what was lost with its reason', () => {
    const { text } = ALL[0]!
    for (const part of [
      `org/m (revision abc; weights SHA-256 ${'ff'.repeat(32)})`,
      `(SHA-256 ${'ee'.repeat(32)})`,
      '2 rows could not be read, 3 could not be scored (too_long 3) and 4 could not be verified (no_solution 4)',
      "in place of ether0's rings.bloom: ChEMBL (SHA-256 dd): a molecule with a ring system that is not in it fails",
      'at most 2,048 tokens (a longer one is cut at its beginning)',
      'ONNX Runtime 1.30.0 [@onnxruntime] by chemherm 0.1.0 [@chemherm] under Node.js 20.1.0',
      'RDKit 2026.9.1 [@rdkit]',
      '500 bootstrap resamples of prompts with all their rows [@field2007clustered] (percentile, seed 7)',
    ])
      expect(text).toContain(part)
    const verifier = ALL[3]!
    expect(verifier.text).toContain('no model scored them')
    expect(verifier.text).not.toContain('rafailov')
    expect(ALL[2]!.text).toContain('against the reference org/r')
  })

  it.skipIf(!hasTex)(`go through BibTeX and LaTeX without a warning (${TEX})`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'chemherm-bib-'))
    const keys = [...(Object.keys(REFERENCES) as ReferenceKey[]), 'chemherm' as const]
    writeFileSync(join(folder, 'references.bib'), bibliography(keys, '0.1.0'))
    const text = keys.map((key) => `A sentence~\\cite{${key}}.`).join('\n')
    writeFileSync(
      join(folder, 'paper.tex'),
      `\\documentclass{article}\\usepackage{url}\\begin{document}\n${text}\n\\sloppy\\bibliographystyle{plain}\\bibliography{references}\\end{document}\n`,
    )
    const latex = () => spawnSync('pdflatex', ['-interaction=nonstopmode', 'paper.tex'], { cwd: folder })
    latex()
    const bibtex = spawnSync('bibtex', ['paper'], { cwd: folder, encoding: 'utf8' })
    expect(bibtex.stdout.split('\n').filter((line) => /warning|error|didn't/i.test(line))).toEqual([])
    latex()
    latex()
    const log = readFileSync(join(folder, 'paper.log'), 'latin1')
    expect(log.split('\n').filter((line) => /^!|Warning|^Overfull/.test(line))).toEqual([])
    expect(readFileSync(join(folder, 'paper.bbl'), 'utf8').match(/\\bibitem/g)).toHaveLength(keys.length)
  })
})

describe('methods.md says nothing that was not done', () => {
  const of = (more: Partial<MethodsInput>): string => methods({ ...INPUT, ...more }).text
  it('of verdicts, where no completion has one', () => {
    const none = of({ unverifiable: 600, unverifiableReasons: { no_solution: 600 } })
    expect(none).toContain('No completion could be verified, so that nothing is said of verifiable rewards.')
    expect(none).toContain('Accuracy is the share of pairs')
    for (const words of ['Agreement with', 'how the rejected answer fails', 'single completions', "ether0's"])
      expect(none).not.toContain(words)
    const some = of({ unverifiable: 599 })
    for (const words of ['Agreement with', 'how the rejected answer fails', 'On single completions', "ether0's"])
      expect(some).toContain(words)
    expect(of({ model: 'none' })).toContain('how the rejected answer fails')
    expect(of({ model: 'none', pairs: 0, groups: 3 })).not.toContain('how the rejected answer fails')
  })
  it('of the rows that were left out, and of pairs where there are none', () => {
    expect(of({})).toMatch(/The data set .* has 300 pairs/)
    expect(of({ kept: 'the first 10 rows' })).toMatch(/Of the data set .* the first 10 rows were used: 300 pairs/)
    expect(keptRows({ limit: null, filter: [] })).toBeNull()
    expect(keptRows({ limit: 1, filter: [] })).toBe('the first row')
    expect(keptRows({ limit: 10, filter: ['a', '!b'] })).toBe('the first 10 rows of those that --filter a !b keeps')
    expect(keptRows({ limit: null, filter: ['a'] })).toBe('the rows that --filter a keeps')
    expect(of({})).toContain('are judged on the pairs that the model scored')
    expect(of({ pairs: 0, groups: 60 })).toContain('are judged on the completions that the model scored')
  })
})
