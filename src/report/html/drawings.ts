import type { ScoredCompletion, ScoredPair } from '../../types.ts'
import { type Candidate, candidateOf, isDrawn } from './candidate.ts'
import { compactDrawing, type Drawing } from './drawing.ts'
import type { AnswerPort, Expected, MoleculePort } from './input.ts'
import type { Limits } from './limits.ts'
import type { LeftOut } from './row-table.ts'

/** A molecule’s picture (index into `all` of Drawings) or why there is none. */
export interface Depiction {
  readonly drawing: number | null
  readonly undrawn: Undrawn | null
}
/** What a completion answers with, and its molecule. */
export interface Drawn extends Depiction {
  /** Clipped where it is long; null: no answer found, or none looked for. */
  readonly answer: string | null
  /** SMILES of the molecule that the row's start and the answer make, where the row asks for the rest of a molecule; else null. */
  readonly whole: string | null
  /** False: in tags, but not in the format that was asked for. */
  readonly read: boolean
}
/** answer: RDKit draws no molecule of it. room: the page has no room left. */
export type Undrawn = 'answer' | 'room'

/** An answer is shown up to so many letters: a completion may put its whole text between the tags. */
const ANSWER_LETTERS = 300
/** CSS pixels. */
export const WIDTH = 240
export const HEIGHT = 170

const NONE: Drawn = { answer: null, whole: null, read: true, drawing: null, undrawn: null }
const UNDRAWN: Depiction = { drawing: null, undrawn: null }

/** The drawings of one table's molecules, each made once, until the page has no room left. Callers come in order of interest. */
export class Drawings {
  readonly all: Drawing[] = []
  #undrawn = 0
  #undrawable = 0
  #unsearched = 0
  readonly #known = new Map<string, number | null>()
  #length = 0

  constructor(
    readonly molecules: MoleculePort | null,
    readonly answers: AnswerPort | null,
    readonly limits: Limits,
  ) {}

  pair(pair: ScoredPair): readonly [Drawn, Drawn] {
    const chosen = candidateOf(pair.chosen, this.answers)
    const rejected = candidateOf(pair.rejected, this.answers)
    const [a, b] = [chosen?.smiles[0], rejected?.smiles[0]]
    const found =
      a === undefined || b === undefined || a === b || this.#full || this.molecules === null
        ? null
        : this.molecules.differingAtoms(a, b)
    if (found === 'no_time') this.#unsearched++
    const differing = found === 'no_time' ? null : found
    return [this.#drawn(chosen, differing?.a ?? []), this.#drawn(rejected, differing?.b ?? [])]
  }

  single(completion: ScoredCompletion): Drawn {
    return this.#drawn(candidateOf(completion, this.answers), [])
  }

  /** What the row expects, as a molecule. An expected text that is none is no answer that failed: it is not counted. */
  expected(wanted: Expected): Depiction {
    if (!isDrawn(wanted)) return UNDRAWN
    const { kind, text } = wanted
    const { drawing, undrawn } = this.#draw([text], [])
    if (undrawn === 'room') this.#undrawn++
    return undrawn === 'answer' && kind === 'text' ? UNDRAWN : { drawing, undrawn }
  }

  /** How many answers had no room, how many RDKit could not draw, and in how many pairs it did not look for what differs, since this was last asked. */
  tally(): Pick<LeftOut, 'undrawn' | 'undrawable' | 'unsearched'> {
    const found = {
      undrawn: this.#undrawn,
      undrawable: this.#undrawable,
      ...(this.#unsearched > 0 && { unsearched: this.#unsearched }),
    }
    this.#undrawn = 0
    this.#undrawable = 0
    this.#unsearched = 0
    return found
  }

  get #full(): boolean {
    return this.#length >= this.limits.drawingLength || this.all.length >= this.limits.drawings
  }

  #drawn(candidate: Candidate | null, highlightAtoms: readonly number[]): Drawn {
    if (candidate === null) return NONE
    const { text, read, whole, smiles } = candidate
    const { drawing, undrawn, at } = this.#draw(smiles, highlightAtoms)
    if (undrawn === 'answer') this.#undrawable++
    if (undrawn === 'room') this.#undrawn++
    return { answer: short(text), whole: whole ? short(smiles[at]!) : null, read, drawing, undrawn }
  }

  /** The first that RDKit draws. @returns `at` its index, or the last one's */
  #draw(candidates: readonly string[], highlightAtoms: readonly number[]): Depiction & { readonly at: number } {
    const at = candidates.length - 1
    if (this.molecules === null || at < 0) return { ...UNDRAWN, at }
    for (const [i, smiles] of candidates.entries()) {
      // atoms are marked by their numbers in the first candidate
      const marks = i === 0 ? highlightAtoms : []
      const key = `${smiles} ${marks.join()}`
      let drawing = this.#known.get(key)
      if (drawing === undefined) {
        if (this.#full) return { drawing: null, undrawn: 'room', at }
        drawing = this.#add(this.molecules.draw(smiles, { width: WIDTH, height: HEIGHT, highlightAtoms: marks }))
        this.#known.set(key, drawing)
      }
      if (drawing !== null) return { drawing, undrawn: null, at: i }
    }
    return { drawing: null, undrawn: 'answer', at }
  }

  #add(svg: string | null): number | null {
    const compact = svg === null ? null : compactDrawing(svg)
    if (compact === null) return null
    this.#length += JSON.stringify(compact).length
    return this.all.push(compact) - 1
  }
}

function short(answer: string): string {
  if (answer.length <= ANSWER_LETTERS) return answer
  const letters = [...answer.slice(0, 2 * ANSWER_LETTERS)].slice(0, ANSWER_LETTERS)
  return `${letters.join('')}…`
}
