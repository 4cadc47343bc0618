import { chmodSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeOutputFolder } from '../../setup/folder.ts'
import { writeWholeSync } from '../../whole-file.ts'
import { beakerSpec } from './beaker.ts'
import { analyzeManifest, analyzePath, jobManifest, manifestPath } from './kubernetes.ts'
import { allShards, type Engine, type JobPlan, jobFolder, optionsYaml } from './plan.ts'
import { analyzeScript, mergeScript, shardsScript, submitScript } from './slurm.ts'

export interface JobFile {
  readonly path: string
  readonly text: string
}

/** What each engine reads, beside the option file of each run. */
const FILES: Readonly<Record<Engine, (plan: JobPlan) => JobFile[]>> = {
  slurm: (plan) => [
    ...plan.runs.flatMap((run) => {
      const folder = jobFolder(plan.outputDir, run)
      return [
        { path: join(folder, 'shards.sbatch'), text: shardsScript(plan, run) },
        ...(run.shards === 1 ? [] : [{ path: join(folder, 'merge.sbatch'), text: mergeScript(plan, run) }]),
      ]
    }),
    { path: join(plan.outputDir, 'jobs/analyze.sbatch'), text: analyzeScript(plan) },
    { path: join(plan.outputDir, 'jobs/submit.sh'), text: submitScript(plan) },
  ],
  kubernetes: (plan) => [
    ...plan.runs.map((run) => ({ path: manifestPath(plan, run), text: jobManifest(plan, run, allShards(run)) })),
    { path: analyzePath(plan), text: analyzeManifest(plan) },
  ],
  beaker: (plan) =>
    plan.runs.map((run) => ({
      path: join(jobFolder(plan.outputDir, run), 'beaker.yaml'),
      text: beakerSpec(plan, run),
    })),
}

/** All job files of a plan, option files first. */
export const jobFiles = (plan: JobPlan): JobFile[] => [
  ...plan.runs.map((run) => ({
    path: join(jobFolder(plan.outputDir, run), 'options.yaml'),
    text: optionsYaml(run, plan.outputDir),
  })),
  ...FILES[plan.engine](plan),
]

/** Writes them, and makes the folders of logs and exit codes. */
export function writeJobFiles(plan: JobPlan, files: readonly JobFile[]): void {
  makeOutputFolder(join(plan.outputDir, 'jobs'))
  for (const folder of [join(plan.outputDir, 'jobs'), ...plan.runs.map((run) => jobFolder(plan.outputDir, run))])
    for (const name of ['logs', 'exit']) makeOutputFolder(join(folder, name))
  for (const { path, text } of files) {
    makeOutputFolder(dirname(path))
    writeWholeSync(path, text)
    if (path.endsWith('.sh')) chmodSync(path, 0o755)
  }
}
