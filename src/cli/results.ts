import { readdirSync, rmSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { isFolder, unwritable } from '../setup/folder.ts'

/**
 * Files and patterns that a run writes into its folder. They are removed when the results of a later run are about to be written, so that
 * no file of the earlier one is left beside them (a run without pairs writes no pairs.csv).
 */
const RESULTS: readonly RegExp[] = [
  /^run\.json$/,
  /^(scores|pairs|groups|curves|over-optimisation|top-rewards|advantages|curriculum|agreement|sensitivity|suspects|reasons|failures)\.csv$/,
  /^curriculum\.jsonl$/,
  /^(steps|step-scores|step-verdicts|step-claims|paired-tests|filter|precheck)\.csv$/,
  /^(triples|trajectories)\.jsonl$/,
  /^summary\.json$/,
  /^report\.html$/,
  /^(methods|codebook)\.md$/,
  /^references\.bib$/,
  /^tables\/[^/]+\.(md|tex)$/,
  /^herm\/eval-set(-scores)?\/.+\.json$/,
]
/** @example isResult('tables/accuracy.md') // true */
export const isResult = (name: string): boolean => RESULTS.some((pattern) => pattern.test(name))

/** run.json goes first: scores.csv never stands beside a manifest that is not its own. Returns how many files went. */
export function removeResults(folder: string): number {
  const below = (part: string): string[] =>
    isFolder(join(folder, part))
      ? readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      : []
  const files = [
    ...readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])),
    ...below('tables'),
    ...below('herm'),
  ].filter(isResult)
  const ordered = files.sort((a, b) => Number(b === 'run.json') - Number(a === 'run.json'))
  try {
    for (const name of ordered) rmSync(join(folder, name), { force: true })
  } catch (cause) {
    throw unwritable(cause, folder)
  }
  return ordered.length
}
