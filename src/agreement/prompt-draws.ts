import { Draws } from '../stats/draws.ts'
import { type BootstrapSettings, randomOf } from './intervals.ts'

/** So many of the last are kept: pairs and completions of a subset mostly rest on the same prompts. */
const KEPT = 2
const last: { readonly key: string; readonly draws: Draws }[] = []

/**
 * Resamples of so many prompts under the settings' stream. What is asked for them again soon gets the same counts without drawing: one
 * draw serves all statistics of a subset. The counts are those that drawing anew gives, whoever asked before.
 */
export function promptDraws(clusters: number, settings: BootstrapSettings): Draws {
  const key = `${clusters} ${settings.seed} ${settings.stream ?? ''}`
  const at = last.findIndex((one) => one.key === key)
  const [found] = at === -1 ? [] : last.splice(at, 1)
  const one = found ?? { key, draws: new Draws(clusters, () => randomOf(settings)) }
  last.unshift(one)
  last.length = Math.min(last.length, KEPT)
  return one.draws
}

/** Lets go of what is kept, up to 64 MB: where no more will be asked for. Later draws are the same. */
export const forgetDraws = (): void => {
  last.length = 0
}
