/** Atoms of a formula by symbol, and its charge. */
export interface Composition {
  readonly atoms: ReadonlyMap<string, number>
  readonly charge: number
  /** A symbol comes back after another one, or there are brackets: `CH3COOH`. */
  readonly condensed: boolean
}

export const SYMBOLS =
  'H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi'.split(
    ' ',
  )
const KNOWN = new Set(SYMBOLS)
const MAX_LENGTH = 60
const MAX_ATOMS = 100_000

/**
 * A chemical formula, Hill or condensed, with charge: null where the text is none. Coefficients in front are not part of it.
 * @example parseFormula('C6H12O6')!.atoms.get('C') // 6
 */
export function parseFormula(text: string): Composition | null {
  if (text.length === 0 || text.length > MAX_LENGTH || !/^[A-Z([]/.test(text)) return null
  // brackets around all of it are the sentence's
  if (/^[([][^()[\]]*[)\]]$/.test(text)) return null
  const signed = /^(.+?)(?:\^?(\d*)([+-])|([+-])(\d+)|\((\d*)([+-])\))$/.exec(text)
  let body = text
  let charge = 0
  if (signed !== null) {
    body = signed[1]!
    const sign = (signed[3] ?? signed[4] ?? signed[7]) === '+' ? 1 : -1
    // SO42-: the last digit before a sign is the charge only where two digits end the formula
    const size = signed[2] ?? signed[5] ?? signed[6] ?? ''
    const split = splitCharge(body, size, signed[3] !== undefined)
    body = split.body
    charge = sign * split.size
  }
  const counted = countAtoms(body)
  return counted === null ? null : { ...counted, charge }
}

function splitCharge(body: string, digits: string, trailing: boolean): { body: string; size: number } {
  if (!trailing || digits === '') return { body, size: digits === '' ? 1 : Number(digits) }
  // NH4+ → 4 belongs to H; SO42- → 4 to O, 2 the charge; Ca2+ → one symbol: the charge
  if (/^[A-Z][a-z]?$/.test(body)) return { body, size: Number(digits) }
  if (digits.length === 1) return { body: body + digits, size: 1 }
  return { body: body + digits.slice(0, -1), size: Number(digits.slice(-1)) }
}

function countAtoms(body: string): { atoms: Map<string, number>; condensed: boolean } | null {
  const stack: Map<string, number>[] = [new Map()]
  const closed = new Set<string>()
  let condensed = false
  let last = ''
  let i = 0
  while (i < body.length) {
    const rest = body.slice(i)
    const open = /^[([]/.exec(rest)
    if (open !== null) {
      if (stack.length > 4) return null
      stack.push(new Map())
      condensed = true
      i++
      continue
    }
    const close = /^[)\]](\d{0,4})/.exec(rest)
    if (close !== null) {
      const group = stack.pop()!
      const outer = stack.at(-1)
      if (outer === undefined || group.size === 0) return null
      const times = close[1] === '' ? 1 : Number(close[1])
      if (times === 0) return null
      for (const [symbol, n] of group) outer.set(symbol, (outer.get(symbol) ?? 0) + n * times)
      i += close[0].length
      continue
    }
    const atom = /^([A-Z][a-z]?)(\d{0,5})/.exec(rest)
    if (atom === null) return null
    let symbol = atom[1]!
    let count = atom[2]!
    if (!KNOWN.has(symbol)) {
      symbol = symbol[0]!
      count = ''
      if (!KNOWN.has(symbol) || atom[1]!.length === 2) return null
    }
    if (count === '0' || (count.length > 1 && count.startsWith('0'))) return null
    const n = count === '' ? 1 : Number(count)
    if (n > MAX_ATOMS) return null
    if (symbol !== last && closed.has(symbol)) condensed = true
    closed.add(symbol)
    last = symbol
    const level = stack.at(-1)!
    level.set(symbol, (level.get(symbol) ?? 0) + n)
    i += symbol.length + count.length
  }
  if (stack.length !== 1 || stack[0]!.size === 0) return null
  return { atoms: stack[0]!, condensed }
}

/** Hill order, charge behind: how a reason shows a composition. */
export function formulaText({ atoms, charge }: Pick<Composition, 'atoms' | 'charge'>): string {
  const others = [...atoms.keys()].filter((symbol) => symbol !== 'C' && symbol !== 'H').sort()
  const body = ['C', 'H', ...others]
    .filter((symbol) => (atoms.get(symbol) ?? 0) > 0)
    .map((symbol) => symbol + (atoms.get(symbol)! > 1 ? atoms.get(symbol) : ''))
    .join('')
  const size = Math.abs(charge) > 1 ? String(Math.abs(charge)) : ''
  return charge === 0 ? body : `${body}${charge > 0 ? '+' : '-'}${size}`
}

export function sameAtoms(a: Composition, b: Composition): boolean {
  if (a.atoms.size !== b.atoms.size) return false
  return [...a.atoms].every(([symbol, n]) => b.atoms.get(symbol) === n)
}

/** Smallest whole-number ratio of the atoms: the empirical formula. */
export function empirical({ atoms, charge, condensed }: Composition): Composition {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  const divisor = [...atoms.values()].reduce(gcd)
  return { atoms: new Map([...atoms].map(([symbol, n]) => [symbol, n / divisor])), charge, condensed }
}

const TETRAVALENT = ['C', 'Si']
const MONOVALENT = ['H', 'F', 'Cl', 'Br', 'I']

/**
 * Degrees of unsaturation, (2·C + 2 + N − H − X)/2: rings plus π bonds. Null for ions and for elements whose valence a formula does not tell
 * (P, B, metals …), and where it comes out negative or not whole (several molecules, radicals).
 */
export function unsaturation({ atoms, charge }: Composition): number | null {
  if (charge !== 0) return null
  let sum = 2
  for (const [symbol, n] of atoms) {
    if (TETRAVALENT.includes(symbol)) sum += 2 * n
    else if (symbol === 'N') sum += n
    else if (MONOVALENT.includes(symbol)) sum -= n
    else if (symbol !== 'O' && symbol !== 'S') return null
  }
  return sum < 0 || sum % 2 !== 0 ? null : sum / 2
}
