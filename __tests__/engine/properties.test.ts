/**
 * What holds for every world, not only for those that have a test of their own. A failing case prints its seed and the command
 * that replays it alone: SEED=17 node --test __tests__/engine/properties.test.ts
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { guardActions } from '../../src/engine/loop/action-guards.ts'
import { decide } from '../../src/engine/loop/decide.ts'
import type { Budget, Node, Pod, Workload } from '../../src/engine/model/cluster.ts'
import type { Group, Instance } from '../../src/engine/model/node-group.ts'
import type { Direction } from '../../src/engine/model/report.ts'
import { allowedByStatus, budgetsOf } from '../../src/engine/policy/budgets.ts'
import { judgePod } from '../../src/engine/policy/pod-filters.ts'
import { wantedPods } from '../../src/engine/policy/workloads.ts'
import type { OpenRun } from '../../src/engine/record/record.ts'
import type { Action } from '../../src/engine/world/action.ts'
import type { World } from '../../src/engine/world/world.ts'
import {
  blue,
  blueGroup,
  budgetOf,
  cordoned,
  deployment,
  directly,
  green,
  greenGroup,
  instance,
  node,
  now,
  observationsAt,
  placement,
  pod,
  random,
  run,
  template,
  watch
} from './sample.ts'

const cases = 1000
/** The seed to replay alone, from the environment. */
const only = process.env.SEED === undefined ? undefined : Number(process.env.SEED)

type Pick = (below: number) => number

function oneOf<T>(pick: Pick, values: readonly T[]): T {
  return values[pick(values.length)] as T
}

interface Made {
  open: OpenRun
  outgoing: Group
  incoming: Group
  nodes: Node[]
  pods: Pod[]
  workloads: Workload[]
  budgets: Budget[]
}

const places = ['b1', 'b2', 'b3', 'g1', 'g2', 'g3', 'elsewhere']

function anyNode(pick: Pick, name: string): Node | undefined {
  if (pick(12) === 0) return undefined
  const ready = oneOf(pick, ['True', 'True', 'True', 'True', 'Unknown', 'False'] as const)
  const over = { ready, readySinceAt: now - pick(600_000) }
  const state = pick(5)
  if (state < 2) return node(name, over)
  if (state === 2) return node(name, { ...over, schedulable: false })
  return cordoned(name, over)
}

function anyPod(pick: Pick, one: Pod): Pod {
  const ready = pick(5) > 0
  return {
    ...one,
    ready,
    nodeName: pick(12) === 0 ? undefined : oneOf(pick, places),
    readySinceAt: now - pick(400_000),
    neverReady: !ready && pick(2) === 0,
    createdAt: now - pick(600_000),
    ...(pick(8) === 0 ? { deletingAt: now + pick(60_000) - 30_000 } : {}),
    ...(pick(10) === 0 ? { claims: ['data'] } : {}),
    ...(pick(8) === 0 ? { placement: placement({ tolerations: [{ operator: 'Exists' }] }) } : {}),
    ...(pick(15) === 0 ? { priorityClass: 'system-cluster-critical' } : {})
  }
}

function anyWorkloads(pick: Pick): { workloads: Workload[]; pods: Pod[]; budgets: Budget[] } {
  const workloads: Workload[] = []
  const pods: Pod[] = []
  const budgets: Budget[] = []
  for (let number = pick(4); number >= 0; number--) {
    const kind = oneOf(pick, ['Deployment', 'Deployment', 'StatefulSet', 'Job', 'DaemonSet', 'bare'] as const)
    const name = `w${number}`
    const spots = Array.from({ length: 1 + pick(5) }, () => 'b1')
    const strategy = {
      type: 'RollingUpdate',
      maxUnavailable: oneOf(pick, ['25%', 1, 0, '100%', 2]),
      maxSurge: oneOf(pick, ['25%', 1])
    }
    if (kind === 'bare') {
      pods.push(anyPod(pick, pod(name)))
      continue
    }
    const made = kind === 'Deployment' ? deployment(name, spots, { strategy }) : directly(kind, name, spots)
    const placed = made.pods.map((one) => anyPod(pick, one))
    workloads.push(...made.workloads)
    pods.push(...placed)
    if (pick(2) === 0) budgets.push(budgetOf(name, { maxUnavailable: pick(4) }, { ...made, pods: placed }))
  }
  return { workloads, pods, budgets }
}

function anyInstances(pick: Pick, letter: string, version: string): Instance[] {
  return ['1', '2', '3'].flatMap((number) => {
    if (pick(10) === 0) return []
    return [
      instance(`i-${letter}${number}`, {
        protectedFromScaleIn: pick(5) > 0,
        lifecycle: oneOf(pick, ['InService', 'InService', 'InService', 'InService', 'Pending', 'Terminating:Wait']),
        healthy: pick(12) > 0,
        template: template(version)
      })
    ]
  })
}

function anyCapacity(pick: Pick) {
  const desired = pick(5)
  return pick(3) === 0
    ? { min: 0, max: 0, desired: 0 }
    : { min: Math.max(0, desired - pick(3)), max: desired + pick(4), desired }
}

/** A third of the worlds is wild; the others have come as far as moving or retiring, where most is decided. */
function anything(pick: Pick): Made {
  const direction = oneOf<Direction>(pick, ['forward', 'retiring', 'reverting'])
  const back = direction === 'reverting'
  const state = oneOf(pick, ['wild', 'wild', 'moving', 'moving', 'moving', 'retiring'] as const)
  const names = ['b1', 'b2', 'b3', 'g1', 'g2', 'g3']
  const from = back ? 'g' : 'b'
  if (state === 'wild') {
    return {
      open: run({ direction }),
      outgoing: blueGroup({ capacity: anyCapacity(pick), instances: anyInstances(pick, 'b', '41') }),
      incoming: greenGroup({ capacity: anyCapacity(pick), instances: anyInstances(pick, 'g', '42') }),
      nodes: names.flatMap((name) => anyNode(pick, name) ?? []),
      ...anyWorkloads(pick)
    }
  }
  const emptied = state === 'retiring' ? { min: 0, max: 0, desired: 0 } : { min: 3, max: 3, desired: 3 }
  const filled = { min: 3, max: 10, desired: 3 }
  const parts = anyWorkloads(pick)
  const mostlyMoved = (one: Pod): Pod =>
    state === 'retiring' && pick(8) > 0 ? { ...one, nodeName: `${back ? 'b' : 'g'}${1 + pick(3)}` } : one
  return {
    open: run({ direction }),
    // On the way back ReplaceUnhealthy is resumed first of all.
    outgoing: blueGroup({ capacity: back ? filled : emptied, ...(back ? { suspended: [] } : {}) }),
    incoming: greenGroup({ capacity: back ? emptied : filled }),
    nodes: names.map((name) => (name.startsWith(from) ? cordoned(name) : node(name))),
    ...parts,
    pods: parts.pods.map(mostlyMoved)
  }
}

/** A look at this world after some others, perhaps of a world that was a little different. */
function lookAt(pick: Pick, made: Made): World {
  const stage =
    made.open.direction === 'forward'
      ? oneOf(pick, ['drain', 'verify', 'launch'] as const)
      : oneOf(pick, ['drain', 'retire'] as const)
  const observations = observationsAt(now, { name: stage, direction: made.open.direction })
  const before = pick(2) === 0 ? made : { ...made, pods: made.pods.filter(() => pick(2) === 0) }
  const scene = (one: Made, at: number) => ({
    run: one.open,
    outgoing: one.outgoing,
    incoming: one.incoming,
    nodes: one.nodes,
    pods: one.pods,
    parts: [{ workloads: one.workloads, budgets: one.budgets }],
    observations,
    now: at
  })
  watch(scene(before, now - 10_000), 1 + pick(3), 3000)
  // Some were asked already, and refused or not answered yet.
  for (const one of made.pods) {
    if (pick(5) > (one.ready ? 0 : 3)) continue
    const answered = !one.ready || pick(2) === 0
    observations.evictions.set(one.uid, {
      sentAt: now - 7000,
      budgetVersion: '1',
      lane: one.uid,
      ...(answered ? { answeredAt: now - pick(7000), answer: { kind: 'budget', message: 'no' } as const } : {})
    })
  }
  return watch(scene(made, now), 1)
}

/** For every world: what is decided for it, and what the guard lets through. */
function forAll(
  name: string,
  check: (actions: readonly Action[], world: World, open: OpenRun, through: readonly Action[]) => number,
  atLeast = 20
) {
  it(name, () => {
    let met = 0
    const seeds = only === undefined ? Array.from({ length: cases }, (_, number) => number) : [only]
    for (const seed of seeds) {
      const pick = random(seed * 7919 + 13)
      const made = anything(pick)
      const world = lookAt(pick, made)
      const { decision } = decide(world, made.open)
      const actions = decision.kind === 'go' ? decision.step.actions : []
      try {
        met += check(actions, world, made.open, guardActions(actions, world, made.open).allowed)
      } catch (error) {
        const replay = `SEED=${seed} node --test __tests__/engine/properties.test.ts`
        throw new Error(`${replay}: ${JSON.stringify({ decision, direction: made.open.direction })}`, {
          cause: error
        })
      }
    }
    // A property that never meets its case proves nothing.
    if (only === undefined) assert.ok(met >= atLeast, `met only ${met} times in ${cases} worlds`)
  })
}

describe('whatever the world is like', () => {
  forAll('no instance is terminated whose node holds a pod that could be moved', (actions, world, open) => {
    let met = 0
    for (const action of actions) {
      if (action.kind !== 'terminate') continue
      for (const id of action.instanceIds) {
        met += 1
        const names = world.view.nodes.filter((one) => one.instanceId === id).map((one) => one.name)
        const there = world.view.pods.filter((one) => one.nodeName !== undefined && names.includes(one.nodeName))
        for (const one of there) assert.notEqual(judgePod(one, open.settings, world.index).kind, 'move', one.name)
      }
    }
    return met
  })

  forAll('nothing of outgoing is terminated or made smaller before it is retired', (actions, world, open) => {
    let met = 0
    for (const action of actions) {
      if (!('group' in action) || action.group !== blue || open.direction === 'retiring') continue
      met += 1
      assert.notEqual(action.kind, 'terminate')
      if (action.kind === 'resize') {
        assert.ok((action.capacity.desired ?? Number.POSITIVE_INFINITY) >= world.outgoing.group.capacity.desired)
        assert.ok((action.capacity.max ?? Number.POSITIVE_INFINITY) >= world.outgoing.group.capacity.desired)
      }
      if (action.kind === 'protect' && open.direction === 'forward') assert.equal(action.on, true)
    }
    return met
  })

  forAll('a pod is asked to go only from a node of from', (actions, world) => {
    let met = 0
    for (const action of actions) {
      if (action.kind !== 'evict' && action.kind !== 'remove') continue
      met += 1
      assert.ok(
        world.from.nodes.some((one) => one.name === action.pod.nodeName),
        `${action.pod.name}`
      )
    }
    return met
  })

  forAll('only nodes of from are cordoned, and only nodes of to are opened', (actions, world) => {
    let met = 0
    for (const action of actions) {
      if (action.kind === 'cordon') {
        met += 1
        assert.ok(world.from.nodes.includes(action.node), action.node.name)
        assert.ok(!world.to.nodes.includes(action.node), action.node.name)
      }
      if (action.kind === 'uncordon') assert.ok(world.to.nodes.includes(action.node), action.node.name)
    }
    return met
  })

  forAll('a budget is asked for no more serving pods than its status allows', (actions, world) => {
    let met = 0
    for (const budget of world.view.budgets) {
      const asked = actions.filter(
        (action) => action.kind === 'evict' && action.pod.ready && budgetsOf(action.pod, world.index).includes(budget)
      )
      met += asked.length
      assert.ok(asked.length <= allowedByStatus(budget), `${budget.name}: ${asked.length}`)
    }
    return met
  })

  forAll('a workload of several pods keeps one that is ready', (actions, world) => {
    let met = 0
    for (const owner of world.index.owners.values()) {
      if (!['Deployment', 'StatefulSet'].includes(owner.kind) || wantedPods(owner, world.index) < 2) continue
      const ready = world.index.podsOf(owner.key).filter((one) => one.ready && one.deletingAt === undefined)
      const asked = actions.filter((action) => action.kind === 'evict' && ready.includes(action.pod))
      met += asked.length
      if (asked.length > 0) assert.ok(asked.length < ready.length, owner.key)
    }
    return met
  })

  forAll(
    'pods are deleted on the way back only, dead ones only, and one of a workload at a time',
    (actions, world, open) => {
      const removed = actions.flatMap((action) => (action.kind === 'remove' ? [action.pod] : []))
      for (const one of removed) {
        assert.equal(open.direction, 'reverting')
        assert.equal(one.ready, false)
        assert.ok(now - one.readySinceAt >= 60_000)
      }
      const owners = removed.map((one) => world.index.ownerOf(one).key)
      assert.equal(new Set(owners).size, owners.length)
      return removed.length
    },
    5
  )

  forAll(
    'the guard lets through what was decided rightly: it is no second opinion',
    (actions, world, open, through) => {
      const open2 = world.to.nodes.some((one) => one.schedulable && one.ready === 'True')
      const stopped = actions.filter((action) => !through.includes(action))
      for (const action of stopped) {
        // Without an open node to go to nothing is cordoned, and on a node that is still open nothing is asked to go.
        assert.ok(action.kind === 'cordon' && !open2, `${action.kind} ${open.direction}`)
      }
      return actions.length
    }
  )
})

describe('the guard at the door', () => {
  const forth = run()
  const world = watch({ run: forth, observations: observationsAt(now) }, 1)
  const stops = (action: Action, open = forth, at = world) =>
    assert.deepEqual(guardActions([action], at, open).allowed, [])
  const pods = deployment('shop', ['g1', 'b1']).pods as [Pod, Pod]
  const ask = (kind: 'evict' | 'remove', one: Pod): Action => ({ kind, pod: one, lane: '', budgetVersion: undefined })

  it('stops an eviction from a node that is not emptied, or not cordoned', () => {
    stops(ask('evict', pods[0]))
    stops(ask('evict', pods[1]))
  })

  it('stops an eviction and a restart on the way forward while a gate is not good, and none on the way back', () => {
    const nodes = [cordoned('b1'), node('g1')]
    const gated = run({ settings: { ...run().settings, gates: ['alarm:errors'] } })
    const at = (state: 'good' | 'bad') => {
      const observations = observationsAt(now)
      observations.gates.set('alarm:errors', { goodLooks: 2, answeredAt: now })
      const look = { gate: 'alarm:errors', state, seen: state, askedAt: now, answeredAt: now }
      return watch({ run: gated, observations, nodes, gateLooks: [look] }, 1)
    }
    const { workloads } = deployment('shop', ['b1'])
    const restart = { kind: 'restart', workload: workloads[0] as Workload, mark: 'run-1' } as const
    for (const action of [ask('evict', pods[1]), restart]) {
      assert.equal(guardActions([action], at('good'), gated).allowed.length, 1)
      assert.deepEqual(
        guardActions([action], at('bad'), gated).stopped.map(({ invariant }) => invariant),
        ['I28']
      )
    }
    const back = run({ direction: 'reverting', settings: gated.settings })
    const swapped = watch({ run: back, observations: observationsAt(now), nodes: [node('b1'), cordoned('g1')] }, 1)
    assert.equal(guardActions([ask('evict', pods[0])], swapped, back).allowed.length, 1)
  })

  it('stops a deletion on the way forward', () => {
    const closing = watch({ run: forth, observations: observationsAt(now), nodes: [cordoned('b1'), node('g1')] }, 1)
    stops(ask('remove', { ...pods[1], ready: false }), forth, closing)
    assert.equal(guardActions([ask('evict', pods[1])], closing, forth).allowed.length, 1)
  })

  it('stops the closing of a node of to, and of any while to has no open one', () => {
    stops({ kind: 'cordon', node: node('g1'), runId: 'run-1' })
    const nowhere = watch(
      { run: forth, observations: observationsAt(now), nodes: [node('b1'), node('g1', { ready: 'Unknown' })] },
      1
    )
    stops({ kind: 'cordon', node: node('b1'), runId: 'run-1' }, forth, nowhere)
  })

  it('stops the termination of outgoing before it is retired, and of any whose node holds a pod', () => {
    stops({ kind: 'terminate', group: blue, instanceIds: ['i-b1'] })
    const retiring = run({ direction: 'retiring' })
    const full = watch({ run: retiring, observations: observationsAt(now), pods }, 1)
    stops({ kind: 'terminate', group: blue, instanceIds: ['i-b1'] }, retiring, full)
    assert.equal(
      guardActions([{ kind: 'terminate', group: blue, instanceIds: ['i-b2'] }], full, retiring).allowed.length,
      1
    )
  })

  it('stops a smaller Desired of outgoing before it is retired, and of any while an instance is not protected', () => {
    stops({ kind: 'resize', group: blue, capacity: { desired: 2 } })
    stops({ kind: 'resize', group: blue, capacity: { max: 2 } })
    const incoming = greenGroup({ instances: [instance('i-g1', { protectedFromScaleIn: false })] })
    const bare = watch({ run: forth, observations: observationsAt(now), incoming }, 1)
    stops({ kind: 'resize', group: green, capacity: { min: 0, max: 0, desired: 0 } }, forth, bare)
  })

  it('stops the lifting of protection while Desired is below the number of instances', () => {
    const incoming = greenGroup({ capacity: { min: 0, max: 3, desired: 2 } })
    const short = watch({ run: forth, observations: observationsAt(now), incoming }, 1)
    stops({ kind: 'protect', group: green, instanceIds: ['i-g1'], on: false }, forth, short)
  })
})
