import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGroupReader } from '../../../src/engine/loop/group-reader.ts'
import type { Node } from '../../../src/engine/model/cluster.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import type { Group, NodeGroups } from '../../../src/engine/model/node-group.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { view } from '../plan/world.ts'
import { blue, blueGroup, engineClock, green, greenGroup, node, run } from '../sample.ts'

function reading(groups: { outgoing?: Group | undefined; incoming?: Group } = {}) {
  const clock = virtualClock()
  const state = { looks: 0, activityLooks: 0, fail: undefined as Error | undefined, during: () => {} }
  const found = { outgoing: blueGroup(), incoming: greenGroup(), ...groups }
  const nodeGroups: Pick<NodeGroups, 'describe' | 'activities'> = {
    async describe() {
      state.looks += 1
      state.during()
      if (state.fail) throw state.fail
      return [found.outgoing, found.incoming].filter((one) => one !== undefined)
    },
    async activities() {
      state.activityLooks += 1
      return []
    }
  }
  const reader = createGroupReader({ clock: engineClock(clock), nodeGroups: nodeGroups as NodeGroups })
  const open = run()
  return {
    clock,
    reader,
    state,
    found,
    read: (nodes: readonly Node[] = []) => clock.run(reader.read(open, view({ nodes: [...nodes] }))),
    pass: (ms: number) => clock.run(clock.sleep(ms))
  }
}

/** How many looks at AWS a stage costs in so many milliseconds, asked every 200 ms. */
async function looksIn(
  reading: { read(): Promise<unknown>; pass(ms: number): Promise<unknown>; state: { looks: number } },
  ms: number
) {
  const before = reading.state.looks
  for (let passed = 0; passed < ms; passed += 200) {
    await reading.read()
    await reading.pass(200)
  }
  return reading.state.looks - before
}

describe('the reader of the groups', () => {
  it('looks often just after a change, seldom while it waits, and hardly while only pods move', async () => {
    const one = reading()
    one.reader.stage('launch')
    one.reader.wrote()
    assert.ok((await looksIn(one, 6000)) >= 5)
    assert.ok((await looksIn(one, 30_000)) <= 11)
    one.reader.stage('drain')
    assert.ok((await looksIn(one, 60_000)) <= 5)
  })

  it('looks at once after a write of ours', async () => {
    const one = reading()
    one.reader.stage('drain')
    await one.read()
    await one.read()
    assert.equal(one.state.looks, 1)
    one.reader.wrote()
    await one.read()
    assert.equal(one.state.looks, 2)
  })

  it('takes a look that was under way when a write ended for old', async () => {
    const one = reading()
    one.state.during = () => one.reader.wrote()
    await one.read()
    one.state.during = () => {}
    await one.read()
    assert.equal(one.state.looks, 2)
  })

  it('looks when a node appears whose instance it does not know', async () => {
    const one = reading()
    one.reader.stage('drain')
    await one.read()
    await one.pass(600)
    const stranger = node('b9', { instanceId: 'i-b9', createdAt: one.clock.now() })
    await one.read([stranger])
    assert.equal(one.state.looks, 2)
  })

  it('is not woken again and again by a node of somebody else', async () => {
    const one = reading()
    one.reader.stage('drain')
    await one.read()
    await one.pass(2000)
    const foreign = node('karpenter-1', { instanceId: 'i-k1', createdAt: one.clock.now() - 1000 })
    for (let round = 0; round < 40; round++) {
      await one.read([foreign])
      await one.pass(200)
    }
    assert.ok(one.state.looks <= 4, `${one.state.looks} looks`)
  })

  it('hands a failure on, and looks again the next time', async () => {
    const one = reading()
    one.reader.stage('drain')
    await one.read()
    one.reader.wrote()
    one.state.fail = new UpgradeError('throttled', { code: 'aws', outcome: 'refused', hint: '' })
    await assert.rejects(one.read(), UpgradeError)
    one.state.fail = undefined
    assert.equal((await one.read()).groups.outgoing.name, blue)
    assert.equal(one.state.looks, 3)
  })

  it('says when a group does not exist any more: it is not taken for empty', async () => {
    const one = reading({ outgoing: undefined })
    await assert.rejects(
      one.read(),
      (error) =>
        error instanceof UpgradeError && error.details.code === 'group-not-found' && /shop-blue/.test(error.message)
    )
  })

  it('reads activities only while instances are missing, after a moment, and not too often', async () => {
    const whole = reading()
    whole.reader.stage('launch')
    await looksIn(whole, 30_000)
    assert.equal(whole.state.activityLooks, 0)
    const short = reading({ incoming: greenGroup({ instances: [] }) })
    short.reader.stage('launch')
    await looksIn(short, 3000)
    assert.equal(short.state.activityLooks, 0)
    await looksIn(short, 30_000)
    assert.ok(short.state.activityLooks >= 2 && short.state.activityLooks <= 4, `${short.state.activityLooks}`)
    assert.equal(short.found.incoming.name, green)
  })
})
