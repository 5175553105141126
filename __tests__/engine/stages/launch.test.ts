import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Activity, Instance } from '../../../src/engine/model/node-group.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { isFatal, launch, nextWave } from '../../../src/engine/stages/launch.ts'
import {
  actionsOf,
  ask,
  blueCordoned,
  blueGroup,
  blueOpen,
  deployment,
  green,
  greenGroup,
  greenOpen,
  instance,
  look,
  minute,
  node,
  now,
  observationsAt,
  observeLook,
  random,
  run,
  settings,
  template
} from '../sample.ts'

const greenInstance = (name: string, over: Partial<Instance> = {}) =>
  instance(`i-${name}`, { template: template('42'), ...over })

const empty = greenGroup({ instances: [], capacity: { min: 0, max: 0, desired: 0 }, newInstancesProtected: false })
const failedActivity = (message: string): Activity => ({
  id: 'a',
  startedAt: now - 5000,
  status: 'Failed',
  description: 'Launching a new EC2 instance.',
  message
})

describe('launch', () => {
  it('has new instances protected before it asks for any', () => {
    const world = look({ incoming: empty, nodes: blueOpen })
    assert.deepEqual(actionsOf(ask(launch, world, run())), [{ kind: 'protect-new', group: green, on: true }])
  })

  it('asks for the canary first, with the Max that outgoing had, in one write', () => {
    const world = look({ incoming: { ...empty, newInstancesProtected: true }, nodes: blueOpen })
    assert.deepEqual(actionsOf(ask(launch, world, run())), [
      { kind: 'resize', group: green, capacity: { min: 1, max: 10, desired: 1 } }
    ])
  })

  it('waits while the canary is not usable', () => {
    const world = look({
      incoming: greenGroup({
        capacity: { min: 1, max: 10, desired: 1 },
        instances: [greenInstance('g1', { lifecycle: 'Pending' })]
      }),
      nodes: blueOpen
    })
    const step = ask(launch, world, run())
    assert.deepEqual(actionsOf(step), [])
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.seen ?? '') : '', /Pending/)
  })

  it('asks for the rest when the canary is usable', () => {
    const world = look({
      incoming: greenGroup({ capacity: { min: 1, max: 10, desired: 1 }, instances: [greenInstance('g1')] }),
      nodes: [...blueOpen, node('g1')]
    })
    assert.deepEqual(actionsOf(ask(launch, world, run())), [
      { kind: 'resize', group: green, capacity: { min: 3, max: 10, desired: 3 } }
    ])
  })

  it('is done with as many usable nodes as the count', () => {
    assert.equal(ask(launch, look(), run()).kind, 'done')
  })

  it('brings as many as outgoing has grown to meanwhile', () => {
    const grown = blueGroup({ instances: ['b1', 'b2', 'b3', 'b4'].map((name) => instance(`i-${name}`)) })
    const [resize] = actionsOf(ask(launch, look({ outgoing: grown }), run()))
    assert.deepEqual(resize, { kind: 'resize', group: green, capacity: { min: 4, max: 10, desired: 4 } })
  })

  it('never lowers a Desired that somebody raised', () => {
    const world = look({ incoming: greenGroup({ capacity: { min: 3, max: 10, desired: 7 } }) })
    assert.deepEqual(actionsOf(ask(launch, world, run())), [
      { kind: 'resize', group: green, capacity: { min: 7, max: 10, desired: 7 } }
    ])
  })

  it('waits for a node in every zone of outgoing, and fails when none comes', () => {
    const zones = ['eu-west-1a', 'eu-west-1b']
    const scene = {
      outgoing: blueGroup({
        instances: [instance('i-b1'), instance('i-b2'), instance('i-b3', { zone: 'eu-west-1b' })],
        zones
      }),
      incoming: greenGroup({ zones })
    }
    const observations = observationsAt(now)
    observations.desired.set(green, { value: 3, at: now })
    const step = ask(launch, look({ ...scene, observations }), run())
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.seen ?? '') : '', /eu-west-1b/)
    const later = ask(launch, look({ ...scene, observations, now: now + 16 * minute }), run())
    assert.equal(later.kind === 'failed' && later.code, 'launch-timeout')
  })

  it('does not wait for a zone that incoming does not have', () => {
    const outgoing = blueGroup({
      instances: [instance('i-b1'), instance('i-b2'), instance('i-b3', { zone: 'eu-west-1b' })]
    })
    assert.equal(ask(launch, look({ outgoing }), run()).kind, 'done')
  })

  it('once from is cordoned waits for nothing more than one usable node, but goes on writing', () => {
    const one = greenGroup({ capacity: { min: 1, max: 10, desired: 3 }, instances: [greenInstance('g1')] })
    const nodes = [...blueCordoned, node('g1')]
    const step = ask(launch, look({ incoming: one, nodes }), run())
    assert.deepEqual(actionsOf(step), [{ kind: 'resize', group: green, capacity: { min: 3, max: 10, desired: 3 } }])
    const written = { ...one, capacity: { min: 3, max: 10, desired: 3 } }
    assert.equal(ask(launch, look({ incoming: written, nodes }), run()).kind, 'done')
  })
})

describe('a launch that AWS refuses', () => {
  const missing = (activities: readonly Activity[], since = now, open: OpenRun = run()) => {
    const observations = observationsAt(now)
    observations.desired.set(green, { value: 1, at: since })
    const incoming = greenGroup({ capacity: { min: 1, max: 10, desired: 1 }, instances: [] })
    return ask(launch, look({ incoming, nodes: blueOpen, activities, observations }), open)
  }

  it('for a reason that never passes fails at once, in AWS’s own words', () => {
    const message = 'Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity'
    const step = missing([failedActivity(message)])
    assert.equal(step.kind === 'failed' && step.code, 'launch-failed')
    assert.match(step.kind === 'failed' ? step.message : '', /VcpuLimitExceeded/)
  })

  it('for want of capacity has until the deadline', () => {
    const activity = failedActivity(
      'Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have'
    )
    assert.equal(missing([activity]).kind, 'busy')
    const late = missing([activity], now - 16 * minute)
    assert.equal(late.kind === 'failed' && late.code, 'launch-failed')
  })

  it('without a word fails at the deadline', () => {
    const step = missing([], now - 16 * minute)
    assert.equal(step.kind === 'failed' && step.code, 'launch-timeout')
  })

  it('tells what can pass from what cannot', () => {
    for (const message of [
      'Client.InternalError: Client error on launch',
      'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
      'The security group sg-1 does not exist',
      'There are not enough free addresses in subnet subnet-1'
    ])
      assert.equal(isFatal({ message }), true, message)
    for (const message of [
      'There is no Spot capacity available that matches your request',
      'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested'
    ])
      assert.equal(isFatal({ message }), false, message)
  })
})

describe('an instance that is late', () => {
  /** g3 is InService for so long, and is no node. */
  function scene(inServiceForMs: number, open: OpenRun = run(), pods = deployment('shop', []).pods) {
    const observations = observationsAt(now)
    observations.desired.set(green, { value: 3, at: now - 30 * minute })
    observations.completeAt.set(green, now)
    for (const name of ['g1', 'g2', 'g3']) {
      observations.instances.set(`i-${name}`, {
        group: green,
        seenAt: now - inServiceForMs,
        seenComing: true,
        inServiceAt: now - inServiceForMs
      })
    }
    return { run: open, observations, pods, nodes: [...blueOpen, ...greenOpen.slice(0, 2)] }
  }
  const replaced = (open: OpenRun): OpenRun => ({
    ...open,
    replaced: ['i-g3'],
    beforeReplacement: ['i-g1', 'i-g2', 'i-g3']
  })

  it('is given its time', () => {
    const { run: open, ...rest } = scene(9 * minute)
    const step = ask(launch, look(rest), open)
    assert.equal(step.kind === 'busy' && step.first, undefined)
  })

  it('is written into the record before it is replaced', () => {
    const { run: open, ...rest } = scene(11 * minute)
    const step = ask(launch, look(rest), open)
    assert.deepEqual(actionsOf(step), [])
    const next = step.kind === 'busy' ? step.first?.(open) : undefined
    assert.deepEqual(next?.replaced, ['i-g3'])
    assert.deepEqual(next?.beforeReplacement, ['i-g1', 'i-g2', 'i-g3'])
  })

  it('is then terminated, by its id', () => {
    const { run: open, ...rest } = scene(11 * minute)
    assert.deepEqual(actionsOf(ask(launch, look(rest), replaced(open))), [
      { kind: 'terminate', group: green, instanceIds: ['i-g3'] }
    ])
  })

  it('is not terminated with pods on its node: then it is a failure', () => {
    const { pods } = deployment('shop', ['g3'])
    const { run: open, ...rest } = scene(11 * minute, run(), pods)
    const nodes = [...rest.nodes, node('g3', { ready: 'False' })]
    for (const one of [open, replaced(open)]) {
      const step = ask(launch, look({ ...rest, nodes }), one)
      assert.equal(step.kind === 'failed' && step.code, 'join-timeout')
    }
  })

  it('the second time is a failure', () => {
    const { run: open, ...rest } = scene(11 * minute)
    const second = { ...open, replaced: ['i-g0'], beforeReplacement: ['i-g0', 'i-g1', 'i-g2'] }
    const step = ask(launch, look(rest), second)
    assert.equal(step.kind === 'failed' && step.code, 'join-timeout')
    assert.match(step.kind === 'failed' ? step.message : '', /second/)
  })

  it('leaves its replacement the whole time to launch', () => {
    const { run: open, ...rest } = scene(16 * minute)
    // Gone since a moment ago; Desired is what it was half an hour ago.
    const incoming = greenGroup({ instances: [greenInstance('g1'), greenInstance('g2')] })
    assert.equal(ask(launch, look({ ...rest, incoming }), replaced(open)).kind, 'busy')
  })

  it('is not one that was usable and is not for a moment', () => {
    const { run: open, ...rest } = scene(40 * minute)
    const nodes = [...blueOpen, ...greenOpen]
    observeLook({ ...rest, nodes }, open)
    const flapped = [...blueOpen, ...greenOpen.slice(0, 2), node('g3', { ready: 'Unknown' })]
    const step = ask(launch, look({ ...rest, nodes: flapped, now: now + 1000 }), open)
    assert.equal(step.kind, 'busy')
    assert.equal(step.kind === 'busy' && step.first, undefined)
    const stays = ask(launch, look({ ...rest, nodes: flapped, now: now + 11 * minute }), open)
    assert.notEqual(stays.kind === 'busy' && stays.first, undefined)
  })
})

describe('the waves of a launch', () => {
  it('begin with the canary, go on in hundreds, and end at the count', () => {
    assert.equal(nextWave(0, 0, 1, 250), 1)
    assert.equal(nextWave(1, 0, 1, 250), 1)
    assert.equal(nextWave(1, 1, 1, 250), 101)
    assert.equal(nextWave(101, 100, 1, 250), 101)
    assert.equal(nextWave(101, 101, 1, 250), 201)
    assert.equal(nextWave(201, 201, 1, 250), 250)
    assert.equal(nextWave(250, 250, 1, 250), 250)
  })

  it('of a very large group are a tenth of it', () => {
    assert.equal(nextWave(1, 1, 1, 3000), 301)
  })

  it('have no canary where none is asked for', () => {
    assert.equal(nextWave(0, 0, 0, 60), 60)
    assert.equal(nextWave(0, 0, 0, 250), 100)
  })

  it('never lower, never exceed, never grow while something is not usable, and get there', () => {
    const pick = random(7)
    for (let round = 0; round < 1000; round++) {
      const count = pick(400)
      const canary = pick(5)
      const desired = pick(500)
      const usable = pick(desired + 1)
      const next = nextWave(desired, usable, canary, count)
      const told = JSON.stringify({ desired, usable, canary, count, next })
      assert.ok(next >= desired, told)
      assert.ok(next <= Math.max(desired, count), told)
      const first = Math.min(count, canary || 100)
      if (usable < desired && desired >= first) assert.equal(next, desired, told)
      if (usable === desired && desired < count) assert.ok(next > desired, told)
      assert.ok(next - desired <= Math.max(100, Math.ceil(count / 10)), told)
    }
  })

  it('are asked for whatever the settings say', () => {
    const all = run({ settings: settings({ canaryNodes: 0 }) })
    const world = look({ incoming: { ...empty, newInstancesProtected: true }, nodes: blueOpen })
    assert.deepEqual(actionsOf(ask(launch, world, all)), [
      { kind: 'resize', group: green, capacity: { min: 3, max: 10, desired: 3 } }
    ])
  })
})
