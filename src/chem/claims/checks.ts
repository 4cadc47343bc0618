import type { Molecule, MolToolkit } from '../toolkit/molecule.ts'
import { type Finding, fails, passes, undecided } from './claim.ts'
import { type Composition, empirical, formulaText, sameAtoms } from './formula.ts'
import type { Group } from './groups.ts'
import { type MassKind, massAgrees, massesOf, type StatedMass } from './mass.ts'
import { type Bound, boundHolds, boundText } from './numbers.ts'
import { matched, type Quantity, type Range } from './quantities.ts'
import type { Subject } from './subject.ts'

const UNKNOWN_ATOMS = 'it has atoms of no known element'

/** Is `stated` the subject's formula? A charge that only the molecule has, and the text leaves out, is not held against it. */
export function checkFormula(subject: Subject, stated: Composition, ofRatio = false): Finding {
  const { composition } = subject
  if (composition === null) return undecided(UNKNOWN_ATOMS)
  const right = ofRatio ? empirical(composition) : composition
  const computed = formulaText(right)
  if (!sameAtoms(right, stated)) return fails(computed, `${subject.label} is ${computed}, not ${formulaText(stated)}`)
  if (right.charge === stated.charge) return passes(computed)
  if (stated.charge === 0) return undecided(`the formula is stated without the charge of ${computed}`, computed)
  return fails(computed, `${subject.label} is ${computed}, not ${formulaText(stated)}`)
}

/** Of a count that something narrows (`two rings that are fused`): wrong where there are not even as many; else undecided. */
export function checkAtLeast(finding: Finding, stated: number): Finding {
  if (finding.outcome !== 'fail' || finding.computed === null)
    return undecided('what narrows it is not understood', finding.computed)
  const most = Number(finding.computed.split(' ').at(-1))
  return most < stated ? finding : undecided('what narrows it is not understood', finding.computed)
}

/** `contains only carbon and hydrogen` */
export function checkElements(subject: Subject, symbols: readonly string[]): Finding {
  const { composition, label } = subject
  if (composition === null) return undecided(UNKNOWN_ATOMS)
  const has = [...composition.atoms.keys()]
  const computed = has.join(' ')
  return has.length === symbols.length && symbols.every((symbol) => has.includes(symbol))
    ? passes(computed)
    : fails(computed, `${label} has ${has.join(', ')}, not ${symbols.join(', ')} only`)
}

const rangeText = ({ low, high }: Range): string => (low === high ? String(low) : `${low} to ${high}`)

/** A count that may be read in two ways is decided only where both agree. */
function checkRange(subject: Subject, title: string, range: Range, stated: number, bound: Bound): Finding {
  const computed = rangeText(range)
  const holds: boolean[] = []
  for (const n of range.low === range.high ? [range.low] : [range.low, range.high])
    holds.push(boundHolds(bound, stated, n))
  const between = bound === 'exactly' && stated > range.low && stated < range.high
  if (!between && holds.every(Boolean)) return passes(computed)
  if (!between && !holds.some(Boolean))
    return fails(computed, `${subject.label} has ${computed} ${title}, not ${boundText(bound, stated)}`)
  return undecided(`${title} are counted in more than one way`, computed)
}

export function checkCount(
  subject: Subject,
  quantity: Quantity,
  stated: number,
  bound: Bound,
  mols: MolToolkit,
): Finding {
  const range = quantity.of(subject, mols)
  if (range === null)
    return undecided(
      subject.molecule === null
        ? `${quantity.title} cannot be told from ${subject.label}`
        : `${quantity.title} of ${subject.label} are not defined`,
    )
  if (quantity.prefers === 'high' && bound === 'exactly' && stated === range.high) return passes(String(stated))
  return checkRange(subject, quantity.title, range, stated, bound)
}

/** `stated` null: has it at all? */
export function checkGroup(
  subject: Subject,
  group: Group,
  stated: number | null,
  bound: Bound,
  mols: MolToolkit,
): Finding {
  const { molecule } = subject
  if (molecule === null) return undecided(`functional groups cannot be told from the formula ${subject.label}`)
  const range = matched('functional_group', group.name, group.narrow, group.broad).of(subject, mols)!
  if (stated === null || !group.countable) {
    if (range.high === 0) return fails('0', `${subject.label} has no ${group.name}`)
    if (stated !== null) return undecided(`${group.name} is not counted`, rangeText(range))
    return range.low > 0 || group.prefersBroad
      ? passes(rangeText(range))
      : undecided(`${group.name} has a narrower and a broader meaning`, rangeText(range))
  }
  if (group.prefersBroad && bound === 'exactly' && stated === range.high) return passes(String(stated))
  return checkRange(subject, `of ${group.name}`, range, stated, bound)
}

export function checkMass(subject: Subject, stated: StatedMass, kind: MassKind, mols: MolToolkit): Finding {
  const masses = massesOf(subject, mols)
  if (masses === null) return undecided(UNKNOWN_ATOMS)
  const kinds = kind === 'either' ? (['average', 'monoisotopic'] as const) : [kind]
  const verdicts = kinds.map((k) => massAgrees(stated, masses[k], k))
  const computed = kinds.map((k) => `${masses[k].toFixed(3)} (${k})`).join(', ')
  if (verdicts.includes(true)) return passes(computed)
  if (verdicts.includes(null)) return undecided('close to the mass, but not within the digits stated', computed)
  return fails(
    computed,
    `the mass of ${subject.label} is ${computed} g/mol, not ${stated.value.toFixed(stated.decimals)}`,
  )
}

const signed = (n: number): string => (n > 0 ? `+${n}` : String(n))
export function checkCharge({ label, composition, molecule }: Subject, stated: number): Finding {
  if (composition === null) return undecided(UNKNOWN_ATOMS)
  if (molecule === null && composition.charge === 0 && stated !== 0)
    return undecided('a formula may be written without its charge', '0')
  const computed = signed(composition.charge)
  return composition.charge === stated
    ? passes(computed)
    : fails(computed, `the charge of ${label} is ${computed}, not ${signed(stated)}`)
}

const charged = ({ graph }: Molecule): boolean => graph.atoms.some(({ charge }) => charge !== 0)

/** Are two spellings one molecule? Stereo that only one of them gives, and a zwitterion beside its neutral form, decide nothing against it. */
export function checkIdentity(a: Subject, b: Subject): Finding {
  if (a.molecule === null && b.composition !== null && a.composition !== null) return checkFormula(b, a.composition)
  if (a.molecule === null || b.molecule === null) return undecided('a formula does not tell the molecule')
  const computed = `${a.molecule.canonical}, ${b.molecule.canonical}`
  if (a.molecule.canonical === b.molecule.canonical) return passes(a.molecule.canonical)
  if (a.molecule.flat === b.molecule.flat) {
    const isFlat = a.molecule.canonical === a.molecule.flat || b.molecule.canonical === b.molecule.flat
    if (isFlat) return undecided('only one of the two gives its stereochemistry', computed)
    return fails(computed, `${a.label} and ${b.label} are stereoisomers`)
  }
  if (charged(a.molecule) !== charged(b.molecule) && heavyFormula(a) === heavyFormula(b))
    return undecided('they may differ only in where the charges and protons are drawn', computed)
  return fails(
    computed,
    `${a.label} (${a.molecule.canonical}) and ${b.label} (${b.molecule.canonical}) are not the same molecule`,
  )
}
const heavyFormula = ({ composition }: Subject): string =>
  composition === null
    ? '?'
    : formulaText({ atoms: new Map([...composition.atoms].filter(([symbol]) => symbol !== 'H')), charge: 0 })

export type IsomerKind = 'any' | 'constitutional' | 'stereo' | 'enantiomer'

export function checkIsomers(a: Subject, b: Subject, kind: IsomerKind, mols: MolToolkit): Finding {
  if (a.composition === null || b.composition === null) return undecided(UNKNOWN_ATOMS)
  const formulas = `${formulaText(a.composition)}, ${formulaText(b.composition)}`
  if (!sameAtoms(a.composition, b.composition))
    return fails(formulas, `${a.label} is ${formulaText(a.composition)}, ${b.label} is ${formulaText(b.composition)}`)
  if (a.molecule === null || b.molecule === null) return undecided('formulas do not tell whether the molecules differ')
  const spellings = `${a.molecule.canonical}, ${b.molecule.canonical}`
  if (a.molecule.canonical === b.molecule.canonical)
    return fails(spellings, `${a.label} and ${b.label} are the same molecule`)
  const sameBonds = a.molecule.flat === b.molecule.flat
  if (kind === 'constitutional')
    return sameBonds ? fails(spellings, 'they differ only in stereochemistry') : passes(spellings)
  if (kind === 'any') {
    const isFlat = a.molecule.canonical === a.molecule.flat || b.molecule.canonical === b.molecule.flat
    return sameBonds && isFlat
      ? undecided('only one of the two gives its stereochemistry', spellings)
      : passes(spellings)
  }
  if (!sameBonds) return fails(spellings, 'their atoms are bonded differently')
  if (a.molecule.canonical === a.molecule.flat || b.molecule.canonical === b.molecule.flat)
    return undecided('only one of the two gives its stereochemistry', spellings)
  if (kind === 'stereo') return passes(spellings)
  const mirror = mols.read(mirrored(a.molecule.canonical))
  return mirror?.canonical === b.molecule.canonical
    ? passes(spellings)
    : fails(spellings, `${a.label} is not the mirror image of ${b.label}`)
}
const mirrored = (smiles: string): string => smiles.replace(/@@?/g, (mark) => (mark === '@' ? '@@' : '@'))

/** Does RDKit read the string? `claimed` false: the text says that it does not. */
export function checkSmiles(text: string, claimed: boolean, mols: MolToolkit): Finding {
  const reads = readOrNull(text, mols) !== null
  if (reads === claimed) return passes(reads ? 'RDKit reads it' : 'RDKit cannot read it')
  return reads
    ? fails('RDKit reads it', `${text} is a SMILES that RDKit reads`)
    : fails('RDKit cannot read it', `${text} is no SMILES that RDKit can read`)
}
/** A SMILES is ASCII: anything else is not asked of RDKit. */
export function readOrNull(text: string, mols: MolToolkit): Molecule | null {
  if (!/^[!-~]+$/.test(text)) return null
  const molecule = mols.read(text)
  return molecule === null || molecule.atomCount === 0 ? null : molecule
}

/** `more` of something in `a` than in `b`, by `by` (null: by any number). */
export function checkMore(a: Subject, b: Subject, quantity: Quantity, by: number | null, mols: MolToolkit): Finding {
  const [x, y] = [quantity.of(a, mols), quantity.of(b, mols)]
  if (x === null || y === null) return undecided(`${quantity.title} cannot be told of both`)
  if (x.low !== x.high || y.low !== y.high) return undecided(`${quantity.title} are counted in more than one way`)
  const computed = `${x.low}, ${y.low}`
  const difference = x.low - y.low
  const holds = by === null ? difference > 0 : difference === by
  return holds
    ? passes(computed)
    : fails(computed, `${a.label} has ${x.low} ${quantity.title}, ${b.label} has ${y.low}`)
}

/** Is `a` heavier (`sign` 1) or lighter (-1) than `b`? By average masses; within 0.01 g/mol it is not decided. */
export function checkHeavier(a: Subject, b: Subject, sign: number, mols: MolToolkit): Finding {
  const [x, y] = [massesOf(a, mols), massesOf(b, mols)]
  if (x === null || y === null) return undecided(UNKNOWN_ATOMS)
  const computed = `${x.average.toFixed(3)}, ${y.average.toFixed(3)}`
  const difference = sign * (x.average - y.average)
  if (Math.abs(difference) < 0.01 && a.molecule?.canonical !== b.molecule?.canonical)
    return undecided('their masses are nearly the same', computed)
  return difference > 0
    ? passes(computed)
    : fails(computed, `${a.label} weighs ${x.average.toFixed(2)} g/mol, ${b.label} ${y.average.toFixed(2)}`)
}

export function checkSame(a: Subject, b: Subject, quantity: Quantity, mols: MolToolkit): Finding {
  return checkMore(a, b, quantity, 0, mols)
}

export function checkSameFormula(a: Subject, b: Subject): Finding {
  if (a.composition === null || b.composition === null) return undecided(UNKNOWN_ATOMS)
  const computed = `${formulaText(a.composition)}, ${formulaText(b.composition)}`
  return sameAtoms(a.composition, b.composition) && a.composition.charge === b.composition.charge
    ? passes(computed)
    : fails(computed, `${a.label} is ${formulaText(a.composition)}, ${b.label} is ${formulaText(b.composition)}`)
}
