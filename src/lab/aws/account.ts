/** A new account, and how it is filled before the first call. */
import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling'
import type { Image, ResponseLaunchTemplateData, Subnet } from '@aws-sdk/client-ec2'
import type { LabClock } from '../clock.ts'
import { type ClusterFacts, describedCluster } from './eks.ts'
import { reviewToken, type TokenReview } from './eks-token.ts'
import { createGroup, type GroupExtras } from './groups.ts'
import { identifiers } from './identifiers.ts'
import { instanceType } from './instance-types.ts'
import { addVersion, createLine } from './launch-templates.ts'
import { reconcile } from './scaling.ts'
import type {
  Account,
  LabGroup,
  LabRole,
  LabSession,
  LabTemplateVersion,
  LabUser,
  LaunchTemplateLine
} from './state.ts'
import { openSession } from './sts.ts'

export interface LabAwsOptions {
  clock: LabClock
  region?: string
  accountId?: string
  /** For names and random choices. The same seed and the same calls give the same account. */
  seed?: number
  /** Zones that have a subnet from the start; a, b and c by default. */
  zones?: readonly string[]
  /** The clock by which credentials and tokens expire, in ms since the epoch; the lab's clock by default. */
  credentialsNow?: () => number
}

interface VersionDetails {
  description?: string
  createdAt?: number
}

export function newAccount({ clock, seed = 1, ...options }: LabAwsOptions): Account {
  const account: Account = {
    clock,
    ids: identifiers(seed),
    id: options.accountId ?? '123456789012',
    region: options.region ?? 'eu-west-1',
    groups: new Map(),
    templates: new Map(),
    images: new Map(),
    parameters: new Map(),
    subnets: new Map(),
    machines: new Map(),
    addresses: new Set(),
    clusters: new Map(),
    users: new Map(),
    roles: new Map(),
    sessions: new Map(),
    listeners: new Set(),
    onInstanceChanged: (group) => reconcile(account, group),
    credentialsNow: options.credentialsNow ?? (() => clock.now())
  }
  return account
}

/** Fills the account. None of this is recorded as a call, and no fault applies to it. */
export interface Preparation {
  addSubnet(zone: string, details?: Partial<Subnet>): Subnet
  addImage(id: string, details?: Partial<Image>): Image
  /** Sets it, too, if it exists: an alias moves. */
  setParameter(name: string, value: string): void
  /**
   * A template with one version. If its image does not exist, it is added for the architecture of the instance type.
   */
  addLaunchTemplate(
    name: string,
    data: ResponseLaunchTemplateData,
    details?: VersionDetails & { id?: string }
  ): LaunchTemplateLine
  /** One more version. It is complete: nothing is taken from the previous one. */
  addLaunchTemplateVersion(
    line: LaunchTemplateLine,
    data: ResponseLaunchTemplateData,
    details?: VersionDetails
  ): LabTemplateVersion
  addGroup(
    input: Partial<CreateAutoScalingGroupType> & { AutoScalingGroupName: string },
    extras?: GroupExtras
  ): LabGroup
  addCluster(facts: ClusterFacts): void
  addUser(user: LabUser): LabUser
  addRole(role: LabRole): LabRole
  /** Credentials of a role without a call of STS, as an earlier workflow step leaves them. */
  session(role: LabRole, sessionName: string, seconds: number): LabSession
  reviewToken(token: string, cluster: string, at?: number): TokenReview
}

export function prepare(account: Account): Preparation {
  return {
    addSubnet: (zone, details) => addSubnet(account, zone, details),
    addImage: (id, details) => addImage(account, id, details),
    setParameter: (name, value) => void account.parameters.set(name, value),
    addLaunchTemplate(name, data, details = {}) {
      addImageOf(account, data)
      return createLine(account, name, data, details)
    },
    addLaunchTemplateVersion(line, data, details = {}) {
      addImageOf(account, data)
      return addVersion(account, line, data, details)
    },
    addGroup(input, extras) {
      const everywhere = [...account.subnets.keys()].join(',')
      const whole = { MinSize: 0, MaxSize: input.DesiredCapacity ?? 0, VPCZoneIdentifier: everywhere, ...input }
      return createGroup(account, whole, extras)
    },
    addCluster: (facts) => void account.clusters.set(facts.name, describedCluster(account, facts)),
    addUser(user) {
      account.users.set(user.accessKeyId, user)
      return user
    },
    addRole(role) {
      account.roles.set(role.name, role)
      return role
    },
    session: (role, name, seconds) => openSession(account, role, name, seconds),
    reviewToken: (token, cluster, at) => reviewToken(account, token, cluster, at)
  }
}

function addSubnet(account: Account, zone: string, details: Partial<Subnet> = {}): Subnet {
  const number = account.subnets.size
  const subnet: Subnet = {
    SubnetId: `subnet-0${account.ids.hex(16)}`,
    AvailabilityZone: zone,
    CidrBlock: `10.${number}.0.0/16`,
    AvailableIpAddressCount: 65_000,
    VpcId: 'vpc-0lab',
    State: 'available',
    ...details
  }
  account.subnets.set(subnet.SubnetId ?? '', subnet)
  return subnet
}

function addImage(account: Account, id: string, details: Partial<Image> = {}): Image {
  const image: Image = {
    ImageId: id,
    Name: id,
    Architecture: 'x86_64',
    State: 'available',
    CreationDate: new Date(account.clock.now()).toISOString(),
    ...details
  }
  account.images.set(id, image)
  return image
}

/** Adds the image of a template, if it does not exist, for the architecture of the instance type. */
function addImageOf(account: Account, data: ResponseLaunchTemplateData): void {
  const id = data.ImageId
  if (id === undefined || id.startsWith('resolve:') || account.images.has(id)) return
  const architecture = instanceType(data.InstanceType ?? '')?.ProcessorInfo?.SupportedArchitectures?.[0]
  addImage(account, id, { Architecture: architecture as Image['Architecture'] })
}
