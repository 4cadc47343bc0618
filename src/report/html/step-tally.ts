import type { StepTally, StepVerdictRecord, StepWord } from './step-input.ts'

type Counts = Record<StepWord, number>
const zeros = (): Counts => ({ pass: 0, fail: 0, unverifiable: 0 })

/** Counts verdicts as they come, so that a run of any length can be told of in a page. */
export class StepCounter implements StepTally {
  readonly steps = zeros()
  readonly candidates = zeros()
  readonly kinds = new Map<string, Counts>()

  add({ candidate, verdict, claims }: Pick<StepVerdictRecord, 'candidate' | 'verdict' | 'claims'>): void {
    const counts = candidate === null ? this.steps : this.candidates
    counts[verdict]++
    for (const { kind, outcome } of claims) {
      const own = this.kinds.get(kind) ?? zeros()
      own[outcome]++
      this.kinds.set(kind, own)
    }
  }
}
