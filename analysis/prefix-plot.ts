import * as Plot from '@observablehq/plot'
import { decimal } from '../src/report/html/numbers.ts'
import { COLOUR, renderSvg } from '../src/report/plots/svg.ts'
import type { PrefixReward } from './prefix-rewards.ts'
import { svgFile } from './svg-file.ts'

/** The prefixes of one text. */
export interface RewardLine {
  readonly name: string
  readonly prefixes: readonly PrefixReward[]
}

/** Lines are told apart without colour. */
const STROKES = [
  { stroke: COLOUR.blue, strokeDasharray: '', word: 'solid' },
  { stroke: COLOUR.orange, strokeDasharray: '6,3', word: 'dashed' },
  { stroke: COLOUR.grey, strokeDasharray: '2,3', word: 'dotted' },
] as const

/** Reward against tokens read, a line per text (HERM's draw_per_token_reward). A longer list repeats the strokes. */
export function prefixPlot(lines: readonly RewardLine[], title: string): string {
  const strokeOf = (k: number): (typeof STROKES)[number] => STROKES[k % STROKES.length]!
  const tip = (line: RewardLine) => (p: PrefixReward) =>
    `${line.name}, token ${p.token}: ${JSON.stringify(p.text)}\nreward ${decimal(p.reward)}`
  const starts = lines.flatMap(({ prefixes }) => prefixes.find((p) => p.completion && p.token > 0)?.token ?? [])
  const plot = renderSvg(
    {
      height: 300,
      marginLeft: 58,
      marginBottom: 42,
      marginTop: 22,
      x: { label: 'tokens read', labelAnchor: 'center', labelArrow: 'none' },
      y: { label: 'reward', labelArrow: 'none', nice: true },
      marks: [
        Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.ruleX([...new Set(starts)], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4,3' }),
        ...lines.flatMap((line, k) => {
          const { stroke, strokeDasharray } = strokeOf(k)
          const place = { x: (p: PrefixReward) => p.token + 1, y: 'reward' } as const
          return [
            Plot.line(line.prefixes, { ...place, stroke, strokeDasharray, strokeWidth: 1.8 }),
            // unseen dots carry the tool tips
            Plot.dot(line.prefixes, { ...place, r: 4, fill: 'transparent', title: tip(line) }),
          ]
        }),
      ],
    },
    `Reward of each prefix: ${lines.map(({ name, prefixes }) => `${name}, ${prefixes.length} tokens`).join('; ')}`,
  )
  const key = lines.map(({ name, prefixes }, k) => `${strokeOf(k).word}: ${name} (${prefixes.length} tokens)`)
  return svgFile(plot, title, starts.length === 0 ? key : [...key, 'vertical line: the completion begins'])
}
