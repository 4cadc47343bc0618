import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { Toolkit } from '../../chem/toolkit/toolkit.ts'
import { DataError, UsageError } from '../../errors.ts'
import { invarianceGroup, LeftOut, type Source } from '../../make/invariance/group.ts'
import { TRANSFORMATIONS } from '../../make/invariance/index.ts'
import type { Transformation } from '../../make/invariance/transformation.ts'
import { builtinDataset } from '../../pairs/builtin.ts'
import { isFailure } from '../../pairs/failure.ts'
import { nearest } from '../../pairs/nearest.ts'
import { readRows } from '../../pairs/read.ts'
import { openJsonLines } from '../../report/rows-file.ts'
import { textTable } from '../../report/table.ts'
import { unwritable } from '../../setup/folder.ts'
import type { Row, RowFailure, Text } from '../../types.ts'
import type { Log } from '../log.ts'
import { printText } from '../screen.ts'
import type { GivenMakeOptions, MakeOptions } from './make-pairs.ts'

/**
 * `make-pairs --invariance FILE --output FILE`: a group per row, the original first. Rows stream; memory holds one row. What a transformation
 * could not do, or did not do as promised, is counted in the table that is printed.
 * @returns the exit code: 4 where rows could not be used
 */
export async function makeInvariance(
  { invariance, output, seed, transformations }: MakeOptions,
  _given: GivenMakeOptions,
  log: Log,
): Promise<number> {
  const source = invariance!
  if (output === null)
    throw new UsageError('needs --output FILE', '--invariance', 'The groups are written there, .jsonl.')
  const chosen = chosenTransformations(transformations)
  checkFolder(output)
  const toolkit = await Toolkit.load()
  const making = { transformations: chosen, toolkit, seed, leftOut: new LeftOut() }
  const file = openJsonLines(output)
  const made = new Map<string, number>()
  const failures: RowFailure[] = []
  let [rows, groups] = [0, 0]
  try {
    for await (const row of readRows(builtinDataset(source) ?? source)) {
      const found = isFailure(row) ? row : sourceOf(row, making.leftOut)
      if ('reason' in found) {
        failures.push(found)
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
    throw isSystemError(error) ? unwritable(error, output) : error
  }
  printText(`\n${tableOf(made, making.leftOut)}\n\n`)
  for (const { where, message, hint } of failures.slice(0, LISTED))
    log.warn(`${where}: ${message}${hint === null ? '' : `  ${hint}`}`)
  if (failures.length > LISTED) log.warn(`and ${failures.length - LISTED} more rows that could not be used`)
  const failed = making.leftOut.lines.filter(({ reason }) => reason.startsWith('check_failed'))
  for (const { transformation, reason, count } of failed)
    log.warn(`${transformation}: ${count} left out, ${reason.replaceAll('_', ' ')}`)
  log.info(`${groups} groups of ${rows} rows are written to ${output}`)
  return failures.length > 0 ? 4 : 0
}

/** Before hours of work, not after them. */
function checkFolder(output: string): void {
  try {
    accessSync(dirname(output), constants.W_OK)
  } catch (cause) {
    throw unwritable(cause, output)
  }
}

const LISTED = 20

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error

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

/** The chosen completion and the rejected ones; of other rows the first completion. */
function sourceOf(row: Row, leftOut: LeftOut): Source | RowFailure {
  const { id, subset, problemType, prompt, solution, where } = row
  const texts = row.completions.map(({ role, text }) => ({ role, text: oneTurn(text) }))
  const original = texts.find(({ role }) => role !== 'rejected')?.text ?? null
  if (original === null)
    return {
      where,
      id,
      reason: 'several_turns',
      message: 'the completion has several turns',
      hint: 'One turn of the assistant is rewritten.',
    }
  const rejected = texts.flatMap(({ role, text }) => {
    if (role !== 'rejected') return []
    if (text === null) leftOut.add('rejected', 'several_turns')
    return text === null ? [] : [text]
  })
  return { id, subset, problemType, prompt, solution, original, rejected }
}

const oneTurn = (text: Text): string | null =>
  typeof text === 'string' ? text : text.length === 1 ? text[0]!.content : null

/** How many completions each transformation made, and why it made none elsewhere. */
function tableOf(made: ReadonlyMap<string, number>, leftOut: LeftOut): string {
  const names = [...new Set([...made.keys(), ...leftOut.lines.map(({ transformation }) => transformation)])]
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
  )
}
