import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cordon, cordonBegan } from '../../../src/engine/stages/cordon.ts'
import {
  actionsOf,
  ask,
  blue,
  blueCordoned,
  blueGroup,
  blueOpen,
  cordoned,
  green,
  greenCordoned,
  greenGroup,
  greenOpen,
  instance,
  look,
  node,
  run
} from '../sample.ts'

const names = (step: Parameters<typeof actionsOf>[0]) =>
  actionsOf(step).flatMap((action) => (action.kind === 'cordon' ? [action.node.name] : []))

describe('cordon', () => {
  it('cordons every node of outgoing at once, each with the mark of the run', () => {
    const step = ask(cordon, look(), run())
    assert.deepEqual(names(step), ['b1', 'b2', 'b3'])
    assert.ok(actionsOf(step).every((action) => action.kind === 'cordon' && action.runId === 'run-1'))
  })

  it('is done when all are cordoned', () => {
    assert.equal(ask(cordon, look({ nodes: [...blueCordoned, ...greenOpen] }), run()).kind, 'done')
  })

  it('cordons a late-comer as well', () => {
    const outgoing = blueGroup({
      instances: ['b1', 'b2', 'b3', 'b4'].map((name) => instance(`i-${name}`)),
      capacity: { min: 4, max: 4, desired: 4 }
    })
    const world = look({ outgoing, nodes: [...blueCordoned, node('b4'), ...greenOpen] })
    assert.deepEqual(names(ask(cordon, world, run({ count: 4 }))), ['b4'])
  })

  it('cordons again what somebody uncordoned, although our mark is still there', () => {
    const world = look({ nodes: [cordoned('b1', { schedulable: true }), ...blueCordoned.slice(1), ...greenOpen] })
    assert.deepEqual(names(ask(cordon, world, run())), ['b1'])
  })

  it('leaves a node that an operator had cordoned as it is, and puts no mark on it', () => {
    const world = look({ nodes: [node('b1', { schedulable: false }), ...blueCordoned.slice(1), ...greenOpen] })
    assert.deepEqual(actionsOf(ask(cordon, world, run())), [])
  })

  it('lowers the maximum of the emptied side to what is there, so that nothing grows where pods leave', () => {
    const outgoing = blueGroup({ capacity: { min: 3, max: 9, desired: 3 } })
    const step = ask(cordon, look({ outgoing, nodes: [...blueCordoned, ...greenOpen] }), run())
    assert.deepEqual(actionsOf(step), [{ kind: 'resize', group: outgoing.name, capacity: { max: 3 } }])
  })

  it('leaves the maximum of a side without instances alone: what was found may be more than 0', () => {
    const incoming = greenGroup({ instances: [], capacity: { min: 0, max: 9, desired: 0 } })
    const back = run({ direction: 'reverting' })
    assert.deepEqual(actionsOf(ask(cordon, look({ run: back, incoming, nodes: [...blueOpen] }), back)), [])
  })

  it('writes the grown count into the record before the first node is cordoned', () => {
    const outgoing = blueGroup({ instances: ['b1', 'b2', 'b3', 'b4'].map((name) => instance(`i-${name}`)) })
    const step = ask(cordon, look({ outgoing }), run())
    assert.deepEqual(actionsOf(step), [])
    assert.equal(step.kind === 'busy' && step.first?.(run()).count, 4)
  })

  it('lowers Max to what is there, and never below what anybody asked for', () => {
    const grown = (capacity: { min: number; max: number; desired: number }) =>
      actionsOf(ask(cordon, look({ outgoing: blueGroup({ capacity }), nodes: [...blueCordoned, ...greenOpen] }), run()))
    assert.deepEqual(grown({ min: 3, max: 10, desired: 3 }), [{ kind: 'resize', group: blue, capacity: { max: 3 } }])
    assert.deepEqual(grown({ min: 3, max: 10, desired: 8 }), [{ kind: 'resize', group: blue, capacity: { max: 8 } }])
    assert.deepEqual(grown({ min: 3, max: 3, desired: 3 }), [])
  })

  it('on the way back closes incoming, and only incoming', () => {
    const back = run({ direction: 'reverting' })
    const step = ask(
      cordon,
      look({ run: back, incoming: greenGroup({ capacity: { min: 3, max: 3, desired: 3 } }) }),
      back
    )
    assert.deepEqual(names(step), ['g1', 'g2', 'g3'])
    assert.equal(
      ask(
        cordon,
        look({
          run: back,
          incoming: greenGroup({ capacity: { min: 3, max: 3, desired: 3 } }),
          nodes: [...blueOpen, ...greenCordoned]
        }),
        back
      ).kind,
      'done'
    )
  })

  it('on the way back lowers incoming’s Max', () => {
    const back = run({ direction: 'reverting' })
    const step = ask(cordon, look({ run: back, nodes: [...blueOpen, ...greenCordoned] }), back)
    assert.deepEqual(actionsOf(step), [{ kind: 'resize', group: green, capacity: { max: 3 } }])
  })

  it('has begun with the first node that is cordoned by this run', () => {
    assert.equal(cordonBegan(look(), run()), false)
    assert.equal(cordonBegan(look({ nodes: [node('b1', { schedulable: false }), ...greenOpen] }), run()), false)
    assert.equal(cordonBegan(look({ nodes: [cordoned('b1'), ...greenOpen] }), run()), true)
  })
})
