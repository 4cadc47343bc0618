/** What fits into one page that opens and scrolls without a pause. What is left out is said on the page. */
export interface Limits {
  /** Rows in each browser. */
  readonly rows: number
  /** Completions of one group in its gallery: the highest scores, and what is picked. */
  readonly gallery: number
  /** Prompts and completions together, UTF-16 code units; longer texts lose their middle. */
  readonly textLength: number
  /** Each of them: an opened row is laid out whole. */
  readonly longestText: number
  /** Molecules together, characters of their compact form. */
  readonly drawingLength: number
  /** Molecules drawn: finding the atoms that two do not share takes RDKit some 20 ms per pair. */
  readonly drawings: number
  /** Rows of a plain table (statistics, failures). */
  readonly tableRows: number
}

export const LIMITS: Limits = {
  rows: 10_000,
  gallery: 128,
  textLength: 20_000_000,
  longestText: 200_000,
  drawingLength: 8_000_000,
  drawings: 1_800,
  tableRows: 500,
}
