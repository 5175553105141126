/**
 * The state of one AWS account in one region, as types. All of the lab's AWS works on this, and on nothing else.
 */
import type {
  AutoScalingGroup,
  InstanceRefresh,
  LaunchTemplateSpecification,
  LifecycleHook,
  LifecycleState,
  MixedInstancesPolicy,
  ScalingActivityStatusCode,
  ScalingPolicy,
  ScheduledUpdateGroupAction,
  TrafficSourceState,
  WarmPoolConfiguration
} from '@aws-sdk/client-auto-scaling'
import type { Image, ResponseLaunchTemplateData, Subnet } from '@aws-sdk/client-ec2'
import type { Cluster } from '@aws-sdk/client-eks'
import type { LabClock } from '../clock.ts'
import type { Identifiers } from './identifiers.ts'

export interface Account {
  readonly clock: LabClock
  readonly ids: Identifiers
  readonly id: string
  readonly region: string
  readonly groups: Map<string, LabGroup>
  readonly templates: Map<string, LaunchTemplateLine>
  readonly images: Map<string, Image>
  /** Of Systems Manager, by name. */
  readonly parameters: Map<string, string>
  readonly subnets: Map<string, Subnet>
  /** All instances, also terminated ones: EC2 describes them for some time. */
  readonly machines: Map<string, LabInstance>
  /** Private addresses of existing machines. A free one is given to the next machine. */
  readonly addresses: Set<string>
  readonly clusters: Map<string, Cluster>
  readonly users: Map<string, LabUser>
  readonly roles: Map<string, LabRole>
  readonly sessions: Map<string, LabSession>
  readonly listeners: Set<Listener>
  /** Auto Scaling itself, which looks at a group after each step in the life of one of its instances. */
  readonly onInstanceChanged: (group: LabGroup) => void
  /** The clock by which credentials and tokens expire. Callers over HTTP use real time, however fast the lab runs. */
  readonly credentialsNow: () => number
}

/** Events of instances, for simulated nodes and other listeners. Each is told after it has happened. */
export interface Listener {
  onLaunched?(instance: LabInstance, group: LabGroup): void
  onInService?(instance: LabInstance, group: LabGroup): void
  /** The machine starts to shut down: it has left its load balancers, and its termination hooks are complete. */
  onTerminating?(instance: LabInstance, group: LabGroup): void
  onTerminated?(instance: LabInstance, group: LabGroup): void
}

export interface LabGroup {
  readonly name: string
  readonly arn: string
  readonly createdAt: number
  minSize: number
  maxSize: number
  desired: number
  zones: string[]
  subnetIds: string[]
  launchTemplate?: LaunchTemplateSpecification
  mixedInstancesPolicy?: MixedInstancesPolicy
  protectsNewInstances: boolean
  terminationPolicies: string[]
  healthCheckType: string
  healthCheckGraceMs: number
  cooldownMs: number
  instances: LabInstance[]
  /** Newest first. */
  activities: LabActivity[]
  /** Process → reason. */
  suspended: Map<string, string>
  tags: Map<string, { value: string; propagates: boolean }>
  hooks: LabHook[]
  scheduledActions: ScheduledUpdateGroupAction[]
  policies: ScalingPolicy[]
  refreshes: InstanceRefresh[]
  trafficSources: TrafficSourceState[]
  targetGroupArns: string[]
  warmPool?: WarmPoolConfiguration
  /** Other fields of the description: Operator, CapacityRebalance, InstanceLifecyclePolicy, … */
  other: Partial<AutoScalingGroup>
  behavior: Behavior
  /** Zones where a launch has failed, and until when Auto Scaling does not try them. */
  failedZones: Map<string, number>
  /** The cause of the current size, for activities. */
  reason: string
  /** Timers of the group itself: retries and schedules. */
  timers: Set<() => void>
  /** The size for which an activity has said that all remaining instances are protected. */
  refusedAt?: number
  lastScaledAt?: number
  deleted: boolean
}

/** Simulated behavior of a group. Its `simulated/…` tags override this. */
export interface Behavior {
  /** From Pending until in service (or until its launch hooks begin). */
  launchAfterMs: number
  /** From Terminating until gone (or until its termination hooks begin). */
  terminateAfterMs: number
  /** How long Auto Scaling takes to notice a new size. */
  reactAfterMs: number
  /** After a failed launch, Auto Scaling does not try the zone for this long. */
  retryLaunchAfterMs: number
  /** How long a target group holds a leaving instance, if the group has target groups. */
  deregisterAfterMs: number
  /** The StatusMessage of a launch that fails; while it is set, nothing launches. */
  launchFails?: string
  /** Only in this zone. */
  launchFailsIn?: string
  /**
   * The instance is launched and dies before it is in service, with this StatusMessage (such as a KMS key without
   * permission).
   */
  diesAtLaunch?: string
  /** While an activity is in progress, setting sizes fails with ScalingActivityInProgress. */
  busyWhileScaling?: boolean
}

export interface LabHook extends LifecycleHook {
  /** The hook is answered after this long. Without it, the hook waits for a call or for its heartbeat to expire. */
  answersAfterMs?: number
  answer?: 'CONTINUE' | 'ABANDON'
}

export interface LabInstance {
  readonly id: string
  readonly groupName: string
  readonly zone: string
  readonly subnetId: string
  readonly instanceType: string
  readonly imageId: string
  /** What it was launched from; it does not change with the group's template. */
  readonly launchTemplate?: LaunchTemplateSpecification
  readonly userData?: string
  readonly privateIp: string
  /** The name of its node in EKS. */
  readonly privateDnsName: string
  readonly launchedAt: number
  /** In capacity units; undefined if the group has no weights. */
  readonly weight?: number
  state: LifecycleState
  health: 'Healthy' | 'Unhealthy'
  isProtected: boolean
  /** The state of the machine itself; it may be lost before Auto Scaling notices. */
  machine: 'pending' | 'running' | 'shutting-down' | 'terminated'
  inServiceAt?: number
  /** It was launched to balance zones, beyond the desired size. */
  balances?: boolean
  stateReason?: { Code: string; Message: string }
  /** The current activity of the instance. */
  activity?: LabActivity
  /** Cancels the next step of its life. */
  cancelStep?: () => void
  /** The hooks that it still waits for, the current one first. */
  hooksToGo?: string[]
  hookToken?: string
  /** The next step after the last hook. */
  afterHooks?: () => void
}

export interface LabActivity {
  readonly id: string
  readonly groupName: string
  readonly groupArn: string
  description: string
  cause: string
  readonly startedAt: number
  endedAt?: number
  status: ScalingActivityStatusCode
  message?: string
  readonly zone?: string
  readonly subnetId?: string
}

/** A launch template with all its versions. */
export interface LaunchTemplateLine {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  defaultVersion: number
  /** The highest number that was ever given; it is not given again. */
  latestVersion: number
  readonly versions: LabTemplateVersion[]
}

export interface LabTemplateVersion {
  readonly number: number
  readonly createdAt: number
  readonly description?: string
  /** The request that made it; an equal one makes no other. */
  readonly clientToken?: string
  readonly data: ResponseLaunchTemplateData
}

export interface LabUser {
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface LabRole {
  readonly name: string
  /** Why it may not be assumed, in STS's words; undefined if it may. */
  refusal?: string
  /** Longest session in seconds; one hour by default, as in AWS. */
  maxSessionSeconds?: number
  /** Actions that its sessions may not do: `autoscaling:SetInstanceProtection`, `ec2:*`. */
  denies?: readonly string[]
}

export interface LabSession {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly role: LabRole
  readonly sessionName: string
  /** Milliseconds since the epoch, on the clock of credentials. */
  readonly expiresAt: number
}
