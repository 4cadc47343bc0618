/** Unit and meaning of a column. */
export interface ColumnMeaning {
  readonly unit: string
  readonly definition: string
}
export const m = (unit: string, definition: string): ColumnMeaning => ({ unit, definition })

export const PROBABILITY = '0 … 1'
export const SCORE = "the score's own unit"
export const REWARD = '0 … 1 (more with a good-molecule bonus)'
