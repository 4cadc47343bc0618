import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenModel, openModel } from '../../src/model/open.ts'
import { openReadyMade } from '../../src/model/ready-made/open.ts'
import { startReadyMade } from '../../src/model/ready-made/session.ts'
import { startSession } from '../../src/model/session.ts'
import type { MeasurementKind, Runner } from '../../src/types.ts'
import { type Compared, compareGolden, LAYOUTS, layoutsOf } from './compared.ts'
import { goldenModels } from './golden.ts'
import { compareHead, headGoldens, isUnread, MODES, openHeadGolden } from './head-golden.ts'
import { comparePair, openPairGolden, PAIR_HEADS, pairBound } from './pair-golden.ts'
import { compareExport, copyExport, EXPORTS, exportGolden } from './ready-made/golden.ts'
import { openGolden } from './runner.ts'

/** A golden checkpoint, and what it stands for. */
export interface Family {
  readonly name: string
  /** model_type of its config.json. */
  readonly architecture: string
  readonly head: string
  readonly kind: MeasurementKind
  /** Texts whose numbers the reference gives. */
  readonly cases: number
  readonly atol: number
  readonly rtol: number
  /** Computes every case, laid out in every way. */
  compare(): Promise<Compared[]>
}

/** Every golden checkpoint below test/data that is built here, on the CPU in float32 with the attention that runs have there. */
export async function goldenFamilies(): Promise<Family[]> {
  const numbers = ['parity', 'models', 'adapters', 'float8'].flatMap(goldenModels).map((golden): Family => {
    const model = openModel(openGolden(golden.dir), { kind: golden.kind, device: 'cpu', dtype: 'fp32' })
    const { name, atol, rtol } = golden
    const compare = () =>
      started(model, async (runner) =>
        inTurn(layoutsOf(model).map((layout) => () => compareGolden(golden, model, runner, layout))),
      )
    return { name, ...namesOf(model), cases: golden.cases.length, atol, rtol, compare }
  })
  const texts = await Promise.all(
    headGoldens().map(async (name): Promise<Family> => {
      const open = await openHeadGolden(name)
      const { cases, tolerance_advice } = open.golden
      const ways = MODES.flatMap((mode) => LAYOUTS.map((layout) => ({ mode, layout })))
      const compare = () =>
        started(open.model, (runner) =>
          inTurn(
            ways.map(
              ({ mode, layout }) =>
                () =>
                  compareHead(open, runner, mode, layout),
            ),
          ),
        )
      const read = cases.filter((one) => !isUnread(one)).length
      return { name, ...namesOf(open.model), cases: read, ...tolerance_advice, compare }
    }),
  )
  const pairs = await Promise.all(
    PAIR_HEADS.map(async (name): Promise<Family> => {
      const open = await openPairGolden(name)
      const compare = () =>
        started(open.model, (runner) =>
          inTurn(layoutsOf(open.model).map((layout) => () => comparePair(open, runner, layout))),
        )
      return { name, ...namesOf(open.model), cases: 2 * open.golden.cases.length, ...pairBound(open.golden), compare }
    }),
  )
  return [...numbers, ...texts, ...pairs]
}

/** An export that is run as it is, and the type that it computes in. */
export interface ExportFamily extends Pick<Family, 'name' | 'kind' | 'cases' | 'atol' | 'rtol' | 'compare'> {
  readonly dtype: string
}

/** Every export of test/data/onnx, alone and padded. */
export const exportFamilies = (): ExportFamily[] =>
  EXPORTS.map((one) => {
    const golden = exportGolden(one)
    const { kind, dtype } = one
    return {
      name: `${one.name}/${one.file}`,
      kind,
      dtype,
      cases: golden.cases.length,
      atol: golden.atol,
      rtol: golden.rtol,
      compare: () =>
        inFolder(async (folder) => {
          copyExport(one.name, folder, one.safetensors ?? false)
          const model = openReadyMade(folder, one.file, { kind, device: 'cpu', deviceId: null, dtype: 'auto' })
          const runner = await startReadyMade(model)
          try {
            return await inTurn([1, 7].map((size) => () => compareExport(runner, golden, size)))
          } finally {
            await runner.release()
          }
        }),
    }
  })

const namesOf = ({ checkpoint, built, kind }: OpenModel): Pick<Family, 'architecture' | 'head' | 'kind'> => ({
  architecture: String(checkpoint.config.model_type),
  head: built.head.name,
  kind,
})

async function started<T>(model: OpenModel, use: (runner: Runner) => Promise<T>): Promise<T> {
  const runner = await startSession(model, { rawOutputs: true })
  try {
    return await use(runner)
  } finally {
    await runner.release()
  }
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'families-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function inTurn<T>(steps: readonly (() => Promise<T[]>)[]): Promise<T[]> {
  const all: T[] = []
  for (const step of steps) all.push(...(await step()))
  return all
}
