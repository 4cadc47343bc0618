import { Toolkit } from '../../chem/toolkit/toolkit.ts'
import { DataError, UsageError } from '../../errors.ts'
import { invarianceGroup, LeftOut } from '../../make/invariance/group.ts'
import { TRANSFORMATIONS } from '../../make/invariance/index.ts'
import type { Transformation } from '../../make/invariance/transformation.ts'
import { nearest } from '../../nearest.ts'
import { openJsonLines } from '../../report/rows-file.ts'
import { textTable } from '../../report/table.ts'
import { flagOf } from '../../setup/option.ts'
import { changesNothing } from '../../setup/unused.ts'
import type { Log } from '../log.ts'
import { printText } from '../screen.ts'
import { FailureCount } from './failures.ts'
import { sourcesOf } from './invariance-sources.ts'
import { lockedOutput } from './locked-output.ts'
import type { GivenMakeOptions, MakeOptions } from './make-pairs.ts'

/**
 * `make-pairs --invariance FILE --output FILE`: a group per row, the original first. Rows stream; memory holds one row. What a transformation
 * could not do, or did not do as promised, is counted in the table that is printed.
 * @returns the exit code: 4 where rows could not be used
 */
export async function makeInvariance(options: MakeOptions, given: GivenMakeOptions, log: Log): Promise<number> {
  const { output } = options
  if (output === null)
    throw new UsageError('needs --output FILE', '--invariance', 'The groups are written there, .jsonl.')
  const chosen = chosenTransformations(options.transformations)
  return lockedOutput(output, () => rewriteInto(output, chosen, options, given, log))
}

async function rewriteInto(
  output: string,
  chosen: readonly Transformation[],
  { invariance, seed }: MakeOptions,
  given: GivenMakeOptions,
  log: Log,
): Promise<number> {
  const source = invariance!
  const others = Object.keys(given).filter((name) => !OWN.has(name) && name in given)
  if (others.length > 0)
    log.warn(
      changesNothing(others.map(flagOf), '--invariance rewrites answers, and makes no pairs and asks no verifier'),
    )
  const toolkit = await Toolkit.load()
  const making = { transformations: chosen, toolkit, seed, leftOut: new LeftOut() }
  const file = openJsonLines(output)
  const made = new Map<string, number>()
  const failures = new FailureCount(log)
  let [rows, groups] = [0, 0]
  try {
    for await (const found of sourcesOf(source, toolkit, seed, making.leftOut)) {
      if ('reason' in found) {
        failures.add(found)
        continue
      }
      rows++
      await toolkit.recover()
      const group = invarianceGroup(found, making)
      if (group === null) continue
      groups++
      for (const { transformation } of group.completions) made.set(transformation, (made.get(transformation) ?? 0) + 1)
      await file.write(group)
    }
    if (groups === 0)
      throw new DataError(
        'no row has an answer that can be rewritten',
        source,
        'An answer stands in <|answer_start|>…<|answer_end|> or <answer>…</answer>, or is the whole completion.',
      )
    await file.close()
  } catch (error) {
    await file.abort()
    throw error
  }
  printText(`\n${tableOf(made, making.leftOut)}\n\n`)
  failures.say()
  const failed = making.leftOut.lines.filter(({ reason }) => reason.startsWith('check_failed'))
  for (const { transformation, reason, count } of failed)
    log.warn(`${transformation}: ${count} left out, ${reason.replaceAll('_', ' ')}`)
  log.info(`${groups} groups of ${rows} rows are written to ${output}`)
  return failures.total > 0 ? 4 : 0
}

/** Options that it reads. */
const OWN = new Set(['invariance', 'output', 'seed', 'transformations', 'quiet', 'logFormat'])

function chosenTransformations(names: readonly string[]): readonly Transformation[] {
  const known = TRANSFORMATIONS.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    throw new UsageError(
      `"${name}" is none`,
      '--transformations',
      `${meant === null ? '' : `Is ${meant} meant? `}There are ${known.join(', ')}.`,
    )
  }
  return names.length === 0 ? TRANSFORMATIONS : TRANSFORMATIONS.filter(({ name }) => names.includes(name))
}

/** How many completions each transformation made, and why it made none elsewhere. */
function tableOf(made: ReadonlyMap<string, number>, leftOut: LeftOut): string {
  const there = new Set([...made.keys(), ...leftOut.lines.map(({ transformation }) => transformation)])
  const names = [...new Set(['original', ...TRANSFORMATIONS.map(({ name }) => name), ...there])].filter((name) =>
    there.has(name),
  )
  return textTable(
    ['transformation', 'completions', 'left out, of rows'],
    names.map((name) => [
      name,
      String(made.get(name) ?? 0),
      leftOut.lines
        .filter(({ transformation }) => transformation === name)
        .map(({ reason, count }) => `${reason.replaceAll('_', ' ')} ${count}`)
        .join(', ') || '–',
    ]),
    [2],
  )
}
