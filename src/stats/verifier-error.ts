/** A scorer's decisions against a verifier's, as counts: `passed` where the verifier says pass. */
export interface VerifiedDecisions {
  readonly acceptedPassed: number
  readonly acceptedFailed: number
  readonly rejectedPassed: number
  readonly rejectedFailed: number
}
/** Chances that a verifier is right: of a truly right answer it passes `sensitivity`, of a wrong one it fails `specificity`. */
export interface VerifierError {
  readonly sensitivity: number
  readonly specificity: number
}
export interface CorrectedAgreement {
  /** Share of answers that are truly right. */
  readonly prevalence: number
  /** Share of decisions that agree with the truth. */
  readonly agreement: number
  /** Cohen's κ with the truth; null where the truth or the decisions are of one class. */
  readonly kappa: number | null
}

/**
 * Agreement of a scorer with the truth behind a verifier that errs: with sensitivity Se and specificity Sp, errors independent of the
 * decision given the truth, P(decision, pass) = Se · P(decision, right) + (1 − Sp) · P(decision, wrong), so
 *
 *   P(decision, right) = (P(decision, pass) − (1 − Sp) · P(decision)) / (Se + Sp − 1),
 *
 * and the prevalence is Rogan and Gladen's (1978, Am. J. Epidemiol. 107:71). A perfect verifier leaves the agreement as it is.
 * @returns null without a decision, for rates outside [0, 1], a verifier no better than chance (Se + Sp ≤ 1), or counts that these rates
 *   cannot give (a share below 0): then the assumption is wrong, and no number is right
 * @example correctedAgreement({ acceptedPassed: 40, acceptedFailed: 10, rejectedPassed: 10, rejectedFailed: 40 }, { sensitivity: 0.9, specificity: 0.9 })!.agreement // 0.875
 */
export function correctedAgreement(
  { acceptedPassed, acceptedFailed, rejectedPassed, rejectedFailed }: VerifiedDecisions,
  { sensitivity, specificity }: VerifierError,
): CorrectedAgreement | null {
  const n = acceptedPassed + acceptedFailed + rejectedPassed + rejectedFailed
  const gain = sensitivity + specificity - 1
  const rate = (v: number): boolean => v >= 0 && v <= 1
  if (!(n > 0) || !rate(sensitivity) || !rate(specificity) || !(gain > 0)) return null
  const rightOf = (passed: number, failed: number): number =>
    (passed - (1 - specificity) * (passed + failed)) / gain / n
  const accepted = (acceptedPassed + acceptedFailed) / n
  const [acceptedRight, rejectedRight] = [
    rightOf(acceptedPassed, acceptedFailed),
    rightOf(rejectedPassed, rejectedFailed),
  ]
  const rejectedWrong = 1 - accepted - rejectedRight
  const cells = [acceptedRight, accepted - acceptedRight, rejectedRight, rejectedWrong]
  // rounding may leave a last digit below 0
  if (cells.some((cell) => cell < -1e-12)) return null
  const prevalence = acceptedRight + rejectedRight
  const agreement = acceptedRight + rejectedWrong
  const chance = accepted * prevalence + (1 - accepted) * (1 - prevalence)
  return { prevalence, agreement, kappa: chance >= 1 ? null : (agreement - chance) / (1 - chance) }
}
