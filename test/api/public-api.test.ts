import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { loadedWith } from './imports.ts'

// The built package by its own name, as another package's code sees it.

const run = promisify(execFile)
async function inNode<T>(code: string): Promise<T> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: packagePath() })
  return JSON.parse(stdout) as T
}

it('chemherm offers these names', async () => {
  const names = await inNode<string[]>(
    `import * as api from 'chemherm'; console.log(JSON.stringify(Object.keys(api).sort()))`,
  )
  expect(names).toMatchInlineSnapshot(`
    [
      "BloomFilter",
      "DataError",
      "DeviceError",
      "DeviceMemoryError",
      "HarnessError",
      "InterruptedError",
      "ModelError",
      "NetworkError",
      "PythonError",
      "ToolkitFailure",
      "UsageError",
      "accuracyReward",
      "bestOfN",
      "canonicalSmiles",
      "containsBadSubstructure",
      "differingAtoms",
      "drawMolecule",
      "drawReaction",
      "evaluate",
      "expectedVoting",
      "extractAnswerLoose",
      "extractThoughtAnswerStrict",
      "filterProblemTypes",
      "formatReward",
      "formulaDiff",
      "functionalGroups",
      "generateCompletions",
      "groupAdvantages",
      "isReasonableMolecule",
      "largestFragment",
      "molFormula",
      "morganEnvironments",
      "multiRewardAdvantages",
      "normalizeIupac",
      "normalizeUnicodes",
      "passAtK",
      "renderChat",
      "rerank",
      "ringSystems",
      "scoreCompletions",
      "tanimoto",
      "vote",
      "voting",
    ]
  `)
})

it('chemherm/stats offers the contract’s statistics', async () => {
  const names = await inNode<string[]>(
    `import * as api from 'chemherm/stats'; console.log(JSON.stringify(Object.keys(api)))`,
  )
  const promised =
    'kendallTauB spearman pearson auroc averagePrecision cohenKappa mcc wilson clopperPearson binomialTest mcnemar holm ' +
    'benjaminiHochberg bonferroni wilcoxonSignedRank mannWhitneyU signFlipTest logisticRegression quantile brier logLoss ' +
    'calibrationCurve expectedCalibrationError bootstrapCi clusterBootstrapCi'
  expect(names).toEqual(expect.arrayContaining(promised.split(' ')))
})

it('entries, types and the version are where package.json says', async () => {
  const { exports, version } = await inNode<{
    exports: Record<string, string | Record<string, string>>
    version: string
  }>(`import pkg from 'chemherm/package.json' with { type: 'json' }; console.log(JSON.stringify(pkg))`)
  const paths = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
  expect(paths.filter((path) => !existsSync(packagePath(path)))).toEqual([])
  expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})

it('nothing else can be imported', async () => {
  await expect(inNode(`import 'chemherm/dist/src/run.js'`)).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
})

it('importing it loads no package: neither RDKit nor ONNX Runtime nor the tokenizers', () => {
  expect([...loadedWith('index.ts').packages]).toEqual([])
  expect(loadedWith('library/engine.ts').packages).toContain('onnxruntime-node')
})

it('its types need no package that comes without types of its own, and nothing of cli', () => {
  const { files, packages } = loadedWith('index.ts', { types: true })
  expect([...packages]).toEqual(['@rdkit/rdkit'])
  expect([...files].filter((file) => file.startsWith('cli/'))).toEqual([])
})

it('the examples of the rewards hold', async () => {
  const got = await inNode<unknown[]>(`
    import * as api from 'chemherm'
    const solution = 'str_eval!:!CCO!:!molecule-name'
    const text = '<|think_start|>t<|think_end|><|answer_start|>CCO<|answer_end|>'
    console.log(JSON.stringify([
      (await api.accuracyReward(text, solution)).status,
      (await api.accuracyReward([{ role: 'assistant', content: text }], solution)).value,
      (await api.evaluate('valid_mol_eval', 'not a molecule', 'C2H6O')).value,
      api.formatReward(text), await api.molFormula('CCO'), await api.canonicalSmiles('OCC'),
      await api.canonicalSmiles('C1CC'), await api.tanimoto('CCO', 'OCC'), await api.largestFragment('CCCCO.Cl'),
      await api.ringSystems('c1ccccc1O'), await api.isReasonableMolecule('CCO'), await api.containsBadSubstructure('CCO'),
      (await api.functionalGroups('CCO')).length > 0, (await api.morganEnvironments('CCO')).length,
      await api.molFormula('C1CC').catch((error) => [error.name, error instanceof api.PythonError]),
    ]))`)
  expect(got).toEqual([
    'pass',
    1,
    0,
    1,
    'C2H6O',
    'CCO',
    null,
    1,
    'CCCCO',
    ['C1=CC=CC=C1'],
    true,
    false,
    true,
    6,
    ['ValueError', true],
  ])
})

describe('drawings', () => {
  it('are SVG, or null for what is no molecule', async () => {
    const got = await inNode<(string | null | object)[]>(`
      import { differingAtoms, drawMolecule, drawReaction } from 'chemherm'
      console.log(JSON.stringify([
        (await drawMolecule('CCO', { highlightAtoms: [2] })).slice(0, 4), await drawMolecule('C1CC'),
        (await drawReaction('CCO.CC(=O)O>>CC(=O)OCC')).slice(0, 4), await drawReaction('no reaction'),
        await differingAtoms('CCO', 'CCN'), await differingAtoms('CCO', 'C1CC'),
      ]))`)
    expect(got).toEqual(['<svg', null, '<svg', null, { a: [2], b: [2] }, null])
  })
})
