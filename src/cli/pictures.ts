import type { Differing } from '../chem/toolkit/page-search.ts'
import { pictureKey } from '../chem/toolkit/pictures.ts'
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
 * written: couples in order of interest, until the page has no room for another drawing. What was given up is drawn by the thread
 * that writes the page. At most some 2,000 drawings of 10 KB.
 */
export class PicturesAhead {
  readonly #workers: Pick<PooledVerifier, 'pictures'>
  readonly #asked: Promise<void>
  /** Drawings that are there, or may be expected at most. */
  #hoped = 0
  readonly #drawn = new Map<string, string | null>()
  readonly #differing = new Map<string, Differing>()

  constructor(
    { pairs, solutions }: Pick<Joined, 'pairs' | 'solutions'>,
    verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>,
    workers: Pick<PooledVerifier, 'pictures'>,
    { rows, drawings }: Pick<Limits, 'rows' | 'drawings'> = LIMITS,
  ) {
    this.#workers = workers
    const couples = couplesAhead(pairs, answerPort(solutions, verification), rows)
    let left = true
    const wanted = (): boolean => left && this.#hoped < SPARE * drawings
    const work = async (): Promise<void> => {
      while (wanted()) {
        const some = taken(couples, COUPLES_AT_ONCE)
        left = some.length === COUPLES_AT_ONCE
        if (some.length > 0) await this.#draw(some)
      }
    }
    const all = async (): Promise<void> => {
      await Promise.all(Array.from({ length: JOBS_AT_ONCE }, work))
      // some of those that were hoped for are no molecules, or were there
      if (wanted()) await all()
    }
    // the page can do without them
    this.#asked = all().catch(() => {})
  }

  /** Another's pictures, with these in front of them. */
  async before(molecules: MoleculePort): Promise<MoleculePort> {
    await this.#asked
    return {
      draw: (smiles, options) => {
        const known = this.#drawn.get(pictureKey({ smiles, highlightAtoms: options.highlightAtoms }))
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

  async #draw(couples: readonly Couple[]): Promise<void> {
    const most = couples.flatMap(({ a, b, expected }) => [a, b, expected]).filter((one) => one !== null).length
    this.#hoped += most
    const found = await this.#workers.pictures(couples, PICTURE_SIZE)
    this.#hoped -= most
    if (found === null) return
    for (const [n, { a, b }] of couples.entries()) this.#differing.set(`${a}\n${b}`, found.differing[n]!)
    for (const { svg, ...picture } of found.drawn) {
      const key = pictureKey(picture)
      // another worker's may be there
      if (svg !== null && !this.#drawn.has(key)) this.#hoped++
      this.#drawn.set(key, svg)
    }
  }
}

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
