/** Makes a \label for each table of a run or an analysis. */
export interface Label {
  /** @param of which part of how many floats */
  of(table: string, of: { readonly part: number; readonly parts: number }): string
}

/**
 * Labels that no other run or analysis has: the names for who reads them, a tag for what they leave out.
 * @param names of scorer and data set; only letters, digits, points and hyphens are kept
 * @param tag some hexadecimal digits of a hash of all that tells the run from others
 * @example labelOf(['demo-rm', 'pairs'], '1a2b3c').of('accuracy', { part: 1, parts: 1 }) // 'tab:accuracy:demo-rm:pairs:1a2b3c'
 */
export const labelOf = (names: readonly string[], tag: string): Label => ({
  of: (table, { part, parts }) =>
    ['tab', table, ...names, tag, ...(parts === 1 ? [] : [part])]
      .map((word) =>
        String(word)
          .replace(/[^A-Za-z0-9.]+/g, '-')
          .slice(0, 60),
      )
      .join(':'),
})
