import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionInAlias } from '../../../src/engine/plan/checks/kubelet-version.ts'
import { configurationOf, lookupIn } from '../../../src/engine/plan/configuration.ts'
import { makePlan } from '../../../src/engine/plan/plan.ts'
import type { PlanInput } from '../../../src/engine/plan/plan-facts.ts'
import { configurationFingerprint, retiredCopy } from '../../../src/engine/plan/retired-configuration.ts'
import {
  assertRemedies,
  base64,
  budget,
  companions,
  deployment,
  directly,
  group,
  instance,
  namesOf,
  node,
  pod,
  settings,
  template,
  view
} from './world.ts'

const data = (image: string, extra = '') => ({
  ImageId: image,
  InstanceType: 'm7i.large',
  UserData: base64(`#!/bin/sh\n${extra}join shop\n`)
})
const templates = [
  template(41, data('ami-41')),
  template(42, data('ami-42', 'echo new\n')),
  template(43, data('ami-43'))
]
const nodes = ['n1', 'n2'].map((name) => node(name))
const instances = nodes.map(({ instanceId }) => instance(instanceId ?? ''))
const blue = group('shop-blue', 'blue', { instances, template: { id: 'lt-1', name: 'shop-workers', version: '41' } })
const green = group('shop-green', 'green')
const world = [deployment('payments', ['n1', 'n2']), directly('DaemonSet', 'agent', ['n1', 'n2'])]

function plan(over: Partial<PlanInput> = {}) {
  const made = makePlan({
    settings,
    pair: { name: 'workers', blue, green },
    view: view({ nodes }, ...world),
    template: lookupIn(templates, { 'lt-1:$Latest': 43 }),
    companions: { blue: companions(), green: companions() },
    denied: [],
    serverVersion: '1.33',
    retired: {},
    now: 100 * 3_600_000,
    ...over
  })
  return {
    ...made,
    blockers: namesOf(made.plan.blockers),
    warnings: namesOf(made.plan.warnings)
  }
}

test('a plan says what changes, what moves and how long it takes', () => {
  const { plan: made, verdict, blockers, warnings, launches } = plan()
  assert.equal(verdict, 'upgrade')
  assert.deepEqual([blockers, warnings], [[], []])
  assert.deepEqual(made.active, {
    name: 'shop-blue',
    nodes: 2,
    instanceTypes: ['m7i.large'],
    template: 'shop-workers 41'
  })
  assert.deepEqual(made.inactive, { name: 'shop-green', template: 'shop-workers 42' })
  assert.equal(made.comparison, 'change')
  assert.deepEqual(made.changes, [
    { field: 'image', from: 'ami-41', to: 'ami-42' },
    { field: 'user data', from: '3 lines', to: '4 lines', lines: ['+echo new'] }
  ])
  assert.deepEqual([made.podsToMove, made.workloadsToMove, made.daemonSetPods], [2, 1, 2])
  assert.equal(made.longest, 'team-a/payments (its strategy: 1 of 2 at a time)')
  assert.equal(launches?.fields.image, 'ami-42')
})

test('an equal group is unchanged, and nothing blocks it', () => {
  const same = { ...green, template: { id: 'lt-1', name: '', version: '41' } }
  const { verdict, blockers } = plan({
    pair: { name: 'workers', blue, green: same },
    view: view({ nodes }, directly('StatefulSet', 'db', ['n1']))
  })
  assert.deepEqual([verdict, blockers], ['unchanged', []])
})

const retired = configurationOf(green, template(42, data('ami-42', 'echo new\n')), {
  name: 'shop-green',
  color: 'green'
})

test('after an upgrade a second run is unchanged, by the record or by the tag alone', () => {
  assert.equal(plan({ retired: { record: retired } }).verdict, 'unchanged')
  assert.equal(plan({ retired: { tag: retiredCopy(retired) } }).verdict, 'unchanged')
  assert.equal(plan({ retired: { tag: 'edited by hand' } }).verdict, 'upgrade')
})

test('a change that was reverted before is warned of', () => {
  const last = { outcome: 'reverted', at: 0, reason: 'x', change: configurationFingerprint(retired) }
  assert.deepEqual(plan({ lastOutcome: last }).warnings, ['reverted-before workers'])
})

const cases: readonly [
  sentence: string,
  over: Partial<PlanInput>,
  blockers: readonly string[],
  warnings: readonly string[]
][] = [
  [
    'both groups active',
    { pair: { name: 'workers', blue, green: { ...green, instances, capacity: { min: 0, max: 9, desired: 2 } } } },
    ['both-active workers'],
    []
  ],
  [
    'rights that are missing',
    { denied: [{ verb: 'create', group: '', resource: 'pods', subresource: 'eviction' }] },
    ['access-denied permissions'],
    []
  ],
  [
    'a template version that is gone',
    {
      pair: { name: 'workers', blue, green: { ...green, template: { id: 'lt-1', name: 'shop-workers', version: '9' } } }
    },
    ['template-missing shop-green'],
    []
  ],
  [
    'instances whose version is gone',
    {
      pair: {
        name: 'workers',
        blue: {
          ...blue,
          instances: [...instances.slice(1), instance('i-n1', { template: { id: 'lt-1', name: '', version: '7' } })]
        },
        green
      }
    },
    ['template-unknown shop-blue'],
    []
  ],
  [
    'a launch configuration',
    { pair: { name: 'workers', blue, green: { ...green, template: undefined, launchConfiguration: 'lc' } } },
    ['launch-configuration shop-green'],
    []
  ],
  [
    'an active group that follows $Latest',
    {
      pair: {
        name: 'workers',
        blue: { ...blue, template: { id: 'lt-1', name: 'shop-workers', version: '$Latest' } },
        green
      }
    },
    [],
    ['follows-latest shop-blue']
  ],
  ['the wrong cluster', { view: view() }, ['wrong-cluster shop-blue'], []],
  ['an instance that never joined', { view: view({ nodes: nodes.slice(1) }) }, [], ['instance-without-node shop-blue']],
  [
    'an instance that may be a node without an instance id',
    { view: view({ nodes: [...nodes.slice(1), node('n1', { instanceId: undefined })] }) },
    ['provider-id-missing shop-blue'],
    []
  ],
  [
    "the process's own pod on an outgoing node",
    { ownPod: { namespace: 'team-a', name: 'payments-7d9-0' } },
    ['own-pod team-a/payments-7d9-0'],
    []
  ],
  [
    "the process's own pod elsewhere",
    {
      ownPod: { namespace: 'ci', name: 'runner' },
      view: view({ nodes: [...nodes, node('other')], pods: [pod('runner', { namespace: 'ci', nodeName: 'other' })] })
    },
    [],
    []
  ],
  [
    'credentials that end too soon',
    { credentialsExpireAt: 100 * 3_600_000 + 60_000 },
    [],
    ['credentials-expire credentials']
  ],
  ['credentials that last', { credentialsExpireAt: 200 * 3_600_000 }, [], []],
  [
    'a timeout that is too short',
    { settings: { ...settings, timeoutMs: 60_000 } },
    [],
    ['timeout-short timeout-minutes']
  ],
  [
    'a workload that would go down',
    { view: view({ nodes }, directly('StatefulSet', 'db', ['n1'])) },
    ['would-go-down team-a/statefulset/db'],
    []
  ],
  [
    'companions that incoming lacks',
    { companions: { blue: companions({ policies: ['p'] }), green: companions() } },
    ['policy-missing shop-green'],
    []
  ],
  [
    'pods that fit nowhere',
    {
      view: view(
        { nodes },
        deployment('a', ['n1', 'n2'], {}, { placement: { ...pod('').placement, requests: { cpu: 9000 } } })
      )
    },
    ['fits-nowhere team-a/a'],
    ['room-short shop-green']
  ]
]
for (const [sentence, over, blockers, warnings] of cases) {
  test(`plan: ${sentence}`, () => {
    const made = plan(over)
    assertRemedies(made.plan.blockers)
    assertRemedies(made.plan.warnings.filter(({ remedies }) => remedies.length > 0))
    assert.deepEqual(made.blockers, blockers)
    assert.deepEqual(made.warnings, warnings)
  })
}

test('everything that blocks is reported at once', () => {
  const { blockers } = plan({
    denied: [{ verb: 'patch', group: '', resource: 'nodes' }],
    companions: { blue: companions({ activeRefreshes: ['InProgress'] }), green: companions() },
    view: view(
      { nodes },
      deployment('a', ['n1', 'n1', 'n2', 'n2']),
      { budgets: [budget('a', { maxUnavailable: 0 })] },
      { pods: [pod('bare', { nodeName: 'n1' })] }
    )
  })
  assert.deepEqual(blockers, [
    'access-denied permissions',
    'instance-refresh shop-blue',
    'budget-never-allows team-a/a',
    'no-controller team-a/bare'
  ])
})

const alias = (version: string) =>
  `resolve:ssm:/aws/service/eks/optimized-ami/${version}/amazon-linux-2023/x86_64/standard/recommended/image_id`

test('a kubelet that its alias says is newer than the control plane is refused', () => {
  const skewed = lookupIn([...templates, template(44, data(alias('1.34')))])
  const of = (serverVersion: string) =>
    plan({
      template: skewed,
      serverVersion,
      pair: { name: 'workers', blue, green: { ...green, template: { id: 'lt-1', name: '', version: '44' } } }
    }).blockers
  assert.deepEqual(of('1.33'), ['version-skew shop-green'])
  assert.deepEqual(of('1.34'), [])
  assert.deepEqual(of('1.38'), ['version-skew shop-green'])
})

test('an image that stays keeps its kubelet, which may have become too old', () => {
  const same = lookupIn([...templates, template(45, data('ami-41', 'echo other\n'))])
  const pair = { name: 'workers', blue, green: { ...green, template: { id: 'lt-1', name: '', version: '45' } } }
  assert.deepEqual(plan({ template: same, pair, serverVersion: '1.37' }).blockers, ['version-skew shop-green'])
  assert.deepEqual(plan({ template: same, pair, serverVersion: '1.36' }).blockers, [])
})

test('the version is read from the aliases of all families', () => {
  assert.equal(versionInAlias(alias('1.33')), '1.33')
  assert.equal(versionInAlias('resolve:ssm:/aws/service/bottlerocket/aws-k8s-1.32/x86_64/latest/image_id'), '1.32')
  assert.equal(
    versionInAlias('resolve:ssm:/aws/service/canonical/ubuntu/eks/24.04/1.31/stable/current/amd64/hvm/ebs-gp3/ami-id'),
    '1.31'
  )
  assert.equal(versionInAlias('resolve:ssm:/our/own/image'), undefined)
  assert.equal(versionInAlias('ami-1.33'), undefined)
})
