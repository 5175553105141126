/** What a run was asked to do; read and judged at the edge. All durations in milliseconds. */

export type Mode = 'plan' | 'upgrade' | 'finalize' | 'revert' | 'status'
export type WhenUnchanged = 'stop' | 'renew' | 'swap-back'

export interface Settings {
  mode: Mode
  cluster: string
  /** Node group; undefined: the only one. */
  group?: string
  clusterTagKey: string
  groupTagKey: string
  colorTagKey: string
  /** `keep`, `recommended` or an image id: which image the incoming group launches. */
  ami: string
  /** Whose other settings a template version that is written takes. */
  amiBase?: 'active' | 'inactive'
  whenUnchanged: WhenUnchanged
  /** Digests of the plans that were reviewed, one for each group; undefined or empty: any plan will do. */
  expectPlan?: readonly string[]
  canaryNodes: number
  hold: boolean
  launchTimeoutMs: number
  joinTimeoutMs: number
  stableMs: number
  drainTimeoutMs: number
  podTimeoutMs: number
  soakMs: number
  retireTimeoutMs: number
  revertTimeoutMs: number
  timeoutMs: number
  onCancel: 'revert' | 'leave'
  jobs: 'wait' | 'evict'
  podsWithoutController: 'refuse' | 'evict'
  emptydirData: 'delete' | 'refuse'
  /** Globs of namespace/kind/name, lower case. */
  allowDowntime: readonly string[]
  lockTimeoutMs: number
  /** Names of gates, without secrets; undefined: none. Runs of older versions have none of the three. */
  gates?: readonly string[]
  /** What a gate without data means (CloudWatch's INSUFFICIENT_DATA); undefined: bad. */
  gateInsufficientData?: 'bad' | 'good'
  /** How long a gate may be other than good while pods move or are verified; undefined: the default. */
  gatePatienceMs?: number
}

const minute = 60_000

export const defaultSettings: Omit<Settings, 'cluster'> = {
  mode: 'upgrade',
  clusterTagKey: 'kubernetes.io/cluster/{cluster}',
  groupTagKey: 'eks-node-upgrade/group',
  colorTagKey: 'eks-node-upgrade/color',
  ami: 'keep',
  whenUnchanged: 'stop',
  expectPlan: [],
  canaryNodes: 1,
  hold: false,
  launchTimeoutMs: 15 * minute,
  joinTimeoutMs: 10 * minute,
  stableMs: 30_000,
  drainTimeoutMs: 60 * minute,
  podTimeoutMs: 15 * minute,
  soakMs: 3 * minute,
  retireTimeoutMs: 30 * minute,
  revertTimeoutMs: 45 * minute,
  timeoutMs: 300 * minute,
  onCancel: 'revert',
  jobs: 'wait',
  podsWithoutController: 'refuse',
  emptydirData: 'delete',
  allowDowntime: [],
  lockTimeoutMs: 0
}
