import { html, type Markup } from '../html/markup.ts'
import { rowsOf } from './csv-file.ts'
import type { CompareInput } from './input.ts'

/**
 * What a scorer of the files is called on the page.
 * @example shownName('null:answer_tag') // 'baseline: answer tag'; shownName('ensemble:mean of 3') // 'ensemble: mean of 3'
 */
export function shownName(scorer: string): string {
  const [, kind, rest] = /^(null|ensemble):(.*)$/s.exec(scorer) ?? []
  if (kind === undefined) return scorer
  return kind === 'null' ? `baseline: ${rest!.replaceAll('_', ' ')}` : `ensemble: ${rest}`
}

/** Short names of columns. @example letterOf(0) // 'A'; letterOf(26) // 'AA' */
export function letterOf(i: number): string {
  const letter = String.fromCharCode(65 + (i % 26))
  return i < 26 ? letter : letterOf(Math.floor(i / 26) - 1) + letter
}

/** One letter per scorer, the same all over the page: runs in their order, then the others. */
export class Letters {
  readonly #letters = new Map<string, string>()

  constructor(scorers: readonly string[]) {
    for (const scorer of scorers)
      if (!this.#letters.has(scorer)) this.#letters.set(scorer, letterOf(this.#letters.size))
  }

  of(scorer: string): string {
    return this.#letters.get(scorer) ?? scorer
  }

  /** Letter and name. */
  named(scorer: string): Markup {
    const letter = this.#letters.get(scorer)
    return letter === undefined ? html`${shownName(scorer)}` : html`<b>${letter}</b> ${shownName(scorer)}`
  }

  /** What some letters stand for. @example 'A: model-a, B: model-b' */
  key(scorers: readonly string[]): string {
    return scorers
      .filter((scorer) => this.#letters.has(scorer))
      .map((scorer) => `${this.of(scorer)}: ${shownName(scorer)}`)
      .join(', ')
  }
}

/** Runs, then what is ranked beside them. */
export const lettersOf = ({ runs, files }: Pick<CompareInput, 'runs' | 'files'>): Letters =>
  new Letters([
    ...runs.map(({ scorer }) => scorer),
    ...rowsOf(files, 'leaderboard.csv').map((row) => row.text('scorer')),
  ])
