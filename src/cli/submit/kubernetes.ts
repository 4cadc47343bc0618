import { join } from 'node:path'
import { stringify } from 'yaml'
import { UsageError } from '../../errors.ts'
import { packageVersion } from '../../package.ts'
import { containerScript } from './container.ts'
import { largestMemory } from './memory.ts'
import { type JobPlan, type JobRun, jobFolder, optionsYaml } from './plan.ts'

/**
 * A run as an Indexed Job: an index each shard, the option file in a ConfigMap, the output folder on a volume claim that is mounted under the
 * path that it has here. There is no job that merges: the last shard to finish does (container.ts). A Job of its own would have to wait for
 * the first, by a poll with rights on the cluster's API that can hang; JobSet's `dependsOn` needs an operator that most clusters do not have.
 */

const MOUNTED = '/etc/chemherm'
/** Starts of an index that fail before the index is given up; those that the cluster itself ends do not count. */
const RETRIES = 3
/** Seconds that a shard has to end its batch. */
const GRACE_S = 60
/** Configuration, data, model files, device: the same at every start. */
const LASTING = [2, 3, 5, 6]

export const manifestPath = (plan: JobPlan, run: JobRun, start = 1): string =>
  join(jobFolder(plan.outputDir, run), start === 1 ? 'job.yaml' : `job-${start}.yaml`)

/** Name of the Job; with an index behind it still a host name (63 characters). */
export const jobName = (run: JobRun, start = 1): string => `chemherm-${run.name}${start === 1 ? '' : `-r${start}`}`

/**
 * ConfigMap and Job, for `kubectl apply -f`.
 * @param shards what this start is to do, from 1
 * @param start from 1; a name of its own each, since the template of a Job cannot be changed
 */
export function jobManifest(plan: JobPlan, run: JobRun, shards: readonly number[], start = 1): string {
  const { resources, outputDir } = plan
  const { image, volumeClaim, namespace, cpus, time, localStore } = resources
  // the last shard merges
  const memory = run.shards === 1 ? run.memory : run.wholeMemory
  const name = jobName(run, start)
  const labels = { 'app.kubernetes.io/name': 'chemherm', 'app.kubernetes.io/instance': run.name }
  const metadata = { name, ...(namespace !== null && { namespace }), labels }
  const amounts = { cpu: String(cpus), memory, ...(run.gpus > 0 && { 'nvidia.com/gpu': String(run.gpus) }) }
  const options = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { 'options.yaml': optionsYaml(run, outputDir) },
  }
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: {
      completionMode: 'Indexed',
      completions: shards.length,
      parallelism: shards.length,
      backoffLimitPerIndex: RETRIES,
      ...(time !== null && { activeDeadlineSeconds: secondsOf(time) }),
      podFailurePolicy: {
        rules: [
          // drained, preempted, evicted: started again, whatever the count
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailIndex', onExitCodes: { containerName: 'chemherm', operator: 'In', values: LASTING } },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: GRACE_S,
          containers: [
            {
              name: 'chemherm',
              image,
              command: [
                '/bin/sh',
                '-c',
                containerScript(run, `${MOUNTED}/options.yaml`, 'JOB_COMPLETION_INDEX', localStore),
              ],
              env: [
                { name: 'SHARDS', value: shards.join(' ') },
                // models are fetched once, to the claim
                { name: 'HF_HOME', value: `${outputDir}/jobs/hub` },
                {
                  name: 'HF_TOKEN',
                  valueFrom: { secretKeyRef: { name: 'hf-token', key: 'token', optional: true } },
                },
              ],
              resources: { requests: amounts, limits: amounts },
              volumeMounts: [
                { name: 'results', mountPath: outputDir },
                { name: 'options', mountPath: MOUNTED, readOnly: true },
                ...(localStore === null ? [] : [{ name: 'local', mountPath: localStore }]),
              ],
            },
          ],
          volumes: [
            { name: 'results', persistentVolumeClaim: { claimName: volumeClaim } },
            { name: 'options', configMap: { name } },
            // on the node's disk; a pod that is started again has a new one, and goes on from the shared copy
            ...(localStore === null ? [] : [{ name: 'local', emptyDir: {} }]),
          ],
        },
      },
    },
  }
  return [options, job].map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}

export const analyzePath = (plan: JobPlan): string => join(plan.outputDir, 'jobs/analyze.yaml')

/**
 * The comparison of all runs as a Job, for `kubectl apply -f` when they are done: `status` says when. It is not handed over with the others: a
 * Job cannot wait for other Jobs, and a pod that polls would need rights on the API, or hang where a shard fails for good.
 */
export function analyzeManifest({ resources, outputDir, runs }: JobPlan): string {
  const { image, volumeClaim, namespace, cpus } = resources
  const name = 'chemherm-analyze'
  const labels = { 'app.kubernetes.io/name': 'chemherm', 'app.kubernetes.io/instance': 'analyze' }
  const memory = resources.memory ?? largestMemory(runs)
  const amounts = { cpu: String(cpus), memory }
  return stringify(
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, ...(namespace !== null && { namespace }), labels },
      spec: {
        backoffLimit: RETRIES,
        // so that it can be applied again after more runs
        ttlSecondsAfterFinished: 3600,
        template: {
          metadata: { labels },
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                name: 'chemherm',
                image,
                command: ['chemherm', 'analyze', '--output-dir', outputDir],
                resources: { requests: amounts, limits: amounts },
                volumeMounts: [{ name: 'results', mountPath: outputDir }],
              },
            ],
            volumes: [{ name: 'results', persistentVolumeClaim: { claimName: volumeClaim } }],
          },
        },
      },
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  )
}

const QUANTITY = /^[0-9]+(\.[0-9]+)?([KMGT]i|[kMGT])?$/
const DNS_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

/** @throws UsageError for what is missing or what the API server would refuse */
export function checkKubernetes({ resources }: JobPlan): void {
  const { image, volumeClaim, namespace, memory, time, localStore } = resources
  if (localStore?.startsWith('$'))
    throw new UsageError(
      `"${localStore}" is no folder`,
      '--local-store',
      'Of Kubernetes it is where an emptyDir is mounted: for example /scratch.',
    )
  if (image === null)
    throw new UsageError(
      'is needed',
      '--image',
      `Name the image that the pods run, such as registry.example.org/lab/chemherm:${packageVersion}-cuda (docs/containers.md).`,
    )
  if (volumeClaim === null)
    throw new UsageError('is needed', '--volume-claim', 'Name a PersistentVolumeClaim that all pods can write to.')
  for (const [flag, value] of Object.entries({ 'volume-claim': volumeClaim, namespace }))
    if (value !== null && !DNS_NAME.test(value))
      throw new UsageError(`"${value}" is no name in Kubernetes`, `--${flag}`)
  if (memory !== null && !QUANTITY.test(memory))
    throw new UsageError(`"${memory}" is no quantity of memory in Kubernetes`, '--memory', 'For example 16G or 16Gi.')
  if (time !== null) secondsOf(time)
}

/** Slurm's way to write a time. @example secondsOf('1-02:00:00') // 93600 */
function secondsOf(time: string): number {
  const match = /^(?:(\d+)-)?(\d+):(\d\d):(\d\d)$/.exec(time)
  if (match === null)
    throw new UsageError(`"${time}" is no time such as 12:00:00 or 1-12:00:00`, '--time', 'Hours, minutes and seconds.')
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}
