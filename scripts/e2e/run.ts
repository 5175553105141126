// What every scenario needs around a run: a ground, an observer on it, the audit log's and the emulator's place before it.
import {
  type AuditMark,
  awsCalls,
  type Call,
  callsSince,
  clearAwsCalls,
  isAwsWrite,
  isEviction,
  isWrite,
  markAudit,
  summarize
} from './audit.ts'
import { check, say, skip } from './expect.ts'
import { clearGround, type Ground, type GroundOptions, makeGround } from './ground.ts'
import { type Observer, observe } from './observer.ts'
import { readSettings, type Settings } from './snapshot.ts'
import type { World } from './world.ts'

export interface Stage {
  world: World
  ground: Ground
  observer: Observer
  /** Settings of both groups before anything was run. */
  before: Settings
  /** Names of the pods that have to move, by how many. */
  podsBefore: number
}

export interface Scenario {
  readonly name: string
  readonly what: string
  run(world: World, keep: boolean): Promise<void>
}

/** Makes a ground, plays the scenario on it and takes it away again, however it ended. */
export async function onGround(
  world: World,
  keep: boolean,
  options: GroundOptions,
  play: (stage: Stage) => Promise<void>,
  arrange?: (ground: Ground) => Promise<void>
): Promise<void> {
  const startedAt = Date.now()
  const ground = await makeGround(world, options)
  let observer: Observer | undefined
  try {
    await arrange?.(ground)
    observer = await observe(world.kubernetes, ground)
    const before = await readSettings(world, ground)
    const podsBefore = observer.podsOn(ground.blue).length
    const nodes = observer.nodesOf(ground.blue).length
    say(`ground: ${nodes} nodes, ${podsBefore} pods that move, after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    observer.start()
    await play({ world, ground, observer, before, podsBefore })
  } finally {
    observer?.stop()
    if (!keep) await clearGround(world, ground)
  }
}

export interface Mark {
  audit: AuditMark
}

export async function mark(world: World): Promise<Mark> {
  await clearAwsCalls(world)
  return { audit: markAudit(world) }
}

/** A run that has nothing to do writes nothing, to neither API; asking what one may do is not a write. */
export async function checkNoWrites(world: World, since: Mark): Promise<void> {
  const calls = callsSince(world, since.audit)
  if (!calls) skip('no write to Kubernetes', 'no audit log here')
  else {
    const writes = calls.filter(isWrite)
    check('calls to Kubernetes were seen', calls.length > 0, `${calls.length}`)
    check(
      'no write to Kubernetes, not even a Lease',
      writes.length === 0,
      writes.length === 0 ? summarize(calls) : summarize(writes)
    )
  }
  const aws = await awsCalls(world)
  if (!aws) return skip('no write to AWS', 'this endpoint keeps no record')
  const writes = aws.filter(isAwsWrite)
  check('calls to AWS were seen', aws.length > 0, `${aws.length}`)
  check(
    'no write to AWS',
    writes.length === 0,
    [...new Set((writes.length === 0 ? aws : writes).map(({ action }) => action))].join(', ')
  )
}

/** Every eviction hit a pod on the side that was being emptied; prints what the run asked for. */
export function checkEvictions(stage: Stage, since: Mark, from: string, mostRefused = 0.1): Call[] {
  const calls = callsSince(stage.world, since.audit)
  if (!calls) {
    skip('evictions', 'no audit log here')
    return []
  }
  const evictions = calls.filter(isEviction)
  const accepted = evictions.filter(({ code }) => code < 300)
  const refused = evictions.filter(({ code }) => code === 429)
  const strays = accepted.filter(({ namespace, name, at }) => {
    const pod = stage.observer.podAt(namespace, name, at + 50)
    return !pod || !stage.observer.nodesWere(from).has(pod.node)
  })
  const deleted = calls.filter(
    ({ verb, resource, subresource }) => /^delete/.test(verb) && resource === 'pods' && subresource === ''
  )
  say(`calls by the product: ${calls.length}; ${summarize(calls)}`)
  check(`evictions hit only pods on ${from}`, accepted.length > 0 && strays.length === 0, {
    accepted: accepted.length,
    ...(strays.length > 0 && { strays: strays.map(({ name }) => name).slice(0, 5) })
  })
  check(
    `few evictions were refused (at most ${mostRefused} each)`,
    refused.length <= Math.ceil(mostRefused * accepted.length),
    `${refused.length} × 429 for ${accepted.length}`
  )
  check('no pod was deleted directly', deleted.length === 0, summarize(deleted))
  return calls
}
