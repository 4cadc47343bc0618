import type { Summary } from '../agreement/accuracy.ts'
import type { Agreement } from '../agreement/agreement.ts'
import { reliability } from '../agreement/calibration.ts'
import { allRows, pairColumns } from '../agreement/columns.ts'
import { mineHacks } from '../agreement/hacking.ts'
import { Drawer } from '../chem/toolkit/draw.ts'
import type { Joined } from '../collect.ts'
import type { GroupsReport } from '../report/html/group-input.ts'
import type { AnswerPort, MoleculePort, ReportInput, RunRecord } from '../report/html/input.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { RowFailure } from '../types.ts'
import { answerPort } from './answer-port.ts'
import type { DriftRecord } from './drift.ts'

export interface HtmlInput {
  readonly run: RunRecord
  readonly joined: Joined
  readonly summary: Summary
  readonly agreement: Agreement
  readonly failures: readonly RowFailure[]
  /** How answers are read. */
  readonly verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>
  readonly drift: DriftRecord | null
  /** Of a run with groups. */
  readonly groups?: GroupsReport | undefined
  /** Margin over chemical distance. */
  readonly sensitivity?: ReportInput['sensitivity']
}

/** report.html of a run. */
export async function reportHtml(given: HtmlInput): Promise<string> {
  const { run, joined, summary, agreement, failures, drift, groups } = given
  const { renderReport } = await import('../report/html/report.ts')
  const { pairs, completions } = joined
  const scored = pairs.some((pair) => pair.margin !== null)
  const columns = pairColumns(pairs)
  const hacking = mineHacks(completions)
  const answers = answerPort(joined.solutions, given.verification)
  const input: ReportInput = {
    run,
    accuracy: scored ? summary.accuracy : null,
    statistics: agreement.statistics,
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
    molecules: hasMolecules(joined, answers) ? await moleculePort() : NO_MOLECULES,
  }
  return renderReport(input)
}

/** Where there is nothing to draw, RDKit, a third of a second, is not started. */
const NO_MOLECULES: MoleculePort = { draw: () => null, differingAtoms: () => null }

const hasMolecules = ({ completions, solutions }: Joined, answers: AnswerPort): boolean =>
  completions.some((completion) => answers.answer(completion) !== null) ||
  [...solutions.keys()].some((id) => answers.expected(id)!.kind === 'molecule')

/** RDKit for the page's drawings; null where it cannot be started, and the page says so. */
async function moleculePort(): Promise<MoleculePort | null> {
  const drawer = await Drawer.open().catch(() => null)
  if (drawer === null) return null
  return {
    draw: (smiles, options) =>
      smiles.includes('>') ? drawer.reaction(smiles, options) : drawer.molecule(smiles, options),
    differingAtoms: (a, b) => drawer.differingAtoms(a, b),
  }
}
