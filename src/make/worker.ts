import { accuracyRewardWith } from '../chem/ether0/accuracy.ts'
import { loadChemistryData } from '../chem/ether0/data.ts'
import { tanimotoSimilarity } from '../chem/ether0/similarity.ts'
import { createOracles } from '../chem/oracles/index.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import type { ChemWorkerOptions } from '../chem/workers/verifier.ts'
import { serveJobs } from '../chem/workers/worker-runtime.ts'
import { answerOf, canonicalOf } from './answers.ts'
import { inspectCompletion } from './inspect.ts'
import type { Inspected, MakeJob, MakeResult, VerifiedAnswer } from './jobs.ts'
import { makeOne } from './make-job.ts'
import { mentioned } from './mentioned.ts'

// ◆ The worker of make-pairs: RDKit, ether0's rewards and the oracles on this machine.

await serveJobs<MakeJob, MakeResult>(async (options) => {
  const { oracles: wanted, data } = options as ChemWorkerOptions
  const mols = await Toolkit.load()
  const chemistry = { mols, data: loadChemistryData(data) }
  const oracles = createOracles(wanted, chemistry)
  const verified = async (completion: string, solution: string, soft: boolean): Promise<VerifiedAnswer> => {
    const { value, status, reason } = await accuracyRewardWith(completion, solution, { oracles, soft }, chemistry)
    const answer = answerOf(completion)
    const molecule = canonicalOf(answer, chemistry)
    return { verification: { value, status, reason }, key: molecule ?? answer ?? completion, molecule, answer }
  }
  return async (job) => {
    await mols.recover()
    if (job.kind === 'make') return makeOne(job, chemistry, oracles)
    if (job.kind === 'distance') {
      const [a, b] = job.molecules.map((smiles) => mols.read(smiles))
      return { kind: 'distance', distance: a == null || b == null ? null : 1 - tanimotoSimilarity(a, b) }
    }
    if (job.kind === 'mentioned') return { kind: 'mentioned', flat: mentioned(job.texts, chemistry) }
    if (job.kind === 'inspect') {
      const texts: Inspected[] = []
      for (const text of job.texts) texts.push(await inspectCompletion(text, job, chemistry, oracles))
      return { kind: 'inspect', texts }
    }
    const answers: VerifiedAnswer[] = []
    for (const completion of job.completions) answers.push(await verified(completion, job.solution, job.soft))
    return { kind: 'verify', answers }
  }
})
