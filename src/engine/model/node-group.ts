/** Auto Scaling groups in the engine's words, and the port to them. */

export type Color = 'blue' | 'green'

/** Absolute sizes in instances. Always written whole, never as a difference. */
export interface Capacity {
  min: number
  max: number
  desired: number
}

export interface TemplateRef {
  id: string
  name: string
  /** A number as text, `$Latest` or `$Default`. */
  version: string
}

export interface Instance {
  id: string
  type: string
  zone: string
  /** As Auto Scaling says it: `Pending`, `InService`, `Terminating:Wait`, … */
  lifecycle: string
  healthy: boolean
  protectedFromScaleIn: boolean
  /** What it was launched from; its version is a number. */
  template?: TemplateRef
}

export interface Group {
  name: string
  tags: Readonly<Record<string, string>>
  capacity: Capacity
  instances: readonly Instance[]
  /** Names of suspended processes (`AZRebalance`, …). */
  suspended: readonly string[]
  zones: readonly string[]
  subnets: readonly string[]
  healthCheckType: string
  newInstancesProtected: boolean
  /** Where the group's plain template comes from; with `mixed`, the policy's base template. */
  template?: TemplateRef
  /** MixedInstancesPolicy as AWS gives it (plain JSON), without the base template's reference. */
  mixed?: Json
  launchConfiguration?: string
  /** Capacity counted otherwise than in instances: weights, or DesiredCapacityType other than units. */
  weighted: boolean
  targetGroups: readonly string[]
  loadBalancers: readonly string[]
  warmPool: boolean
  /** Set while AWS deletes the group. */
  status?: string
  /** A service that alone may change the group (Operator). */
  operator?: string
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** One version of a launch template as it was written; aliases (`resolve:ssm:…`) are not followed. */
export interface TemplateVersion {
  id: string
  name: string
  version: number
  createdAt: number
  /** LaunchTemplateData as the EC2 API gives it; user data still in base64. */
  data: Json
  /** The settings in its user data, parsed, if they are for Bottlerocket. */
  bottlerocket?: Json
}

/** What a run must know of a launch template of which it writes a version. */
export interface TemplateState {
  id: string
  /** Version numbers. */
  latest: number
  default: number
  /** Versions above the number that was asked for, in ascending order. */
  newer: readonly { version: number; description: string }[]
}

/** A version to be written: the content of another version with another image. */
export interface NewTemplateVersion {
  /** Id of the template that gets it. */
  template: string
  /** Whose content it takes: of the same template, or of another one. */
  source: { template: string; version: number }
  image: string
  /** Words of the source that mean its own group, and what they become; only if it is another group's. */
  renamed?: { from: OwnWords; to: OwnWords }
  /** For people, and to recognize it by; at most 255 characters. */
  description: string
}

/** Words that mean the group itself. */
export interface OwnWords {
  name: string
  color: Color
}

export interface LifecycleHook {
  name: string
  transition: 'launching' | 'terminating'
  heartbeatMs: number
  /** The longest that the hook can hold an instance. */
  globalMs: number
}

/** What else belongs to a group and must exist on both sides. Names only, in AWS's words. */
export interface Companions {
  policies: readonly string[]
  scheduledActions: readonly string[]
  hooks: readonly LifecycleHook[]
  /** Target groups, load balancers and other traffic sources. */
  trafficSources: readonly string[]
  /** Status words of instance refreshes that have not ended. */
  activeRefreshes: readonly string[]
}

export interface Activity {
  id: string
  startedAt: number
  endedAt?: number
  /** `InProgress`, `Successful`, `Failed`, `Cancelled`, … */
  status: string
  description: string
  /** AWS's own words, shown to people as they are. */
  message: string
  zone?: string
}

/**
 * What the engine asks of Auto Scaling. Writes are absolute, so that repeating one is harmless.
 * Every write has a deadline inside the lease and is not retried below this port.
 * Errors: `UpgradeError` with the codes access-denied, credentials, region, aws; a busy or throttled service is `aws` with
 * `cause` set, and the engine repeats the call from a new look.
 */
export interface NodeGroups {
  /** All groups that have the cluster's tag, without their instances' details if that saves work. */
  find(): Promise<readonly Group[]>
  /** All groups that have this tag, of any cluster: read if a half of a node group is missing. */
  findTagged?(key: string): Promise<readonly Group[]>
  /** Where all this is looked for, in words for people: `region eu-west-1`. */
  place?: string
  /** The named groups with their instances; one that does not exist is left out. */
  describe(names: readonly string[]): Promise<readonly Group[]>
  /** One version, `$Latest` and `$Default` followed; undefined where it does not exist (any more). */
  template(ref: TemplateRef): Promise<TemplateVersion | undefined>
  /** undefined: there is no such template. */
  templateState(id: string, above: number): Promise<TemplateState | undefined>
  companions(name: string): Promise<Companions>
  /** Activities that began at or after `sinceAt`, newest first. */
  activities(name: string, sinceAt: number): Promise<readonly Activity[]>
  resize(name: string, capacity: Partial<Capacity>): Promise<void>
  suspend(name: string, processes: readonly string[]): Promise<void>
  resume(name: string, processes: readonly string[]): Promise<void>
  /** Scale-in protection of single instances, any number of ids. */
  protect(name: string, instanceIds: readonly string[], isProtected: boolean): Promise<void>
  /** Scale-in protection of instances that are still to come. */
  protectNew(name: string, isProtected: boolean): Promise<void>
  tag(name: string, tags: Readonly<Record<string, string>>): Promise<void>
  untag(name: string, keys: readonly string[]): Promise<void>
  /** Terminates these instances by id; Desired stays as it is. An instance that is gone is no error. */
  terminate(name: string, instanceIds: readonly string[]): Promise<void>
  /** Repeated with the same description, it writes nothing more. */
  addTemplateVersion(version: NewTemplateVersion): Promise<void>
  setDefaultVersion(template: string, version: number): Promise<void>
  /** A version that is gone is no error. */
  removeTemplateVersion(template: string, version: number): Promise<void>
  /** Names of the actions among those that such a version takes, to write and to remove, that are denied. Writes nothing. */
  deniedTemplateWrites(version: NewTemplateVersion, setsDefault: boolean): Promise<readonly string[]>
}
