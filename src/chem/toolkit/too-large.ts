import { countRings } from './ring-count.ts'
import { smilesPart } from './smiles-tokens.ts'

/**
 * Atoms beyond which we refuse to judge: canonicalisation recurses and takes quadratic time (a chain of 2,000 atoms: 0.1 s).
 * Python goes on until its process dies of its stack.
 */
export const MAX_ATOMS = 2000
/** Characters of a SMILES string: RDKit takes 370 bytes for each while it reads. 2,000 atoms with isotopes, charges and marks take 40,000. */
const MAX_CHARS = 100_000
/** Atoms as written, hydrogens that are left out on reading among them. */
const MAX_WRITTEN_ATOMS = 5 * MAX_ATOMS
/** Ring closures of one atom, on average. Chemistry has one in two (fullerenes); rings of rings of rings are searched for minutes. */
const MAX_CLOSURES_PER_ATOM = 2
/**
 * Rings of one ring system, by bonds − atoms + 1: C60 has 31, C540 271. RDKit's search for the smallest rings takes time by their square and
 * more: 300 of them are judged in half a CPU second, 1,000 in ten, with 3 GB.
 */
const MAX_RINGS = 300
/** Dummies of a ring system with aromatic atoms: where it has no Kekulé structure, RDKit tries every subset of them. */
const MAX_AROMATIC_DUMMIES = 8
/** Shorter texts have too few of anything but dummies. */
const SURELY_SMALL = 300

const TOKEN = /\[(?:(\d*H[^a-z\]]{0,20})\]|[^\]]*\]?)|Br|Cl|[BCNOPSFIbcnops*]|(%\(\d+\)|%\d\d|\d)/g

/**
 * What RDKit is given of a text, or why it is not: whether it can be read in the time and memory that one molecule may take, told before it
 * is read.
 * @returns the text, without a name of any length behind it
 * @example readable('C'.repeat(3000)) // { refused: 'a molecule of 3000 atoms; at most 2000 are judged' }
 */
export function readable(text: string): Readable {
  if (text.length <= SURELY_SMALL && !hasManyDummies(text)) return { text }
  const { core, extended } = smilesPart(text)
  const given = sized(text, core, extended)
  return 'refused' in given && isNoSmiles(core) ? { text: null } : given
}
/** The text to be read, null where it surely is no SMILES, or why it is not read. */
type Readable = { readonly text: string | null } | { readonly refused: string }

/** Brackets that do not close, a branch of nothing, characters beyond ASCII: whatever its length, RDKit would find no molecule. */
function isNoSmiles(core: string): boolean {
  if (/^\(|[^\x21-\x7e]/.test(core)) return true
  let depth = 0
  for (let i = 0; i < core.length; i++) {
    const char = core[i]
    if (char === '[') {
      i = core.indexOf(']', i)
      if (i < 0) return true
    } else if (char === '(') depth++
    else if (char === ')' && --depth < 0) return true
  }
  return depth !== 0
}

function sized(text: string, core: string, extended: boolean): Readable {
  const length = text.length > MAX_CHARS && extended ? text.length : core.length
  if (length > MAX_CHARS) return { refused: `a text of ${length} characters; at most ${MAX_CHARS} are read as SMILES` }
  let [atoms, hydrogens, closures] = [0, 0, 0]
  for (const [token, hydrogen, closure] of core.matchAll(TOKEN)) {
    if (closure !== undefined) closures++
    else if (hydrogen !== undefined) hydrogens++
    else if (token !== '[') atoms++
  }
  // one end each
  closures = Math.floor(closures / 2)
  if (atoms > MAX_ATOMS || atoms + hydrogens > MAX_WRITTEN_ATOMS)
    return {
      refused: `a molecule of ${atoms > MAX_ATOMS ? atoms : atoms + hydrogens} atoms; at most ${atoms > MAX_ATOMS ? MAX_ATOMS : MAX_WRITTEN_ATOMS} are judged`,
    }
  if (closures > MAX_CLOSURES_PER_ATOM * (atoms + hydrogens) + 20)
    return {
      refused: `a graph of ${closures} ring closures on ${atoms + hydrogens} atoms; at most ${MAX_CLOSURES_PER_ATOM} for each are judged`,
    }
  const rings = closures > MAX_RINGS || hasManyDummies(core) ? countRings(core) : null
  if (rings !== null && rings.largest > MAX_RINGS)
    return { refused: `a ring system of ${rings.largest} rings; at most ${MAX_RINGS} are judged` }
  if (rings !== null && rings.aromaticDummies > MAX_AROMATIC_DUMMIES)
    return {
      refused: `an aromatic ring system with ${rings.aromaticDummies} dummies; at most ${MAX_AROMATIC_DUMMIES} are judged`,
    }
  return { text: text.length > MAX_CHARS ? core : text }
}

const DUMMY = /\*|#0/g
const hasManyDummies = (text: string): boolean =>
  (text.includes('*') || text.includes('#0')) && (text.match(DUMMY)?.length ?? 0) > MAX_AROMATIC_DUMMIES
