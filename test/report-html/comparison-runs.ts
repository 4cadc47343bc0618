import { promptCluster } from '../../src/plain-text.ts'
import type { Fault, ScoredPair } from '../../src/types.ts'
import { demoPairs, dpoScores, rmScores } from '../agreement/demo.ts'
import { writeRun } from '../analysis/fixture.ts'

export type Demo = ReturnType<typeof demoPairs>

/** By the verdict of the file alone: what a run finds of molecules is tested with it. */
const FAULTS: Readonly<Record<string, Fault>> = {
  format_failed: 'format',
  invalid_mol: 'invalid',
  invalid_rxn: 'invalid',
}

/** The demo pairs with their prompts hashed as a run does, and with how their rejected answers fail. */
export function asRun({ pairs, completions }: Demo): Demo {
  const finished = (pair: ScoredPair): ScoredPair => {
    const rejected = FAULTS[pair.rejected.verifiableReason ?? ''] ?? 'wrong'
    const cluster = promptCluster(pair.prompt)
    return { ...pair, cluster, fault: { rejected, wellFormed: rejected === 'wrong', tanimoto: null } }
  }
  return { pairs: pairs.map(finished), completions }
}

/** Three runs on the demo pairs, in the order of their names. */
export const MODELS = ['demo-policy-dpo__ref-free', 'demo-policy-dpo__vs__demo-ref-sft', 'demo-reward-model'] as const
export async function writeDemoRuns(outputDir: string): Promise<void> {
  const scores = [dpoScores(0.1, false), dpoScores(), rmScores()]
  for (const [i, model] of MODELS.entries()) await writeRun(outputDir, model, asRun(demoPairs(scores[i]!)))
}
