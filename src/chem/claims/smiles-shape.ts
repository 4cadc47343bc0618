/** An atom, a bond, a bracket, a ring-closure number or a dot of a SMILES string. */
const PIECE = /\[[^[\]]{1,24}\]|Br|Cl|[BCNOPSFI*]|[bcnops]|[=#$:/\\~.-]|[()]|%\d\d|\d/y

/** Longest string that is taken for a SMILES; an atom takes at least a character, and RDKit's limit is 2,000 atoms. */
export const MAX_SMILES = 2000

interface Shape {
  readonly atoms: number
  readonly bracketed: boolean
  readonly closures: boolean
  readonly branched: boolean
  readonly bonded: boolean
  /** `-` alone, as in C-C: how prose writes a bond. */
  readonly onlySingleBonds: boolean
  readonly aromatic: boolean
}

function shapeOf(text: string): Shape | null {
  if (text.length > MAX_SMILES || /^[=#$:/\\~.)-]|[=#$:~.(-]$/.test(text.replace(/^\//, ''))) return null
  let atoms = 0
  const seen = { bracketed: false, closures: false, branched: false, bonded: false, aromatic: false }
  let singles = 0
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < text.length) {
    const match = PIECE.exec(text)
    if (match === null) return null
    const piece = match[0]
    if (/^[A-Za-z*[]/.test(piece)) atoms++
    if (piece.startsWith('[')) seen.bracketed = true
    else if (/^[%\d]/.test(piece)) seen.closures = true
    else if (piece === '(') seen.branched = true
    else if (piece === '-') singles++
    else if (/^[=#$:/\\~]$/.test(piece)) seen.bonded = true
    else if (/^[a-z]$/.test(piece)) seen.aromatic = true
  }
  return { atoms, ...seen, onlySingleBonds: singles > 0 && !seen.bonded }
}

/** Could the whole string be a SMILES, where the text says that it is one? RDKit decides whether it is. */
export const hasSmilesShape = (text: string): boolean => shapeOf(text) !== null

/** Reagents, groups and abbreviations whose letters would also make a SMILES. */
const ABBREVIATIONS = new Set(
  'PCC NBS NCS NIS BOC CBS FBI CNS CNN NSC SOC COF CFC PCB BPS COS NOC CIP CCS CCP FCC BCC ICC PCCP NCO SCN OCN CNO SNCC NICS CCSN'.split(
    ' ',
  ),
)

/**
 * Is the string a SMILES by itself, in prose that does not say so? Words, element symbols, bonds (`C=O`, `C-H`), positions (`C2`) and
 * abbreviations are not: it needs three atoms, and brackets, ring closures, branches or bonds; or two carbons side by side (`CCO`).
 */
export function looksLikeSmiles(text: string): boolean {
  const shape = shapeOf(text)
  // [Na+], [NH4+], [Cl-]: an ion by itself
  if (/^\[\d*[A-Z][a-z]?(?:H\d*)?[+-]+\d*\]$/.test(text)) return true
  if (shape === null || shape.atoms < 2) return false
  if (shape.onlySingleBonds && !shape.closures && !shape.branched && !shape.bracketed) return false
  if (shape.aromatic && !shape.closures && !shape.bracketed) return false
  if (shape.bracketed) return shape.atoms >= 2 || /^\[[A-Z]/.test(text)
  if (shape.atoms < 3) return false
  if (shape.closures || shape.branched || shape.bonded) return true
  return /CC(?!l)/.test(text) && !ABBREVIATIONS.has(text)
}

/** Three atoms or more, written by letters alone, and no abbreviation: a SMILES only beside another one. */
export const isLetterSmiles = (text: string): boolean =>
  (/^(?:Cl|Br|[CNOPSFI]){3,}$/.test(text) || text === 'CC') && text.includes('C') && !ABBREVIATIONS.has(text)
