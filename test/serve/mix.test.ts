import { describe, expect, it } from 'vitest'
import { type MixRule, mixedReward } from '../../src/serve/mix.ts'
import { configOf, DEMO } from './served.ts'

const rule = (more: Partial<MixRule>): MixRule => ({
  mix: 'learned',
  lambda: 1,
  unverifiableReward: null,
  unscoredReward: null,
  ...more,
})

describe('mixedReward', () => {
  const both = { learned: 0.5, verifiable: 1 }
  it('takes one part, or the sum with λ', () => {
    expect(mixedReward(both, rule({}))).toBe(0.5)
    expect(mixedReward(both, rule({ mix: 'verifiable' }))).toBe(1)
    // 1 + 2 · 0.5
    expect(mixedReward(both, rule({ mix: 'sum', lambda: 2 }))).toBe(2)
    expect(mixedReward(both, rule({ mix: 'sum', lambda: -1 }))).toBe(0.5)
  })
  it('is absent where a part is that it needs, and only there', () => {
    const unverified = { learned: 0.5, verifiable: null }
    const unscored = { learned: null, verifiable: 1 }
    expect(mixedReward(unverified, rule({}))).toBe(0.5)
    expect(mixedReward(unscored, rule({}))).toBe(null)
    expect(mixedReward(unscored, rule({ mix: 'verifiable' }))).toBe(1)
    expect(mixedReward(unverified, rule({ mix: 'sum' }))).toBe(null)
    expect(mixedReward(unscored, rule({ mix: 'sum', unverifiableReward: 0 }))).toBe(null)
  })
  it('counts an absent part as the rule says', () => {
    expect(
      mixedReward(
        { learned: null, verifiable: null },
        rule({ mix: 'sum', lambda: 3, unverifiableReward: -1, unscoredReward: 2 }),
      ),
    ).toBe(5)
    expect(mixedReward({ learned: null, verifiable: 1 }, rule({ unscoredReward: -4 }))).toBe(-4)
  })
})

it.each(['lambda', 'unverifiable-reward', 'unscored-reward'])(
  '--%s leaves every reward a finite float32',
  async (flag) => {
    const mix = { lambda: '2', 'unverifiable-reward': '0', 'unscored-reward': '0', [flag]: '1e308' }
    const args = Object.entries(mix).flatMap(([name, value]) => [`--${name}`, value])
    await expect(configOf(['--model', DEMO, '--mix', 'sum', ...args])).rejects.toThrow(
      'is not between −1e+30 and 1e+30',
    )
  },
)
