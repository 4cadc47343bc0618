/** What a server is at: `starting` until its model is warm, `stopping` from the first signal on. */
export type Stage = 'starting' | 'ready' | 'stopping'

/** The one stage of a server: what GET /ready tells a load balancer, and whether questions are answered. It only goes forward. */
export class Lifecycle {
  private current: Stage = 'starting'

  get stage(): Stage {
    return this.current
  }

  ready(): void {
    if (this.current === 'starting') this.current = 'ready'
  }

  stopping(): void {
    this.current = 'stopping'
  }
}
