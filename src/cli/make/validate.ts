import { statSync, writeFileSync } from 'node:fs'
import type { DataOptions } from '../../chem/ether0/data.ts'
import { loadChemistryData } from '../../chem/ether0/data.ts'
import { DataError, UsageError } from '../../errors.ts'
import { given } from '../../given.ts'
import { createMakePool } from '../../make/pool.ts'
import { cardOf } from '../../make/validate/card.ts'
import { validate } from '../../make/validate/validate.ts'
import { builtinDataset } from '../../pairs/builtin.ts'
import { hashDataset, listDataFiles } from '../../pairs/files.ts'
import { textTable } from '../../report/table.ts'
import { flagOf } from '../../setup/option.ts'
import { changesNothing } from '../../setup/unused.ts'
import { isSystemError, unwrittenWords } from '../../system-words.ts'
import { writeWholeSync } from '../../whole-file.ts'
import { counted } from '../count.ts'
import type { Log } from '../log.ts'
import { jsonLine, printText } from '../screen.ts'
import { FailureCount } from './failures.ts'
import type { GivenMakeOptions, MakeOptions } from './make-pairs.ts'

/** What makes pairs, and checks none. */
const OF_MAKING = [
  'kinds',
  'problems',
  'transformations',
  'n',
  'perPrompt',
  'soft',
  'minMargin',
  'balance',
  'without',
  'output',
  'seed',
  'resume',
] as const

/** `make-pairs --validate FILE`. Returns the exit code: 4 where there is a finding. */
export async function validatePairs(options: MakeOptions, asked: GivenMakeOptions, log: Log): Promise<number> {
  const path = builtinDataset(options.validate!) ?? options.validate!
  const unused = OF_MAKING.filter((name) => asked[name] !== undefined).map(flagOf)
  if (unused.length > 0) log.warn(changesNothing(unused, '--validate makes no pairs'))
  if (options.licence.length > 0 && options.card === null)
    throw new UsageError('is written to a card, and there is none', '--licence', 'Give --card too.')
  const blooms = given<DataOptions>({
    ringsBloom: options.ringsBloom,
    fingerprintsBloom: options.fingerprintsBloom,
    purchasableBloom: options.purchasableBloom,
  })
  const hash = await hashDataset(await listDataFiles(path))
  const pool = createMakePool(blooms, options.verifyWorkers)
  const failures = new FailureCount(log)
  try {
    const validation = await validate({
      path,
      against: options.against.map((name) => builtinDataset(name) ?? name),
      format: { reasoning: options.requireReasoning, test: options.extraction === 'loose' },
      pool,
      onFailure: failures.add,
      onProgress: (rows) => log.info(`${rows.toLocaleString('en')} rows looked at`, { event: 'progress', rows }),
    })
    failures.say()
    const { findings, rows, pairs } = validation
    if (options.logFormat === 'json') for (const finding of findings) printText(jsonLine({ ...finding }))
    else if (findings.length > 0)
      printText(
        `${textTable(
          ['check', 'rows', 'finding'],
          findings.map(({ check, rows: ids, message }) => [check, ids.length === 0 ? '–' : shown(ids), message]),
          [1, 2],
        )}\n`,
      )
    if (options.card !== null) {
      const { provenance } = loadChemistryData(blooms)
      write(
        options.card,
        cardOf({
          path: options.validate!,
          hash,
          validation,
          provenance,
          licences: options.licence,
          against: options.against,
        }),
      )
      log.info(`card: ${options.card}`)
    }
    log.info(
      `${rows.toLocaleString('en')} rows, ${pairs.toLocaleString('en')} pairs: ${findings.length === 0 ? 'nothing found' : counted(findings.length, 'finding')}`,
    )
    return findings.length === 0 ? 0 : 4
  } finally {
    await pool.close()
  }
}

/** Ids in a table's cell. */
const SHOWN = 3
const shown = (ids: readonly string[]): string =>
  ids.slice(0, SHOWN).join(', ') + (ids.length > SHOWN ? ` and ${(ids.length - SHOWN).toLocaleString('en')} more` : '')

function write(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError('is a folder', `--card ${path}`)
  try {
    // what is no file (a pipe, /dev/stdout) has no place beside it
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) writeFileSync(path, text)
    else writeWholeSync(path, text)
  } catch (cause) {
    if (cause instanceof DataError) throw new DataError(cause.message, path, 'Choose another --card.', { cause })
    throw isSystemError(cause) ? new DataError(unwrittenWords(cause), path, 'Choose another --card.', { cause }) : cause
  }
}
