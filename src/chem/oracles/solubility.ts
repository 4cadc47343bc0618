import '../../no-telemetry.ts'
import { readFileSync } from 'node:fs'
import type * as Ort from 'onnxruntime-node'
import { packagePath } from '../../package.ts'
import { Lru } from '../toolkit/lru.ts'
import type { Canonicalizer } from './canonical.ts'
import { machineCode } from './machine-code.ts'
import { SelfiesError, selfiesSymbols } from './selfies.ts'

export const KDESOL_FILE = 'src/embedded/oracles/kdesol.fp32.onnx'
const VOCABULARY_FILE = 'src/embedded/oracles/kdesol-vocabulary.json'
const CACHED_PREDICTIONS = 10_000

/** Aqueous solubility, log S in mol/L, with the two uncertainties of the ensemble (standard deviations in the same unit). */
export interface Solubility {
  readonly mean: number
  /** Mean of the models' own standard deviations. */
  readonly aleatoric: number
  /** Standard deviation (population) of the models' means. */
  readonly epistemic: number
}

/**
 * KDESol, an ensemble of ten LSTMs on SELFIES tokens (Ramos & White 2024, doi:10.1039/D3DD00217A), asked as ether0.remotes asks it.
 * One session on one thread, about 3 ms per molecule: it runs beside a reward model that needs the cores more.
 */
export class SolubilityModel {
  private readonly cache = new Lru<Solubility>(CACHED_PREDICTIONS)

  private constructor(
    private readonly ort: typeof Ort,
    private readonly session: Ort.InferenceSession,
    private readonly ids: ReadonlyMap<string, number>,
  ) {}

  static async open(): Promise<SolubilityModel> {
    const symbols = JSON.parse(readFileSync(packagePath(VOCABULARY_FILE), 'utf8')) as string[]
    // only here: most workers are never asked for a solubility, and loading ONNX Runtime is a good part of their start
    return machineCode(async () => {
      const ort = await import('onnxruntime-node')
      const session = await ort.InferenceSession.create(packagePath(KDESOL_FILE), {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      })
      return new SolubilityModel(ort, session, new Map(symbols.map((symbol, id) => [symbol, id])))
    })
  }

  /** Token ids [tokens], or null where the string has no SELFIES or a symbol is outside the vocabulary. */
  tokenize(smiles: string): number[] | null {
    let symbols: string[]
    try {
      symbols = selfiesSymbols(smiles)
    } catch (error) {
      if (error instanceof SelfiesError) return null
      throw error
    }
    const ids = symbols.map((symbol) => this.ids.get(symbol))
    return ids.every((id) => id !== undefined) ? ids : null
  }

  /**
   * The string that the model is asked about: the canonical SMILES without stereo, else the string as given, whichever the vocabulary
   * can spell first. Null where RDKit cannot read the string, or neither can be spelt.
   */
  query(smiles: string, canonicalizer: Canonicalizer): { readonly text: string; readonly tokens: number[] } | null {
    const molecule = canonicalizer.read(smiles)
    if (molecule === null) return null
    for (const text of [molecule.flat, smiles]) {
      const tokens = this.tokenize(text)
      if (tokens !== null) return { text, tokens }
    }
    return null
  }

  /** The prediction, or null where there is none ("Solubility prediction failed."). */
  async predict(smiles: string, canonicalizer: Canonicalizer): Promise<Solubility | null> {
    const query = this.query(smiles, canonicalizer)
    if (query === null) return null
    const known = this.cache.get(query.text)
    if (known !== undefined) return known
    const tokens = new this.ort.Tensor('int64', BigInt64Array.from(query.tokens, BigInt), [query.tokens.length])
    const { per_model: output } = await machineCode(() => this.session.run({ tokens }))
    const prediction = summarize(output!.data as Float32Array)
    this.cache.set(query.text, prediction)
    return prediction
  }

  async close(): Promise<void> {
    await this.session.release()
  }
}

/** @param perModel [models, 2]: mean and standard deviation of every model */
function summarize(perModel: Float32Array): Solubility {
  const models = perModel.length / 2
  let mean = 0
  let aleatoric = 0
  for (let m = 0; m < models; m++) {
    mean += perModel[2 * m]! / models
    aleatoric += perModel[2 * m + 1]! / models
  }
  let variance = 0
  for (let m = 0; m < models; m++) variance += (perModel[2 * m]! - mean) ** 2 / models
  return { mean, aleatoric, epistemic: Math.sqrt(variance) }
}
