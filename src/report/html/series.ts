import type { Curve } from '../plots/curves.ts'

const COLOURS = ['var(--blue)', 'var(--orange)', 'var(--green)', 'var(--purple)'] as const
const DASHES = [null, '6,3', '2,3'] as const

/** How the i-th of several curves is drawn: apart by colour, then by dashes. */
export const seriesStyle = (i: number): Pick<Curve, 'colour' | 'dashes'> => ({
  colour: COLOURS[i % COLOURS.length]!,
  dashes: DASHES[Math.floor(i / COLOURS.length) % DASHES.length]!,
})

/** Powers of two, and the largest n where it stands clear of them. */
export function curveTicks(largest: number): readonly number[] {
  const powers = Array.from({ length: Math.floor(Math.log2(largest)) + 1 }, (_, k) => 2 ** k)
  return largest / powers.at(-1)! > 1.3 ? [...powers, largest] : powers
}
