import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  AutoScalingClient,
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  DescribeWarmPoolCommand,
  DisableMetricsCollectionCommand,
  paginateDescribeAutoScalingGroups,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand
} from '@aws-sdk/client-auto-scaling'
import {
  CreateLaunchTemplateVersionCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  ModifyLaunchTemplateCommand
} from '@aws-sdk/client-ec2'
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient
} from '@aws-sdk/client-sts'
import { type AwsServer, serveAws } from '../../../src/lab/aws/http.ts'
import { blueGroup, greenGroup, ids, type Shop, shop } from './shop.ts'

const keys = { accessKeyId: 'AKIALAB', secretAccessKey: 'not-a-secret' }

describe('the SDK, talking to the lab over HTTP', () => {
  let world: Shop
  let server: AwsServer
  let asg: AutoScalingClient
  let ec2: EC2Client
  let eks: EKSClient
  let sts: STSClient
  const settings = (credentials = keys as typeof keys & { sessionToken?: string }) => ({
    region: 'eu-west-1',
    endpoint: server.url,
    credentials,
    maxAttempts: 1
  })

  before(async () => {
    world = await shop({
      extras: {
        scheduledActions: [{ ScheduledActionName: 'night', DesiredCapacity: 0, StartTime: new Date('2027-01-01') }],
        policies: [
          {
            PolicyName: 'cpu',
            PolicyType: 'TargetTrackingScaling',
            TargetTrackingConfiguration: {
              TargetValue: 50.5,
              PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' }
            },
            Alarms: [],
            StepAdjustments: []
          }
        ],
        hooks: [
          { LifecycleHookName: 'h', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING', answersAfterMs: 1 }
        ],
        refreshes: [{ InstanceRefreshId: 'r-1', Status: 'Successful', PercentageComplete: 100 }],
        warmPool: { MinSize: 1, PoolState: 'Stopped' }
      },
      account: { credentialsNow: () => Date.now() }
    })
    world.aws.addUser({ name: 'ci', ...keys })
    world.aws.addRole({ name: 'upgrader', maxSessionSeconds: 7200 })
    world.aws.addRole({ name: 'reader', denies: ['autoscaling:SetDesiredCapacity'] })
    world.aws.addRole({ name: 'closed', refusal: 'Not authorized to perform sts:AssumeRoleWithWebIdentity' })
    world.aws.addCluster({ name: 'shop', endpoint: 'https://127.0.0.1:6443', certificateAuthority: 'Y2E=' })
    server = await serveAws(world.aws)
    asg = new AutoScalingClient(settings())
    ec2 = new EC2Client(settings())
    eks = new EKSClient(settings())
    sts = new STSClient(settings())
  })
  after(async () => {
    for (const client of [asg, ec2, eks, sts]) client.destroy()
    await server.close()
  })

  const bare = <T extends object>({ $metadata: _, ...rest }: T & { $metadata?: unknown }) => present(rest)

  it('reads groups as a call in the process does', async () => {
    const input = { Filters: [{ Name: 'tag:eks-node-upgrade/color', Values: ['blue', 'green'] }] }
    const over = bare(await asg.send(new DescribeAutoScalingGroupsCommand(input)))
    assert.deepEqual(over, present(await world.aws.autoScaling.describeAutoScalingGroups(input)))
    assert.equal(world.aws.world.group(blueGroup).instances.length, 6)
  })

  it('leaves out the instances if they are not wanted, and pages', async () => {
    const names: (string | undefined)[] = []
    for await (const page of paginateDescribeAutoScalingGroups(
      { client: asg, pageSize: 1 },
      { IncludeInstances: false }
    )) {
      assert.equal(page.AutoScalingGroups?.length, 1)
      assert.deepEqual(page.AutoScalingGroups?.[0]?.Instances, [])
      names.push(page.AutoScalingGroups?.[0]?.AutoScalingGroupName)
    }
    assert.deepEqual(names, [blueGroup, greenGroup])
  })

  it('reads everything that surrounds a group as it is in the process', async () => {
    const input = { AutoScalingGroupName: blueGroup }
    const { autoScaling } = world.aws
    assert.deepEqual(
      bare(await asg.send(new DescribePoliciesCommand(input))),
      present(await autoScaling.describePolicies(input))
    )
    assert.deepEqual(
      bare(await asg.send(new DescribeScheduledActionsCommand(input))),
      present(await autoScaling.describeScheduledActions(input))
    )
    assert.deepEqual(
      bare(await asg.send(new DescribeLifecycleHooksCommand(input))),
      present(await autoScaling.describeLifecycleHooks(input))
    )
    assert.deepEqual(
      bare(await asg.send(new DescribeWarmPoolCommand(input))),
      present(await autoScaling.describeWarmPool(input))
    )
    assert.deepEqual(
      bare(await asg.send(new DescribeInstanceRefreshesCommand(input))),
      present(await autoScaling.describeInstanceRefreshes(input))
    )
    const activities = bare(await asg.send(new DescribeScalingActivitiesCommand(input)))
    assert.deepEqual(activities, present(await autoScaling.describeScalingActivities(input)))
    assert.equal(activities.Activities?.length, 6)
  })

  it('writes: sizes, protection, processes, tags, termination', async () => {
    const [first = '', second = ''] = ids(world.aws, blueGroup)
    await asg.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: blueGroup, MinSize: 4, MaxSize: 8 }))
    await asg.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: blueGroup,
        InstanceIds: [first, second],
        ProtectedFromScaleIn: true
      })
    )
    await asg.send(
      new SuspendProcessesCommand({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['AZRebalance', 'Launch'] })
    )
    await asg.send(new ResumeProcessesCommand({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['Launch'] }))
    const odd = ' a "quote", <b> & \n::error::%0A|`é🙂 '
    const tag = {
      ResourceId: blueGroup,
      ResourceType: 'auto-scaling-group',
      Key: 'note',
      Value: odd,
      PropagateAtLaunch: false
    }
    await asg.send(new CreateOrUpdateTagsCommand({ Tags: [tag] }))
    const blue = world.aws.world.group(blueGroup)
    assert.deepEqual([blue.minSize, blue.maxSize, blue.desired], [4, 8, 6])
    assert.deepEqual(
      blue.instances.map((one) => one.isProtected),
      [true, true, false, false, false, false]
    )
    assert.deepEqual([...blue.suspended.keys()], ['AZRebalance'])
    const { AutoScalingGroups } = await asg.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [blueGroup] })
    )
    assert.equal(AutoScalingGroups?.[0]?.Tags?.find(({ Key }) => Key === 'note')?.Value, odd)
    const one = await asg.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: first, ShouldDecrementDesiredCapacity: true })
    )
    assert.equal(one.Activity?.Description, `Terminating EC2 instance: ${first}`)
    const many = await asg.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        AutoScalingGroupName: blueGroup,
        InstanceIds: [second],
        ShouldDecrementDesiredCapacity: false
      })
    )
    assert.equal(many.Activities?.length, 1)
    assert.equal(blue.desired, 5)
  })

  it('sees errors under the names that the real service gives', async () => {
    const set = (DesiredCapacity: number) =>
      asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: greenGroup, DesiredCapacity }))
    await assert.rejects(set(2), {
      name: 'ValidationError',
      message: 'New SetDesiredCapacity value 2 is above max value 0 for the AutoScalingGroup.'
    })
    const met: unknown[] = []
    for (const kind of ['busy', 'contention', 'throttle', 'deny', 'expired', 'internal', 'unavailable'] as const) {
      world.aws.faults.add({ kind, action: 'SetDesiredCapacity' })
      await set(0).catch((error) => met.push([error.name, error.$metadata.httpStatusCode, inProcess(error)]))
    }
    assert.deepEqual(met, [
      ['ScalingActivityInProgressFault', 400, 'ScalingActivityInProgress'],
      ['ResourceContentionFault', 500, 'ResourceContention'],
      ['Throttling', 400, 'Throttling'],
      ['AccessDenied', 403, 'AccessDenied'],
      ['ExpiredToken', 403, 'ExpiredToken'],
      ['InternalFailure', 500, 'InternalFailure'],
      ['ServiceUnavailable', 503, 'ServiceUnavailable']
    ])
    world.aws.faults.add({ kind: 'deny', service: 'ec2' })
    await assert.rejects(ec2.send(new DescribeSubnetsCommand({})), { name: 'UnauthorizedOperation' })
    world.aws.faults.add({ kind: 'throttle', service: 'eks' })
    await assert.rejects(eks.send(new DescribeClusterCommand({ name: 'shop' })), { name: 'ThrottlingException' })
  })

  it('does not know whether a call took effect when the reply is lost', async () => {
    const tag = {
      ResourceId: greenGroup,
      ResourceType: 'auto-scaling-group',
      Key: 'lost',
      Value: 'x',
      PropagateAtLaunch: false
    }
    for (const [kind, there] of [
      ['lose-request', false],
      ['lose-reply', true]
    ] as const) {
      world.aws.faults.add({ kind })
      await assert.rejects(asg.send(new CreateOrUpdateTagsCommand({ Tags: [tag] })), {
        name: 'TimeoutError',
        code: 'ECONNRESET'
      })
      assert.equal(world.aws.world.group(greenGroup).tags.has('lost'), there)
    }
  })

  it('gets an error for an action that the lab does not know', async () => {
    const error = await asg
      .send(new DisableMetricsCollectionCommand({ AutoScalingGroupName: blueGroup }))
      .catch((thrown) => thrown)
    assert.equal(error.name, 'NotImplemented')
    assert.equal(error.$metadata.httpStatusCode, 501)
    assert.match(error.message, /DisableMetricsCollection/)
  })

  it('reads launch templates, instances, images, types and subnets as they are in the process', async () => {
    const of = { LaunchTemplateId: world.templateId }
    const { ec2: direct } = world.aws
    const versions = { ...of, Versions: ['$Latest', '$Default'] }
    assert.deepEqual(
      bare(await ec2.send(new DescribeLaunchTemplateVersionsCommand(versions))),
      present(await direct.describeLaunchTemplateVersions(versions))
    )
    assert.deepEqual(
      bare(await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [world.templateId] }))),
      present(await direct.describeLaunchTemplates({}))
    )
    const machines = {
      InstanceIds: ids(world.aws, blueGroup),
      Filters: [{ Name: 'instance-state-name', Values: ['running'] }]
    }
    assert.deepEqual(
      bare(await ec2.send(new DescribeInstancesCommand(machines))),
      present(await direct.describeInstances(machines))
    )
    assert.deepEqual(
      bare(await ec2.send(new DescribeImagesCommand({ ImageIds: ['ami-01'] }))),
      present(await direct.describeImages({ ImageIds: ['ami-01'] }))
    )
    const types = { InstanceTypes: ['m7i.large' as const] }
    assert.deepEqual(
      bare(await ec2.send(new DescribeInstanceTypesCommand(types))),
      present(await direct.describeInstanceTypes(types))
    )
    assert.deepEqual(bare(await ec2.send(new DescribeSubnetsCommand({}))), present(await direct.describeSubnets({})))
  })

  it('creates a template version that copies the rest of its source, and makes it the default', async () => {
    const LaunchTemplateData = {
      ImageId: 'ami-03',
      EbsOptimized: true,
      SecurityGroupIds: ['sg-1', 'sg-2'],
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 80, Encrypted: true } }],
      NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false, Groups: ['sg-3'], Ipv6AddressCount: 1 }],
      IamInstanceProfile: { Name: 'node' },
      TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
      InstanceRequirements: {
        VCpuCount: { Min: 2, Max: 4 },
        MemoryMiB: { Min: 4096 },
        InstanceGenerations: ['current' as const]
      },
      MetadataOptions: { HttpTokens: 'required' as const, HttpPutResponseHopLimit: 2 }
    }
    const source = { LaunchTemplateId: world.templateId, SourceVersion: '1', VersionDescription: 'a new image' }
    const made = await ec2.send(new CreateLaunchTemplateVersionCommand({ ...source, LaunchTemplateData }))
    const inherited = { InstanceType: 'm7i.large', UserData: 'Ymx1ZQ==' }
    assert.deepEqual(present(made.LaunchTemplateVersion?.LaunchTemplateData), { ...inherited, ...LaunchTemplateData })
    const modified = await ec2.send(
      new ModifyLaunchTemplateCommand({ LaunchTemplateId: world.templateId, DefaultVersion: '3' })
    )
    assert.equal(modified.LaunchTemplate?.DefaultVersionNumber, 3)
  })

  it('finds the cluster, and gets an error if there is none', async () => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: 'shop' }))
    assert.deepEqual(present(cluster), present((await world.aws.eks.describeCluster({ name: 'shop' })).cluster))
    await assert.rejects(eks.send(new DescribeClusterCommand({ name: 'else' })), { name: 'ResourceNotFoundException' })
  })

  it('assumes roles, works with their credentials, and is refused what they may not', async () => {
    const arn = (name: string) => `arn:aws:iam::123456789012:role/${name}`
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: arn('reader'), RoleSessionName: 'run-1', DurationSeconds: 900 })
    )
    assert.ok(Credentials?.AccessKeyId && Credentials.SecretAccessKey && Credentials.Expiration)
    const credentials = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken
    }
    const identity = await new STSClient(settings(credentials)).send(new GetCallerIdentityCommand({}))
    assert.equal(identity.Arn, 'arn:aws:sts::123456789012:assumed-role/reader/run-1')
    const reader = new AutoScalingClient(settings(credentials))
    await assert.rejects(
      reader.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: blueGroup, DesiredCapacity: 6 })),
      {
        name: 'AccessDenied',
        message: /assumed-role\/reader\/run-1 is not authorized to perform: autoscaling:SetDesiredCapacity/
      }
    )
    const WebIdentityToken = [
      '',
      Buffer.from('{"sub":"repo:shop","aud":"sts.amazonaws.com"}').toString('base64url'),
      ''
    ].join('.')
    const web = (name: string) =>
      sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: arn(name), RoleSessionName: 'run-2', WebIdentityToken }))
    assert.equal((await web('upgrader')).SubjectFromWebIdentityToken, 'repo:shop')
    await assert.rejects(web('closed'), { name: 'AccessDenied' })
    await assert.rejects(web('nobody'), { name: 'AccessDenied' })
  })

  it('is refused with unknown, wrong or expired keys', async () => {
    const ask = (credentials: typeof keys & { sessionToken?: string }) =>
      new AutoScalingClient(settings(credentials)).send(new DescribeAutoScalingGroupsCommand({}))
    await assert.rejects(ask({ ...keys, accessKeyId: 'AKIAELSE' }), { name: 'InvalidClientTokenId' })
    await assert.rejects(ask({ ...keys, secretAccessKey: 'wrong' }), { name: 'SignatureDoesNotMatch' })
    const old = world.aws.session({ name: 'upgrader' }, 'old', -1)
    await assert.rejects(ask(old), { name: 'ExpiredToken' })
  })
})

const inProcess = (error: { Code?: string }) => error.Code

/** Without the fields that are there but undefined: on the wire those are not there. */
const present = <T>(value: T): T =>
  value instanceof Date
    ? value
    : Array.isArray(value)
      ? (value.map(present) as T)
      : typeof value === 'object' && value !== null
        ? (Object.fromEntries(
            Object.entries(value)
              .filter(([, one]) => one !== undefined)
              .map(([key, one]) => [key, present(one)])
          ) as T)
        : value
