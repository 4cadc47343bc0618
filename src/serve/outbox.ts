import type { ScoreRequest } from './request.ts'

/** Sent to the engine's thread and not read by it yet: enough for several of its batches. */
const AHEAD_REQUESTS = 256
const AHEAD_TOKENS = 500_000

/**
 * What goes to the engine's thread, in order. Reading a request (rendering, tokenizing) is work of its own, and a thread reads what it was
 * sent before it hears that the client has left: so only little is sent ahead, and what was not sent is dropped here.
 */
export class Outbox {
  readonly #waiting = new Map<number, { readonly asked: ScoreRequest; readonly tokens: number }>()
  readonly #unread = new Map<number, number>()
  #unreadTokens = 0

  constructor(private readonly send: (request: number, asked: ScoreRequest) => void) {}

  /** @param tokens about so many */
  post(request: number, asked: ScoreRequest, tokens: number): void {
    this.#waiting.set(request, { asked, tokens })
    this.#flush()
  }

  /** The thread has read it. */
  read(request: number): void {
    this.#unreadTokens -= this.#unread.get(request) ?? 0
    this.#unread.delete(request)
    this.#flush()
  }

  /** @returns whether it was here still; else the thread has it */
  drop(request: number): boolean {
    return this.#waiting.delete(request)
  }

  #flush(): void {
    for (const [request, { asked, tokens }] of this.#waiting) {
      const full = this.#unread.size >= AHEAD_REQUESTS || this.#unreadTokens + tokens > AHEAD_TOKENS
      if (full && this.#unread.size > 0) return
      this.#waiting.delete(request)
      this.#unread.set(request, tokens)
      this.#unreadTokens += tokens
      this.send(request, asked)
    }
  }
}
