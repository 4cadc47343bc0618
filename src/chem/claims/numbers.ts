const WORDS = new Map(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'
    .split(' ')
    .map((word, n) => [word, n]),
)
for (const [tens, n] of [
  ['twenty', 20],
  ['thirty', 30],
  ['forty', 40],
  ['fifty', 50],
] as const) {
  WORDS.set(tens, n)
  for (let i = 1; i <= 9; i++) WORDS.set(`${tens}-${[...WORDS.keys()][i]!}`, n + i)
}

/** A number word up to 59; null for any other word. */
export const wordToNumber = (word: string): number | null => WORDS.get(word) ?? null

/** How a stated number binds: `exactly 2`, `at least 2`, `more than 2` … */
export type Bound = 'exactly' | 'at_least' | 'at_most' | 'more' | 'fewer'

export const boundHolds = (bound: Bound, stated: number, value: number): boolean => {
  switch (bound) {
    case 'exactly':
      return value === stated
    case 'at_least':
      return value >= stated
    case 'at_most':
      return value <= stated
    case 'more':
      return value > stated
    case 'fewer':
      return value < stated
  }
}

export const boundText = (bound: Bound, stated: number): string =>
  ({ exactly: '', at_least: 'at least ', at_most: 'at most ', more: 'more than ', fewer: 'fewer than ' })[bound] +
  stated
