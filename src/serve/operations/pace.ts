/** Seconds over which the pace is averaged; older requests count less and less. */
const MEMORY_S = 15
/** A client is never sent away for longer: by then all may have changed. */
const LONGEST_WAIT_S = 60

/**
 * How many requests a second the server finishes while it has any: hours without one do not make it slow. An exponentially decayed count
 * over decayed busy time, so that the first seconds already give an unbiased rate.
 * @param clock milliseconds since any fixed point
 */
export class Pace {
  private underWay = 0
  private finished = 0
  private busyS = 0
  private lastMs: number

  constructor(private readonly clock: () => number) {
    this.lastMs = clock()
  }

  /** A request came in. */
  enter(): void {
    this.pass()
    this.underWay++
  }

  /** A request was answered, or its client is gone. */
  leave(): void {
    this.pass()
    this.underWay--
    this.finished++
  }

  /** Requests finished a second of busy time; null before the first. */
  get perSecond(): number | null {
    this.pass()
    return this.finished === 0 || this.busyS === 0 ? null : this.finished / this.busyS
  }

  /**
   * Whole seconds after which `ahead` requests will have been finished at this pace; 1 at least, 60 at most, and 1 where none was finished yet.
   * @example 30 requests ahead at 10 per second: 3
   */
  secondsFor(ahead: number): number {
    const rate = this.perSecond
    return rate === null ? 1 : Math.min(LONGEST_WAIT_S, Math.max(1, Math.ceil(ahead / rate)))
  }

  private pass(): void {
    const now = this.clock()
    if (this.underWay > 0) {
      const elapsedS = (now - this.lastMs) / 1000
      const kept = Math.exp(-elapsedS / MEMORY_S)
      this.finished *= kept
      // the integral of the decay over the time that passed
      this.busyS = this.busyS * kept + MEMORY_S * (1 - kept)
    }
    this.lastMs = now
  }
}
