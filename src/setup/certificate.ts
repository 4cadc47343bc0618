import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { DeviceError } from '../errors.ts'
import { given } from '../given.ts'
import { type ResolvedDevice, resolveDevice } from '../model/device.ts'
import { floatProductsFor } from '../model/dtype.ts'
import { type OpenOptions, openModel } from '../model/open.ts'
import { isReadyMade, openReadyMade } from '../model/ready-made/open.ts'
import { startReadyMade } from '../model/ready-made/session.ts'
import { startSession } from '../model/session.ts'
import { packageVersion, pinnedPackage } from '../package.ts'
import { type PlanOptions, planBatches } from '../score/plan.ts'
import type { Prepared } from '../score/subject.ts'
import type { Message, Row, Runner, Sequence } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import {
  PROBES,
  type Probe,
  probesSha256,
  REFERENCE_FILE,
  type Reference,
  referenceOf,
  textsDiffer,
} from './certificate-reference.ts'
import type { RunConfig } from './config.ts'
import type { LoadedModel } from './models.ts'
import type { OpenSubject } from './subject.ts'

/**
 * The parity certificate: a fixed probe set scored alone, in padded batches and with shared prefixes, on each device, against itself and
 * against what transformers gives for the same texts (scripts/oracles/certify.py).
 */

/** Bounds of one number, absolute and relative to it: of a score against itself in another batch, and against the reference. */
const ITSELF = { absolute: 2e-5, relative: 1e-5 } as const
const REFERENCE = { absolute: 1e-4, relative: 0 } as const

export const CERTIFICATE_FILE = 'certificate.json'

/** Largest difference of one number over all probes, and where; null where nothing was compared. */
interface Largest {
  readonly difference: number
  /** Difference over its bound: beyond 1 it is too large. */
  readonly share: number
  /** @example 'long 0' */
  readonly probe: string
}
export interface LayoutCertificate {
  readonly layout: 'alone' | 'padded' | 'shared'
  /** Against the same probe alone on the same device. */
  readonly itself: Largest | null
  readonly reference: Largest | null
}
export interface DeviceCertificate {
  readonly device: string
  readonly dtype: string | null
  /** Why the device was not used; else null. */
  readonly unusable: string | null
  readonly layouts: readonly LayoutCertificate[]
}
/** `certified`: equal to the reference in float32; `consistent`: equal to itself, and there is no reference or no float32; `failed`. */
export const CERTIFICATE_OUTCOMES = ['certified', 'consistent', 'failed'] as const
export type CertificateOutcome = (typeof CERTIFICATE_OUTCOMES)[number]
export interface ModelCertificate {
  readonly role: string
  readonly name: string
  readonly weightsSha256: string
  readonly outcome: CertificateOutcome
  /** In words, why it is no more than that; null where it is certified. */
  readonly reason: string | null
  readonly probes: {
    readonly completions: number
    readonly unscored: number
    /** Which are unscored, and why. @example 'long 0 is not scored: too_long, …' */
    readonly left: readonly string[]
    readonly sha256: string
  }
  readonly reference: { readonly file: string; readonly madeWith: string } | null
  readonly devices: readonly DeviceCertificate[]
}
export interface Certificate {
  readonly created: string
  readonly versions: { readonly chemherm: string; readonly 'onnxruntime-node': string }
  readonly models: readonly ModelCertificate[]
}

/** Scores the probes with every model of a run on every device that the flags allow. */
export async function certify(
  config: RunConfig,
  models: readonly { readonly model: LoadedModel; readonly subject: OpenSubject }[],
  referenceFile: string | null,
): Promise<Certificate> {
  const devices = await usableDevices(config)
  const certified: ModelCertificate[] = []
  for (const { model, subject } of models)
    certified.push(await certifyModel(config, model, subject, devices, referenceOf(model, referenceFile)))
  return {
    created: new Date().toISOString(),
    versions: { chemherm: packageVersion, 'onnxruntime-node': pinnedPackage('onnxruntime-node').found },
    models: certified,
  }
}

type Found = ResolvedDevice | { readonly device: string; readonly unusable: string }

/**
 * The device that was asked for, or with `auto` the CPU and CUDA: one that does not compute is listed with the reason. WebGPU is started only
 * where it is named, since its driver writes warnings of its own on the screen.
 */
async function usableDevices({ device, dtype }: RunConfig): Promise<readonly Found[]> {
  const products = floatProductsFor(dtype)
  if (device !== 'auto') return [await resolveDevice(device, products)]
  const found: Found[] = []
  for (const name of ['cpu', 'cuda'])
    try {
      found.push(await resolveDevice(name, products))
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      found.push({ device: name, unusable: error.message })
    }
  return found
}

async function certifyModel(
  config: RunConfig,
  model: LoadedModel,
  subject: OpenSubject,
  devices: readonly Found[],
  reference: Reference | null,
): Promise<ModelCertificate> {
  const rows = probes()
  const prepared = rows.flatMap((row) => subject.prepare(row).map((one, index) => ({ id: row.id, index, one })))
  const texts = reference === null ? null : textsDiffer(prepared, reference)
  const results: DeviceCertificate[] = []
  for (const found of devices)
    results.push(
      'unusable' in found
        ? { device: found.device, dtype: null, unusable: found.unusable, layouts: [] }
        : await onDevice(config, model, found, prepared, texts === null ? reference : null),
    )
  return {
    role: model.choice.role,
    name: model.name,
    weightsSha256: model.weightsSha256,
    ...outcomeOf(results, reference, texts),
    probes: {
      completions: prepared.length,
      unscored: prepared.filter(({ one }) => isUnscored(one)).length,
      left: prepared.flatMap(({ id, index, one }) =>
        isUnscored(one)
          ? [`${id} ${index} is not scored: ${one.reason}${one.message === '' ? '' : `, ${one.message}`}`]
          : [],
      ),
      sha256: probesSha256(),
    },
    reference: reference && { file: basename(reference.file), madeWith: reference.made_with },
    devices: results,
  }
}

async function onDevice(
  config: RunConfig,
  { opened, asked }: LoadedModel,
  { device, deviceId }: ResolvedDevice,
  prepared: readonly Probe[],
  reference: Reference | null,
): Promise<DeviceCertificate> {
  const use = { kind: opened.kind, device, deviceId, dtype: config.dtype }
  const form = given<Pick<OpenOptions, 'head' | 'attention'>>({ head: asked, attention: config.attention })
  const open = isReadyMade(opened)
    ? openReadyMade(opened.checkpoint.dir, opened.file.name, use)
    : openModel(opened.checkpoint, { ...use, ...form })
  const runner = await (isReadyMade(open) ? startReadyMade(open) : startSession(open))
  try {
    const asked = prepared.filter((probe): probe is Probe & { one: Prepared } => !isUnscored(probe.one))
    const sequences = asked.map(({ one, id }): Sequence => ({ ...one, group: groupOf(prepared, id) }))
    const names = asked.map(({ id, index }) => `${id} ${index}`)
    const wanted = asked.map(({ id, index }) => reference?.completions.find((c) => c.id === id && c.index === index))
    const { packed, causal, rows = false, prompts = false, rowMultiple = 1 } = open.batching
    const layouts: LayoutCertificate[] = []
    let alone: readonly Float32Array[] = []
    for (const layout of causal && !rows ? (['alone', 'padded', 'shared'] as const) : (['alone', 'padded'] as const)) {
      const values = await measured(runner, sequences, { ...LAYOUTS[layout], packed, prompts, rowMultiple })
      if (layout === 'alone') alone = values
      layouts.push({
        layout,
        itself: layout === 'alone' ? null : largest(values, alone, names, ITSELF),
        reference:
          reference === null
            ? null
            : largest(
                values,
                wanted.map((c) => c?.values ?? null),
                names,
                REFERENCE,
              ),
      })
    }
    return { device: deviceId === null ? device : `${device}:${deviceId}`, dtype: open.dtype, unusable: null, layouts }
  } finally {
    await runner.release()
  }
}

const LAYOUTS: Readonly<Record<LayoutCertificate['layout'], Omit<PlanOptions, 'packed'>>> = {
  alone: { layout: 'padded', batchSize: 1, batchTokens: 1 },
  padded: { layout: 'padded', batchSize: 8, batchTokens: 8192 },
  shared: { layout: 'shared', batchSize: 64, batchTokens: 8192 },
}

/** Every number of every sequence, in order. */
async function measured(runner: Runner, sequences: readonly Sequence[], plan: PlanOptions): Promise<Float32Array[]> {
  const values: Float32Array[] = []
  for (const batch of planBatches(sequences, plan)) {
    const outputs = await runner.run(batch, sequences)
    batch.sequences.forEach((index, i) => {
      values[index] = outputs[i]!
    })
  }
  return values
}

/** Lengths that differ and numbers that are not finite count as infinitely far apart. */
function largest(
  values: readonly Float32Array[],
  wanted: readonly (ArrayLike<number> | null)[],
  names: readonly string[],
  { absolute, relative }: typeof ITSELF | typeof REFERENCE,
): Largest | null {
  let found: Largest | null = null
  values.forEach((got, i) => {
    const want = wanted[i]
    const length = Math.max(got.length, want?.length ?? 0)
    for (let j = 0; j < length; j++) {
      const [a, b] = [got[j] ?? Number.NaN, want?.[j] ?? Number.NaN]
      const difference = Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) : Number.MAX_VALUE
      const share = difference / (absolute + relative * Math.abs(Number.isFinite(b) ? b : 0))
      if (found === null || share > found.share) found = { difference, share, probe: names[i]! }
    }
  })
  return found
}

function outcomeOf(
  devices: readonly DeviceCertificate[],
  reference: Reference | null,
  texts: string | null,
): Pick<ModelCertificate, 'outcome' | 'reason'> {
  if (texts !== null) return { outcome: 'failed', reason: texts }
  const used = devices.filter(({ unusable }) => unusable === null)
  const half = used.filter(({ dtype }) => dtype !== 'fp32')
  for (const { device, dtype, layouts } of used)
    for (const { layout, itself, reference } of layouts)
      for (const [what, found] of [
        ['the same probe alone', itself],
        ['the reference', dtype === 'fp32' ? reference : null],
      ] as const)
        if (found !== null && found.share > 1 && (dtype === 'fp32' || what === 'the reference'))
          return {
            outcome: 'failed',
            reason: `on ${device}, ${layout}: ${shown(found.difference)} from ${what} (probe ${found.probe}), which is ${found.share.toPrecision(3)} times the bound`,
          }
  if (reference === null)
    return {
      outcome: 'consistent',
      reason: `there is no reference for these weights; make one with scripts/oracles/certify.py and keep it beside them as ${REFERENCE_FILE}`,
    }
  if (half.length > 0)
    return {
      outcome: 'consistent',
      reason: `${half.map(({ device, dtype }) => `${device} computes in ${dtype}`).join(', ')}: the bounds are float32's (--dtype fp32)`,
    }
  return { outcome: 'certified', reason: null }
}

const shown = (difference: number): string =>
  difference === Number.MAX_VALUE ? 'numbers that are missing or not finite' : difference.toExponential(1)

/** The probes as rows: a prompt and its completions. */
const probes = (): Row[] =>
  readFileSync(PROBES, 'utf8')
    .trim()
    .split('\n')
    .map((line, i) => {
      const { id, prompt, completions } = JSON.parse(line) as { id: string; prompt: Message[]; completions: string[] }
      return {
        kind: 'group',
        id,
        subset: '',
        problemType: null,
        prompt,
        completions: completions.map((text, index) => ({ role: 'completion', index, text })),
        solution: null,
        where: `probes.jsonl:${i + 1}`,
        extra: {},
      }
    })

const groupOf = (prepared: readonly Probe[], id: string): number => prepared.findIndex((probe) => probe.id === id)
