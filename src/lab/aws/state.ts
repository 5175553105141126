/**
 * Everything that one AWS account holds in one region, as types. All of the lab's AWS works on this, and on nothing else.
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
  readonly subnets: Map<string, Subnet>
  /** Every instance that ever was, gone ones too: EC2 goes on describing them for a while. */
  readonly machines: Map<string, LabInstance>
  /** Private addresses of the machines that are there. One that has become free is given to the next. */
  readonly addresses: Set<string>
  readonly clusters: Map<string, Cluster>
  readonly users: Map<string, LabUser>
  readonly roles: Map<string, LabRole>
  readonly sessions: Map<string, LabSession>
  readonly listeners: Set<Listener>
  /** Auto Scaling itself, which looks at a group after each step in the life of one of its instances. */
  readonly onInstanceChanged: (group: LabGroup) => void
  /** The clock by which credentials and tokens expire. Callers over HTTP live in real time, however fast the lab runs. */
  readonly credentialsNow: () => number
}

/** What others want to know of instances: whoever plays the nodes listens here. Each is told after it has happened. */
export interface Listener {
  onLaunched?(instance: LabInstance, group: LabGroup): void
  onInService?(instance: LabInstance, group: LabGroup): void
  /** The machine begins to shut down: it has left its load balancers, and termination hooks have let it go. */
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
  /** Anything else that a description shows, as it is: Operator, CapacityRebalance, InstanceLifecyclePolicy… */
  other: Partial<AutoScalingGroup>
  behavior: Behavior
  /** Zones where a launch has failed, and until when they are left alone. */
  failedZones: Map<string, number>
  /** Why the size is what it is, as activities tell it. */
  reason: string
  /** What is still to come for the group itself: timers of retries and schedules. */
  timers: Set<() => void>
  /** That all remaining instances are protected has been said for this size. */
  refusedAt?: number
  lastScaledAt?: number
  deleted: boolean
}

/** What a real group does by its nature and the lab does by request. A group's `simulated/…` tags overrule it. */
export interface Behavior {
  /** From Pending until in service (or until its launch hooks begin). */
  launchAfterMs: number
  /** From Terminating until gone (or until its termination hooks begin). */
  terminateAfterMs: number
  /** How long Auto Scaling takes to notice that the size is another one. */
  reactAfterMs: number
  /** After a failed launch a zone is left alone for so long. */
  retryLaunchAfterMs: number
  /** How long a target group holds a leaving instance. Only where the group has target groups. */
  deregisterAfterMs: number
  /** The StatusMessage of a launch that fails; while it is set, nothing launches. */
  launchFails?: string
  /** Only in this zone. */
  launchFailsIn?: string
  /** The instance comes, and dies before it is in service, with this StatusMessage (a KMS key that may not be used). */
  diesAtLaunch?: string
  /** Sizes may not be set while an activity is in progress: ScalingActivityInProgress. */
  busyWhileScaling?: boolean
}

export interface LabHook extends LifecycleHook {
  /** Somebody's code answers the hook by itself after so long. Without it the hook waits for a call or its heartbeat. */
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
  /** What it was launched from; it stays with the instance when the group moves on. */
  readonly launchTemplate?: LaunchTemplateSpecification
  readonly userData?: string
  readonly privateIp: string
  /** The name that its node bears, as EKS has it. */
  readonly privateDnsName: string
  readonly launchedAt: number
  /** In capacity units; undefined where the group has no weights. */
  readonly weight?: number
  state: LifecycleState
  health: 'Healthy' | 'Unhealthy'
  isProtected: boolean
  /** Whether the machine itself is there; it may be lost while Auto Scaling has not noticed. */
  machine: 'pending' | 'running' | 'shutting-down' | 'terminated'
  inServiceAt?: number
  /** It came to balance zones, beyond the desired size. */
  balances?: boolean
  stateReason?: { Code: string; Message: string }
  /** The activity that it is in the middle of. */
  activity?: LabActivity
  /** Takes the next step of its life off the clock. */
  cancelStep?: () => void
  /** The hooks that it still has to wait for, first the one that is waited for now. */
  hooksToGo?: string[]
  hookToken?: string
  /** What comes when no hook is left to wait for. */
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
  readonly versions: LabTemplateVersion[]
}

export interface LabTemplateVersion {
  readonly number: number
  readonly createdAt: number
  readonly description?: string
  readonly data: ResponseLaunchTemplateData
}

export interface LabUser {
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface LabRole {
  readonly name: string
  /** Why it may not be assumed, as STS would say; undefined when it may. */
  refusal?: string
  /** Longest session in seconds; one hour where nothing is said, as in AWS. */
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
