import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { neededOutgoing, uncordon } from '../../../src/engine/stages/uncordon.ts'
import { agree } from '../../../src/engine/world/observations.ts'
import {
  actionsOf,
  ask,
  blue,
  blueCordoned,
  blueGroup,
  blueOpen,
  cordoned,
  greenGroup,
  greenOpen,
  instance,
  look,
  node,
  now,
  observationsAt,
  original,
  run,
  template
} from '../sample.ts'

const back = run({ direction: 'reverting' })
const resumed = {
  suspended: ['AZRebalance', 'ScheduledActions', 'InstanceRefresh'],
  capacity: { min: 3, max: 10, desired: 3 }
}
const healthy = () => {
  const observations = observationsAt(now)
  agree(observations, `healthy ${blue}`, true, now - 2000)
  agree(observations, `healthy ${blue}`, true, now - 1000)
  return observations
}

describe('uncordon', () => {
  it('opens the outgoing nodes that we cordoned', () => {
    const step = ask(
      uncordon,
      look({ run: back, nodes: [...blueCordoned, ...greenOpen], outgoing: blueGroup(resumed) }),
      back
    )
    assert.deepEqual(
      actionsOf(step).map((action) => action.kind === 'uncordon' && action.node.name),
      ['b1', 'b2', 'b3']
    )
  })

  it('leaves a node that an operator had cordoned cordoned, and does not wait for it', () => {
    const one = run({ direction: 'reverting', cordonedBefore: ['i-b1'] })
    const nodes = [node('b1', { schedulable: false }), ...blueOpen.slice(1), ...greenOpen]
    assert.equal(ask(uncordon, look({ run: one, nodes, outgoing: blueGroup(resumed) }), one).kind, 'done')
  })

  it('takes our mark from a node that somebody has opened already', () => {
    const nodes = [cordoned('b1', { schedulable: true }), ...blueOpen.slice(1), ...greenOpen]
    const step = ask(uncordon, look({ run: back, nodes, outgoing: blueGroup(resumed) }), back)
    assert.deepEqual(
      actionsOf(step).map((action) => action.kind),
      ['uncordon']
    )
  })

  it('never opens a node of incoming', () => {
    const nodes = [...blueOpen, cordoned('g1'), ...greenOpen.slice(1)]
    assert.equal(ask(uncordon, look({ run: back, nodes, outgoing: blueGroup(resumed) }), back).kind, 'done')
  })

  it('restores the Max that outgoing had, and does not write Desired where it need not', () => {
    const step = ask(uncordon, look({ run: back, outgoing: blueGroup({ suspended: resumed.suspended }) }), back)
    assert.deepEqual(actionsOf(step), [{ kind: 'resize', group: blue, capacity: { max: 10 } }])
  })

  it('makes room for what incoming has grown to, where new nodes would be like the old ones', () => {
    const incoming = greenGroup({
      instances: ['g1', 'g2', 'g3', 'g4', 'g5'].map((name) => instance(`i-${name}`, { template: template('42') }))
    })
    const pinned = ask(uncordon, look({ run: back, incoming, outgoing: blueGroup(resumed) }), back)
    assert.deepEqual(actionsOf(pinned), [{ kind: 'resize', group: blue, capacity: { max: 10, desired: 5 } }])
    const latest = blueGroup({ ...resumed, template: template('$Latest') })
    assert.deepEqual(actionsOf(ask(uncordon, look({ run: back, incoming, outgoing: latest }), back)), [])
  })

  it('resumes ReplaceUnhealthy only when two looks show every instance Healthy', () => {
    const outgoing = blueGroup({ capacity: resumed.capacity })
    const once = observationsAt(now)
    agree(once, `healthy ${blue}`, true, now)
    assert.deepEqual(actionsOf(ask(uncordon, look({ run: back, outgoing, observations: once }), back)), [])
    assert.deepEqual(actionsOf(ask(uncordon, look({ run: back, outgoing, observations: healthy() }), back)), [
      { kind: 'resume', group: blue, processes: ['ReplaceUnhealthy'] }
    ])
  })

  it('does not resume a ReplaceUnhealthy that was suspended before', () => {
    const one = run({ direction: 'reverting', outgoing: original(blue, { suspended: ['ReplaceUnhealthy'] }) })
    const outgoing = blueGroup({ capacity: resumed.capacity })
    assert.deepEqual(actionsOf(ask(uncordon, look({ run: one, outgoing, observations: healthy() }), one)), [])
  })

  it('waits until the old nodes are Ready, so that incoming is not cordoned before', () => {
    const nodes = [node('b1', { ready: 'Unknown' }), ...blueOpen.slice(1), ...greenOpen]
    const step = ask(uncordon, look({ run: back, nodes, outgoing: blueGroup(resumed) }), back)
    assert.equal(step.kind, 'busy')
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.seen ?? '') : '', /2 of 3.*b1 is Unknown/)
  })

  it('needs no more nodes than incoming has usable ones', () => {
    const one = greenGroup({ instances: [instance('i-g1')] })
    assert.equal(neededOutgoing(look({ run: back, incoming: one }), back), 1)
    const nodes = [node('b1'), node('b2', { ready: 'False' }), node('b3', { ready: 'False' }), node('g1')]
    assert.equal(
      ask(uncordon, look({ run: back, incoming: one, nodes, outgoing: blueGroup(resumed) }), back).kind,
      'done'
    )
  })
})
