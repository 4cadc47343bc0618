import { once } from 'node:events'
import { expect, it, vi } from 'vitest'
import { gate, postHead, serve } from './serving.ts'

/** No other timer has it. */
const REQUEST_MS = 31_337

it('waits for the taking of an answer, and not of one whose client has left', async () => {
  const timer = vi.spyOn(globalThis, 'setTimeout')
  const waits = (): number => timer.mock.calls.filter(([, ms]) => ms === REQUEST_MS).length
  try {
    const { reply, waiting, open } = gate()
    const server = await serve({ requestMs: REQUEST_MS }, reply)
    const body = '{"smiles": "C"}'
    const socket = server.raw(postHead(body.length) + body)
    await vi.waitFor(() => expect(waiting()).toBe(1))
    socket.destroy()
    await once(socket, 'close')
    await vi.waitFor(() => expect(server.log.map(({ status }) => status)).toEqual([499]))
    open()
    expect((await server.ask()).status).toBe(200)
    await vi.waitFor(() => expect(server.log).toHaveLength(2))
    expect(waits()).toBe(1)
  } finally {
    timer.mockRestore()
  }
})
