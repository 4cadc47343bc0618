/**
 * Whether a regular expression of JavaScript surely comes to an end soon: nothing is repeated inside a repetition, and in no branch two
 * repetitions stand before something that can fail, so that on n characters it takes at most some n² steps. Every pattern of the hub's
 * large tokenizers is of that kind. What is not understood counts as slow.
 * @example isQuick(/\s*[\r\n]+|\s+(?!\S)|\s+/gu) // true
 * @example isQuick(/(a+)+$/gu) // false
 */
export function isQuick({ source }: RegExp): boolean {
  const reader = new Reader(source)
  try {
    const cost = reader.branches()
    return reader.ended && cost !== null && cost.tried <= 1
  } catch {
    return false
  }
}

/** What a part of a pattern can do, in the worst of its branches. */
interface Cost {
  /** Repetitions before something that can fail: where it does, each of them is tried in every length. */
  readonly tried: number
  /** All repetitions: those at the end count, too, where something follows. */
  readonly repetitions: number
  /** In how many ways the rest can match: `a?` in two, `(?:a|b|c)` in three. */
  readonly ways: number
  /** It can match in more than one length or way, so that repeating it multiplies. */
  readonly varies: boolean
}

const ONE: Cost = { tried: 0, repetitions: 0, ways: 1, varies: false }
/** More than so many of one thing count as without end. */
const FEW = 16
const MAX_WAYS = 4096
const MAX_DEPTH = 50

class Reader {
  #at = 0
  readonly #source: string
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }
  get ended(): boolean {
    return this.#at === this.#source.length
  }

  /** Alternatives up to a closing bracket or the end; null where a repetition holds another. */
  branches(): Cost | null {
    if (++this.#depth > MAX_DEPTH) return null
    const costs: Cost[] = []
    for (;;) {
      const cost = this.#branch()
      if (cost === null) return null
      costs.push(cost)
      if (this.#source[this.#at] !== '|') break
      this.#at++
    }
    this.#depth--
    return {
      tried: Math.max(...costs.map(({ tried }) => tried)),
      repetitions: Math.max(...costs.map(({ repetitions }) => repetitions)),
      ways: costs.reduce((sum, { ways }) => sum + ways, 0),
      varies: costs.length > 1 || costs[0]!.varies,
    }
  }

  #branch(): Cost | null {
    let { tried, repetitions, ways, varies } = ONE
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) {
      const atom = this.#atom()
      if (atom === null) return null
      const { min, max } = this.#quantifier()
      if (atom.asserts && (atom.repetitions > 0 || max > 1)) return null
      if (max > 1 && (atom.varies || atom.repetitions > 0)) return null
      // an optional part that fails is left out, and nothing before it is tried again
      tried = Math.max(tried, atom.tried + (min > 0 ? repetitions : 0))
      if (max > FEW) repetitions++
      else ways *= atom.ways * (max - min + 1)
      repetitions += atom.repetitions
      varies ||= atom.varies || atom.repetitions > 0 || min !== max
      if (ways > MAX_WAYS) return null
    }
    return { tried, repetitions, ways, varies }
  }

  #atom(): (Cost & { readonly asserts: boolean }) | null {
    const plain = { ...ONE, asserts: false }
    const char = this.#source[this.#at++]!
    if (char === '\\') return this.#escape() ? plain : null
    if (char === '[') return this.#class() ? plain : null
    if (char === '^' || char === '$') return { ...plain, asserts: true }
    if (char !== '(') return '*+?{}'.includes(char) ? null : plain
    const kind = /^\?(?::|<?[=!]|<[A-Za-z_]\w*>)/.exec(this.#source.slice(this.#at, this.#at + 40))?.[0] ?? ''
    if (kind === '' && this.#source[this.#at] === '?') return null
    this.#at += kind.length
    const inside = this.branches()
    if (inside === null || this.#source[this.#at++] !== ')') return null
    return { ...inside, asserts: /[=!]/.test(kind) }
  }

  /** Behind the backslash; false for a back-reference. */
  #escape(): boolean {
    const char = this.#source[this.#at++]
    if (char === undefined || /[1-9k]/.test(char)) return false
    if (/[pPu]/.test(char) && this.#source[this.#at] === '{') this.#at = this.#source.indexOf('}', this.#at) + 1
    return this.#at > 0
  }

  #class(): boolean {
    for (; this.#at < this.#source.length; this.#at++) {
      if (this.#source[this.#at] === '\\') this.#at++
      else if (this.#source[this.#at] === ']') {
        this.#at++
        return true
      }
    }
    return false
  }

  #quantifier(): { readonly min: number; readonly max: number } {
    const [text, digits, comma, more] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})/.exec(
      this.#source.slice(this.#at, this.#at + 30),
    ) ?? ['']
    this.#at += text.length
    if (text !== '' && this.#source[this.#at] === '?') this.#at++
    if (text === '') return { min: 1, max: 1 }
    if (text === '?') return { min: 0, max: 1 }
    if (text === '*' || text === '+') return { min: text === '+' ? 1 : 0, max: Number.POSITIVE_INFINITY }
    const min = Number(digits)
    return { min, max: comma === '' ? min : more === '' ? Number.POSITIVE_INFINITY : Number(more) }
  }
}
