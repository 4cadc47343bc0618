import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { ModelError } from '../errors.ts'
import { packageVersion } from '../package.ts'
import { readRegular } from '../read-regular.ts'
import { writeJson } from '../report/manifest.ts'
import { CERTIFICATE_FILE, CERTIFICATE_OUTCOMES, certify, type ModelCertificate } from '../setup/certificate.ts'
import type { RunConfig } from '../setup/config.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import { visibleName } from '../visible-text.ts'
import type { Log } from './log.ts'

/** What run.json and the screen say of a model's certificate. */
export interface Certified {
  readonly role: string
  /** `none`: no certificate of these weights by this version lies in the output folder. */
  readonly outcome: ModelCertificate['outcome'] | 'none'
  readonly reason: string | null
  /** The file; null where there is none. */
  readonly file: string | null
}

/**
 * `--certify`: scores the probes, writes certificate.json into the run's folder and says the outcome.
 * @throws ModelError where a model failed: nothing is measured with it then
 */
export async function certifyRun(
  config: RunConfig,
  models: readonly { readonly model: LoadedModel; readonly subject: OpenSubject }[],
  folder: string,
  log: Log,
): Promise<readonly Certified[]> {
  const certificate = await certify(config, models, config.certifyReference)
  const file = join(folder, CERTIFICATE_FILE)
  await writeJson(file, certificate)
  for (const model of certificate.models) for (const line of linesOf(model)) log.info(line)
  log.info(`the certificate is ${fromHere(file)}`)
  const failed = certificate.models.find(({ outcome }) => outcome === 'failed')
  if (failed !== undefined)
    throw new ModelError(
      `${failed.name} is not certified: ${failed.reason}; nothing is measured`,
      file,
      'Leave --certify out to score with it all the same.',
    )
  return certificate.models.map(({ role, outcome, reason }) => ({ role, outcome, reason, file: CERTIFICATE_FILE }))
}

function linesOf({ role, name, outcome, reason, probes, devices, reference }: ModelCertificate): string[] {
  const worst = (of: 'itself' | 'reference'): string => {
    const all = devices.flatMap(({ layouts }) => layouts.flatMap((layout) => layout[of]?.difference ?? []))
    return all.length === 0 ? '–' : Math.max(...all).toExponential(1)
  }
  const on = devices.filter(({ unusable }) => unusable === null).map(({ device, dtype }) => `${device} in ${dtype}`)
  const off = devices.flatMap(({ device, unusable }) => (unusable === null ? [] : [`${device}: ${unusable}`]))
  return [
    `${role} ${name}: ${outcome} on ${on.join(', ')}; ${probes.completions - probes.unscored} of ${probes.completions} probes, largest difference between batches ${worst('itself')}, from ${reference === null ? 'a reference' : reference.madeWith} ${worst('reference')}`,
    ...(reason === null ? [] : [`${role} ${name}: ${outcome}, not certified: ${reason}`]),
    ...off.map((line) => `${role} ${name}: not certified on ${line}`),
    ...probes.left.map((line) => `${role} ${name}: probe ${line}`),
  ]
}

/** Certificates of these models that earlier runs left beside this one: of the same weights, by this version, on this device in this dtype. */
export function certifiedBefore(folder: string, models: readonly LoadedModel[]): readonly Certified[] {
  const parent = dirname(folder)
  const files = existsSync(parent)
    ? readdirSync(parent, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [join(entry.name, CERTIFICATE_FILE)] : [],
      )
    : []
  const certificates = files.flatMap((file) => {
    const certificate = readCertificate(join(parent, file))
    return certificate === null ? [] : [{ file: join('..', file), certificate }]
  })
  return models.map(({ choice: { role }, name, weightsSha256, opened }): Certified => {
    if (opened.head.compares !== undefined)
      return { role, outcome: 'none', reason: 'the probes are single completions, this model compares two', file: null }
    /** Why one does not count; null where it does. */
    const staleness = (one: EarlierModel, version: string): string | null => {
      if (one.weightsSha256 !== weightsSha256) return 'is of other weights'
      if (version !== packageVersion) return `was written by chemherm ${visibleName(version)}`
      const same = one.devices.some(
        ({ device, dtype }) => device.split(':')[0] === opened.device && dtype === opened.dtype,
      )
      return same ? null : `is not of ${opened.dtype} on ${opened.device}`
    }
    const found = certificates.flatMap(({ file, certificate: { models, versions } }) =>
      models
        .filter((one) => one.role === role && (one.weightsSha256 === weightsSha256 || one.name === name))
        .map((one) => ({ ...one, file, stale: staleness(one, versions.chemherm) })),
    )
    const fresh = found.filter(({ stale }) => stale === null)
    const own = fresh.find(({ outcome }) => outcome === 'certified') ?? fresh[0]
    if (own !== undefined) return { role, outcome: own.outcome, reason: own.reason, file: own.file }
    const [old] = found
    const reason = old === undefined ? null : `${old.file} ${old.stale} (--certify makes one of this)`
    return { role, outcome: 'none', reason, file: null }
  })
}

/** What is read of another run's certificate, which anybody may have written. */
const earlierSchema = z.object({
  versions: z.object({ chemherm: z.string() }),
  models: z.array(
    z.object({
      role: z.string(),
      name: z.string().optional(),
      weightsSha256: z.string(),
      outcome: z.enum(CERTIFICATE_OUTCOMES),
      reason: z.string().nullable(),
      devices: z.array(z.object({ device: z.string(), dtype: z.string().nullable() })),
    }),
  ),
})
type EarlierModel = z.infer<typeof earlierSchema>['models'][number]
const LARGEST_CERTIFICATE = 4_000_000

/** Null where there is none. */
function readCertificate(path: string): z.infer<typeof earlierSchema> | null {
  try {
    const value: unknown = JSON.parse(readRegular(path, LARGEST_CERTIFICATE).toString('utf8'))
    return earlierSchema.safeParse(value).data ?? null
  } catch {
    return null
  }
}

/** What an earlier run's certificate says, or why it gives way, for the screen; where there is none, run.json says so. @example 'rm demo-reward-model: certified (output/m/pairs/certificate.json)' */
export const certifiedLines = (
  certified: readonly Certified[],
  models: readonly LoadedModel[],
  folder: string,
): string[] =>
  certified.flatMap(({ role, outcome, reason, file }, i) => {
    const { name, opened } = models[i]!
    if (file !== null) return [`${role} ${name}: ${outcome} (${fromHere(join(folder, file))})`]
    return reason === null || opened.head.compares !== undefined ? [] : [`${role} ${name}: not certified, ${reason}`]
  })

/** A path as it can be typed where the command was. */
const fromHere = (path: string): string => {
  const here = relative(process.cwd(), path)
  return here.startsWith('..') ? path : here
}
