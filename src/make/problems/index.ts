import type { ProblemBuilder } from './builder.ts'
import { completionProblem } from './completion.ts'
import { countProblem } from './count.ts'
import { formulaProblem } from './formula.ts'
import { groupsProblem } from './groups.ts'
import { mirrorProblem } from './mirror.ts'
import { nameProblem } from './name.ts'
import { simpleFormulaProblem } from './simple-formula.ts'

/** Every type of problem that is built from a molecule; reactions are built by the kinds that need them. */
export const PROBLEMS: ReadonlyMap<string, ProblemBuilder> = new Map(
  [
    nameProblem,
    formulaProblem,
    mirrorProblem,
    simpleFormulaProblem,
    countProblem,
    groupsProblem,
    completionProblem,
  ].map((builder) => [builder.name, builder]),
)
