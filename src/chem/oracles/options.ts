import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { packagePath } from '../../package.ts'
import { RemoteOracles } from './remote.ts'
import { KDESOL_FILE } from './solubility.ts'

/** Which oracles answer; plain data, it crosses threads. */
export interface OracleOptions {
  /** Default: remote where env ETHER0_REMOTES_API_BASE_URL is set, else embedded. */
  readonly kind?: 'embedded' | 'remote' | 'none'
  /** Remote: default env ETHER0_REMOTES_API_BASE_URL and ETHER0_REMOTES_API_TOKEN. */
  readonly baseUrl?: string
  readonly token?: string
  readonly timeoutMs?: number
  readonly backoffMs?: number
  /** Requests under way at once, over all workers together; default 8. */
  readonly concurrency?: number
  readonly serverErrorThreshold?: number
  /** Embedded: an ether0.remotes server that is asked for forward reactions alone. */
  readonly forward?: { readonly baseUrl: string; readonly token?: string }
}

export const resolveKind = (options: OracleOptions): 'embedded' | 'remote' | 'none' =>
  options.kind ?? ((process.env.ETHER0_REMOTES_API_BASE_URL ?? '') === '' ? 'embedded' : 'remote')

export type Provenance = readonly Readonly<Record<string, unknown>>[]

/** Origin, licence and SHA-256 of every oracle in use, for the manifest; no token is in it. Throws where an option is no good. */
export function oracleProvenance(options: OracleOptions): Provenance {
  const kind = resolveKind(options)
  const each = (record: Readonly<Record<string, unknown>>): Provenance =>
    ['solubility', 'purchasable', 'forward_reaction'].map((oracle) => ({ oracle, kind, ...record }))
  if (kind === 'none') return each({ answers: false })
  if (kind === 'remote') return each({ api: 'ether0.remotes', baseUrl: new RemoteOracles(options).baseUrl })
  return [
    {
      oracle: 'solubility',
      kind,
      model: 'KDESol, 10 LSTMs on SELFIES (PyPI molsol 0.0.3, doi:10.1039/D3DD00217A), ONNX with float32 weights',
      licence: 'MIT',
      file: KDESOL_FILE,
      sha256: createHash('sha256')
        .update(readFileSync(packagePath(KDESOL_FILE)))
        .digest('hex'),
    },
    {
      oracle: 'purchasable',
      kind,
      method: 'molbloom.buy: its common reagents, then the filter "purchasable" of the data files',
    },
    options.forward === undefined
      ? {
          oracle: 'forward_reaction',
          kind: 'none',
          answers: false,
          why: "ether0's Molecular Transformer cannot be shipped",
        }
      : {
          oracle: 'forward_reaction',
          kind: 'remote',
          api: 'ether0.remotes',
          baseUrl: new RemoteOracles(options.forward).baseUrl,
        },
  ]
}
