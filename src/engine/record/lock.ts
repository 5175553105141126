/**
 * One engine acts on a cluster at a time. The Lease is renewed while the run lasts, taken over only after it has not
 * changed for its whole duration and the longest write besides, on the finder's own clock. An engine that may have lost
 * it writes nothing.
 */
import type { Clock } from '../model/clock.ts'
import type { Lease, Leases } from '../model/cluster.ts'
import { UpgradeError } from '../model/error.ts'
import { leaseMs, leaseRenewMs, longestWriteMs, retryDelayMs, takeAttempts } from '../model/limits.ts'

export interface Lock {
  /** Whether a write that begins now ends while the Lease is still ours. */
  held(): boolean
  /** Set once another engine holds the Lease. */
  lostTo(): Lease | undefined
  /** Releases the Lease, once, and not after `abandon`; not called while a write is outstanding. */
  release(): Promise<void>
  /** Stops renewing and lets the Lease run out. */
  abandon(): void
}

/** Since when a held Lease was seen unchanged. One that nobody renews for long enough is free. */
export interface SeenLease {
  /** As the API server numbers its versions: as long as it is the same, nobody has written it. */
  version: string
  at: number
}

export interface LockOptions {
  holder: string
  holderDetails: string
  /** How long to wait for a holder who renews; 0: not at all. */
  patienceMs: number
  /** What a process before this one has seen: those that are too short to see it run out see it together. */
  seen?: SeenLease
  /** Told of every look at a Lease that somebody else holds. */
  saw?(seen: SeenLease): void
  waiting(lease: Lease, sinceMs: number): void
}

/** Rejects with lock-held when another run keeps the Lease for longer than `patienceMs`, or when `signal` is aborted. */
export async function acquireLock(
  leases: Leases,
  clock: Clock,
  options: LockOptions,
  signal: AbortSignal
): Promise<Lock> {
  const begunAt = clock.now()
  let seen = options.seen && { ...options.seen, at: Math.min(options.seen.at, begunAt), renewals: 0 }
  let failures = 0
  for (;;) {
    const found = await leases.read()
    const now = clock.now()
    if (found?.version !== seen?.version) {
      seen = found && { version: found.version, at: now, renewals: (seen?.renewals ?? -1) + 1 }
    }
    const free = !found || found.lease.holder === '' || found.lease.holder === options.holder
    const expired = seen !== undefined && now - seen.at >= leaseMs + longestWriteMs
    if (free || expired) {
      const lock = await take(leases, clock, options, found, failures)
      if (lock) return lock
      // Another engine was faster, or the reply was lost: the next look tells. A server that refuses every time is not hammered.
      await clock.sleep(retryDelayMs(failures + 1), signal)
      failures += 1
      if (signal.aborted) throw lockHeld(found?.lease ?? noHolder)
      continue
    }
    // Seen renewed: its holder lives. Seen unchanged: it may be dead, and only time tells.
    if ((seen?.renewals ?? 0) > 0 && now - begunAt >= options.patienceMs) throw lockHeld(found.lease)
    if (seen) options.saw?.({ version: seen.version, at: seen.at })
    options.waiting(found.lease, now - begunAt)
    await clock.sleep(1_000, signal)
    if (signal.aborted) throw lockHeld(found.lease)
  }
}

const noHolder: Lease = {
  holder: '',
  holderDetails: '',
  acquiredAt: 0,
  renewedAt: 0,
  durationSeconds: 0,
  transitions: 0
}

/** Who holds it, the run and where it can be watched. */
export function holderText({ holder, holderDetails }: Lease): string {
  return `${holder || 'not known which'}${holderDetails ? ` (${holderDetails})` : ''}`
}

function lockHeld(lease: Lease): UpgradeError {
  return new UpgradeError(`Another run holds the cluster: ${holderText(lease)}.`, {
    code: 'lock-held',
    outcome: 'refused',
    hint: 'Wait until it has ended, or let this one wait for it: --lock-timeout-minutes 60'
  })
}

async function take(
  leases: Leases,
  clock: Clock,
  options: LockOptions,
  found: { lease: Lease; version: string } | undefined,
  failures: number
): Promise<Lock | undefined> {
  const at = clock.now()
  const lease: Lease = {
    holder: options.holder,
    holderDetails: options.holderDetails,
    acquiredAt: at,
    renewedAt: at,
    durationSeconds: leaseMs / 1000,
    transitions: (found?.lease.transitions ?? -1) + 1
  }
  const version = await leases.write(lease, found?.version).catch((error: unknown) => {
    if (failures >= takeAttempts || !isLostReply(error)) throw error
    return undefined
  })
  // A lost reply looks like a lost race; the next read finds our own name as the holder and takes it again.
  return version === undefined ? undefined : keep(leases, clock, lease, version)
}

/** It is unknown whether it was written, or the server is busy. */
function isLostReply(error: unknown): boolean {
  return error instanceof UpgradeError && error.details.code === 'kubernetes'
}

function keep(leases: Leases, clock: Clock, taken: Lease, firstVersion: string): Lock {
  const stop = new AbortController()
  let lease = taken
  let version: string | undefined = firstVersion
  // Counted from before the request was sent: the server may have written it at any moment since.
  let renewedAt = taken.renewedAt
  let lostTo: Lease | undefined
  let renewing: Promise<void> = Promise.resolve()
  /** Released or abandoned: what comes after that changes nothing. */
  let ended = false

  async function renew(): Promise<void> {
    const sentAt = clock.now()
    const next = { ...lease, renewedAt: sentAt }
    try {
      const written = await leases.write(next, version)
      if (written !== undefined) {
        lease = next
        version = written
        renewedAt = sentAt
        return
      }
      const found = await leases.read()
      if (!found) version = undefined
      else if (found.lease.holder === taken.holder && found.lease.transitions === taken.transitions)
        version = found.version
      else lostTo = found.lease
    } catch {
      // The next attempt comes soon; held() says no as soon as time is short.
    }
  }

  async function renewForEver(): Promise<void> {
    let failures = 0
    while (!stop.signal.aborted && !lostTo) {
      await clock.sleep(failures === 0 ? leaseRenewMs : retryDelayMs(1), stop.signal)
      if (stop.signal.aborted) return
      const before = renewedAt
      renewing = renew()
      await renewing
      failures = renewedAt === before ? failures + 1 : 0
    }
  }
  void renewForEver()

  return {
    held: () => !lostTo && !stop.signal.aborted && clock.now() < renewedAt + leaseMs - longestWriteMs,
    lostTo: () => lostTo,
    abandon() {
      ended = true
      stop.abort()
    },
    async release() {
      if (ended) return
      ended = true
      stop.abort()
      await renewing
      if (lostTo) return
      // A renewal whose reply was lost makes the version old: look once. What fails beyond that is no failure of the run,
      // whose work is done: the Lease runs out by itself.
      const given = { ...lease, holder: '', holderDetails: '', renewedAt: clock.now() }
      try {
        if ((await leases.write(given, version)) !== undefined) return
        const found = await leases.read()
        if (found?.lease.holder === taken.holder && found.lease.transitions === taken.transitions) {
          await leases.write(given, found.version)
        }
      } catch {
        // See above.
      }
    }
  }
}
