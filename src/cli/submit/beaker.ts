import { stringify } from 'yaml'
import { containerScript } from './container.ts'
import { allShards, type JobPlan, type JobRun, jobFolder } from './plan.ts'

/**
 * A run as a Beaker experiment, in the form of RewardBench's scripts/configs/beaker_eval.yaml (version v2), a task each shard. The shards meet
 * on a shared file system of the hosts, mounted under its own path. Written by the published form and never run: Beaker is not open to all.
 */
export function beakerSpec(plan: JobPlan, run: JobRun): string {
  const { image, partition, account, cpus } = plan.resources
  // the last shard merges
  const memory = run.shards === 1 ? run.memory : run.wholeMemory
  return stringify(
    {
      version: 'v2',
      description: run.name,
      ...(account !== null && { budget: account }),
      tasks: allShards(run).map((shard) => ({
        name: run.shards === 1 ? run.name : `${run.name}-${shard}`,
        image: { beaker: image },
        command: ['/bin/sh', '-c'],
        arguments: [containerScript(run, `"${jobFolder(plan.outputDir, run)}/options.yaml"`, 'SHARD_INDEX')],
        envVars: [
          { name: 'SHARDS', value: String(shard) },
          { name: 'SHARD_INDEX', value: '0' },
          { name: 'HF_HOME', value: `${plan.outputDir}/jobs/hub` },
          { name: 'HF_TOKEN', secret: 'HF_TOKEN' },
        ],
        datasets: [{ mountPath: plan.outputDir, source: { hostPath: plan.outputDir } }],
        result: { path: '/output' },
        resources: { cpuCount: cpus, memory, ...(run.gpus > 0 && { gpuCount: run.gpus }) },
        context: { ...(partition !== null && { cluster: partition }), priority: 'normal' },
      })),
    },
    { lineWidth: 0 },
  )
}
