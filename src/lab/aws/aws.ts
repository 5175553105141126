/**
 * A small AWS in one process: Auto Scaling with time and chance in it, and as much of EC2, EKS and STS as an upgrade of
 * nodes needs. Its calls have the names and shapes of the SDK; what the world would do besides (a machine dies, an alarm
 * goes off) is done through `world`.
 */
import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling'
import type { Image, ResponseLaunchTemplateData, Subnet } from '@aws-sdk/client-ec2'
import type { LabClock } from '../clock.ts'
import type { Account, Listener } from './account.ts'
import { type Call, gate, type Served, served } from './calls.ts'
import { descriptionActions } from './description-actions.ts'
import { ec2Actions } from './ec2.ts'
import { type ClusterFacts, describedCluster, eksActions } from './eks.ts'
import { reviewToken, type TokenReview } from './eks-token.ts'
import { type Faults, faults } from './faults.ts'
import type { LabGroup } from './group.ts'
import { groupActions } from './group-actions.ts'
import { createGroup, type GroupExtras } from './groups.ts'
import { identifiers } from './identifiers.ts'
import type { Role, Session, User } from './identities.ts'
import { instanceActions } from './instance-actions.ts'
import { instanceType } from './instance-types.ts'
import { addVersion, createLine, type LaunchTemplateLine, type TemplateVersion } from './launch-templates.ts'
import { processActions } from './process-actions.ts'
import { openSession, stsActions } from './sts.ts'
import { tagActions } from './tag-actions.ts'
import { type World, world } from './world.ts'

type AutoScalingActions = ReturnType<typeof groupActions> &
  ReturnType<typeof instanceActions> &
  ReturnType<typeof processActions> &
  ReturnType<typeof tagActions> &
  ReturnType<typeof descriptionActions>

export interface LabAws {
  readonly account: Account
  readonly autoScaling: Served<AutoScalingActions>
  readonly ec2: Served<ReturnType<typeof ec2Actions>>
  readonly eks: Served<ReturnType<typeof eksActions>>
  readonly sts: Served<ReturnType<typeof stsActions>>
  readonly faults: Faults
  /** What was asked, oldest first. */
  readonly calls: Call[]
  readonly world: World
  /** Hears of every instance from now on; the function that comes back ends it. */
  listen(listener: Listener): () => void

  addSubnet(zone: string, told?: Partial<Subnet>): Subnet
  addImage(id: string, told?: Partial<Image>): Image
  /** A template with one version. Its image is made too if it is not there, for the architecture of its instance type. */
  addLaunchTemplate(name: string, data: ResponseLaunchTemplateData, told?: Told & { id?: string }): LaunchTemplateLine
  /** One more version, complete: nothing is taken from the one before. */
  addLaunchTemplateVersion(line: LaunchTemplateLine, data: ResponseLaunchTemplateData, told?: Told): TemplateVersion
  addGroup(
    input: Partial<CreateAutoScalingGroupType> & { AutoScalingGroupName: string },
    extras?: GroupExtras
  ): LabGroup
  addCluster(facts: ClusterFacts): void
  addUser(user: User): User
  addRole(role: Role): Role
  /** Credentials of a role without the way through STS, as a workflow step before ours leaves them. */
  session(role: Role, sessionName: string, seconds: number): Session
  reviewToken(token: string, cluster: string, at?: number): TokenReview
}

interface Told {
  description?: string
  createdAt?: number
}

export interface LabAwsOptions {
  clock: LabClock
  region?: string
  accountId?: string
  /** Of names and choices. The same seed and the same calls make the same world. */
  seed?: number
  /** Zones that have a subnet from the beginning: a, b, c unless it says more. */
  zones?: readonly string[]
  /** By what credentials and tokens expire, in milliseconds since the epoch. The lab's clock where nothing is said. */
  credentialsNow?: () => number
}

export function createAws(options: LabAwsOptions): LabAws {
  const account = newAccount(options)
  const met = faults()
  const through = gate(options.clock, met)
  const autoScaling = {
    ...groupActions(account),
    ...instanceActions(account),
    ...processActions(account),
    ...tagActions(account),
    ...descriptionActions(account)
  }
  const made = makers(account)
  for (const zone of options.zones ?? ['a', 'b', 'c']) made.addSubnet(`${account.region}${zone}`)
  return {
    account,
    autoScaling: served(through, 'autoscaling', autoScaling),
    ec2: served(through, 'ec2', ec2Actions(account)),
    eks: served(through, 'eks', eksActions(account)),
    sts: served(through, 'sts', stsActions(account)),
    faults: met,
    calls: through.calls,
    world: world(account),
    listen(listener) {
      account.listeners.add(listener)
      return () => account.listeners.delete(listener)
    },
    ...made
  }
}

function newAccount({ clock, seed = 1, ...options }: LabAwsOptions): Account {
  return {
    clock,
    ids: identifiers(seed),
    id: options.accountId ?? '123456789012',
    region: options.region ?? 'eu-west-1',
    groups: new Map(),
    templates: new Map(),
    images: new Map(),
    subnets: new Map(),
    machines: new Map(),
    addresses: new Set(),
    clusters: new Map(),
    users: new Map(),
    roles: new Map(),
    sessions: new Map(),
    listeners: new Set(),
    credentialsNow: options.credentialsNow ?? (() => clock.now())
  }
}

/** How things come into the account before anybody calls. None of this is recorded or met by faults. */
function makers(account: Account) {
  const makeImage = (data: ResponseLaunchTemplateData) => {
    const id = data.ImageId
    if (id === undefined || id.startsWith('resolve:') || account.images.has(id)) return
    const architecture = instanceType(data.InstanceType ?? '')?.ProcessorInfo?.SupportedArchitectures?.[0]
    addImage(id, { Architecture: architecture as Image['Architecture'] })
  }

  function addSubnet(zone: string, told: Partial<Subnet> = {}): Subnet {
    const number = account.subnets.size
    const subnet: Subnet = {
      SubnetId: `subnet-0${account.ids.hex(16)}`,
      AvailabilityZone: zone,
      CidrBlock: `10.${number}.0.0/16`,
      AvailableIpAddressCount: 65_000,
      VpcId: 'vpc-0lab',
      State: 'available',
      ...told
    }
    account.subnets.set(subnet.SubnetId ?? '', subnet)
    return subnet
  }

  function addImage(id: string, told: Partial<Image> = {}): Image {
    const image: Image = {
      ImageId: id,
      Name: id,
      Architecture: 'x86_64',
      State: 'available',
      CreationDate: new Date(account.clock.now()).toISOString(),
      ...told
    }
    account.images.set(id, image)
    return image
  }

  return {
    addSubnet,
    addImage,
    addLaunchTemplate(name: string, data: ResponseLaunchTemplateData, told: Told & { id?: string } = {}) {
      makeImage(data)
      return createLine(account, name, data, told)
    },
    addLaunchTemplateVersion(line: LaunchTemplateLine, data: ResponseLaunchTemplateData, told: Told = {}) {
      makeImage(data)
      return addVersion(account, line, data, told)
    },
    addGroup(input: Partial<CreateAutoScalingGroupType> & { AutoScalingGroupName: string }, extras?: GroupExtras) {
      const everywhere = [...account.subnets.keys()].join(',')
      const whole = { MinSize: 0, MaxSize: input.DesiredCapacity ?? 0, VPCZoneIdentifier: everywhere, ...input }
      return createGroup(account, whole, extras)
    },
    addCluster: (facts: ClusterFacts) => void account.clusters.set(facts.name, describedCluster(account, facts)),
    addUser(user: User) {
      account.users.set(user.accessKeyId, user)
      return user
    },
    addRole(role: Role) {
      account.roles.set(role.name, role)
      return role
    },
    session: (role: Role, name: string, seconds: number) => openSession(account, role, name, seconds),
    reviewToken: (token: string, cluster: string, at?: number) => reviewToken(account, token, cluster, at)
  }
}
