import { createHash } from 'node:crypto'
import { type Digest, DigestMap, digestOf } from '../digest-map.ts'
import { isFailure } from '../pairs/failure.ts'
import { plain } from '../plain-text.ts'
import { ask, type MakePool } from './pool.ts'
import { readNamedRows } from './read-named.ts'
import { isRowFailure, isSmilesFile, readSource } from './source.ts'

/** Molecules that no pair may have. */
export interface HeldOut {
  readonly size: number
  /** @param flat canonical SMILES without stereo */
  readonly has: (flat: string) => boolean
}

/** Texts that are looked through together. */
const CHUNK = 512

/** Every molecule of SMILES files, and every one that the prompts and completions of rows mention. 34–69 bytes each. */
export async function readHeldOut(paths: readonly string[], pool: MakePool): Promise<HeldOut> {
  const known = new DigestMap()
  const digest = (flat: string): Digest => digestOf(createHash('sha256').update(flat).digest())
  let texts: string[] = []
  const look = async (): Promise<void> => {
    const answers = await Promise.all(texts.map((text) => ask(pool, { kind: 'mentioned', texts: [text] })))
    for (const answer of answers)
      if (typeof answer !== 'string') for (const flat of answer.flat) known.set(digest(flat), 0)
    texts = []
  }
  for (const path of paths)
    for await (const text of textsOf(path)) {
      texts.push(text)
      if (texts.length >= CHUNK) await look()
    }
  await look()
  return { size: known.size, has: (flat) => known.get(digest(flat)) !== null }
}

async function* textsOf(path: string): AsyncGenerator<string> {
  if (isSmilesFile(path)) {
    for await (const item of readSource(path))
      if (!isRowFailure(item) && item.kind === 'subject') {
        const { input } = item
        if (input.kind === 'molecule') yield input.smiles
        if (input.kind === 'reaction') yield* [...input.reactants, input.product]
      }
    return
  }
  for await (const row of readNamedRows(path, { prompts: true }))
    if (!isFailure(row)) yield* [plain(row.prompt), ...row.completions.map(({ text }) => plain(text))]
}
