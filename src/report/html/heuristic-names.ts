/** What the heuristics of run-process go by. */
const MEANINGS: Readonly<Record<string, string>> = {
  world_model: 'decayed likelihood of the candidate',
  world_model_no_length: 'mean likelihood of the candidate',
  trajectory: 'mean likelihood of the rationale behind the candidate',
  reward: 'score of the reward model',
  random: 'a draw',
}

/** @example heuristicText('random') // 'random (a draw)' */
export const heuristicText = (heuristic: string): string =>
  MEANINGS[heuristic] === undefined ? heuristic : `${heuristic} (${MEANINGS[heuristic]})`
