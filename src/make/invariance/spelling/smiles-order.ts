import { below } from '../../../prng.ts'
import { partsOf } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/** Twins per completion: one draw may be an easy one. */
const TWINS = 3
const DRAWS = 12

/**
 * The same molecule written from another atom on: RDKit's SMILES with the first atom of each part drawn (`rootedAtAtom`), the order of the
 * parts kept. Up to three different ones.
 */
export const smilesOrder = ofSmiles(
  { name: 'smiles_order', family: 'spelling', same: true },
  ({ smiles, toolkit }, random) => {
    const parts = partsOf(smiles, toolkit)
    if (parts === null) return 'parts_joined_by_a_ring'
    const found = new Set<string>()
    for (let draw = 0; draw < DRAWS && found.size < TWINS; draw++) {
      const written = parts.map((part) => {
        const rootedAtAtom = below(random, toolkit.read(part)!.atomCount)
        return toolkit.withHandle(part, 'usual', (handle) => handle.smiles(JSON.stringify({ rootedAtAtom })))!
      })
      const text = written.join('.')
      if (text !== smiles) found.add(text)
    }
    return found.size === 0 ? 'one_spelling' : [...found]
  },
)
