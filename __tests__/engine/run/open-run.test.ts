import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Lease, Leases } from '../../../src/engine/model/cluster.ts'
import type { Group } from '../../../src/engine/model/node-group.ts'
import type { Ports } from '../../../src/engine/model/ports.ts'
import type { Mode } from '../../../src/engine/model/settings.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { discardUnstartedRun, resume, resumeOpenRun } from '../../../src/engine/run/open-run.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { blueGroup, engineClock, greenGroup, instance, minute, original, run, settings } from '../sample.ts'
import { fakeContext, fakeLock, fakeStore } from './fake-context.ts'

/** A Lease that anybody may take. */
function freeLease(): Leases {
  let stored: { lease: Lease; version: string } | undefined
  return {
    read: async () => stored,
    async write(lease) {
      stored = { lease, version: String(Number(stored?.version ?? 0) + 1) }
      return stored.version
    }
  }
}

describe('a run that died before its first change', () => {
  const asFound = (group: Group): Group => ({ ...group, tags: {}, suspended: [], newInstancesProtected: false })
  const outgoing = asFound(blueGroup({ instances: [instance('i-b1', { protectedFromScaleIn: false })] }))
  const incoming = asFound(greenGroup({ instances: [] }))
  const begun = run({
    outgoing: original(outgoing.name, { capacity: outgoing.capacity, newInstancesProtected: false, suspended: [] }),
    incoming: original(incoming.name, { capacity: incoming.capacity, newInstancesProtected: false, suspended: [] })
  })

  /** Whether its record is discarded when the groups look like this. */
  async function discarded(groups: readonly Group[], open: OpenRun = begun): Promise<boolean> {
    const clock = virtualClock()
    const store = fakeStore(open)
    const ports = { clock: engineClock(clock), leases: freeLease(), nodeGroups: { describe: async () => groups } }
    const { context } = fakeContext({ store, ports: ports as unknown as Ports })
    await clock.run(discardUnstartedRun(context))
    return store.current().run === undefined
  }

  it('is discarded: what it planned may be old by now', async () => {
    assert.equal(await discarded([outgoing, incoming]), true)
  })

  const touched: Record<string, readonly Group[]> = {
    'a run tag': [{ ...outgoing, tags: { 'eks-node-upgrade/run': 'run-1' } }, incoming],
    'an instance that is protected and was not': [
      { ...outgoing, instances: [instance('i-b1', { protectedFromScaleIn: true })] },
      incoming
    ],
    'a process that is suspended and was not': [{ ...outgoing, suspended: ['AZRebalance'] }, incoming],
    'another size': [{ ...outgoing, capacity: { ...outgoing.capacity, min: 0 } }, incoming],
    'protection of new instances': [outgoing, { ...incoming, newInstancesProtected: true }],
    'a group that is gone': [outgoing]
  }
  for (const [what, groups] of Object.entries(touched)) {
    it(`is kept if there is ${what}: only its record can undo that`, async () => {
      assert.equal(await discarded(groups), false)
    })
  }

  it('is discarded if the instance had been protected before', async () => {
    const before = { ...begun, outgoing: { ...begun.outgoing, protectedInstances: ['i-b1'] } }
    const now = { ...outgoing, instances: [instance('i-b1', { protectedFromScaleIn: true })] }
    assert.equal(await discarded([now, incoming], before), true)
  })

  it('is kept in every state but forward', async () => {
    assert.equal(await discarded([outgoing, incoming], { ...begun, held: {} } as OpenRun), false)
    assert.equal(
      await discarded([outgoing, incoming], run({ ...begun, held: undefined, direction: 'retiring' })),
      false
    )
  })
})

describe('a run that is resumed', () => {
  /** The record that `mode` leaves when it continues this run and is stopped at once. */
  async function resumed(mode: Mode, open: OpenRun): Promise<OpenRun | undefined> {
    const store = fakeStore(open)
    const signal = AbortSignal.abort()
    const { context } = fakeContext({ store, signal, settings: settings({ mode, onCancel: 'leave' }) })
    await resume(context, fakeLock().lock)
    return store.current().run
  }
  const spent = { elapsedMs: 250 * minute, spentMs: { 'forward/drain': 59 * minute } }

  it('keeps its clocks: repeated starts cannot dodge a deadline', async () => {
    const next = await resumed('upgrade', run(spent))
    assert.deepEqual([next?.elapsedMs, next?.spentMs], [spent.elapsedMs, spent.spentMs])
  })

  it('has clocks of its own if it was held: the time that a person took does not count', async () => {
    for (const mode of ['finalize', 'upgrade'] as const) {
      const next = await resumed(mode, run({ ...spent, held: { because: 'a Job is still running' } }))
      assert.deepEqual([next?.elapsedMs, next?.spentMs], [0, {}], mode)
    }
  })

  it('stays held while it is finalized, so that a failure does not revert it', async () => {
    const next = await resumed('finalize', run({ held: {}, settings: settings({ hold: true }) }))
    assert.deepEqual([next?.direction, next?.held, next?.settings.hold], ['forward', {}, false])
  })

  it('reverts on request from forward and from held, and from nowhere else', async () => {
    assert.equal((await resumed('revert', run()))?.direction, 'reverting')
    assert.equal((await resumed('revert', run({ held: {} })))?.direction, 'reverting')
    assert.equal((await resumed('revert', run({ direction: 'retiring' })))?.direction, 'retiring')
  })

  it('stays held, and writes nothing, if an upgrade is requested while a hold was', async () => {
    const store = fakeStore(run({ held: {} }))
    const { context } = fakeContext({ store, settings: settings({ mode: 'upgrade' }) })
    const result = await resumeOpenRun(context)
    assert.deepEqual([result.outcome, result.next?.split(' ')[0]], ['held', 'finalize'])
  })

  it('is not compared with the plan that is expected, and says so', async () => {
    const expectPlan = ['p1-aaaaaaaaaaaaaaaaaaaa']
    for (const open of [run(), run({ held: {} }), run({ held: { because: 'a Job is still running' } })]) {
      const signal = AbortSignal.abort()
      const { context, events } = fakeContext({ store: fakeStore(open), signal, settings: settings({ expectPlan }) })
      if (open.held && open.held.because === undefined) await resumeOpenRun(context)
      else await resume(context, fakeLock().lock)
      const notes = events.flatMap((event) => (event.kind === 'note' ? event.text : []))
      assert.ok(
        notes.includes('Run run-1 is open already, so its plan is not compared with expect-plan.'),
        notes.join()
      )
      assert.ok(!notes.some((note) => note.includes('differ in')), notes.join())
    }
  })
})
