import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Group } from '../../../src/engine/model/node-group.ts'
import type { Settings } from '../../../src/engine/model/settings.ts'
import { lookupIn } from '../../../src/engine/plan/configuration.ts'
import { makePlan } from '../../../src/engine/plan/plan.ts'
import { digestPattern, movedParts } from '../../../src/engine/plan/plan-digest.ts'
import type { PlanInput } from '../../../src/engine/plan/plan-facts.ts'
import { sha256 } from '../../../src/engine/plan/sha-256.ts'
import {
  base64,
  budget,
  companions,
  deployment,
  directly,
  group,
  instance,
  node,
  settings,
  template,
  view
} from './world.ts'

const data = (image: string, name = 'join shop') => ({
  ImageId: image,
  InstanceType: 'm7i.large',
  UserData: base64(`#!/bin/sh\n${name}\n`)
})
const templates = [
  template(41, data('ami-41')),
  template(42, data('ami-42')),
  template(43, data('ami-43')),
  // The same as 42, under another number.
  template(44, data('ami-42'))
]
const ref = (version: number) => ({ id: 'lt-1', name: 'shop-workers', version: String(version) })
const nodes = ['n1', 'n2', 'n3'].map((name) => node(name))
const instances = nodes.map(({ instanceId }) => instance(instanceId ?? ''))
const capacity = { min: 1, max: 9, desired: 2 }
const blue = group('shop-blue', 'blue', { instances: instances.slice(0, 2), template: ref(41), capacity })
const green = group('shop-green', 'green', { template: ref(42) })
const payments = deployment('payments', ['n1', 'n2'])
const ledger = deployment('ledger', ['n1'], { replicas: 1, strategy: { type: 'Recreate' } })

interface Over {
  blue?: Partial<Group>
  green?: Partial<Group>
  settings?: Partial<Settings>
  input?: Partial<PlanInput>
  view?: PlanInput['view']
}

function planned(over: Over = {}) {
  return makePlan({
    settings: { ...settings, ...over.settings },
    pair: { name: 'workers', blue: { ...blue, ...over.blue }, green: { ...green, ...over.green } },
    view: over.view ?? view({ nodes: nodes.slice(0, 2) }, payments),
    template: lookupIn(templates),
    companions: { blue: companions(), green: companions() },
    denied: [],
    serverVersion: '1.33',
    retired: {},
    now: 100 * 3_600_000,
    ...over.input
  })
}

const digestOf = (over: Over = {}) => planned(over).plan.digest ?? ''
const before = digestOf()

const allowsLedger = { allowDowntime: ['team-a/deployment/ledger'] }
const withLedger = view({ nodes: nodes.slice(0, 2) }, payments, ledger)

test('a digest is short, can be typed, and says by which rules it was made', () => {
  assert.match(before, digestPattern)
  assert.match(before, /^p1-/)
  assert.ok(before.length <= 24, before)
})

const moves: Readonly<Record<string, Over>> = {
  'another image in the template of the inactive group': { green: { template: ref(43) } },
  'other subnets of the inactive group': { green: { subnets: ['subnet-other'] } },
  'another configuration on the active instances': {
    blue: { template: ref(43), instances: instances.map((one) => ({ ...one, template: ref(43) })) }
  },
  'roles that have been swapped': {
    blue: { instances: [], template: ref(42) },
    green: { instances: instances.slice(0, 2), template: ref(41), capacity }
  },
  'a higher maximum of the active group': { blue: { capacity: { ...capacity, max: 90 } } },
  'a higher minimum of the active group': { blue: { capacity: { ...capacity, min: 2 } } },
  'a workload that may be down': { settings: allowsLedger },
  'Jobs that are evicted': { settings: { jobs: 'evict' } },
  'pods without a controller that are evicted': { settings: { podsWithoutController: 'evict' } },
  'emptyDir volumes that are kept': { settings: { emptydirData: 'refuse' } },
  'swap-back': { settings: { whenUnchanged: 'swap-back' } },
  'another cluster': { settings: { cluster: 'shop-staging' } },
  'another node group': { input: { pair: { name: 'batch', blue, green } } }
}
for (const [what, over] of Object.entries(moves)) {
  test(`the digest moves with ${what}`, () => assert.notEqual(digestOf(over), before))
}

const stays: Readonly<Record<string, Over>> = {
  'pods that come and go': {
    view: view({ nodes: nodes.slice(0, 2) }, deployment('payments', ['n1', 'n2', 'n2', 'n1']))
  },
  'a workload that needs no consent': {
    view: view({ nodes: nodes.slice(0, 2) }, payments, deployment('search', ['n1', 'n2']))
  },
  'a DaemonSet': { view: view({ nodes: nodes.slice(0, 2) }, payments, directly('DaemonSet', 'agent', ['n1', 'n2'])) },
  'a node that autoscaling adds': {
    blue: { instances, capacity: { ...capacity, desired: 3 } },
    view: view({ nodes }, payments)
  },
  'the same configuration under another version number': { green: { template: ref(44) } },
  'tags of the groups': { green: { tags: { ...green.tags, Owner: 'team-green' } } },
  'a warning or a blocker': {
    view: view({ nodes: nodes.slice(0, 2), budgets: [budget('payments', { minAvailable: 2 })] }, payments)
  },
  'deadlines and pace': { settings: { timeoutMs: 1_000_000, soakMs: 0, canaryNodes: 3, hold: true } },
  time: { input: { now: 200 * 3_600_000 } }
}
for (const [what, over] of Object.entries(stays)) {
  test(`the digest does not move with ${what}`, () => assert.equal(digestOf(over), before))
}

test('a second workload that the same consent takes down moves the digest', () => {
  const glob = { allowDowntime: ['team-a/*/*'] }
  const more = view(
    { nodes: nodes.slice(0, 2) },
    payments,
    ledger,
    deployment('vault', ['n2'], { replicas: 1, strategy: { type: 'Recreate' } })
  )
  assert.notEqual(digestOf({ settings: glob, view: withLedger }), digestOf({ settings: glob, view: more }))
})

test('where the pods of such a workload are does not move the digest', () => {
  const elsewhere = view({ nodes: nodes.slice(0, 2) }, payments, deployment('ledger', ['n9'], { replicas: 1 }))
  const now = digestOf({ settings: allowsLedger, view: elsewhere })
  assert.equal(now, digestOf({ settings: allowsLedger, view: withLedger }))
  assert.notEqual(now, digestOf({ settings: allowsLedger }))
})

test('the order in which workloads are named does not matter', () => {
  const [one, two] = ['team-a/deployment/ledger', 'team-b/deployment/vault']
  const named = (...allowDowntime: string[]) => digestOf({ settings: { allowDowntime } })
  assert.equal(named(one, two), named(two, one, two))
})

test('there is no digest if it cannot be read what runs or what would be launched', () => {
  assert.equal(planned({ green: { template: ref(99) } }).plan.digest, undefined)
  assert.equal(planned({ blue: { instances: [{ ...instance('i-x'), template: ref(99) }] } }).plan.digest, undefined)
})

const ruleOf = (over: Over) => planned(over).plan.blockers.map(({ rule }) => rule)

test('the plan that was expected is not blocked, another one is, and the refusal says what differs', () => {
  assert.deepEqual(ruleOf({ settings: { expectPlan: [before] } }), [])
  const { plan } = planned({ green: { template: ref(43) }, settings: { expectPlan: [before] } })
  assert.deepEqual(
    plan.blockers.map(({ rule }) => rule),
    ['plan-moved']
  )
  const [found] = plan.blockers
  assert.ok(found?.reason.includes(before) && found.reason.includes(plan.digest ?? '?'), found?.reason)
  assert.match(found?.reason ?? '', /what differs: the configuration that runs or the one that would be launched$/)
  assert.match(found?.remedies[0] ?? '', /^eks-node-upgrade plan --cluster shop --group workers$/)
})

test('of several digests one must be that of the group', () => {
  const other = digestOf(moves['another node group'])
  assert.deepEqual(ruleOf({ settings: { expectPlan: [other, before] } }), [])
  assert.deepEqual(ruleOf({ settings: { expectPlan: [other, other] } }), ['plan-moved'])
})

test('what has nothing to do is unchanged, whatever was expected', () => {
  const same = { green: { template: ref(41) }, settings: { expectPlan: [before] } }
  assert.equal(planned(same).verdict, 'unchanged')
  assert.deepEqual(ruleOf(same), [])
})

test('a digest of another version of the program is told apart', () => {
  assert.deepEqual(movedParts(before.replace('p1', 'p2'), before), ['the version of this program that made the digest'])
})

test('each part that differs is named', () => {
  const both = digestOf({ green: { template: ref(43) }, settings: { jobs: 'evict' } })
  assert.equal(movedParts(before, both).length, 2)
  assert.deepEqual(movedParts(before, before), [])
})

test('SHA-256 is the one that Node has, at every length around a block and beyond ASCII', () => {
  const texts = [
    ...Array.from({ length: 200 }, (_, length) => 'x'.repeat(length)),
    'Grün → blau 🟢',
    'y'.repeat(100_000)
  ]
  for (const text of texts) {
    assert.equal(
      Buffer.from(sha256(text)).toString('hex'),
      createHash('sha256').update(text).digest('hex'),
      text.slice(0, 20)
    )
  }
})
