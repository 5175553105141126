import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { isTransient } from '../../src/aws/aws-error.ts'
import { type Clients, clientsFor, deadlines } from '../../src/aws/clients.ts'
import { type Aws, connectAws } from '../../src/aws/connection.ts'
import { ec2Calls } from '../../src/aws/ec2-calls.ts'
import { awsNodeGroups } from '../../src/aws/node-groups.ts'
import { sdkCalls } from '../../src/aws/sdk-calls.ts'
import { UpgradeError } from '../../src/engine/model/error.ts'
import type { NodeGroups } from '../../src/engine/model/node-group.ts'
import { type Answer, type AwsFake, awsFake, failure, type Handler, listed, result } from './aws-fake.ts'

let fake: AwsFake | undefined
let aws: Aws | undefined

afterEach(async () => {
  aws?.close()
  await fake?.close()
})

async function groupsOver(handlers: Record<string, Handler>, key = 'kubernetes.io/cluster/{cluster}') {
  fake = await awsFake(handlers)
  aws = await connectAws({ mask: () => {}, userAgent: 'eks-node-upgrade/test' })
  return { groups: aws.nodeGroups('shop', key), calls: fake.calls }
}

const ok =
  (action: string, content = ''): Handler =>
  () =>
    result(action, content)

function groupsPage(names: readonly string[], next = ''): Answer {
  const members = names.map((name) => `<member><AutoScalingGroupName>${name}</AutoScalingGroupName></member>`)
  const token = next && `<NextToken>${next}</NextToken>`
  return result('DescribeAutoScalingGroups', `<AutoScalingGroups>${members.join('')}</AutoScalingGroups>${token}`)
}

async function codeOf(promise: Promise<unknown>): Promise<UpgradeError> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (thrown: unknown) => thrown
  )
  assert.ok(error instanceof UpgradeError, String(error))
  return error
}

test('groups are found by the cluster in the tag key, over all pages, without their instances', async () => {
  const { groups, calls } = await groupsOver({
    DescribeAutoScalingGroups: ({ form }) => (form.NextToken ? groupsPage(['b']) : groupsPage(['a'], 'page2'))
  })
  assert.deepEqual(
    (await groups.find()).map((group) => group.name),
    ['a', 'b']
  )
  assert.equal(calls[0]?.form['Filters.member.1.Name'], 'tag-key')
  assert.equal(calls[0]?.form['Filters.member.1.Values.member.1'], 'kubernetes.io/cluster/shop')
  assert.equal(calls[0]?.form.IncludeInstances, 'false')
  assert.match(calls[0]?.headers['user-agent'] ?? '', /eks-node-upgrade\/test/)
})

test('a tag key without the cluster has the cluster as its value', async () => {
  const { groups, calls } = await groupsOver({ DescribeAutoScalingGroups: () => groupsPage([]) }, 'team/cluster')
  await groups.find()
  assert.equal(calls[0]?.form['Filters.member.1.Name'], 'tag:team/cluster')
  assert.equal(calls[0]?.form['Filters.member.1.Values.member.1'], 'shop')
})

test('when a page token expires, the list is read again and names nothing twice', async () => {
  const { groups } = await groupsOver({
    DescribeAutoScalingGroups: ({ form }, times) => {
      if (!form.NextToken) return groupsPage(['a'], `after-a-${times}`)
      return times === 2 ? failure(400, 'InvalidNextToken', 'The token is expired.') : groupsPage(['b'])
    }
  })
  assert.deepEqual(
    (await groups.find()).map((group) => group.name),
    ['a', 'b']
  )
})

test('describing no group calls nothing, because AWS would answer with all', async () => {
  const { groups, calls } = await groupsOver({})
  assert.deepEqual(await groups.describe([]), [])
  assert.equal(calls.length, 0)
})

test('reads are repeated when AWS is busy or an answer is lost', async () => {
  const { groups, calls } = await groupsOver({
    DescribeAutoScalingGroups: (_, times) => {
      if (times === 1) return failure(503, 'ServiceUnavailable', 'later')
      return times === 2 ? 'lost' : groupsPage(['a'])
    }
  })
  assert.equal((await groups.find()).length, 1)
  assert.equal(calls.length, 3)
})

const writes: Record<string, (groups: NodeGroups) => Promise<void>> = {
  UpdateAutoScalingGroup: (groups) => groups.resize('g', { max: 3 }),
  SuspendProcesses: (groups) => groups.suspend('g', ['AZRebalance']),
  ResumeProcesses: (groups) => groups.resume('g', ['AZRebalance']),
  SetInstanceProtection: (groups) => groups.protect('g', ['i-1'], true),
  CreateOrUpdateTags: (groups) => groups.tag('g', { a: 'b' }),
  DeleteTags: (groups) => groups.untag('g', ['a']),
  TerminateInstanceInAutoScalingGroup: (groups) => groups.terminate('g', ['i-1'])
}

for (const [action, write] of Object.entries(writes)) {
  test(`${action} is sent once, and a busy AWS or a lost reply is a temporary error`, async () => {
    const answers: readonly (Answer | 'lost')[] = [
      failure(503, 'ServiceUnavailable', 'later'),
      failure(400, 'Throttling', 'Rate exceeded'),
      failure(400, 'ScalingActivityInProgress', 'wait'),
      failure(500, 'ResourceContention', 'wait'),
      'lost'
    ]
    for (const answer of answers) {
      const { groups, calls } = await groupsOver({ [action]: () => answer })
      const error = await codeOf(write(groups))
      assert.equal(error.details.code, 'aws')
      assert.ok(error.details.cause)
      assert.ok(isTransient(error))
      assert.equal(calls.length, 1)
      await fake?.close()
    }
  })
}

function groupsWith(clients: Clients, writeDeadline: () => AbortSignal): NodeGroups {
  const calls = {
    ...sdkCalls(clients),
    ...ec2Calls(
      () => clients.reads,
      () => clients.writes
    )
  }
  const options = { region: 'eu-west-1', cluster: 'shop', clusterTagKey: 'k' }
  return awsNodeGroups(calls, { ...options, deadlines: { ...deadlines, write: writeDeadline } })
}

test('a write without an answer ends at its deadline', async () => {
  fake = await awsFake({ UpdateAutoScalingGroup: () => 'never' })
  const credentials = async () => ({ accessKeyId: 'a', secretAccessKey: 'b' })
  const clients = clientsFor({ region: 'eu-west-1', credentials, userAgent: 'test' })
  const groups = groupsWith(clients, () => AbortSignal.timeout(50))
  const error = await codeOf(groups.resize('g', { max: 3 }))
  assert.equal(error.details.code, 'aws')
  assert.match(error.message, /in time; the call may have taken effect/)
  clients.writes.destroy()
})

test('a write whose deadline passed while credentials were fetched is never sent', async () => {
  fake = await awsFake({ UpdateAutoScalingGroup: ok('UpdateAutoScalingGroup') })
  const deadline = new AbortController()
  const credentials = async () => {
    deadline.abort()
    return { accessKeyId: 'a', secretAccessKey: 'b' }
  }
  const clients = clientsFor({ region: 'eu-west-1', credentials, userAgent: 'test' })
  const groups = groupsWith(clients, () => deadline.signal)
  assert.ok(isTransient(await codeOf(groups.resize('g', { max: 3 }))))
  assert.equal(fake.calls.length, 0)
})

test('a size is written whole in one call, and only what was given', async () => {
  const { groups, calls } = await groupsOver({ UpdateAutoScalingGroup: ok('UpdateAutoScalingGroup') })
  await groups.resize('g', { min: 0, max: 5, desired: 0 })
  await groups.resize('g', { max: 4 })
  await groups.resize('g', {})
  assert.deepEqual(
    calls.map(({ form }) => [form.MinSize, form.MaxSize, form.DesiredCapacity]),
    [
      ['0', '5', '0'],
      [undefined, '4', undefined]
    ]
  )
})

test('an empty list of processes is never sent, because it would mean all', async () => {
  const { groups, calls } = await groupsOver({})
  await groups.suspend('g', [])
  await groups.resume('g', [])
  assert.equal(calls.length, 0)
})

test('instances are protected fifty at a time', async () => {
  const { groups, calls } = await groupsOver({ SetInstanceProtection: ok('SetInstanceProtection') })
  const ids = Array.from({ length: 120 }, (_, number) => `i-${number}`)
  await groups.protect('g', ids, false)
  assert.deepEqual(
    calls.map(({ form }) => listed(form, 'InstanceIds').length),
    [50, 50, 20]
  )
  assert.deepEqual(
    calls.flatMap(({ form }) => listed(form, 'InstanceIds')),
    ids
  )
  assert.equal(calls[0]?.form.ProtectedFromScaleIn, 'false')
})

test('tags are written and deleted twenty-five at a time, and not copied to instances', async () => {
  const { groups, calls } = await groupsOver({
    CreateOrUpdateTags: ok('CreateOrUpdateTags'),
    DeleteTags: ok('DeleteTags')
  })
  const keys = Array.from({ length: 26 }, (_, number) => `eks-node-upgrade/${number}`)
  await groups.tag('g', Object.fromEntries(keys.map((key) => [key, 'wört & <x>'])))
  await groups.untag('g', keys)
  const [first, second, third, fourth] = calls
  assert.equal(first?.form['Tags.member.25.Key'], keys[24])
  assert.equal(first?.form['Tags.member.1.PropagateAtLaunch'], 'false')
  assert.equal(first?.form['Tags.member.1.ResourceType'], 'auto-scaling-group')
  assert.equal(second?.form['Tags.member.1.Value'], 'wört & <x>')
  assert.equal(third?.action, 'DeleteTags')
  assert.equal(third?.form['Tags.member.1.Value'], undefined)
  assert.equal(fourth?.form['Tags.member.1.Key'], keys[25])
})

test('instances are terminated by id in the named group, and Desired stays', async () => {
  const { groups, calls } = await groupsOver({
    TerminateInstanceInAutoScalingGroup: ok('TerminateInstanceInAutoScalingGroup')
  })
  const ids = Array.from({ length: 101 }, (_, number) => `i-${number}`)
  await groups.terminate('g', ids)
  await groups.terminate('g', [])
  assert.deepEqual(
    calls.map(({ form }) => listed(form, 'InstanceIds').length),
    [100, 1]
  )
  for (const { form } of calls) {
    assert.equal(form.AutoScalingGroupName, 'g')
    assert.equal(form.ShouldDecrementDesiredCapacity, 'false')
  }
})

test('an instance that is gone does not keep the others from being terminated', async () => {
  const gone = 'Instance Id not found - No managed instance found for instance ID i-2'
  const { groups, calls } = await groupsOver({
    TerminateInstanceInAutoScalingGroup: ({ form }) =>
      listed(form, 'InstanceIds').includes('i-2')
        ? failure(400, 'ValidationError', gone)
        : result('TerminateInstanceInAutoScalingGroup')
  })
  await groups.terminate('g', ['i-1', 'i-2', 'i-3'])
  assert.deepEqual(
    calls.map(({ form }) => listed(form, 'InstanceIds')),
    [['i-1', 'i-2', 'i-3'], ['i-1'], ['i-2'], ['i-3']]
  )
})

test('a refused termination for any other reason is an error', async () => {
  const { groups } = await groupsOver({
    TerminateInstanceInAutoScalingGroup: () => failure(400, 'ValidationError', 'AutoScalingGroup name not found - null')
  })
  assert.equal((await codeOf(groups.terminate('g', ['i-1']))).details.code, 'aws')
})

function activity(id: string, startedAt: string, status = 'Successful'): string {
  return `<member><ActivityId>${id}</ActivityId><StartTime>${startedAt}</StartTime><StatusCode>${status}</StatusCode></member>`
}

test('activities since an instant come newest first, and reading ends where older ones begin', async () => {
  const { groups, calls } = await groupsOver({
    DescribeScalingActivities: () =>
      result(
        'DescribeScalingActivities',
        `<Activities>${activity('old but going on', '2026-11-24T08:00:00Z', 'InProgress')}
        ${activity('new', '2026-11-24T10:00:01Z')}${activity('newest', '2026-11-24T10:00:02Z')}
        ${activity('old', '2026-11-24T09:00:00Z')}</Activities><NextToken>more</NextToken>`
      )
  })
  const found = await groups.activities('g', Date.parse('2026-11-24T10:00:00Z'))
  assert.deepEqual(
    found.map(({ id }) => id),
    ['newest', 'new']
  )
  assert.equal(calls.length, 1)
  assert.equal(calls[0]?.form['Filters.member.1.Values.member.1'], '2026-11-24T10:00:00.000Z')
})

const companionHandlers: Record<string, Handler> = {
  DescribeAutoScalingGroups: ok(
    'DescribeAutoScalingGroups',
    `<AutoScalingGroups><member><AutoScalingGroupName>g</AutoScalingGroupName>
    <TargetGroupARNs><member>arn:tg</member></TargetGroupARNs>
    <TrafficSources><member><Identifier>arn:tg</Identifier></member><member><Identifier>arn:lattice</Identifier></member></TrafficSources>
    </member></AutoScalingGroups>`
  ),
  DescribePolicies: ({ form }) =>
    form.NextToken
      ? result('DescribePolicies', '<ScalingPolicies><member><PolicyName>p2</PolicyName></member></ScalingPolicies>')
      : result(
          'DescribePolicies',
          '<ScalingPolicies><member><PolicyName>p1</PolicyName></member></ScalingPolicies><NextToken>2</NextToken>'
        ),
  DescribeScheduledActions: ok(
    'DescribeScheduledActions',
    '<ScheduledUpdateGroupActions><member><ScheduledActionName>night</ScheduledActionName></member></ScheduledUpdateGroupActions>'
  ),
  DescribeLifecycleHooks: ok(
    'DescribeLifecycleHooks',
    `<LifecycleHooks><member><LifecycleHookName>drain</LifecycleHookName><HeartbeatTimeout>300</HeartbeatTimeout>
    <LifecycleTransition>autoscaling:EC2_INSTANCE_TERMINATING</LifecycleTransition></member></LifecycleHooks>`
  ),
  DescribeInstanceRefreshes: ok(
    'DescribeInstanceRefreshes',
    '<InstanceRefreshes><member><Status>Baking</Status></member><member><Status>Successful</Status></member></InstanceRefreshes>'
  )
}

test('companions name policies, schedules, hooks, traffic sources once each, and refreshes that have not ended', async () => {
  const { groups } = await groupsOver(companionHandlers)
  assert.deepEqual(await groups.companions('g'), {
    policies: ['p1', 'p2'],
    scheduledActions: ['night'],
    hooks: [{ name: 'drain', transition: 'terminating', heartbeatMs: 300_000, globalMs: 30_000_000 }],
    trafficSources: ['arn:tg', 'arn:lattice'],
    activeRefreshes: ['Baking']
  })
})

test('if instance refreshes are unknown none is active; if they may not be read, that is an error', async () => {
  const without = { ...companionHandlers, DescribeInstanceRefreshes: () => failure(501, 'NotImplemented', 'no') }
  assert.deepEqual((await (await groupsOver(without)).groups.companions('g')).activeRefreshes, [])
  await fake?.close()
  const message =
    'User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: autoscaling:DescribeInstanceRefreshes'
  const denied = { ...companionHandlers, DescribeInstanceRefreshes: () => failure(403, 'AccessDenied', message) }
  const error = await codeOf((await groupsOver(denied)).groups.companions('g'))
  assert.equal(error.details.code, 'access-denied')
  assert.match(error.message, /arn:aws:sts::1:assumed-role\/ci\/x is not authorized/)
  assert.match(error.details.hint, /Allow autoscaling:DescribeInstanceRefreshes for arn:aws:sts::1:assumed-role\/ci\/x/)
})

test('a template is read by id, or by name if there is no id', async () => {
  const body = `<DescribeLaunchTemplateVersionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><launchTemplateVersionSet><item>
    <launchTemplateId>lt-1</launchTemplateId><launchTemplateName>shop</launchTemplateName><versionNumber>7</versionNumber>
    <createTime>2026-11-24T10:00:00.000Z</createTime><launchTemplateData><imageId>ami-1</imageId></launchTemplateData>
    </item></launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>`
  const { groups, calls } = await groupsOver({ DescribeLaunchTemplateVersions: () => ({ body }) })
  const expected = {
    id: 'lt-1',
    name: 'shop',
    version: 7,
    createdAt: Date.parse('2026-11-24T10:00:00Z'),
    data: { ImageId: 'ami-1' }
  }
  assert.deepEqual(await groups.template({ id: 'lt-1', name: 'shop', version: '$Latest' }), expected)
  assert.deepEqual(await groups.template({ id: '', name: 'shop', version: '7' }), expected)
  assert.deepEqual(
    calls.map(({ service, form }) => [
      service,
      form.LaunchTemplateId,
      form.LaunchTemplateName,
      form['LaunchTemplateVersion.1']
    ]),
    [
      ['ec2', 'lt-1', undefined, '$Latest'],
      ['ec2', undefined, 'shop', '7']
    ]
  )
})

test('a template or a version that does not exist is undefined, one that may not be read is an error', async () => {
  const answers = [
    'InvalidLaunchTemplateId.NotFound',
    'InvalidLaunchTemplateName.NotFoundException',
    'InvalidLaunchTemplateId.VersionNotFound',
    'UnauthorizedOperation'
  ]
  const { groups } = await groupsOver({
    DescribeLaunchTemplateVersions: (_, times) => ({
      status: 400,
      body: `<Response><Errors><Error><Code>${answers[times - 1]}</Code>
        <Message>Not authorized. Encoded authorization failure message: AbCdEf123</Message></Error></Errors></Response>`
    })
  })
  const ref = { id: 'lt-1', name: '', version: '1' }
  for (let times = 0; times < 3; times++) assert.equal(await groups.template(ref), undefined)
  const error = await codeOf(groups.template(ref))
  assert.equal(error.details.code, 'access-denied')
  assert.doesNotMatch(error.message, /AbCdEf123/)
})
