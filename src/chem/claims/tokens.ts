import type { Molecule, MolToolkit } from '../toolkit/molecule.ts'
import { type Composition, parseFormula } from './formula.ts'
import { LONGEST_NAME, moleculeNames, type Named } from './names.ts'
import { wordToNumber } from './numbers.ts'
import { hasSmilesShape, isLetterSmiles, looksLikeSmiles, MAX_SMILES } from './smiles-shape.ts'

/** A piece of a sentence. */
export interface Token {
  readonly kind: 'word' | 'number' | 'mark' | 'chemical'
  /** Lower case for words; as written for chemicals, numbers and marks. */
  readonly text: string
  readonly raw: string
  /** Place in the plain text. */
  readonly start: number
  readonly end: number
  /** In backticks or quotes. */
  readonly quoted: boolean
  /** Of a number. */
  readonly value: number
  readonly decimals: number
  /** A molecule that the text writes out by itself or by a name of the table. */
  readonly molecule: Molecule | null
  readonly isName: boolean
  readonly formula: Composition | null
}

const EMPTY = { quoted: false, value: Number.NaN, decimals: 0, molecule: null, isName: false, formula: null } as const

/** Formulas of groups, which are no molecules, and words that would parse as formulas. */
const GROUP_FORMULAS = new Set(
  'CH CH2 CH3 NH NH2 NH3+ OH SH CO CN NO NO2 CHO COOH CO2H COO COO- CO2- CO2R CO2Me CO2Et COCl SO2 SO3 SO3H PO4 CF3 CCl3 OCH3 OMe OEt OAc CONH CONH2 NHCO C6H5 C2H5 SN1 SN2 CH3O N2 O2'.split(
    ' ',
  ),
)

/** Is the formula one that prose means as a formula: two elements, a digit or a charge, and no group's? */
export function standsForFormula(token: Token): boolean {
  const { formula, raw } = token
  if (token.isName) return formula !== null
  if (formula === null || formula.atoms.size < 2 || GROUP_FORMULAS.has(raw)) return false
  return /\d/.test(raw) || SALTS.test(raw)
}

/** Salts, bases and acids whose formulas have no digit. */
const SALTS = /^(?:(?:Na|K|Li|Cs|Rb|Ag)(?:Cl|Br|I|F|OH)|HCl|HBr)$/

const MARKS = /^(?:->|-->|=>|>>|[.,;:!?()"=≈~+<>%|/*×·])/
const OPENERS = '("\'`[{'
const CLOSERS = ')"\'`]}'
const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** The tokens of a sentence that starts at `offset` of the plain text. */
export function tokenize(sentence: string, offset: number, mols: MolToolkit): Token[] {
  const tokens: Token[] = []
  for (const match of sentence.matchAll(/\S+/g)) splitChunk(match[0], offset + match.index, false, mols, tokens)
  return withNames(inCompany(tokens, mols), mols)
}

/** Letters alone (`COC`) are a SMILES beside another one. */
function inCompany(tokens: readonly Token[], mols: MolToolkit): Token[] {
  if (!tokens.some(({ molecule }) => molecule !== null)) return [...tokens]
  return tokens.map((token): Token => {
    if (token.kind !== 'word' || !isLetterSmiles(token.raw)) return token
    const molecule = mols.read(token.raw)
    return molecule === null ? token : { ...token, kind: 'chemical', text: token.raw, molecule }
  })
}

const mark = (text: string, start: number): Token => ({
  ...EMPTY,
  kind: 'mark',
  text,
  raw: text,
  start,
  end: start + text.length,
})

/** Marks and parts that are taken off one chunk, at most; what is left then is one word, which no rule reads. */
const MAX_DEPTH = 200

function splitChunk(chunk: string, start: number, quoted: boolean, mols: MolToolkit, out: Token[], depth = 0): void {
  if (chunk === '') return
  const whole = wholeToken(chunk, start, quoted, mols)
  if (whole !== null) {
    out.push(whole)
    return
  }
  if (depth > MAX_DEPTH) {
    out.push(word(chunk, start, quoted))
    return
  }
  const first = chunk[0]!
  const last = chunk.at(-1)!
  // what ends a sentence or clause, or closes what is not open
  if (/[.,;:!?]/.test(last) && chunk.length > 1) {
    splitChunk(chunk.slice(0, -1), start, quoted, mols, out, depth + 1)
    out.push(mark(last, start + chunk.length - 1))
    return
  }
  if (CLOSERS.includes(last) && chunk.length > 1 && !isBalanced(chunk, last)) {
    splitChunk(chunk.slice(0, -1), start, quoted, mols, out, depth + 1)
    if (last === ')') out.push(mark(last, start + chunk.length - 1))
    return
  }
  if (OPENERS.includes(first) && chunk.length > 1) {
    const close = CLOSERS[OPENERS.indexOf(first)]!
    const wraps = last === close
    const inner = chunk.slice(1, wraps ? -1 : undefined)
    if (first === '(') out.push(mark('(', start))
    splitChunk(inner, start + 1, quoted || '`"\''.includes(first), mols, out, depth + 1)
    if (first === '(' && wraps) out.push(mark(')', start + chunk.length - 1))
    return
  }
  const leading = MARKS.exec(chunk)
  if (leading !== null) {
    out.push(mark(leading[0], start))
    splitChunk(chunk.slice(leading[0].length), start + leading[0].length, quoted, mols, out, depth + 1)
    return
  }
  // "it's", "there's": is; "let's" stays
  const contracted = /^(it|that|this|there|what|which|here|he|she|who)'s$/i.exec(chunk)
  if (contracted !== null) {
    const first = contracted[1]!
    out.push(word(first, start, quoted), {
      ...word('is', start + first.length, quoted),
      raw: "'s",
      end: start + chunk.length,
    })
    return
  }
  const possessive = /^let's$/i.test(chunk) ? null : /^(.+)('s|')$/.exec(chunk)
  if (possessive !== null) {
    splitChunk(possessive[1]!, start, quoted, mols, out, depth + 1)
    out.push(word("'s", start + possessive[1]!.length, quoted))
    return
  }
  if (/^[^>]+>[^>]*>[^>]+$/.test(chunk) && !/-->|->/.test(chunk)) {
    const left = chunk.slice(0, chunk.indexOf('>'))
    const arrow = chunk.lastIndexOf('>')
    splitChunk(left, start, quoted, mols, out, depth + 1)
    // A>agents>B: the agents are on neither side
    out.push({ ...mark('>>', start + left.length), raw: chunk.slice(left.length, arrow + 1), end: start + arrow + 1 })
    splitChunk(chunk.slice(arrow + 1), start + arrow + 1, quoted, mols, out, depth + 1)
    return
  }
  // 46.07g/mol, MW=46.07, benzene(C6H6), CCO->CC=O, C6H6/C7H8
  const glued =
    /^(\d{1,3})(C|H|N|O|S|P|F|Cl|Br|I)$/.exec(chunk) ??
    /^([-+]?\d+(?:\.\d+)?)((?:g\/mol|Da|amu|u|kDa|kg|mg|g|%).*)$/.exec(chunk) ??
    /^([^=≈:(]{1,40})((?:[=≈:]|->|=>).+)$/.exec(/^[A-Za-z]/.test(chunk) && !hasSmilesShape(chunk) ? chunk : '') ??
    /^([a-z]{2,30})(\(.+)$/i.exec(hasSmilesShape(chunk) ? '' : chunk) ??
    /^(.{1,200}?)((?:->|=>).+)$/.exec(chunk)
  if (glued !== null) {
    splitChunk(glued[1]!, start, quoted, mols, out, depth + 1)
    splitChunk(glued[2]!, start + glued[1]!.length, quoted, mols, out, depth + 1)
    return
  }
  out.push(word(chunk, start, quoted))
}

function isBalanced(chunk: string, close: string): boolean {
  const open = PAIRS[close]
  if (open === undefined) return chunk.startsWith(close)
  let depth = 0
  for (const c of chunk) {
    if (c === open) depth++
    else if (c === close && --depth < 0) return false
  }
  return depth === 0
}

const word = (raw: string, start: number, quoted: boolean): Token => ({
  ...EMPTY,
  kind: 'word',
  text: raw.toLowerCase(),
  raw,
  start,
  end: start + raw.length,
  quoted,
})

/** A chunk that is one token as it stands: a number, a formula, a SMILES. */
function wholeToken(chunk: string, start: number, quoted: boolean, mols: MolToolkit): Token | null {
  const base = { ...EMPTY, text: chunk, raw: chunk, start, end: start + chunk.length, quoted }
  if (/^(?:->|-->|=>|>>|[.,;:!?()"=≈~+<>%|/*×·-])$/.test(chunk)) return { ...base, kind: 'mark' }
  const number = /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(chunk)
  if (number !== null)
    return { ...base, kind: 'number', value: Number(chunk.replaceAll(',', '')), decimals: number[1]?.length ?? 0 }
  const spelled = wordToNumber(chunk.toLowerCase())
  if (spelled !== null) return { ...base, kind: 'number', text: chunk.toLowerCase(), value: spelled }
  if (chunk.length > MAX_SMILES) return null
  const formula = parseFormula(chunk)
  const smiles = looksLikeSmiles(chunk) || (quoted && hasSmilesShape(chunk))
  if (!smiles && formula === null) return null
  // CCl4, CO2: formulas first; RDKit would not read them
  const molecule = smiles ? mols.read(chunk) : null
  if (molecule === null && (formula === null || !(/\d|[+-]$/.test(chunk) || SALTS.test(chunk)))) return null
  return { ...base, kind: 'chemical', molecule: molecule !== null && molecule.atomCount > 0 ? molecule : null, formula }
}

/** Words that may stand right before a molecule's name; after any other the name may be part of a longer one (`methyl benzene`). */
const BEFORE_NAMES = new Set(
  `of in is are the that and for because since so as from to with by than while whereas then but or like molecule compound called named
  solvent into both between a an one each thus hence therefore for on at via using not only simple parent e.g i.e namely, well-known
  represents denotes encodes describes means gives yields forms denote encode represent describes if whether say says using alkane alkene
  have take takes use uses add adds got include includes produce produces form make makes need start analyze analyse examine choose chose pick
  contains has same smiles formula 's be was were equals acid amine alcohol ketone ester ether hydrocarbon isomer here now know note see
  remember recall consider given product reactant liquid gas pure`.split(/\s+/),
)
/** Words that make another molecule, or a part of one, of the name before them. */
export const AFTER_NAMES = new Set(
  `derivative derivatives analog analogs analogue analogues dimer trimer polymer solution hydrochloride oxide n-oxide radical cation anion ion salt
  hydrate isomer ester amide oxime ether anhydride chloride bromide iodide diisocyanate acid aldehyde molecules group groups moiety moieties
  ring rings unit units core cores substituent substituents fragment fragments scaffold skeleton backbone framework system nucleus motif part portion residue
  residues carbon carbons nitrogen oxygen chain linker bond bonds atom atoms sulfonate sulfate acetate nitrate imine hydrazone enolate complex`.split(
    /\s+/,
  ),
)

/** Names of the table, of up to three words, in the place of their words. */
function withNames(tokens: readonly Token[], mols: MolToolkit): Token[] {
  const names = moleculeNames()
  const out: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const found = nameAt(tokens, i, names)
    const before = out.at(-1)
    const free =
      before === undefined || before.kind === 'mark' || before.kind === 'number' || BEFORE_NAMES.has(before.text)
    if (found === null || !free) {
      out.push(tokens[i]!)
      continue
    }
    const last = tokens[i + found.words - 1]!
    const raw = tokens
      .slice(i, i + found.words)
      .map((token) => token.raw)
      .join(' ')
    const { smiles, formula } = found.named
    const molecule = smiles === null ? null : mols.read(smiles)
    out.push({
      ...EMPTY,
      kind: 'chemical',
      text: raw.toLowerCase(),
      raw,
      start: tokens[i]!.start,
      end: last.end,
      quoted: last.quoted,
      molecule,
      isName: true,
      formula: molecule === null ? parseFormula(formula) : null,
    })
    i += found.words - 1
  }
  return out
}

function nameAt(
  tokens: readonly Token[],
  i: number,
  names: ReadonlyMap<string, Named>,
): { words: number; named: Named } | null {
  for (let words = Math.min(LONGEST_NAME, tokens.length - i); words > 0; words--) {
    const slice = tokens.slice(i, i + words)
    if (!slice.every(({ kind }) => kind === 'word')) continue
    const named = names.get(slice.map(({ text }) => text).join(' '))
    if (named !== undefined) return { words, named }
  }
  return null
}
