/** Texts that may run over a limit before template or tokenizer are given up: of a million rows a few may be strange. */
const FREE_FAILURES = 3
const FAILURES_PER_TEXT = 1 / 1000

/** Tells a strange text from a template or a tokenizer that runs over its limits again and again: each time costs seconds. */
export class Recurrence {
  texts = 0
  failures = 0

  begin(): void {
    this.texts++
  }
  /** Whether it is not the text's fault any more. */
  fail(): boolean {
    this.failures++
    return this.failures > FREE_FAILURES && this.failures > this.texts * FAILURES_PER_TEXT
  }
  /** @example 'on 4 of 4 texts' */
  get said(): string {
    return `on ${this.failures.toLocaleString('en')} of ${this.texts.toLocaleString('en')} texts`
  }
}
