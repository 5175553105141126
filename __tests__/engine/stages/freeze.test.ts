import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freeze, originalsText } from '../../../src/engine/stages/freeze.ts'
import {
  actionsOf,
  ask,
  blue,
  blueGroup,
  green,
  greenGroup,
  instance,
  kinds,
  look,
  marked,
  original,
  run
} from '../sample.ts'

const untouched = { suspended: [], newInstancesProtected: false, capacity: { min: 1, max: 10, desired: 3 } }
const asFound = (tags: Readonly<Record<string, string>> = marked) =>
  look({
    outgoing: blueGroup({
      ...untouched,
      tags,
      instances: ['b1', 'b2', 'b3'].map((name) => instance(`i-${name}`, { protectedFromScaleIn: false }))
    }),
    incoming: greenGroup({ ...untouched, tags, instances: [], capacity: { min: 0, max: 0, desired: 0 } })
  })

describe('freeze', () => {
  it('is done when everything is seen back', () => {
    assert.equal(ask(freeze, look(), run()).kind, 'done')
  })

  it('marks both groups before anything else', () => {
    const actions = actionsOf(ask(freeze, asFound({}), run()))
    assert.deepEqual(
      actions.map((one) => [one.kind, 'group' in one && one.group]),
      [
        ['tag', blue],
        ['tag', green]
      ]
    )
  })

  it('suspends, pins the size and protects what is there and what comes, and takes no size from anybody', () => {
    const actions = actionsOf(ask(freeze, asFound(), run()))
    assert.deepEqual(
      actions.filter((one) => one.kind === 'protect-new'),
      [{ kind: 'protect-new', group: blue, on: true }]
    )
    assert.deepEqual(
      actions.filter((one) => one.kind === 'suspend').map((one) => [one.group, one.processes]),
      [
        [blue, ['AZRebalance', 'ScheduledActions', 'InstanceRefresh', 'ReplaceUnhealthy']],
        [green, ['AZRebalance', 'ScheduledActions', 'InstanceRefresh']]
      ]
    )
    assert.deepEqual(
      actions.filter((one) => one.kind === 'resize'),
      [{ kind: 'resize', group: blue, capacity: { min: 3 } }]
    )
    assert.deepEqual(
      actions.filter((one) => one.kind === 'protect'),
      [{ kind: 'protect', group: blue, instanceIds: ['i-b1', 'i-b2', 'i-b3'], on: true }]
    )
  })

  it('suspends only what is not suspended already', () => {
    const world = look({ outgoing: blueGroup({ suspended: ['AZRebalance', 'Launch'] }) })
    assert.deepEqual(actionsOf(ask(freeze, world, run())), [
      { kind: 'suspend', group: blue, processes: ['ScheduledActions', 'InstanceRefresh', 'ReplaceUnhealthy'] }
    ])
  })

  it('suspends HealthCheck on both where more than EC2 is checked: empty nodes fail a load balancer', () => {
    const world = look({
      outgoing: blueGroup({ healthCheckType: 'ELB' }),
      incoming: greenGroup({ healthCheckType: 'EC2,ELB' })
    })
    assert.deepEqual(
      actionsOf(ask(freeze, world, run())).map((one) => 'processes' in one && [one.group, one.processes]),
      [
        [blue, ['HealthCheck']],
        [green, ['HealthCheck']]
      ]
    )
  })

  it('never stops alarms or the launching of instances: the cluster can always grow', () => {
    const stopped = actionsOf(ask(freeze, asFound(), run())).flatMap((one) =>
      one.kind === 'suspend' ? one.processes : []
    )
    for (const process of ['Launch', 'Terminate', 'AlarmNotification']) assert.ok(!stopped.includes(process))
  })

  it('leaves a Desired that somebody raised as it is, and writes only Min', () => {
    const world = look({ outgoing: blueGroup({ capacity: { min: 1, max: 10, desired: 8 } }) })
    assert.deepEqual(actionsOf(ask(freeze, world, run())), [{ kind: 'resize', group: blue, capacity: { min: 3 } }])
  })

  it('repairs a Desired below the count, with the Max that it needs', () => {
    const world = look({ outgoing: blueGroup({ capacity: { min: 0, max: 2, desired: 2 } }) })
    assert.deepEqual(actionsOf(ask(freeze, world, run())), [
      { kind: 'resize', group: blue, capacity: { min: 3, desired: 3, max: 3 } }
    ])
  })

  it('keeps Min at the count: whoever changed it is undone', () => {
    assert.deepEqual(
      actionsOf(ask(freeze, look({ outgoing: blueGroup({ capacity: { min: 0, max: 3, desired: 3 } }) }), run())),
      [{ kind: 'resize', group: blue, capacity: { min: 3 } }]
    )
  })

  it('protects an instance that came later, but only once it is in service', () => {
    const late = (lifecycle: string) =>
      look({
        outgoing: blueGroup({
          instances: [instance('i-b1'), instance('i-b4', { lifecycle, protectedFromScaleIn: false })]
        })
      })
    assert.deepEqual(kinds(ask(freeze, late('Pending:Wait'), run())), [])
    assert.deepEqual(actionsOf(ask(freeze, late('InService'), run())), [
      { kind: 'protect', group: blue, instanceIds: ['i-b4'], on: true }
    ])
  })

  it('puts the mark of another run right, and one that Terraform took away', () => {
    const world = look({ incoming: greenGroup({ tags: { 'eks-node-upgrade/run': 'run-0' } }) })
    const [tag] = actionsOf(ask(freeze, world, run()))
    assert.equal(tag?.kind === 'tag' && tag.tags['eks-node-upgrade/run'], 'run-1')
  })

  it('says what it found in words that fit into a tag', () => {
    const text = originalsText(
      original(blue, { suspended: Array.from({ length: 60 }, (_, number) => `Process${number}`) })
    )
    assert.ok(text.length <= 256)
    assert.match(originalsText(original(blue)), /min 1 max 10 desired 3/)
  })
})
