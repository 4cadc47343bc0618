import type { ScoredCompletion, ScoredPair } from '../../types.ts'
import { compactDrawing, type Drawing } from './drawing.ts'
import type { MoleculePort } from './input.ts'
import type { Limits } from './limits.ts'

/** What a completion answers with, and its picture (index into `all` of Drawings) or why there is none. */
export interface Drawn {
  readonly answer: string | null
  readonly drawing: number | null
  readonly undrawn: Undrawn | null
}
/** answer: RDKit draws no molecule of it. room: the page has no room left. */
export type Undrawn = 'answer' | 'room'

/** An answer is shown up to so many letters: a completion may put its whole text between the tags. */
const ANSWER_LETTERS = 300

/** CSS pixels. */
const WIDTH = 240
const HEIGHT = 170

/** The drawings of one table's molecules, each made once, until the page has no room left. Callers come in order of interest. */
export class Drawings {
  readonly all: Drawing[] = []
  #undrawn = 0
  #undrawable = 0
  readonly #known = new Map<string, number | null>()
  #length = 0

  constructor(
    readonly molecules: MoleculePort | null,
    readonly limits: Limits,
  ) {}

  pair(pair: ScoredPair): readonly [Drawn, Drawn] {
    const chosen = this.molecules?.answer(pair.chosen, pair) ?? null
    const rejected = this.molecules?.answer(pair.rejected, pair) ?? null
    const differing =
      chosen === null || rejected === null || chosen === rejected || this.#full
        ? null
        : this.molecules!.differingAtoms(chosen, rejected)
    return [this.#draw(chosen, differing?.a ?? []), this.#draw(rejected, differing?.b ?? [])]
  }

  single(completion: ScoredCompletion): Drawn {
    return this.#draw(this.molecules?.answer(completion, null) ?? null, [])
  }

  /** How many answers had no room, and how many RDKit could not draw, since this was last asked. */
  tally(): { readonly undrawn: number; readonly undrawable: number } {
    const found = { undrawn: this.#undrawn, undrawable: this.#undrawable }
    this.#undrawn = 0
    this.#undrawable = 0
    return found
  }

  get #full(): boolean {
    return this.#length >= this.limits.drawingLength || this.all.length >= this.limits.drawings
  }

  #draw(smiles: string | null, highlightAtoms: readonly number[]): Drawn {
    if (smiles === null || this.molecules === null) return { answer: null, drawing: null, undrawn: null }
    const answer = shortAnswer(smiles)
    const key = `${smiles} ${highlightAtoms.join()}`
    let drawing = this.#known.get(key)
    if (drawing === undefined) {
      if (this.#full) {
        this.#undrawn++
        return { answer, drawing: null, undrawn: 'room' }
      }
      drawing = this.#add(this.molecules.draw(smiles, { width: WIDTH, height: HEIGHT, highlightAtoms }))
      this.#known.set(key, drawing)
    }
    if (drawing === null) this.#undrawable++
    return { answer, drawing, undrawn: drawing === null ? 'answer' : null }
  }

  #add(svg: string | null): number | null {
    const compact = svg === null ? null : compactDrawing(svg)
    if (compact === null) return null
    this.#length += JSON.stringify(compact).length
    return this.all.push(compact) - 1
  }
}

function shortAnswer(answer: string): string {
  if (answer.length <= ANSWER_LETTERS) return answer
  const letters = [...answer.slice(0, 2 * ANSWER_LETTERS)].slice(0, ANSWER_LETTERS)
  return `${letters.join('')}…`
}
