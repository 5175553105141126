import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Decision, decide, stagesOf } from '../../../src/engine/loop/decide.ts'
import { type ErrorCode, UpgradeError } from '../../../src/engine/model/error.ts'
import type { Group } from '../../../src/engine/model/node-group.ts'
import type { StageName } from '../../../src/engine/model/report.ts'
import type { OpenRun } from '../../../src/engine/record/record.ts'
import { actionKey } from '../../../src/engine/world/action.ts'
import type { Observations } from '../../../src/engine/world/observations.ts'
import {
  blue,
  blueCordoned,
  blueGroup,
  blueOpen,
  deployment,
  directly,
  greenCordoned,
  greenGroup,
  greenOpen,
  instance,
  look,
  minute,
  now,
  observationsAt,
  pod,
  run,
  type Scene,
  settings,
  template,
  watch
} from '../sample.ts'

const rest = { min: 0, max: 0, desired: 0 }
const moved = [...blueCordoned, ...greenOpen]
/** Verified: every look of a long soak was good. */
function verified(): Observations {
  const observations = observationsAt(now, { name: 'verify', forMs: 60 * minute })
  watch({ run: run(), nodes: moved, observations, now: now - 10 * minute }, 10, minute)
  return observations
}

function judge(scene: Scene, open: OpenRun = run()): Decision {
  return decide(look({ ...scene, run: open }), open).decision
}
const stageOf = (decision: Decision) => ('stage' in decision ? decision.stage : decision.kind)
const reasonOf = (decision: Decision) => ('reason' in decision ? decision.reason?.code : undefined)

describe('the stages of each direction', () => {
  it('are these, in this order', () => {
    const names = (list: readonly { name: StageName }[]) => list.map((stage) => stage.name)
    assert.deepEqual(names(stagesOf.forward), ['freeze', 'launch', 'cordon', 'drain', 'verify'])
    assert.deepEqual(names(stagesOf.retiring), ['cordon', 'drain', 'retire', 'release'])
    assert.deepEqual(names(stagesOf.reverting), ['uncordon', 'cordon', 'drain', 'retire', 'release'])
  })
})

describe('forward', () => {
  const untouched = blueGroup({ suspended: [], tags: {}, capacity: { min: 1, max: 10, desired: 3 } })
  const asleep = greenGroup({ instances: [], capacity: rest, newInstancesProtected: false })
  const cases: [StageName | Decision['kind'], string, Scene][] = [
    ['freeze', 'begins with freeze', { outgoing: untouched, incoming: asleep, nodes: blueOpen }],
    ['launch', 'then launches', { incoming: asleep, nodes: blueOpen }],
    ['cordon', 'then cordons', {}],
    ['drain', 'then drains', { nodes: moved, pods: deployment('shop', ['b1', 'b2']).pods }],
    ['verify', 'then verifies', { nodes: moved }],
    ['retire', 'and then says that it would retire', { nodes: moved, observations: verified() }]
  ]
  for (const [stage, what, scene] of cases) it(what, () => assert.equal(stageOf(judge(scene)), stage))

  it('goes back to an earlier stage when somebody undoes what it did', () => {
    assert.equal(stageOf(judge({ nodes: moved, observations: verified(), outgoing: untouched })), 'freeze')
    assert.equal(
      stageOf(
        judge({ nodes: [...blueOpen.slice(0, 1), ...blueCordoned.slice(1), ...greenOpen], observations: verified() })
      ),
      'cordon'
    )
  })

  it('holds where that was asked for, and not a second time when it is finalized', () => {
    const open = run({ settings: settings({ hold: true }) })
    assert.deepEqual(judge({ nodes: moved, observations: verified() }, open), { kind: 'hold' })
    const finalizing = run({ held: {}, settings: settings({ hold: true }) })
    assert.equal(judge({ nodes: moved, observations: verified() }, finalizing).kind, 'retire')
  })

  it('holds, unasked, while a Job runs on, and names it', () => {
    const { pods, workloads } = directly('Job', 'report', ['b1'])
    const open = run({ spentMs: { 'forward/drain': 61 * minute } })
    const decision = judge({ nodes: moved, observations: verified(), pods, parts: [{ workloads }] }, open)
    assert.equal(reasonOf(decision), 'jobs-run')
    assert.match(decision.kind === 'hold' ? (decision.heldFor ?? '') : '', /team-a\/job\/report is still running/)
  })

  it('holds, unasked, with a pod that nothing would make again', () => {
    const decision = judge({ nodes: moved, observations: verified(), pods: [pod('bare', { nodeName: 'b1' })] })
    assert.match(decision.kind === 'hold' ? (decision.heldFor ?? '') : '', /team-a\/bare stays on b1/)
  })

  it('does not retire on a list that is old', () => {
    assert.notEqual(judge({ nodes: moved, observations: verified(), freshAt: now - 2 * minute }).kind, 'retire')
  })

  it('turns to revert when a stage fails', () => {
    const decision = judge({
      nodes: moved,
      observations: observationsAt(now, { name: 'drain', forMs: 61 * minute }),
      pods: deployment('shop', ['b1']).pods
    })
    assert.equal(decision.kind, 'revert')
    assert.equal(reasonOf(decision), 'drain-timeout')
  })

  it('stays held when finalizing fails: only a person goes back', () => {
    const open = run({ held: { because: 'a Job' } })
    const observations = observationsAt(now, { name: 'drain', forMs: 61 * minute })
    const decision = judge({ nodes: moved, observations, pods: deployment('shop', ['b1']).pods }, open)
    assert.equal(decision.kind, 'hold')
    assert.equal(reasonOf(decision), 'finalize-failed')
    assert.equal(decision.kind === 'hold' && decision.heldFor, 'a Job')
  })

  it('begins to revert while there is still time for it', () => {
    const open = run({ elapsedMs: 284 * minute })
    assert.equal(judge({}, open).kind, 'go')
    assert.equal(reasonOf(judge({}, run({ elapsedMs: 285 * minute }))), 'time-over')
  })

  it('keeps back as much time as has passed since cordon began', () => {
    const open = run({ elapsedMs: 240 * minute })
    const observations = observationsAt(now)
    observations.cordonedAt = now - 59 * minute
    assert.equal(judge({ observations }, open).kind, 'go')
    observations.cordonedAt = now - 60 * minute
    assert.equal(reasonOf(judge({ observations }, open)), 'time-over')
  })

  it('begins to revert before credentials end that nobody can renew', () => {
    assert.equal(judge({ credentialsEndAt: now + 16 * minute }).kind, 'go')
    assert.equal(reasonOf(judge({ credentialsEndAt: now + 5 * minute })), 'time-over')
  })
})

describe('a call that fails', () => {
  const failing = (code: ErrorCode, failures: number) => {
    const observations = observationsAt(now)
    const error = new UpgradeError('AWS denies it', { code, outcome: 'refused', hint: '' })
    const key = actionKey({ kind: 'suspend', group: blue, processes: ['ReplaceUnhealthy'] })
    observations.attempts.set(key, { failures, nextAt: now + 1000, error })
    return { observations, outgoing: blueGroup({ suspended: ['AZRebalance', 'ScheduledActions', 'InstanceRefresh'] }) }
  }

  it('for want of a right turns to revert', () => {
    const decision = judge(failing('access-denied', 1))
    assert.equal(decision.kind, 'revert')
    assert.equal(reasonOf(decision), 'access-denied')
  })

  it('for a passing reason is tried again', () => {
    assert.equal(judge(failing('aws', 12)).kind, 'go')
  })
})

describe('retiring', () => {
  const open = run({ direction: 'retiring' })

  it('moves what came meanwhile, retires, releases, and is finished', () => {
    assert.equal(stageOf(judge({ nodes: moved, pods: deployment('shop', ['b1', 'b2']).pods }, open)), 'drain')
    assert.equal(stageOf(judge({ nodes: moved }, open)), 'retire')
    const emptied = blueGroup({ capacity: rest, instances: [] })
    const scene = { run: open, outgoing: emptied, nodes: greenOpen, observations: observationsAt(now) }
    assert.equal(stageOf(decide(watch(scene, 3), open).decision), 'release')
  })

  it('halts where forward would have reverted: there is nothing to go back to', () => {
    const late = run({ direction: 'retiring', spentMs: { 'retiring/retire': 31 * minute } })
    const decision = judge({ nodes: moved }, late)
    assert.equal(decision.kind, 'halt')
    assert.equal(reasonOf(decision), 'retire-timeout')
  })

  it('is not hurried by the time of the run', () => {
    const late = run({ direction: 'retiring', elapsedMs: 500 * minute })
    assert.equal(judge({ nodes: moved }, late).kind, 'go')
  })

  it('finishes as upgraded', () => {
    assert.equal(judgeAtRest('retiring'), 'upgraded')
  })
})

describe('reverting', () => {
  const open = run({ direction: 'reverting' })
  const outgoing = blueGroup({ capacity: { min: 3, max: 10, desired: 3 } })

  it('reopens before it closes anything', () => {
    assert.equal(stageOf(judge({ nodes: moved }, open)), 'uncordon')
    assert.equal(stageOf(judge({ nodes: [...blueOpen, ...greenOpen], outgoing }, open)), 'cordon')
  })

  it('then moves, and retires incoming', () => {
    const incoming = greenGroup({ capacity: { min: 3, max: 3, desired: 3 } })
    const nodes = [...blueOpen, ...greenCordoned]
    assert.equal(
      stageOf(judge({ nodes, outgoing, incoming, pods: deployment('shop', ['g1', 'g2']).pods }, open)),
      'drain'
    )
    assert.equal(stageOf(judge({ nodes, outgoing, incoming }, open)), 'retire')
  })

  it('goes on for as long as there is progress, and halts when there is none', () => {
    const observations = observationsAt(now)
    observations.progress = { signature: '', at: now - 44 * minute }
    assert.equal(judge({ nodes: moved, observations }, open).kind, 'go')
    observations.progress.at = now - 45 * minute
    const decision = judge({ nodes: moved, observations }, open)
    assert.equal(decision.kind, 'halt')
    assert.equal(reasonOf(decision), 'no-open-node')
  })

  it('names what it waited for when it halts later', () => {
    const observations = observationsAt(now)
    observations.progress = { signature: '', at: now - 46 * minute }
    const decision = judge(
      {
        nodes: [...blueOpen, ...greenCordoned],
        outgoing,
        incoming: greenGroup({ capacity: { min: 3, max: 3, desired: 3 } }),
        pods: [pod('bare', { nodeName: 'g1' })],
        observations
      },
      open
    )
    assert.equal(reasonOf(decision), 'revert-stuck')
  })

  it('takes no notice of the time of the run: one that makes progress is not cut off', () => {
    assert.equal(judge({ nodes: moved }, run({ direction: 'reverting', elapsedMs: 500 * minute })).kind, 'go')
  })

  it('finishes as reverted', () => {
    assert.equal(judgeAtRest('reverting'), 'reverted')
  })
})

/** Everything put back, and seen often enough. */
function judgeAtRest(direction: 'retiring' | 'reverting'): string {
  const open = run({ direction, outgoingConfiguration: {} })
  const instances = (names: readonly string[], version: string) =>
    names.map((name) => instance(`i-${name}`, { protectedFromScaleIn: false, template: template(version) }))
  const quiet: Partial<Group> = { suspended: [], tags: {}, newInstancesProtected: false }
  const staying = { min: 1, max: 10, desired: 3 }
  const tags = { 'eks-node-upgrade/retired': 'by run-1', 'eks-node-upgrade/retired-configuration': '1' }
  const forth = direction === 'retiring'
  const scene = {
    run: open,
    outgoing: forth
      ? blueGroup({ ...quiet, capacity: rest, instances: [], tags })
      : blueGroup({ ...quiet, capacity: staying, instances: instances(['b1', 'b2', 'b3'], '41') }),
    incoming: forth
      ? greenGroup({ ...quiet, capacity: staying, instances: instances(['g1', 'g2', 'g3'], '42') })
      : greenGroup({ ...quiet, capacity: rest, instances: [] }),
    nodes: forth ? greenOpen : blueOpen,
    observations: observationsAt(now)
  }
  const { decision } = decide(watch(scene, 3), open)
  return decision.kind === 'finish'
    ? decision.outcome
    : `${decision.kind} ${stageOf(decision)} ${JSON.stringify(decision)}`
}
