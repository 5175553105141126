/**
 * Gates: conditions outside the cluster (a health check, an alarm, a command) that must be good while pods move and before the
 * old group is retired. A gate is named by a text that holds no secret; what the name stands for is known to the adapter alone.
 */

/** `no-data`: it was asked, and has nothing to say (an alarm without data). `unknown`: it could not be asked. */
export type GateState = 'good' | 'bad' | 'no-data' | 'unknown'

/** What one gate answered. */
export interface GateLook {
  gate: string
  state: GateState
  /** What was seen, in words, such as `HTTP status 503`. */
  seen: string
  /** What to do about it: a command that can be pasted, or a whole sentence. */
  hint?: string
}

/** One answer with its times: an answer says how things were when it was asked for, not when it came. */
export interface DatedLook extends GateLook {
  askedAt: number
  answeredAt: number
}

export interface Gates {
  /** One look for each name. Never rejects for a gate that cannot be asked: that gate is `unknown`. */
  ask(gates: readonly string[], signal: AbortSignal): Promise<readonly GateLook[]>
}
