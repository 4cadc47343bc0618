import type { MolToolkit } from '../toolkit/molecule.ts'
import { checkBalance, type Reaction, type Term } from './balance.ts'
import { type Finding, undecided } from './claim.ts'
import { parseFormula } from './formula.ts'
import type { Draft } from './sentence.ts'
import { hasSmilesShape } from './smiles-shape.ts'
import { formulaSubject, moleculeSubject } from './subject.ts'
import { AFTER_NAMES, type Token } from './tokens.ts'

const ARROWS = new Set(['->', '-->', '=>', '>>'])
const STATES = new Set(['g', 'l', 's', 'aq'])

/** A reaction that a sentence writes out, between tokens `from` and `to`. */
export interface Written {
  readonly from: number
  readonly to: number
  readonly reaction: Reaction
  /** Written as a balanced equation is: formulas with `+` or a coefficient. */
  readonly isEquation: boolean
  readonly hasCoefficients: boolean
}

/** The reactions of a sentence whose every term is a formula, a SMILES or a name of the table. */
export function reactionsOf(tokens: readonly Token[], mols: MolToolkit): Written[] {
  const read = termReader(tokens, mols)
  return tokens.flatMap((token, i) => {
    if (token.kind !== 'mark' || !ARROWS.has(token.text)) return []
    const left = side(tokens, i, -1, read)
    const right = side(tokens, i, 1, read)
    if (left === null || right === null) return []
    const terms = [...left.terms, ...right.terms]
    const formulas = terms.every(({ subject }) => subject.molecule === null)
    const plus = terms.length > 2
    const coefficients = terms.some(({ coefficient }) => coefficient > 1)
    return [
      {
        from: left.end,
        to: right.end,
        reaction: { left: left.terms, right: right.terms },
        isEquation: formulas && (plus || coefficients),
        hasCoefficients: coefficients,
      },
    ]
  })
}

/** The terms on one side of an arrow; null where something there is not understood. */
function side(
  tokens: readonly Token[],
  arrow: number,
  step: 1 | -1,
  asTerm: (token: Token) => Term | null,
): { terms: Term[]; end: number } | null {
  // from the arrow outwards, then read in the order of the text
  let edge = arrow
  const isPart = (token: Token | undefined): boolean =>
    token !== undefined &&
    (token.kind === 'chemical' ||
      token.kind === 'number' ||
      token.text === '+' ||
      /^[(){}]$/.test(token.text) ||
      STATES.has(token.text) ||
      asTerm(token) !== null)
  while (isPart(tokens[edge + step])) edge += step
  const slice = step > 0 ? tokens.slice(arrow + 1, edge + 1) : tokens.slice(edge, arrow)
  const beyond = tokens[edge + step]
  if (slice.length === 0 || beyond?.text === '+') return null
  // "CCO radical": another species
  if (step > 0 && beyond?.kind === 'word' && AFTER_NAMES.has(beyond.text)) return null
  if (step < 0 && beyond?.kind === 'word' && /^(?:aqueous|excess|dry|half|twice)$/.test(beyond.text)) return null
  if (beyond?.kind === 'mark' && ARROWS.has(beyond.text)) return null
  const terms: Term[] = []
  let i = 0
  while (i < slice.length) {
    let coefficient = 1
    if (slice[i]!.kind === 'number') {
      coefficient = slice[i]!.value
      i++
    }
    const term = slice[i] === undefined ? null : asTerm(slice[i]!)
    if (term === null || !Number.isFinite(coefficient) || coefficient <= 0) return null
    terms.push({ ...term, coefficient: term.coefficient * coefficient })
    i++
    // (g), (aq)
    if (slice[i]?.text === '(' && STATES.has(slice[i + 1]?.text ?? '') && slice[i + 2]?.text === ')') i += 3
    if (i === slice.length) break
    if (slice[i]!.text === ')' && i === slice.length - 1) break
    if (slice[i]!.text !== '+') return null
    i++
    if (i === slice.length) return null
  }
  return { terms, end: step > 0 ? edge + 1 : edge }
}

/** In the company of a SMILES, `O` is water and `Br` hydrogen bromide; among formulas they are elements. */
function termReader(tokens: readonly Token[], mols: MolToolkit): (token: Token) => Term | null {
  const amongSmiles = tokens.some(({ molecule, isName }) => molecule !== null && !isName)
  return (token) => {
    if (amongSmiles && token.molecule === null && /^[A-Z[]/.test(token.raw) && hasSmilesShape(token.raw)) {
      const molecule = mols.read(token.raw)
      if (molecule !== null) return { coefficient: 1, subject: moleculeSubject(token.raw, molecule) }
    }
    return asTerm(token)
  }
}

function asTerm(token: Token): Term | null {
  if (token.molecule !== null) return { coefficient: 1, subject: moleculeSubject(token.raw, token.molecule) }
  if (token.formula !== null) return { coefficient: 1, subject: formulaSubject(token.raw, token.formula) }
  if (token.kind !== 'word') return null
  const glued = /^(\d{1,3})?([A-Z][A-Za-z0-9()]*?)(?:\((?:g|l|s|aq)\))?$/.exec(token.raw)
  if (glued === null) return null
  const formula = parseFormula(glued[2]!)
  // "I", "In": one letter is a word unless it is an element's two atoms
  if (
    formula === null ||
    (formula.atoms.size < 2 && !/\d/.test(glued[2]!) && glued[1] === undefined && !ELEMENTS.has(glued[2]!))
  )
    return null
  return { coefficient: glued[1] === undefined ? 1 : Number(glued[1]), subject: formulaSubject(glued[2]!, formula) }
}
const ELEMENTS = new Set('C S P Na K Li Mg Ca Zn Fe Cu Al H'.split(' '))

const BALANCED = /\b(?:balanced|balances|conserved|conserves?)\b/i

/** Claims that a sentence makes of reactions: those that it writes out, or `the reaction is balanced` of the only one before. */
export function balanceClaims(
  written: readonly Written[],
  tokens: readonly Token[],
  text: string,
  earlier: Written | null,
): Draft[] {
  if (/\b(?:unbalanced|skeleton|skeletal|word equation)\b/i.test(text)) return []
  const says = BALANCED.test(text)
  const drafts = written
    .filter(({ isEquation }) => isEquation || says)
    .map(({ from, to, reaction, hasCoefficients }) => {
      const finding = checkBalance(reaction)
      // "the reaction is C3H8 + O2 -> CO2 + H2O": what is still to be balanced
      const isInProse = tokens.some(({ kind }, i) => kind === 'word' && (i < from || i >= to))
      const isScheme = finding.outcome === 'fail' && !hasCoefficients && !says && isInProse
      return draft(tokens, from, to, isScheme ? undecided('a scheme that is not said to be balanced') : finding)
    })
  if (written.length > 0 || !says) return drafts
  if (
    /\b(?:reaction|equation|atoms|it|this|mass)\b/i.test(text) &&
    /\b(?:is|are)\s+(?:also\s+|now\s+|fully\s+|already\s+|all\s+)?(?:balanced|conserved)\b|\bbalances\b/i.test(text)
  )
    return [
      draft(
        tokens,
        0,
        tokens.length,
        earlier === null ? undecided('it does not tell which reaction is meant') : checkBalance(earlier.reaction),
      ),
    ]
  return []
}
const draft = (tokens: readonly Token[], from: number, to: number, finding: Finding): Draft => ({
  kind: 'balance',
  from,
  to,
  subject: null,
  stated: tokens
    .slice(from, to)
    .map(({ raw }) => raw)
    .join(' '),
  finding,
})
