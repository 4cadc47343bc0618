import { createHash } from 'node:crypto'
import { closeSync, fstatSync, readFileSync, readSync } from 'node:fs'
import { DataError } from '../../errors.ts'
import { packagePath } from '../../package.ts'
import { openRegular } from '../../read-regular.ts'
import { systemWords } from '../../system-words.ts'
import { BLOOM_HINT, BloomFilter } from '../toolkit/bloom.ts'
import { type FunctionalGroups, parseFunctionalGroups } from '../toolkit/functional-groups.ts'

// ◆ reads the data files of the rewards: the embedded ones, checked, or the user's own.

/** Where a data file comes from, for manifest and report. */
export type DataProvenance = {
  readonly name: 'rings' | 'fingerprints' | 'purchasable' | 'functional-groups'
  readonly file: string
  readonly origin: string
  readonly licence: string
  readonly falsePositiveRate: number | null
  readonly sha256: string
  /** Stands in for a file of ether0's that cannot be shipped. */
  readonly standIn: boolean
}

/** Molbloom filters, by path or as they were read; the embedded ones where absent. */
export interface DataOptions {
  readonly ringsBloom?: string | FilterFile
  readonly fingerprintsBloom?: string | FilterFile
  readonly purchasableBloom?: string | FilterFile
}

/** The user's own filter, read once: threads share its bytes, so that all judge by those whose SHA-256 the manifest has. */
export interface FilterFile {
  readonly path: string
  readonly bytes: SharedArrayBuffer
  readonly sha256: string
}

/** What is asked of a filter. */
export type Filter = Pick<BloomFilter, 'has'>

export interface ChemistryData {
  /** Ring systems that are known to exist, as `molbloom.canon` keys. */
  readonly rings: Filter
  /** Morgan environments (radius 2, unhashed) that are known to exist, as decimal text. */
  readonly fingerprints: Filter
  /** Molecules that are for sale, as `molbloom.canon` keys; 10 MB, read when first asked. */
  readonly purchasable: Filter
  readonly functionalGroups: FunctionalGroups
  readonly provenance: readonly DataProvenance[]
}

const EMBEDDED: Readonly<Record<DataProvenance['name'], Omit<DataProvenance, 'name'>>> = {
  rings: {
    file: 'rings.bloom',
    origin:
      "replacement of ether0's rings.bloom: ring systems of ChEMBL (useful-rdkit-utils 2.0.1), same-InChI tautomers, stereo-free and mirror forms",
    licence: 'CC BY-SA 3.0 (ChEMBL)',
    falsePositiveRate: 8.9e-7,
    sha256: '19c7279e85848d844415ddd5cc1420acb724ab7028c42cca860ef435f74b2bd2',
    standIn: true,
  },
  fingerprints: {
    file: 'fingerprints.bloom',
    origin:
      "replacement of ether0's fingerprints.bloom: Morgan environments of RDKit's SA_Score (about 1M PubChem molecules)",
    licence: 'BSD-3-Clause (RDKit)',
    falsePositiveRate: 6.8e-5,
    sha256: '3e13d2f1da54452bf056135c08aec3ae6baa347eff4872a476405d40418b7c14',
    standIn: true,
  },
  purchasable: {
    file: 'zinc-instock-mini.bloom',
    origin: "molbloom's zinc-instock-mini: ZINC20 in stock, 9,227,726 molecules (ether0's server uses all of ZINC20)",
    licence: 'MIT (molbloom)',
    falsePositiveRate: 0.07,
    sha256: '995b6905331c66c410b3d7fd9e1912b0ee6642fb66dd698653e7ea9a360137d2',
    standIn: true,
  },
  'functional-groups': {
    file: 'functional-groups.smarts.txt',
    origin: 'exmol 3.3.0 lime_data/smarts.txt, after Christian Laggner, Inte:Ligand 2005',
    licence: 'LGPL (as the file says)',
    falsePositiveRate: null,
    sha256: 'bc8ce2246eb303bfcca583256aab62b964d6ae9e301c6b721329f6ed287e004f',
    standIn: false,
  },
}

/** What the user's own filters are, in messages; the flag is that of the bins. */
const OWN_FILTERS = {
  ringsBloom: ['rings', 'the filter of ring systems (--rings-bloom)'],
  fingerprintsBloom: ['fingerprints', 'the filter of Morgan environments (--fingerprints-bloom)'],
  purchasableBloom: ['purchasable', 'the filter of purchasable molecules (--purchasable-bloom)'],
} as const satisfies Record<keyof DataOptions, readonly [DataProvenance['name'], string]>

/** `origin` of a file that is not ours. */
export const OWN_FILE = "the user's own file"

/** Opens the data files; the purchasable filter is read at its first use. @throws DataError where a file is missing or not what it should be */
export function loadChemistryData(options: DataOptions = {}): ChemistryData {
  const own = readFilters(options)
  const rings = openFilter('rings', own.ringsBloom)
  const fingerprints = openFilter('fingerprints', own.fingerprintsBloom)
  const ownCatalogue = own.purchasableBloom === undefined ? null : openFilter('purchasable', own.purchasableBloom)
  let catalogue = ownCatalogue?.filter
  const groups = readEmbedded('functional-groups')
  return {
    rings: rings.filter,
    fingerprints: fingerprints.filter,
    get purchasable() {
      catalogue ??= openFilter('purchasable', undefined).filter
      return catalogue
    },
    functionalGroups: parseFunctionalGroups(groups.toString('utf8'), EMBEDDED['functional-groups'].file),
    provenance: [
      rings.provenance,
      fingerprints.provenance,
      ownCatalogue?.provenance ?? embeddedProvenance('purchasable'),
      embeddedProvenance('functional-groups'),
    ],
  }
}

function openFilter(
  name: DataProvenance['name'],
  own: FilterFile | undefined,
): { filter: BloomFilter; provenance: DataProvenance } {
  if (own === undefined) {
    return { filter: BloomFilter.parse(readEmbedded(name), EMBEDDED[name].file), provenance: embeddedProvenance(name) }
  }
  return {
    filter: BloomFilter.parse(new Uint8Array(own.bytes), own.path),
    provenance: {
      name,
      file: own.path,
      origin: OWN_FILE,
      licence: 'unknown',
      falsePositiveRate: null,
      sha256: own.sha256,
      standIn: false,
    },
  }
}

/** The user's own filters among the options. @throws DataError where one is missing or no filter */
export function readFilters(options: DataOptions): { readonly [K in keyof DataOptions]?: FilterFile } {
  const read: { -readonly [K in keyof DataOptions]?: FilterFile } = {}
  for (const key of Object.keys(OWN_FILTERS) as (keyof typeof OWN_FILTERS)[]) {
    const given = options[key]
    if (given !== undefined) read[key] = typeof given === 'string' ? readFilter(given, OWN_FILTERS[key][1]) : given
  }
  return read
}

/** A part at a time: all of ZINC20 is 2 GiB, more than Node reads or hashes at once. */
const PART_BYTES = 1 << 26

function readFilter(path: string, what: string): FilterFile {
  let file: number
  try {
    file = openRegular(path)
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : `it ${systemWords(cause)}`
    throw new DataError(`${what} cannot be read: ${why}`, path, BLOOM_HINT, { cause })
  }
  try {
    const info = fstatSync(file)
    const part = Buffer.alloc(Math.min(PART_BYTES, info.size))
    BloomFilter.header(part.subarray(0, readSync(file, part, 0, Math.min(18, info.size), 0)), info.size, path)
    const bytes = new SharedArrayBuffer(info.size)
    const all = new Uint8Array(bytes)
    const hash = createHash('sha256')
    for (let at = 0; at < info.size; ) {
      const length = readSync(file, part, 0, part.length, at)
      if (length === 0) throw new DataError(`${what} became shorter while it was read`, path)
      const got = part.subarray(0, Math.min(length, info.size - at))
      all.set(got, at)
      hash.update(got)
      at += got.length
    }
    return { path, bytes, sha256: hash.digest('hex') }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError(`${what}: the file ${systemWords(cause)}`, path, null, { cause })
  } finally {
    closeSync(file)
  }
}

const embeddedProvenance = (name: DataProvenance['name']): DataProvenance => ({
  name,
  ...EMBEDDED[name],
  file: `src/embedded/chem/${EMBEDDED[name].file}`,
})

function readEmbedded(name: DataProvenance['name']): Buffer {
  const path = packagePath('src/embedded/chem', EMBEDDED[name].file)
  const bytes = read(path)
  const found = sha256(bytes)
  if (found !== EMBEDDED[name].sha256) {
    throw new DataError(`SHA-256 is ${found}, expected ${EMBEDDED[name].sha256}`, path, 'Reinstall the package.')
  }
  return bytes
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new DataError('cannot be read', path, cause instanceof Error ? cause.message : null, { cause })
  }
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
