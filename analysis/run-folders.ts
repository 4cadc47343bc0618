import { closeSync, existsSync, fstatSync, readdirSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Coder } from '../src/agreement/columns.ts'
import { DataError } from '../src/errors.ts'
import { openRegular, regularText } from '../src/read-regular.ts'
import {
  IDENTITY_FILE,
  identitiesIn,
  identityOfManifest,
  parseIdentity,
  readRecord,
  stampOf,
} from '../src/setup/identity.ts'
import { completionKey } from './keys.ts'
import { isServed } from './over-time.ts'
import { readOwnBaselines } from './run-baselines.ts'
import { checkCount, checkRun } from './run-checks.ts'
import { promptsOf, readCompletions, readPairs } from './run-csv.ts'
import { readGroups } from './run-groups.ts'
import { kindOf, type Run } from './runs.ts'
import { isStepRun, readStepStatistics } from './step-run.ts'

interface RunFolder {
  readonly model: string
  readonly dataset: string
  readonly path: string
}

/** Folders `<output-dir>/<model>/<dataset>` that hold scores, in the order of their names. */
export const findRuns = (outputDir: string): RunFolder[] =>
  runFolders(outputDir).filter(({ path }) => existsSync(join(path, 'scores.csv')))
/** Those in which run-process judged candidates for a step. */
export const findStepRuns = (outputDir: string): RunFolder[] =>
  runFolders(outputDir).filter(({ path }) => isStepRun(path))
/** Those of runs that have no scores.csv: run-generate's, run-process's, and of any that has not come to its scores. */
export const runsWithoutScores = (outputDir: string): string[] =>
  runFolders(outputDir)
    .map(({ path }) => path)
    .filter((path) => !existsSync(join(path, 'scores.csv')))
    .filter((path) => ['run.json', IDENTITY_FILE].some((name) => existsSync(join(path, name))))

function runFolders(outputDir: string): RunFolder[] {
  const folders = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true })
          .filter((e) => e.isDirectory())
          .map((e) => e.name)
          .sort()
      : []
  return folders(outputDir)
    .filter((model) => model !== 'analysis')
    .flatMap((model) =>
      folders(join(outputDir, model)).map((dataset) => ({ model, dataset, path: join(outputDir, model, dataset) })),
    )
}

/** Folders that a run has claimed and not yet written its scores into. */
export function unfinishedRuns(outputDir: string): string[] {
  const below = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [join(path, e.name)] : []))
      : []
  return (
    below(outputDir)
      .flatMap(below)
      // one that ended and has no scores is of another kind: run-process writes steps.csv
      .filter((path) => !existsSync(join(path, 'scores.csv')) && !existsSync(join(path, 'run.json')))
      .filter((path) => parseIdentity(readRecord(path, IDENTITY_FILE))?.dataSha256)
      .sort()
  )
}

/** ◆ Reads a run's scores.csv and pairs.csv into columns; memory grows with the numbers and ids only, not the texts. */
export async function readRun(folder: RunFolder): Promise<Run> {
  if (isStepRun(folder.path)) return readStepRun(folder)
  for (let attempt = 1; ; attempt++) {
    const files = ['run.json', 'scores.csv', 'pairs.csv', 'groups.csv'].map((name) => join(folder.path, name))
    const before = stampOf(files)
    const { manifest, warnings } = readManifest(join(folder.path, 'run.json'))
    const prompts = new Coder()
    const pairs = await readPairs(join(folder.path, 'pairs.csv'), prompts)
    // a server appends whole lines while it runs: those that are there now are read
    const bytes = isServed({ manifest }) ? wholeLines(join(folder.path, 'scores.csv')) : null
    const scores = join(folder.path, 'scores.csv')
    const completions = await readCompletions(scores, promptsOf(pairs), bytes ?? undefined, prompts)
    const own = await readOwnBaselines(join(folder.path, 'agreement.csv'), pairs)
    const groups = await readGroups(join(folder.path, 'groups.csv'), completions)
    // else they would be of two runs
    if (bytes !== null || stampOf(files) === before) {
      const paths = { pairs: join(folder.path, 'pairs.csv'), scores }
      const contradiction = checkRun(pairs, completions, paths, completionKey)
      const cut = bytes === null ? checkCount(completions.n, manifest, scores) : null
      // what run.json says is of the scores beside it
      const identity = identityOfManifest(manifest) ?? identitiesIn(folder.path).known[0] ?? null
      const { model, dataset, path: where } = folder
      const kind = kindOf({ model, manifest })
      return {
        model,
        kind,
        dataset,
        where,
        pairs,
        completions,
        groups,
        manifest,
        identity,
        ownBaselines: own.statistics,
        warnings: [...warnings, cut, contradiction, own.warning].filter((warning) => warning !== null),
      }
    }
    if (attempt === READS)
      throw new DataError(
        'changes while it is read',
        folder.path,
        'A run is writing there; analyse it when that has ended.',
      )
  }
}

const READS = 3

/** ◆ A run of run-process. */
async function readStepRun({ model, dataset, path }: RunFolder): Promise<Run> {
  const { manifest, warnings } = readManifest(join(path, 'run.json'))
  const pairs = await readPairs(join(path, 'pairs.csv'))
  return {
    model,
    kind: kindOf({ model, manifest }),
    dataset,
    where: path,
    pairs,
    completions: await readCompletions(join(path, 'scores.csv'), promptsOf(pairs)),
    groups: [],
    manifest,
    identity: identityOfManifest(manifest) ?? identitiesIn(path).known[0] ?? null,
    steps: await readStepStatistics(join(path, 'agreement.csv')),
    warnings,
  }
}

const NEWLINE = 0x0a
const TAIL_BYTES = 1 << 16
/** Bytes of a file up to the end of its last whole line. */
function wholeLines(path: string): number {
  const fd = openRegular(path)
  try {
    const part = Buffer.alloc(TAIL_BYTES)
    for (let end = fstatSync(fd).size; end > 0; ) {
      const from = Math.max(0, end - TAIL_BYTES)
      const read = readSync(fd, part, 0, end - from, from)
      const at = part.subarray(0, read).lastIndexOf(NEWLINE)
      if (at >= 0) return from + at + 1
      end = from
    }
    return 0
  } finally {
    closeSync(fd)
  }
}

/** The scores do not need run.json: one that is damaged is said, and the run has none. */
function readManifest(path: string): Pick<Run, 'manifest' | 'warnings'> {
  if (!existsSync(path)) {
    // a run writes it last
    const claimed = existsSync(join(dirname(path), IDENTITY_FILE))
    return { manifest: null, warnings: claimed ? [`${path} is not there: the run has not come to its end`] : [] }
  }
  try {
    return { manifest: JSON.parse(regularText(path)) as unknown, warnings: [] }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { manifest: null, warnings: [`${path} is damaged and left aside (${why}); the scores are analysed`] }
  }
}
