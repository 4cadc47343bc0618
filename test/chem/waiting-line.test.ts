import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WaitingLine } from '../../src/chem/workers/waiting-line.ts'

it('is what a list is, whatever is done with it', () => {
  const act = fc.oneof(
    fc.record({ do: fc.constant('push' as const), n: fc.nat(99) }),
    fc.record({ do: fc.constant('take' as const), n: fc.integer({ min: -2, max: 9 }) }),
    fc.record({ do: fc.constant('putBack' as const), n: fc.nat(99) }),
    fc.record({ do: fc.constant('leave' as const), n: fc.integer({ min: 2, max: 5 }) }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const line = new WaitingLine<number>()
      let list: number[] = []
      for (const { do: what, n } of acts) {
        if (what === 'push') {
          line.push(n)
          list.push(n)
        } else if (what === 'take') expect(line.take(n)).toEqual(list.splice(0, Math.max(0, n)))
        else if (what === 'putBack') {
          line.putBack([n, n + 1])
          list.unshift(n, n + 1)
        } else {
          expect(line.leave((item) => item % n === 0)).toEqual(list.filter((item) => item % n === 0))
          list = list.filter((item) => item % n !== 0)
        }
        expect(line.length).toBe(list.length)
      }
    }),
  )
})

it('300,000 jobs pass through in a time that grows with their number', () => {
  const line = new WaitingLine<number>()
  for (let i = 0; i < 300_000; i++) line.push(i)
  const start = process.cpuUsage()
  let wrong = 0
  for (let i = 0; i < 300_000; i += 2) if (line.take(2)[0] !== i) wrong++
  expect(wrong).toBe(0)
  // a list that moves up at every step takes 20 s
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5)
})
