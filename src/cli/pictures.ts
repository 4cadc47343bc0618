import type { Differing } from '../chem/toolkit/page-search.ts'
import type { PooledVerifier } from '../chem/workers/verifier.ts'
import type { Joined } from '../collect.ts'
import { type Couple, couplesAhead, PICTURE_SIZE } from '../report/html/couples.ts'
import type { MoleculePort } from '../report/html/input.ts'
import { LIMITS, type Limits } from '../report/html/limits.ts'
import type { VerificationChoice } from '../setup/config.ts'
import { answerPort } from './answer-port.ts'

/** Couples of a job: what RDKit searches of two molecules ends after a second, and a job has 20. */
const COUPLES_AT_ONCE = 4
/** Jobs that wait or run: some seconds of one worker's work, as this thread sees to them after each subset's statistics alone. */
const JOBS_AT_ONCE = 256
/** A few of those that are asked for are no molecules. */
const SPARE = 1.05

/**
 * The drawings of report.html, asked of the verification's workers before the statistics are computed, so that they are there when the page is
 * written: couples in order of interest, each drawing once, until the page has no room for another. What was given up is drawn by the thread
 * that writes the page. At most some 2,000 drawings of 10 KB.
 */
export class PicturesAhead {
  readonly #workers: Pick<PooledVerifier, 'differing' | 'pictures'>
  readonly #asked: Promise<void>
  /** Drawings that are there, or to be expected. */
  #hoped = 0
  /** undefined: asked for, and not there. */
  readonly #drawn = new Map<string, string | null | undefined>()
  readonly #differing = new Map<string, Differing>()

  constructor(
    { pairs, solutions }: Pick<Joined, 'pairs' | 'solutions'>,
    verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>,
    workers: Pick<PooledVerifier, 'differing' | 'pictures'>,
    { rows, drawings }: Pick<Limits, 'rows' | 'drawings'> = LIMITS,
  ) {
    this.#workers = workers
    const couples = couplesAhead(pairs, answerPort(solutions, verification), rows)
    const full = (): boolean => this.#hoped >= SPARE * drawings
    /** Compared, when there seemed to be no room for them. */
    const left: Couple[] = []
    const work = async (): Promise<void> => {
      while (!full()) {
        const some = left.length > 0 ? left.splice(0, COUPLES_AT_ONCE) : taken(couples, COUPLES_AT_ONCE)
        if (some.length === 0) return
        await this.#compare(some)
        if (full()) left.push(...some)
        else await this.#draw(some)
      }
    }
    const all = async (): Promise<void> => {
      await Promise.all(Array.from({ length: JOBS_AT_ONCE }, work))
      // some of those that were hoped for are no molecules
      if (left.length > 0 && !full()) await all()
    }
    // the page can do without them
    this.#asked = all().catch(() => {})
  }

  /** Another's pictures, with these in front of them. */
  async before(molecules: MoleculePort): Promise<MoleculePort> {
    await this.#asked
    return {
      draw: (smiles, options) => {
        const known = this.#drawn.get(keyOf(smiles, options.highlightAtoms))
        const { width, height } = options
        const same = width === PICTURE_SIZE.width && height === PICTURE_SIZE.height
        return known !== undefined && same ? known : molecules.draw(smiles, options)
      },
      differingAtoms: (a, b) => {
        const known = this.#differing.get(`${a}\n${b}`)
        return known === undefined ? molecules.differingAtoms(a, b) : known
      },
    }
  }

  /** Of how many couples the atoms that differ were not looked for, as the page's time for that was over. */
  async unsearched(): Promise<number> {
    await this.#asked
    return [...this.#differing.values()].filter((found) => found === 'no_time').length
  }

  async #compare(couples: readonly Couple[]): Promise<void> {
    const unlike = couples.flatMap(({ a, b }) =>
      a === null || b === null || a === b || this.#differing.has(`${a}\n${b}`) ? [] : [[a, b] as const],
    )
    const found = unlike.length === 0 ? [] : await this.#workers.differing(unlike)
    for (const [n, [a, b]] of unlike.entries()) if (found !== null) this.#differing.set(`${a}\n${b}`, found[n]!)
  }

  async #draw(couples: readonly Couple[]): Promise<void> {
    const wanted = couples.flatMap(({ a, b, expected }) => {
      const found = this.#differing.get(`${a}\n${b}`)
      const marks = found === 'no_time' ? null : found
      return [this.#wanted(a, marks?.a), this.#wanted(b, marks?.b), this.#wanted(expected)].flat()
    })
    if (wanted.length === 0) return
    const drawn = await this.#workers.pictures(wanted, PICTURE_SIZE)
    for (const [n, { smiles, highlightAtoms }] of wanted.entries()) {
      const svg = drawn === null ? undefined : drawn[n]!
      if (svg === null || svg === undefined) this.#hoped--
      this.#drawn.set(keyOf(smiles, highlightAtoms), svg)
    }
  }

  /** A drawing, if there is to be one and nobody has asked for it. */
  #wanted(
    smiles: string | null,
    highlightAtoms: readonly number[] = [],
  ): { readonly smiles: string; readonly highlightAtoms: readonly number[] }[] {
    if (smiles === null || this.#drawn.has(keyOf(smiles, highlightAtoms))) return []
    this.#drawn.set(keyOf(smiles, highlightAtoms), undefined)
    this.#hoped++
    return [{ smiles, highlightAtoms }]
  }
}

const keyOf = (smiles: string, atoms: readonly number[]): string => `${smiles}\n${atoms.join()}`

/** The next few. */
function taken<T>(from: Iterator<T>, most: number): T[] {
  const some: T[] = []
  while (some.length < most) {
    const { done, value } = from.next()
    if (done === true) break
    some.push(value)
  }
  return some
}
