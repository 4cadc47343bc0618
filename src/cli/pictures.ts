import type { Pictures } from '../chem/toolkit/pictures.ts'
import type { PooledVerifier } from '../chem/workers/verifier.ts'
import type { Joined } from '../collect.ts'
import { type Couple, couplesAhead, PICTURE_SIZE } from '../report/html/couples.ts'
import type { MoleculePort } from '../report/html/input.ts'
import { LIMITS, type Limits } from '../report/html/limits.ts'
import type { VerificationChoice } from '../setup/config.ts'
import { answerPort } from './answer-port.ts'

/** Couples of a job: what RDKit searches of two molecules ends after a second, and a job has 20. */
const COUPLES_AT_ONCE = 8

/**
 * The drawings of report.html, asked of the verification's workers before the statistics are computed, so that they are there when the page is
 * written. What was not asked for, or was given up, is drawn by the thread that writes the page. At most some 2,000 drawings of 10 KB.
 */
export class PicturesAhead {
  readonly #asked: Promise<void>
  readonly #drawn = new Map<string, string | null>()
  readonly #differing = new Map<string, Pictures['differing']>()

  constructor(
    { pairs, solutions }: Pick<Joined, 'pairs' | 'solutions'>,
    verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>,
    { pictures }: Pick<PooledVerifier, 'pictures'>,
    limits: Pick<Limits, 'rows' | 'drawings'> = LIMITS,
  ) {
    const couples = couplesAhead(pairs, answerPort(solutions, verification), limits)
    const jobs: Promise<void>[] = []
    for (let i = 0; i < couples.length; i += COUPLES_AT_ONCE) {
      const some = couples.slice(i, i + COUPLES_AT_ONCE)
      const job = pictures(some, PICTURE_SIZE).then((found) => {
        for (const [n, one] of (found ?? []).entries()) this.#keep(some[n]!, one)
      })
      // the page can do without it
      jobs.push(job.catch(() => {}))
    }
    this.#asked = Promise.all(jobs).then(() => {})
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

  #keep({ a, b, expected }: Couple, found: Pictures): void {
    if (a !== null && b !== null && a !== b) this.#differing.set(`${a}\n${b}`, found.differing)
    if (a !== null) this.#drawn.set(keyOf(a, found.differing?.a ?? []), found.a)
    if (b !== null) this.#drawn.set(keyOf(b, found.differing?.b ?? []), found.b)
    if (expected !== null) this.#drawn.set(keyOf(expected, []), found.expected)
  }
}

const keyOf = (smiles: string, atoms: readonly number[]): string => `${smiles}\n${atoms.join()}`
