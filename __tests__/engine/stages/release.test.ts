import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Group } from '../../../src/engine/model/node-group.ts'
import { retiredCopy } from '../../../src/engine/plan/retired-configuration.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { release } from '../../../src/engine/stages/release.ts'
import type { Step } from '../../../src/engine/stages/stage.ts'
import {
  actionsOf,
  ask,
  blue,
  blueGroup,
  blueOpen,
  cordoned,
  frozen,
  green,
  greenGroup,
  greenOpen,
  instance,
  kinds,
  marked,
  now,
  observationsAt,
  original,
  run,
  template,
  watch,
  workload
} from '../sample.ts'

const forth = run({ direction: 'retiring' })
const back = run({ direction: 'reverting' })
const rest = { min: 0, max: 0, desired: 0 }
const retired = (over: Partial<Group> = {}) => blueGroup({ capacity: rest, instances: [], ...over })
const serving = (over: Partial<Group> = {}) => greenGroup({ capacity: { min: 3, max: 10, desired: 3 }, ...over })
const three = ['g1', 'g2', 'g3'].map((name) => `i-${name}`)
const unprotected = three.map((id) => instance(id, { template: template('42'), protectedFromScaleIn: false }))

function copyOf(open: OpenRun): string {
  return retiredCopy(open.outgoingConfiguration)
}

interface Scene {
  run?: OpenRun
  outgoing?: Group
  incoming?: Group
  nodes?: typeof blueOpen
  workloads?: ReturnType<typeof workload>[]
}

function after(looks: number, scene: Scene = {}): Step {
  const open = scene.run ?? forth
  const world = watch(
    {
      run: open,
      outgoing: scene.outgoing ?? retired(),
      incoming: scene.incoming ?? serving(),
      nodes: scene.nodes ?? greenOpen,
      parts: [{ workloads: scene.workloads ?? [] }],
      observations: observationsAt(now)
    },
    looks
  )
  return ask(release, world, open)
}

/** Everything put back but what a test is about. */
const atRest: { outgoing: Group; incoming: Group } = {
  outgoing: retired({ newInstancesProtected: false, suspended: [], tags: {} }),
  incoming: serving({
    capacity: { min: 1, max: 10, desired: 3 },
    instances: unprotected,
    newInstancesProtected: false,
    suspended: [],
    tags: {}
  })
}

describe('release', () => {
  it('first covers what is there: Desired and Max rise to the number of instances', () => {
    const incoming = serving({ capacity: { min: 2, max: 2, desired: 2 } })
    assert.deepEqual(actionsOf(after(3, { incoming })), [
      { kind: 'resize', group: green, capacity: { max: 3, desired: 3 } }
    ])
  })

  it('then gives incoming the sizes of the role, and leaves the retired side at rest', () => {
    assert.deepEqual(actionsOf(after(3)), [{ kind: 'resize', group: green, capacity: { min: 1 } }])
  })

  it('lifts no protection before two looks show that Desired covers the instances', () => {
    const incoming = serving({ capacity: { min: 1, max: 10, desired: 3 } })
    assert.deepEqual(kinds(after(1, { incoming })), [])
    assert.ok(kinds(after(2, { incoming })).includes('protect'))
  })

  it('counts no look at another Desired for this one', () => {
    const observations = observationsAt(now)
    watch({ run: forth, outgoing: retired(), incoming: serving(), nodes: greenOpen, observations }, 5)
    const incoming = serving({ capacity: { min: 1, max: 10, desired: 4 } })
    const world = watch(
      { run: forth, outgoing: retired(), incoming, nodes: greenOpen, observations, now: now + 5000 },
      1
    )
    assert.deepEqual(kinds(ask(release, world, forth)), [])
  })

  it('forgets no scale-out that came meanwhile', () => {
    const incoming = serving({ capacity: { min: 3, max: 10, desired: 8 } })
    assert.deepEqual(actionsOf(after(3, { incoming })), [{ kind: 'resize', group: green, capacity: { min: 1 } }])
  })

  it('then lifts the protection of what we made, and resumes what we suspended', () => {
    const incoming = serving({ capacity: { min: 1, max: 10, desired: 3 } })
    assert.deepEqual(actionsOf(after(3, { incoming })), [
      { kind: 'protect', group: green, instanceIds: three, on: false },
      { kind: 'protect-new', group: blue, on: false },
      { kind: 'protect-new', group: green, on: false },
      { kind: 'resume', group: blue, processes: [...frozen, 'ReplaceUnhealthy'] },
      { kind: 'resume', group: green, processes: [...frozen] }
    ])
  })

  it('leaves instances protected where incoming protects new ones at rest', () => {
    const one = run({ direction: 'retiring', incoming: original(green, { newInstancesProtected: true }) })
    const incoming = serving({ capacity: { min: 1, max: 10, desired: 3 } })
    const onGreen = actionsOf(after(3, { run: one, incoming })).filter(
      (action) => 'group' in action && action.group === green
    )
    assert.deepEqual(
      onGreen.filter(({ kind }) => kind.startsWith('protect')),
      []
    )
  })

  it('resumes nothing that was suspended before', () => {
    const one = run({
      direction: 'retiring',
      outgoing: original(blue, { suspended: ['AZRebalance', 'ReplaceUnhealthy'] }),
      incoming: original(green, { suspended: ['ScheduledActions'] })
    })
    const incoming = serving({ capacity: { min: 1, max: 10, desired: 3 } })
    assert.deepEqual(
      actionsOf(after(3, { run: one, incoming })).flatMap((action) =>
        action.kind === 'resume' ? [action.processes] : []
      ),
      [
        ['ScheduledActions', 'InstanceRefresh'],
        ['AZRebalance', 'InstanceRefresh']
      ]
    )
  })

  it('resumes no process that we never suspend, and does not wait for it', () => {
    const incoming = { ...atRest.incoming, suspended: ['AlarmNotification', 'ReplaceUnhealthy'], tags: marked }
    const step = after(5, { ...atRest, incoming })
    assert.deepEqual(kinds(step), ['tag', 'untag'])
  })

  it('resumes HealthCheck when two looks show every instance Healthy, else leaves it and says so', () => {
    const elb = { healthCheckType: 'ELB', suspended: ['HealthCheck'] }
    const well = { ...atRest.incoming, ...elb }
    assert.deepEqual(kinds(after(1, { ...atRest, incoming: well })), [])
    assert.deepEqual(actionsOf(after(2, { ...atRest, incoming: well })), [
      { kind: 'resume', group: green, processes: ['HealthCheck'] }
    ])
    const sick = {
      ...well,
      instances: [...unprotected.slice(1), instance('i-g1', { healthy: false, protectedFromScaleIn: false })]
    }
    const tagged = retired({
      newInstancesProtected: false,
      suspended: [],
      tags: {
        'eks-node-upgrade/retired': 'retired by run run-1',
        'eks-node-upgrade/retired-configuration': copyOf(forth)
      }
    })
    const step = after(5, { outgoing: tagged, incoming: sick })
    assert.equal(step.kind, 'done')
    assert.match(step.kind === 'done' ? (step.notes?.join() ?? '') : '', /HealthCheck stays suspended/)
  })

  it('waits for an instance that is still coming, because its protection would stay', () => {
    const coming = instance('i-g4', { lifecycle: 'Pending', template: template('42') })
    const incoming = {
      ...atRest.incoming,
      capacity: { min: 1, max: 10, desired: 4 },
      instances: [...unprotected, coming]
    }
    const step = after(3, { ...atRest, incoming })
    assert.equal(step.kind, 'busy')
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.what ?? '') : '', /i-g4/)
  })

  it('then takes our marks away: a cordoned node that stays is opened, a restarted workload is unmarked', () => {
    const nodes = [cordoned('g1'), ...greenOpen.slice(1)]
    const workloads = [
      workload('Deployment', 'shop', { restartedBy: 'run-1.forward' }),
      workload('Deployment', 'other', { restartedBy: 'run-9.forward' })
    ]
    assert.deepEqual(
      actionsOf(after(3, { ...atRest, nodes, workloads })).map((action) => [
        action.kind,
        'node' in action
          ? action.node.name
          : 'workload' in action && typeof action.workload === 'object' && action.workload.name
      ]),
      [
        ['uncordon', 'g1'],
        ['unmark-workload', 'shop']
      ]
    )
  })

  it('does not open a node of the side that was retired', () => {
    const step = after(3, { ...atRest, nodes: [cordoned('b1'), ...greenOpen] })
    assert.ok(!kinds(step).includes('uncordon'))
  })

  it('then writes what was retired on the group, and only then takes the run’s tags away', () => {
    const step = after(3, {
      outgoing: retired({ newInstancesProtected: false, suspended: [], tags: marked }),
      incoming: { ...atRest.incoming, tags: { ...marked, 'eks-node-upgrade/retired': 'long ago' } }
    })
    const [tag, ...others] = actionsOf(step)
    assert.equal(tag?.kind === 'tag' && tag.group, blue)
    assert.equal(tag?.kind === 'tag' && tag.tags['eks-node-upgrade/retired-configuration'], copyOf(forth))
    assert.deepEqual(others, [
      { kind: 'untag', group: blue, keys: ['eks-node-upgrade/run', 'eks-node-upgrade/originals'] },
      {
        kind: 'untag',
        group: green,
        keys: ['eks-node-upgrade/run', 'eks-node-upgrade/originals', 'eks-node-upgrade/retired']
      }
    ])
  })

  it('is done when a second run would write nothing', () => {
    const outgoing = retired({
      newInstancesProtected: false,
      suspended: [],
      tags: {
        'eks-node-upgrade/retired': 'retired by run run-1',
        'eks-node-upgrade/retired-configuration': copyOf(forth)
      }
    })
    assert.equal(after(3, { ...atRest, outgoing }).kind, 'done')
  })
})

describe('settings as found', () => {
  const tags = {
    'eks-node-upgrade/retired': 'retired by run run-1',
    'eks-node-upgrade/retired-configuration': copyOf(forth)
  }
  const found = (outgoing: Partial<Group> = {}, incoming: Partial<Group> = {}, open: OpenRun = forth) => {
    const step = after(3, {
      run: open,
      outgoing: { ...atRest.outgoing, tags, ...outgoing },
      incoming: { ...atRest.incoming, ...incoming }
    })
    assert.equal(step.kind, 'done')
    return step.kind === 'done' ? [step.detail, ...(step.notes ?? [])] : []
  }

  it('are all of them, if none was changed by others', () => {
    assert.deepEqual(found(), ['settings as found: 6 of 6'])
  })

  it('are not those that others have changed: these are named', () => {
    assert.deepEqual(found({}, { suspended: ['AlarmNotification'] }), [
      'settings as found: 5 of 6',
      'shop-green: suspended processes none when found, now AlarmNotification'
    ])
    const before = run({ direction: 'retiring', outgoing: original(blue, { suspended: ['Launch', 'Terminate'] }) })
    assert.deepEqual(found({ suspended: ['Terminate'] }, {}, before), [
      'settings as found: 5 of 6',
      'shop-blue: suspended processes Launch, Terminate when found, now Terminate'
    ])
  })

  it('are compared as sets: AWS promises no order', () => {
    const before = run({ direction: 'retiring', outgoing: original(blue, { suspended: ['Launch', 'Terminate'] }) })
    assert.deepEqual(found({ suspended: ['Terminate', 'Launch'] }, {}, before), ['settings as found: 6 of 6'])
  })

  it('are not the protection of an instance that others have lifted', () => {
    const before = run({ direction: 'reverting', outgoing: original(blue, { protectedInstances: ['i-b2', 'i-gone'] }) })
    const instances = ['b1', 'b2', 'b3'].map((name) => instance(`i-${name}`, { protectedFromScaleIn: false }))
    const outgoing = { capacity: { min: 1, max: 10, desired: 4 }, instances, tags: {} }
    const step = after(3, {
      run: before,
      outgoing: { ...atRest.outgoing, ...outgoing },
      incoming: greenGroup({ capacity: rest, instances: [], newInstancesProtected: false, suspended: [], tags: {} }),
      nodes: blueOpen
    })
    assert.deepEqual(step.kind === 'done' && [step.detail, ...(step.notes ?? [])], [
      'settings as found: 6 of 8',
      'shop-blue: min 1, max 10, desired 3 when found, now min 1, max 10, desired 4',
      'shop-blue: scale-in protection of 2 instances when found, now i-b2 has it no more'
    ])
  })
})

describe('release on the way back', () => {
  const emptied = () =>
    greenGroup({ capacity: rest, instances: [], newInstancesProtected: false, suspended: [], tags: {} })

  it('puts back the sizes that were found', () => {
    const step = after(3, { run: back, outgoing: blueGroup(), incoming: emptied(), nodes: blueOpen })
    assert.deepEqual(actionsOf(step), [{ kind: 'resize', group: blue, capacity: { min: 1, max: 10 } }])
  })

  it('gives incoming the sizes that it had, whatever they were', () => {
    const one = run({ direction: 'reverting', incoming: original(green, { capacity: { min: 0, max: 4, desired: 0 } }) })
    const outgoing = blueGroup({ capacity: { min: 1, max: 10, desired: 3 } })
    assert.deepEqual(actionsOf(after(3, { run: one, outgoing, incoming: emptied(), nodes: blueOpen })), [
      { kind: 'resize', group: green, capacity: { max: 4 } }
    ])
  })

  it('leaves those instances protected that were protected before', () => {
    const one = run({ direction: 'reverting', outgoing: original(blue, { protectedInstances: ['i-b2'] }) })
    const outgoing = blueGroup({
      capacity: { min: 1, max: 10, desired: 3 },
      newInstancesProtected: false,
      suspended: []
    })
    assert.deepEqual(actionsOf(after(3, { run: one, outgoing, incoming: emptied(), nodes: blueOpen })), [
      { kind: 'protect', group: blue, instanceIds: ['i-b1', 'i-b3'], on: false }
    ])
  })

  it('keeps incoming’s tag of what it was when it was retired: it is at rest again, as before', () => {
    const instances = ['b1', 'b2', 'b3'].map((name) => instance(`i-${name}`, { protectedFromScaleIn: false }))
    const outgoing = blueGroup({
      capacity: { min: 1, max: 10, desired: 3 },
      newInstancesProtected: false,
      suspended: [],
      instances,
      tags: {}
    })
    const incoming = { ...emptied(), tags: { ...marked, 'eks-node-upgrade/retired': 'by run-0' } }
    assert.deepEqual(actionsOf(after(3, { run: back, outgoing, incoming, nodes: blueOpen })), [
      { kind: 'untag', group: green, keys: ['eks-node-upgrade/run', 'eks-node-upgrade/originals'] }
    ])
  })
})
