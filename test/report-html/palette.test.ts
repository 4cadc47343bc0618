import { describe, expect, it } from 'vitest'
import {
  AREA_OPACITY,
  DARK,
  LIGHT,
  MOST_SHADE,
  PART_OPACITY,
  type Palette,
  SERIES,
} from '../../src/report/plots/palette.ts'
import { contrast, deltaE, lab, over, VISION } from './colour.ts'

describe('the measures', () => {
  it('ΔE2000 is that of Sharma, Wu and Dalal’s own test data', () => {
    // pairs 1, 7, 16, 25 and 33 of their table 1
    const cases = [
      [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
      [[50, 0, 0], [50, -1, 2], 2.3669],
      [[50, 2.5, 0], [50, 0, -2.5], 4.3065],
      [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
      [[6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377],
    ] as const
    for (const [a, b, expected] of cases) expect(deltaE(a, b)).toBeCloseTo(expected, 4)
  })
  it('contrast is that of WCAG: 21 of black on white, 4.48 of #777777', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.478, 3)
  })
  it('white stays white for every reader', () => {
    for (const vision of Object.values(VISION)) expect(deltaE(lab('#ffffff', vision), [100, 0, 0])).toBeLessThan(0.1)
  })
})

describe.each<[string, Palette]>([
  ['light', LIGHT],
  ['dark', DARK],
])('the %s palette', (_, palette) => {
  const grounds = ['page', 'tint', 'blue-tint', 'orange-tint'] as const

  it('has text at 4.5 : 1 on everything it stands on', () => {
    for (const ground of grounds) {
      expect(contrast(palette.ink, palette[ground]), ground).toBeGreaterThanOrEqual(4.5)
      if (ground !== 'orange-tint')
        for (const text of ['muted', 'warn', 'blue'] as const)
          expect(contrast(palette[text], palette[ground]), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    }
    expect(contrast(palette.ink, palette.mark)).toBeGreaterThanOrEqual(4.5)
    // numbers in the cells of a heat map, and names in the parts of a bar
    expect(contrast(palette.ink, over(palette.blue, MOST_SHADE, palette.page))).toBeGreaterThanOrEqual(4.5)
    for (const series of SERIES)
      expect(contrast(palette.ink, over(palette[series], PART_OPACITY, palette.page)), series).toBeGreaterThanOrEqual(
        4.5,
      )
  })

  it('has marks at 3 : 1 on the page', () => {
    for (const series of SERIES) expect(contrast(palette[series], palette.page), series).toBeGreaterThanOrEqual(3)
  })

  it('has an outline that is seen over a filled area', () => {
    expect(deltaE(lab(palette.orange), lab(over(palette.blue, AREA_OPACITY, palette.page)))).toBeGreaterThan(20)
  })

  it.each(Object.entries(VISION))('keeps the colours of series apart: %s', (_, vision) => {
    // the least that was measured is 14.5; dashes or shapes stand beside colour everywhere
    for (const [i, a] of SERIES.entries())
      for (const b of SERIES.slice(i + 1))
        expect(deltaE(lab(palette[a], vision), lab(palette[b], vision)), `${a} and ${b}`).toBeGreaterThanOrEqual(14)
  })
})
