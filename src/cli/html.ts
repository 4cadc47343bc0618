import type { Summary } from '../agreement/accuracy.ts'
import type { Agreement } from '../agreement/agreement.ts'
import { reliability } from '../agreement/calibration.ts'
import { allRows, pairColumns } from '../agreement/columns.ts'
import { type FaultLine, isPart } from '../agreement/faults.ts'
import { mineHacks } from '../agreement/hacking.ts'
import { Drawer } from '../chem/toolkit/draw.ts'
import { PageSearch } from '../chem/toolkit/page-search.ts'
import { drawPicture } from '../chem/toolkit/pictures.ts'
import type { Joined } from '../collect.ts'
import type { GroupsReport } from '../report/html/group-input.ts'
import type { AnswerPort, MoleculePort, ReportInput, RunRecord } from '../report/html/input.ts'
import type { Markup } from '../report/html/markup.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { RowFailure, ScoredCompletion } from '../types.ts'
import { answerPort } from './answer-port.ts'
import type { DriftRecord } from './drift.ts'
import type { PicturesAhead } from './pictures.ts'

export interface HtmlInput {
  readonly run: RunRecord
  readonly joined: Joined
  readonly summary: Summary
  readonly agreement: Agreement
  readonly faults: readonly FaultLine[]
  readonly failures: readonly RowFailure[]
  /** How answers are read. */
  readonly verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>
  readonly drift: DriftRecord | null
  /** Of a run with groups. */
  readonly groups?: GroupsReport | undefined
  /** Drawings that were made ahead of time. */
  readonly pictures?: PicturesAhead | undefined
  /** Margin over chemical distance. */
  readonly sensitivity?: ReportInput['sensitivity']
}

/** report.html of a run. */
export async function reportHtml(given: HtmlInput): Promise<Markup> {
  const { run, joined, summary, agreement, failures, drift, groups } = given
  const { reportPage } = await import('../report/html/report.ts')
  const { pairs, completions } = joined
  const scored = pairs.some((pair) => pair.margin !== null)
  const columns = pairColumns(pairs)
  const hacking = mineHacks(completions)
  const answers = answerPort(joined.solutions, given.verification)
  const molecules = await moleculesOf(completions, [...joined.solutions.keys()], answers)
  const input: ReportInput = {
    run,
    accuracy: scored ? summary.accuracy : null,
    statistics: agreement.statistics,
    faults: given.faults.map((line) => ({ ...line, part: isPart(line, given.faults) })),
    pairs,
    completions,
    prompts: joined.prompts,
    failures,
    calibration: scored
      ? {
          method:
            'Bradley–Terry, σ(margin) at temperature 1, each pair in both orders; ten bins of equal mass, Wilson intervals over the prompts of a bin.',
          bins: reliability(columns, allRows(columns.n), 'all'),
        }
      : null,
    drift,
    suspects: hacking.suspects,
    tiedSuspects: hacking.tied,
    ...(groups !== undefined && { groups }),
    ...(given.sensitivity !== undefined && { sensitivity: given.sensitivity }),
    answers,
    molecules: molecules === null ? null : ((await given.pictures?.before(molecules)) ?? molecules),
  }
  return reportPage(input)
}

/** Where there is nothing to draw, RDKit, a third of a second, is not started. */
const NO_MOLECULES: MoleculePort = { draw: () => null, differingAtoms: () => null }

/** What draws the answers of some rows; null where it cannot be started. @param ids rows that expect something */
export const moleculesOf = async (
  completions: readonly ScoredCompletion[],
  ids: readonly string[],
  answers: AnswerPort,
): Promise<MoleculePort | null> =>
  completions.some((completion) => answers.answer(completion) !== null) ||
  ids.some((id) => answers.expected(id)?.kind === 'molecule')
    ? await moleculePort()
    : NO_MOLECULES

/** RDKit for the page's drawings; null where it cannot be started, and the page says so. */
async function moleculePort(): Promise<MoleculePort | null> {
  const drawer = await Drawer.open().catch(() => null)
  if (drawer === null) return null
  const search = new PageSearch()
  return {
    draw: (smiles, { highlightAtoms, ...size }) => drawPicture(drawer, { smiles, highlightAtoms }, size),
    differingAtoms: (a, b) => search.differing(drawer, a, b),
  }
}
