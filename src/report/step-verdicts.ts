import type { Cell } from './csv.ts'

/** Columns of step-verdicts.csv: the contract's, then ours. */
export const STEP_VERDICT_COLUMNS = [
  'id', 'step', 'candidate', 'step_verdict', 'step_claims', 'step_reason', 'claims_decided', 'claims_undecided', 'step_note', 'subset', 'cluster',
] as const // biome-ignore format: the contract's line, then ours

/** Columns of step-claims.csv: a line a claim. */
export const STEP_CLAIM_COLUMNS = [
  'id', 'step', 'candidate', 'claim', 'claim_kind', 'claim_verdict', 'claim_text', 'claim_start', 'claim_end', 'claim_subject',
  'claim_stated', 'claim_computed', 'claim_reason', 'subset', 'cluster',
] as const // biome-ignore format: two lines say it

/** A claim as the files have it. */
export interface ClaimCells {
  readonly kind: string
  readonly outcome: string
  readonly text: string
  readonly start: number
  readonly end: number
  readonly subject: string | null
  readonly stated: string
  readonly computed: string | null
  readonly reason: string | null
}
/** A step as the files have it. */
export interface VerdictCells {
  readonly step: number
  readonly candidate: number | null
  readonly verdict: string
  readonly reason: string | null
  readonly note: string | null
  readonly claims: readonly ClaimCells[]
}
/** The row that the step is of. */
export interface VerdictRow {
  readonly id: string
  readonly subset: string
  readonly cluster: string
}

/** `formula: benzene has the formula C6H6; ring_count: one ring`: the claims decided, each with its kind and its words. */
export const decidedText = (claims: readonly ClaimCells[]): string =>
  claims
    .filter(({ outcome }) => outcome !== 'unverifiable')
    .map(({ kind, text }) => `${kind}: ${text.replace(/\s+/g, ' ')}`)
    .join('; ')

export function verdictCells({ id, subset, cluster }: VerdictRow, step: VerdictCells): Cell[] {
  const decided = step.claims.filter(({ outcome }) => outcome !== 'unverifiable').length
  return [
    id,
    step.step,
    step.candidate,
    step.verdict,
    decidedText(step.claims),
    step.reason,
    decided,
    step.claims.length - decided,
    step.note,
    subset,
    cluster,
  ]
}

export const claimCells = ({ id, subset, cluster }: VerdictRow, { step, candidate, claims }: VerdictCells): Cell[][] =>
  claims.map((claim, i) => [
    id,
    step,
    candidate,
    i,
    claim.kind,
    claim.outcome,
    claim.text,
    claim.start,
    claim.end,
    claim.subject,
    claim.stated,
    claim.computed,
    claim.reason,
    subset,
    cluster,
  ])
