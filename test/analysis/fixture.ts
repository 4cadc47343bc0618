import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeCsv } from '../../src/report/csv.ts'
import { PAIR_COLUMNS, pairCells, SCORE_COLUMNS, scoreCells } from '../../src/report/scores.ts'
import { demoPairs, dpoScores, rmScores } from '../agreement/demo.ts'

type Demo = ReturnType<typeof demoPairs>

/** Writes a run's scores.csv and pairs.csv as the bins do. */
export async function writeRun(outputDir: string, model: string, { pairs, completions }: Demo): Promise<string> {
  const folder = join(outputDir, model, 'pairs')
  mkdirSync(folder, { recursive: true })
  const detail = { truncated: false, scoredTokenIndex: null, textSha256: null, own: [] }
  await writeCsv(
    join(folder, 'scores.csv'),
    SCORE_COLUMNS,
    completions.map((c) => scoreCells(c, detail)),
  )
  await writeCsv(join(folder, 'pairs.csv'), PAIR_COLUMNS, pairs.map(pairCells))
  return folder
}

/** Three runs on the demo pairs: the reward model, and the DPO policy with its reference and without. */
export async function demoResults(): Promise<string> {
  const outputDir = mkdtempSync(join(tmpdir(), 'chemherm-analysis-'))
  await writeRun(outputDir, 'demo-reward-model', demoPairs(rmScores()))
  await writeRun(outputDir, 'demo-policy-dpo__vs__demo-ref-sft', demoPairs(dpoScores()))
  await writeRun(outputDir, 'demo-policy-dpo__ref-free', demoPairs(dpoScores(0.1, false)))
  return outputDir
}
