import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Pod } from '../../../src/engine/model/cluster.ts'
import { groupSettleMs, terminateAgainMs } from '../../../src/engine/model/limits.ts'
import type { Group } from '../../../src/engine/model/node-group.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { retire } from '../../../src/engine/stages/retire.ts'
import type { Step } from '../../../src/engine/stages/stage.ts'
import { actionKey } from '../../../src/engine/world/action.ts'
import type { Attempt } from '../../../src/engine/world/observations.ts'
import {
  actionsOf,
  ask,
  blue,
  blueCordoned,
  blueGroup,
  blueOpen,
  cordoned,
  deployment,
  directly,
  green,
  greenCordoned,
  greenGroup,
  greenOpen,
  instance,
  minute,
  now,
  observationsAt,
  pod,
  run,
  seconds,
  settings,
  template,
  watch
} from '../sample.ts'

const forth = run({ direction: 'retiring' })
const nodes = [...blueCordoned, ...greenOpen]
const zero = { min: 0, max: 0, desired: 0 }
const inRetire = () => observationsAt(now, { name: 'retire', direction: 'retiring' })
const terminated = (step: Step) =>
  actionsOf(step).flatMap((action) => (action.kind === 'terminate' ? action.instanceIds : []))

/** What retire says after so many looks, one second apart. */
function after(
  looks: number,
  outgoing: Group,
  over: { pods?: readonly Pod[]; run?: OpenRun; observations?: ReturnType<typeof inRetire> } = {}
): Step {
  const open = over.run ?? forth
  return ask(
    retire,
    watch({ run: open, outgoing, nodes, pods: over.pods, observations: over.observations ?? inRetire() }, looks),
    open
  )
}

describe('retire', () => {
  it('protects every instance first', () => {
    const outgoing = blueGroup({ instances: [instance('i-b1'), instance('i-b2', { protectedFromScaleIn: false })] })
    assert.deepEqual(actionsOf(after(5, outgoing)), [{ kind: 'protect', group: blue, instanceIds: ['i-b2'], on: true }])
  })

  it('does not scale to zero while one cannot be protected yet: Auto Scaling would choose it', () => {
    const outgoing = blueGroup({
      instances: [instance('i-b1'), instance('i-b4', { lifecycle: 'Pending', protectedFromScaleIn: false })]
    })
    const step = after(5, outgoing)
    assert.deepEqual(actionsOf(step), [])
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.what ?? '') : '', /i-b4/)
  })

  it('then scales to zero, all three sizes in one write, and terminates nothing in the same breath', () => {
    assert.deepEqual(actionsOf(after(5, blueGroup())), [{ kind: 'resize', group: blue, capacity: zero }])
  })

  it('then terminates by id what two looks saw empty', () => {
    const outgoing = blueGroup({ capacity: zero })
    assert.deepEqual(terminated(after(1, outgoing)), [])
    assert.deepEqual(terminated(after(2, outgoing)), ['i-b1', 'i-b2', 'i-b3'])
  })

  describe('an instance whose termination AWS has accepted', () => {
    const outgoing = blueGroup({ capacity: zero })
    const asked = (attempt: Partial<Attempt> = {}) => {
      const observations = inRetire()
      const key = actionKey({ kind: 'terminate', group: blue, instanceIds: ['i-b1'] })
      observations.attempts.set(key, { failures: 0, nextAt: now + groupSettleMs, ...attempt })
      return observations
    }

    it('is not terminated again as part of a later batch, and is named as leaving', () => {
      const step = after(2, outgoing, { observations: asked() })
      assert.deepEqual(terminated(step), ['i-b2', 'i-b3'])
      assert.deepEqual(step.kind === 'busy' && step.waiting, [
        { what: 'i-b1', seen: 'InService, termination requested' }
      ])
    })

    it('is terminated again if the group still shows it in service after some time', () => {
      const long = asked({ nextAt: now + groupSettleMs - terminateAgainMs })
      assert.deepEqual(terminated(after(2, outgoing, { observations: long })), ['i-b1', 'i-b2', 'i-b3'])
    })

    it('is not confused with one whose termination failed', () => {
      const failed = asked({ failures: 1, error: new Error('throttled') })
      assert.deepEqual(terminated(after(2, outgoing, { observations: failed })), ['i-b1', 'i-b2', 'i-b3'])
    })

    it('is known from a request that is still under way', () => {
      const observations = inRetire()
      observations.inFlight.add(actionKey({ kind: 'terminate', group: blue, instanceIds: ['i-b1', 'i-b3'] }))
      assert.deepEqual(terminated(after(2, outgoing, { observations })), ['i-b2'])
    })

    it('of the other group says nothing of this one', () => {
      const observations = inRetire()
      observations.inFlight.add(actionKey({ kind: 'terminate', group: green, instanceIds: ['i-b1'] }))
      assert.deepEqual(terminated(after(2, outgoing, { observations })), ['i-b1', 'i-b2', 'i-b3'])
    })
  })

  it('names the volume that is still attached, if that is all that is left on a node', () => {
    const observations = inRetire()
    const attachments = [{ name: 'a', nodeName: 'b1', volumeName: 'vol-1', attached: true }]
    const scene = { run: forth, outgoing: blueGroup({ capacity: zero }), nodes, parts: [{ attachments }], observations }
    const step = ask(retire, watch(scene, 3), forth)
    assert.deepEqual(terminated(step), ['i-b2', 'i-b3'])
    const later = blueGroup({ capacity: zero, instances: [instance('i-b1')] })
    const left = ask(retire, watch({ ...scene, outgoing: later }, 3), forth)
    assert.deepEqual(left.kind === 'busy' && left.waiting, [{ what: 'b1', seen: 'still attached: vol-1' }])
  })

  it('scales to zero again when somebody raised it meanwhile', () => {
    const step = after(3, blueGroup({ capacity: { min: 0, max: 3, desired: 1 } }))
    assert.deepEqual(actionsOf(step), [{ kind: 'resize', group: blue, capacity: zero }])
  })

  const busy: [string, Partial<Pod>][] = [
    ['a pod that could be moved', {}],
    ['a pod that is still stopping', { deletingAt: now - 1000 }],
    ['a pod that is not ready', { ready: false, phase: 'Pending' }]
  ]
  for (const [what, over] of busy) {
    it(`does not terminate an instance whose node holds ${what}`, () => {
      const { pods } = deployment('shop', ['b2'], {}, over)
      const step = after(5, blueGroup({ capacity: zero }), { pods })
      assert.deepEqual(terminated(step), ['i-b1', 'i-b3'])
    })
  }

  it('does not terminate an instance on which a Job runs, and names it while it waits', () => {
    const { pods, workloads } = directly('Job', 'report', ['b1'])
    const observations = inRetire()
    const scene = { run: forth, nodes, pods, parts: [{ workloads }], observations }
    const outgoing = blueGroup({ capacity: zero, instances: [instance('i-b1')] })
    const step = ask(retire, watch({ ...scene, outgoing }, 5), forth)
    assert.deepEqual(terminated(step), [])
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.seen ?? '') : '', /team-a\/report-0/)
  })

  it('does not terminate an instance to which a volume is attached', () => {
    const attachments = [{ name: 'a', nodeName: 'b1', volumeName: 'v', attached: true }]
    const world = watch(
      {
        run: forth,
        outgoing: blueGroup({ capacity: zero }),
        nodes,
        parts: [{ attachments }],
        observations: inRetire()
      },
      5
    )
    assert.deepEqual(terminated(ask(retire, world, forth)), ['i-b2', 'i-b3'])
  })

  it('does not terminate an instance whose node somebody has opened', () => {
    const opened = [...blueOpen.slice(0, 1), ...blueCordoned.slice(1), ...greenOpen]
    const world = watch(
      { run: forth, outgoing: blueGroup({ capacity: zero }), nodes: opened, observations: inRetire() },
      5
    )
    assert.deepEqual(terminated(ask(retire, world, forth)), ['i-b2', 'i-b3'])
  })

  it('counts anew when a pod came back between two looks', () => {
    const observations = inRetire()
    const outgoing = blueGroup({ capacity: zero, instances: [instance('i-b1')] })
    watch({ run: forth, outgoing, nodes, observations }, 1)
    const { pods } = deployment('shop', ['b1'])
    watch({ run: forth, outgoing, nodes, pods, observations, now: now + seconds(1) }, 1)
    const step = ask(retire, watch({ run: forth, outgoing, nodes, observations, now: now + seconds(2) }, 1), forth)
    assert.deepEqual(terminated(step), [])
  })

  it('terminates one that never became a node', () => {
    const outgoing = blueGroup({ capacity: zero, instances: [instance('i-never')] })
    assert.deepEqual(terminated(after(2, outgoing)), ['i-never'])
  })

  it('terminates nothing on a list that is old', () => {
    const observations = inRetire()
    const outgoing = blueGroup({ capacity: zero })
    watch({ run: forth, outgoing, nodes, observations }, 2)
    const world = watch({ run: forth, outgoing, nodes, observations, freshAt: now, now: now + 2 * minute }, 2)
    assert.deepEqual(terminated(ask(retire, world, forth)), [])
  })

  it('terminates in batches', () => {
    const many = Array.from({ length: 120 }, (_, number) => instance(`i-x${number}`))
    assert.equal(terminated(after(2, blueGroup({ capacity: zero, instances: many }))).length, 50)
  })

  it('waits for those that are on their way out', () => {
    const outgoing = blueGroup({ capacity: zero, instances: [instance('i-b1', { lifecycle: 'Terminating:Wait' })] })
    const step = after(5, outgoing)
    assert.deepEqual(actionsOf(step), [])
    assert.match(step.kind === 'busy' ? (step.waiting[0]?.seen ?? '') : '', /Terminating:Wait/)
  })

  it('is done when two looks saw no instance', () => {
    const outgoing = blueGroup({ capacity: zero, instances: [] })
    assert.equal(after(1, outgoing).kind, 'busy')
    assert.equal(after(2, outgoing).kind, 'done')
  })

  it('is done with one that a lifecycle policy retains, and names it', () => {
    const retained = instance('i-b1', { lifecycle: 'Terminating:Retained' })
    const step = after(3, blueGroup({ capacity: zero, instances: [retained] }))
    assert.equal(step.kind, 'done')
    assert.match(step.kind === 'done' ? (step.notes?.join() ?? '') : '', /i-b1/)
  })
})

describe('retiring with something worse than before', () => {
  const sick = deployment('shop', ['g1', 'g2'], {}, { ready: false })
  const open = run({
    direction: 'retiring',
    baseline: { 'team-a/deployment/shop': { replicas: 2, ready: 2, templateHash: 'h' } }
  })
  const scene = () => ({
    run: open,
    outgoing: blueGroup({ capacity: zero }),
    nodes,
    pods: sick.pods,
    parts: [{ workloads: sick.workloads }],
    observations: inRetire()
  })

  it('stops: no instance is terminated', () => {
    const step = ask(retire, watch(scene(), 5), open)
    assert.equal(step.kind, 'busy')
    assert.deepEqual(terminated(step), [])
  })

  it('for pod-timeout halts, and says what is worse', () => {
    const step = ask(retire, watch(scene(), 17, minute), open)
    assert.equal(step.kind === 'failed' && step.code, 'unhealthy')
    assert.match(step.kind === 'failed' ? step.message : '', /team-a\/shop/)
  })

  it('goes on on the way back: empty nodes are all that it needs', () => {
    const back = run({ ...open, held: undefined, direction: 'reverting' })
    const incoming = greenGroup({ capacity: zero, instances: [instance('i-g1', { template: template('42') })] })
    const placed = sick.pods.map((one) => ({ ...one, nodeName: 'b1' }))
    const world = watch(
      { ...scene(), run: back, incoming, pods: placed, nodes: [...blueOpen, ...greenCordoned], outgoing: blueGroup() },
      2
    )
    assert.deepEqual(terminated(ask(retire, world, back)), ['i-g1'])
  })
})

describe('retiring on the way back', () => {
  it('touches incoming only', () => {
    const back = run({ direction: 'reverting', settings: settings() })
    const mirror = pod('kube-proxy-g1', { mirror: true, nodeName: 'g1' })
    const incoming = greenGroup({ capacity: { min: 3, max: 3, desired: 3 } })
    const scene = { run: back, incoming, nodes: [...blueOpen, ...greenCordoned, cordoned('x')], pods: [mirror] }
    assert.deepEqual(actionsOf(ask(retire, watch({ ...scene, observations: observationsAt(now) }, 3), back)), [
      { kind: 'resize', group: green, capacity: zero }
    ])
    const emptied = { ...incoming, capacity: zero }
    assert.deepEqual(
      terminated(ask(retire, watch({ ...scene, incoming: emptied, observations: observationsAt(now) }, 3), back)),
      ['i-g1', 'i-g2', 'i-g3']
    )
  })
})
