import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Companions, Group } from '../../../../src/engine/model/node-group.ts'
import { attachedResources } from '../../../../src/engine/plan/checks/attached-resources.ts'
import { groupSettings } from '../../../../src/engine/plan/checks/group-settings.ts'
import type { GroupSide } from '../../../../src/engine/plan/plan-facts.ts'
import { assertRemedies, companions, group, instance, namesOf, settings } from '../world.ts'

interface Side {
  group?: Partial<Group>
  companions?: Partial<Companions>
}

/** What both families say of the two groups. */
function find(one: Side, other: Side) {
  const active: GroupSide = {
    group: group('shop-blue', 'blue', { instances: [instance('i-1')], ...one.group }),
    color: 'blue',
    companions: companions(one.companions)
  }
  const inactive: GroupSide = {
    group: group('shop-green', 'green', other.group),
    color: 'green',
    companions: companions(other.companions)
  }
  const found = [groupSettings({ active, inactive, settings }), attachedResources({ active, inactive })]
  return {
    blockers: found.flatMap(({ blockers }) => blockers),
    warnings: found.flatMap(({ warnings }) => warnings)
  }
}

const hook = (minutes: number, name = 'h', transition: 'launching' | 'terminating' = 'launching') => ({
  name,
  transition,
  heartbeatMs: minutes * 60_000,
  globalMs: 100 * minutes * 60_000
})
const tags = (extra: Record<string, string>) => ({ tags: { ...group('', 'blue').tags, ...extra } })
const target = 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1'

const cases: readonly [sentence: string, active: Side, incoming: Side, expected: readonly string[]][] = [
  ['nothing', {}, {}, []],
  ['a launch configuration', { group: { launchConfiguration: 'lc-1' } }, {}, ['launch-configuration shop-blue']],
  ['an operator', {}, { group: { operator: 'eks.amazonaws.com' } }, ['operator shop-green']],
  ['a group that is being deleted', {}, { group: { status: 'Delete in progress' } }, ['being-deleted shop-green']],
  ['weights', { group: { weighted: true } }, {}, ['weights shop-blue']],
  ['a warm pool', {}, { group: { warmPool: true } }, ['warm-pool shop-green']],
  ['Launch suspended', {}, { group: { suspended: ['Launch', 'AZRebalance'] } }, ['suspended shop-green']],
  ['Terminate suspended', { group: { suspended: ['Terminate'] } }, {}, ['suspended shop-blue']],
  ['other processes suspended', { group: { suspended: ['AZRebalance'] } }, {}, []],
  ['an instance refresh', { companions: { activeRefreshes: ['Baking'] } }, {}, ['instance-refresh shop-blue']],
  [
    'a launch hook that is longer than the timeout',
    { companions: { hooks: [hook(60)] } },
    { companions: { hooks: [hook(60)] } },
    ['launch-hook shop-blue', 'launch-hook shop-green']
  ],
  ['a launch hook that is as long', { companions: { hooks: [hook(15)] } }, { companions: { hooks: [hook(15)] } }, []],
  [
    'a long hook for termination',
    { companions: { hooks: [hook(60, 't', 'terminating')] } },
    { companions: { hooks: [hook(60, 't', 'terminating')] } },
    []
  ],
  [
    'a zone that incoming lacks',
    { group: { instances: [instance('i-1'), instance('i-2', { zone: 'eu-west-1b' })] } },
    {},
    ['zone-missing shop-green']
  ],
  [
    'a policy that incoming lacks',
    { companions: { policies: ['cpu', 'net'] } },
    { companions: { policies: ['net'] } },
    ['policy-missing shop-green']
  ],
  [
    'a policy that is named after its group',
    { companions: { policies: ['shop-blue-cpu'] } },
    { companions: { policies: ['shop-green-cpu'] } },
    []
  ],
  ['a policy that outgoing lacks', {}, { companions: { policies: ['cpu'] } }, []],
  [
    'a schedule that incoming lacks',
    { companions: { scheduledActions: ['night'] } },
    {},
    ['schedule-missing shop-green']
  ],
  ['a hook that incoming lacks', { companions: { hooks: [hook(1)] } }, {}, ['hook-missing shop-green']],
  [
    'a hook of the same name for the other transition',
    { companions: { hooks: [hook(1)] } },
    { companions: { hooks: [hook(1, 'h', 'terminating')] } },
    ['hook-missing shop-green']
  ],
  [
    'a target group that incoming lacks',
    { group: { targetGroups: [target] } },
    {},
    ['target-group-missing shop-green']
  ],
  [
    'a classic load balancer that incoming lacks',
    { group: { loadBalancers: ['lb'] } },
    {},
    ['target-group-missing shop-green']
  ],
  [
    'an autoscaler tag that incoming lacks',
    { group: tags({ 'k8s.io/cluster-autoscaler/enabled': 'true' }) },
    {},
    ['autoscaler-tag-missing shop-green']
  ],
  [
    'an autoscaler tag with another value',
    { group: tags({ 'k8s.io/cluster-autoscaler/node-template/label/color': 'blue' }) },
    { group: tags({ 'k8s.io/cluster-autoscaler/node-template/label/color': 'green' }) },
    []
  ],
  [
    'everything at once',
    { group: { weighted: true, warmPool: true }, companions: { policies: ['p'] } },
    { group: { suspended: ['Launch'] } },
    ['weights shop-blue', 'warm-pool shop-blue', 'suspended shop-green', 'policy-missing shop-green']
  ]
]
for (const [sentence, active, incoming, expected] of cases) {
  test(`groups: ${sentence}`, () => {
    const { blockers } = find(active, incoming)
    assert.deepEqual(namesOf(blockers), expected)
    assertRemedies(blockers)
  })
}

test('a target group on both is a warning, not a blocker', () => {
  const { blockers, warnings } = find(
    { group: { targetGroups: [target] } },
    { companions: { trafficSources: [target] } }
  )
  assert.deepEqual(blockers, [])
  assert.deepEqual(
    warnings.map(({ rule }) => rule),
    ['target-groups']
  )
})

test('remedies name the real group, process, hook and target group', () => {
  const remedies = (active: Side, incoming: Side) =>
    find(active, incoming)
      .blockers.flatMap((one) => one.remedies)
      .join('\n')
  assert.match(
    remedies({}, { group: { suspended: ['Launch'] } }),
    /resume-processes --auto-scaling-group-name shop-green --scaling-processes Launch/
  )
  assert.match(
    remedies({ group: { targetGroups: [target] } }, {}),
    /attach-load-balancer-target-groups --auto-scaling-group-name shop-green --target-group-arns arn:aws/
  )
  assert.match(
    remedies({ companions: { hooks: [hook(60)] } }, { companions: { hooks: [hook(60)] } }),
    /--launch-timeout-minutes 65/
  )
  assert.match(
    remedies({ group: tags({ 'k8s.io/cluster-autoscaler/enabled': 'true' }) }, {}),
    /Key=k8s.io\/cluster-autoscaler\/enabled,Value=true/
  )
})
