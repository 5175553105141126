import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  activityFrom,
  companionsFrom,
  groupFrom,
  instanceFrom,
  lifecycleHookFrom,
  plainJson
} from '../../src/aws/translation.ts'

const bounds = {
  AutoScalingGroupName: 'g',
  MinSize: 1,
  MaxSize: 9,
  DesiredCapacity: 4,
  DefaultCooldown: 300,
  AvailabilityZones: ['a', 'b'],
  HealthCheckType: 'ELB',
  CreatedTime: new Date(0)
}

test("a group's settings are read one by one", () => {
  const group = groupFrom({
    ...bounds,
    Tags: [{ Key: 'k', Value: 'v' }, { Key: '__proto__', Value: 'x' }, { Key: 'empty' }],
    VPCZoneIdentifier: 'subnet-1,subnet-2',
    SuspendedProcesses: [{ ProcessName: 'AZRebalance', SuspensionReason: 'by hand' }],
    NewInstancesProtectedFromScaleIn: true,
    LaunchTemplate: { LaunchTemplateId: 'lt-1', LaunchTemplateName: 'shop' },
    TargetGroupARNs: ['arn:tg'],
    LoadBalancerNames: ['classic'],
    WarmPoolConfiguration: { Status: 'PendingDelete' },
    Status: 'Delete in progress',
    Operator: { Principal: 'eks.amazonaws.com' }
  })
  assert.deepEqual(group.capacity, { min: 1, max: 9, desired: 4 })
  assert.deepEqual(Object.entries(group.tags), [
    ['k', 'v'],
    ['__proto__', 'x'],
    ['empty', '']
  ])
  assert.deepEqual(group.subnets, ['subnet-1', 'subnet-2'])
  assert.deepEqual(group.suspended, ['AZRebalance'])
  assert.deepEqual(group.template, { id: 'lt-1', name: 'shop', version: '$Default' })
  assert.equal(group.healthCheckType, 'ELB')
  assert.equal(group.newInstancesProtected, true)
  assert.equal(group.warmPool, true)
  assert.equal(group.status, 'Delete in progress')
  assert.equal(group.operator, 'eks.amazonaws.com')
  assert.equal(group.weighted, false)
})

test('a mixed policy gives the template and is kept without its reference', () => {
  const { template, mixed, weighted } = groupFrom({
    ...bounds,
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: 'lt-1', LaunchTemplateName: 'shop', Version: '3' },
        Overrides: [{ InstanceType: 'm7i.large' }]
      },
      InstancesDistribution: { OnDemandBaseCapacity: 1, SpotMaxPrice: undefined }
    }
  })
  assert.deepEqual(template, { id: 'lt-1', name: 'shop', version: '3' })
  assert.deepEqual(mixed, {
    LaunchTemplate: { Overrides: [{ InstanceType: 'm7i.large' }] },
    InstancesDistribution: { OnDemandBaseCapacity: 1 }
  })
  assert.equal(weighted, false)
})

test('capacity in weights or in vCPUs is marked, weights of one are instances', () => {
  const weights = (weight: string) =>
    groupFrom({ ...bounds, MixedInstancesPolicy: { LaunchTemplate: { Overrides: [{ WeightedCapacity: weight }] } } })
  assert.equal(weights('2').weighted, true)
  assert.equal(weights('1').weighted, false)
  assert.equal(groupFrom({ ...bounds, DesiredCapacityType: 'vcpu' }).weighted, true)
  assert.equal(groupFrom({ ...bounds, DesiredCapacityType: 'units' }).weighted, false)
})

test('an instance is healthy only if AWS says so', () => {
  const instance = (HealthStatus?: string) => instanceFrom({ InstanceId: 'i-1', HealthStatus } as never)
  assert.equal(instance('Healthy').healthy, true)
  assert.equal(instance('Unhealthy').healthy, false)
  assert.equal(instance().healthy, false)
})

test('a hook without a global timeout has the one that AWS documents', () => {
  assert.equal(lifecycleHookFrom({ HeartbeatTimeout: 60 }).globalMs, 6_000_000)
  assert.equal(lifecycleHookFrom({ HeartbeatTimeout: 7200 }).globalMs, 172_800_000)
  assert.equal(lifecycleHookFrom({ GlobalTimeout: 90 }).globalMs, 90_000)
  assert.equal(lifecycleHookFrom({ LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }).transition, 'launching')
})

test('only refreshes that have ended are left out', () => {
  const statuses = `Pending InProgress Successful Failed Cancelling Cancelled RollbackInProgress RollbackFailed
    RollbackSuccessful Baking`.split(/\s+/)
  const refreshes = statuses.map((Status) => ({ Status }) as never)
  const { activeRefreshes } = companionsFrom({
    group: bounds,
    policies: [],
    scheduledActions: [],
    hooks: [],
    refreshes
  })
  assert.deepEqual(activeRefreshes, ['Pending', 'InProgress', 'Cancelling', 'RollbackInProgress', 'Baking'])
})

test('the zone of an activity is read from its details if they have the usual form', () => {
  const zone = (Details?: string) => activityFrom({ Details } as never).zone
  assert.equal(zone('{"Subnet ID":"subnet-1","Availability Zone":"eu-west-1a"}'), 'eu-west-1a')
  for (const odd of [undefined, '', 'null', '[]', '{', '{"Availability Zone":3}']) assert.equal(zone(odd), undefined)
})

test('plain JSON has dates as text and no undefined members', () => {
  assert.deepEqual(plainJson({ at: new Date(0), none: undefined, list: [1, { a: undefined }] }), {
    at: '1970-01-01T00:00:00.000Z',
    list: [1, {}]
  })
})
