/** A value over n = completions per prompt, of one subset (`all` = every group) and one method (curves.csv has their definitions). */
export interface GroupCurve {
  readonly subset: string
  readonly method: string
  readonly points: readonly GroupCurvePoint[]
}
export interface GroupCurvePoint {
  readonly n: number
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** Groups that the value is a mean of: those with at least n completions that count. */
  readonly groups: number
}
