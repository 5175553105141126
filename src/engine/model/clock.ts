/** Time as the engine sees it. Instants are milliseconds since the epoch. */
export interface Clock {
  now(): number
  /** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
