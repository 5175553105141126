// What every scenario needs around a run: a ground, an observer on it, the audit log's and the emulator's place before it.
import {
  type AuditedCall,
  type AuditMark,
  awsCalls,
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
import { type PairSettings, readSettings } from './snapshot.ts'
import type { Testbed } from './testbed.ts'

export interface ScenarioRun {
  testbed: Testbed
  ground: Ground
  observer: Observer
  /** Settings of both groups before anything was run. */
  before: PairSettings
  /** Names of the pods that have to move, by how many. */
  podsBefore: number
}

export interface EndToEndScenario {
  readonly name: string
  readonly what: string
  run(testbed: Testbed, keep: boolean): Promise<void>
}

/** Makes a ground, plays the scenario on it and takes it away again, however it ended. */
export async function onGround(
  testbed: Testbed,
  keep: boolean,
  options: GroundOptions,
  play: (stage: ScenarioRun) => Promise<void>,
  arrange?: (ground: Ground) => Promise<void>
): Promise<void> {
  const startedAt = Date.now()
  const ground = await makeGround(testbed, options)
  let observer: Observer | undefined
  try {
    await arrange?.(ground)
    observer = await observe(testbed.kubernetes, ground)
    const before = await readSettings(testbed, ground)
    const podsBefore = observer.podsOn(ground.blue).length
    const nodes = observer.nodesOf(ground.blue).length
    say(`ground: ${nodes} nodes, ${podsBefore} pods that move, after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    observer.start()
    await play({ testbed, ground, observer, before, podsBefore })
  } finally {
    observer?.stop()
    if (!keep) await clearGround(testbed, ground)
  }
}

export interface Mark {
  audit: AuditMark
}

export async function mark(testbed: Testbed): Promise<Mark> {
  await clearAwsCalls(testbed)
  return { audit: markAudit(testbed) }
}

/** A run that has nothing to do writes nothing, to neither API; asking what one may do is not a write. */
export async function checkNoWrites(testbed: Testbed, since: Mark): Promise<void> {
  const calls = callsSince(testbed, since.audit)
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
  const aws = await awsCalls(testbed)
  if (!aws) return skip('no write to AWS', 'this endpoint keeps no record')
  const writes = aws.filter(isAwsWrite)
  check('calls to AWS were seen', aws.length > 0, `${aws.length}`)
  check(
    'no write to AWS',
    writes.length === 0,
    [...new Set((writes.length === 0 ? aws : writes).map(({ action }) => action))].join(', ')
  )
}

/** Every eviction hit a pod on the side that was being emptied; prints what the run requested. */
export function checkEvictions(stage: ScenarioRun, since: Mark, from: string, mostRefused = 0.1): AuditedCall[] {
  const calls = callsSince(stage.testbed, since.audit)
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
