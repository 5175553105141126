/**
 * Requests that must not overtake each other go one after the other, each in its lane: the writes of one group, the
 * evictions of one budget. A request is not sent if the one before it was not let through, since it was decided in the
 * hope that it would be.
 */
export interface Lanes {
  has(lane: string): boolean
  names(): ReadonlySet<string>
  /** `send` answers whether the next request may follow; `skip` is called instead if this one may not be sent. */
  enter(lane: string, send: () => Promise<boolean>, skip: () => void): Promise<void>
}

export function createLanes(): Lanes {
  const last = new Map<string, Promise<boolean>>()
  return {
    has: (lane) => last.has(lane),
    names: () => new Set(last.keys()),
    async enter(lane, send, skip) {
      const before = last.get(lane) ?? Promise.resolve(true)
      const turn = before.then((open) => {
        if (open) return send()
        skip()
        return false
      })
      last.set(lane, turn)
      await turn
      if (last.get(lane) === turn) last.delete(lane)
    }
  }
}
