// Written by `npm run generate` from src/inputs/inputs.ts.

/** Options have the names of the action's inputs in camel case, and the same units, defaults and meanings. */
export interface Options {
  /**
   * Name of the EKS cluster.
   */
  cluster: string
  /**
   * Node group or groups, as a newline or comma list; * means all. They are upgraded one after the other; the
   * first that is refused, reverted or halted ends the run. If there are several and none is named, the run is
   * refused. Default: the only one.
   */
  group?: string | readonly string[]
  /**
   * Image of the new nodes: keep (what the launch template of the inactive group says), recommended (the current
   * one of AWS for the version of the cluster, of the same family and architecture), or the ID of an image. If the
   * group follows $Latest or $Default of a launch template of its own, a version with this image is written, and
   * removed again by a revert. Default: keep.
   */
  ami?: string
  /**
   * With ami, if the two groups differ in more than the image: whose other settings the new template version
   * takes.
   */
  amiBase?: 'active' | 'inactive'
  /**
   * What to do if nothing was changed: stop (outcome unchanged), renew (both groups are configured alike: replace
   * the nodes anyway), or swap-back (return to the configuration that the inactive group had when it was retired,
   * or to an older one). Default: stop.
   */
  whenUnchanged?: 'stop' | 'renew' | 'swap-back'
  /**
   * Digest of the plan that was reviewed, as plan gives it (several groups: a list of them). The run is refused if
   * the plan has changed since then. A run that is open already is continued without a comparison. Default: any
   * plan.
   */
  expectPlan?: string | readonly string[]
  /**
   * Stop after verification and keep the outgoing group: outcome held. Then finalize retires it, or revert returns
   * to it. Default: false.
   */
  hold?: boolean
  /**
   * AWS region of the cluster. Default: AWS_REGION.
   */
  awsRegion?: string
  /**
   * ARN of the IAM role to assume: with the job’s OIDC token if the job has id-token: write, otherwise with the
   * ambient credentials. It is refreshed during the run.
   */
  roleToAssume?: string
  /**
   * Session name of the assumed role, as CloudTrail shows it.
   */
  roleSessionName?: string
  /**
   * How long each session of the assumed role is valid. It is renewed before it ends.
   */
  roleDurationSeconds?: number
  /**
   * External ID that the trust policy of the role requires.
   */
  roleExternalId?: string
  /**
   * A kubeconfig file to use instead of the cluster’s own endpoint, for tunnels and bastions. On the command line
   * without a value: KUBECONFIG, or ~/.kube/config.
   */
  kubeconfig?: string | true
  /**
   * Context of the kubeconfig. Default: its current one.
   */
  kubeContext?: string
  /**
   * Tag by which the groups of a cluster are found. If the key contains {cluster}, the value is owned or shared;
   * otherwise the value is the name of the cluster. Default: kubernetes.io/cluster/{cluster}.
   */
  clusterTagKey?: string
  /**
   * Tag that holds the name of the node group. Default: eks-node-upgrade/group.
   */
  groupTagKey?: string
  /**
   * Tag that says blue or green. Default: eks-node-upgrade/color.
   */
  colorTagKey?: string
  /**
   * Number of nodes that must become usable before the rest are launched. 0 launches all at once. Default: 1.
   */
  canaryNodes?: number
  /**
   * Seconds a node must stay Ready before it counts. 0 means none. Default: 30.
   */
  stableSeconds?: number
  /**
   * How long everything must stay as healthy as before the run, until the old group is retired. 0 means none.
   * Default: 3.
   */
  soakMinutes?: number
  /**
   * Deadline for the instances of a wave to be InService. Default: 15.
   */
  launchTimeoutMinutes?: number
  /**
   * Deadline for the nodes of a wave to become usable once their instances are InService. A late instance is
   * replaced once. Default: 10.
   */
  joinTimeoutMinutes?: number
  /**
   * Deadline for the drain: all workloads moved. Default: 60.
   */
  drainTimeoutMinutes?: number
  /**
   * Fail if one workload makes no progress for this long. Default: 15.
   */
  podTimeoutMinutes?: number
  /**
   * Deadline for the outgoing instances to be gone; after it the run is halted. Nothing is lost: run it again.
   * Default: 30.
   */
  retireTimeoutMinutes?: number
  /**
   * Halt a revert that makes no progress for this long. Default: 45.
   */
  revertTimeoutMinutes?: number
  /**
   * Deadline for the whole run. The run begins to revert early enough to meet it. A revert that makes progress is
   * never interrupted. Default: 300.
   */
  timeoutMinutes?: number
  /**
   * How long to wait for another run on this cluster before refusing. 0 means not at all. Default: 0.
   */
  lockTimeoutMinutes?: number
  /**
   * Pods of Jobs: wait for them until drain-timeout-minutes, then hold and name them; or evict them. Default:
   * wait.
   */
  jobs?: 'wait' | 'evict'
  /**
   * Pods that nothing would recreate: refuse to begin, or evict them for good. Default: refuse.
   */
  podsWithoutController?: 'refuse' | 'evict'
  /**
   * Pods with emptyDir volumes, whose content is lost when they move: delete it, or refuse to begin. Default:
   * delete.
   */
  emptydirData?: 'delete' | 'refuse'
  /**
   * List of namespace/kind/name (with * and ?) that may be down for a moment: they are restarted, or evicted if
   * they have no budget. Workloads that can be moved without downtime need no entry.
   */
  allowDowntime?: string | readonly string[]
  /**
   * Conditions that must be good before the start, while pods move and while the move is verified, one per line:
   * https://… (status 2xx), alarm:NAME (a CloudWatch alarm that is OK), or command:… (exit code 0). A gate that
   * turns bad pauses the drain, and reverts it after gate-patience-minutes.
   */
  gate?: string | readonly string[]
  /**
   * What an alarm in the state INSUFFICIENT_DATA means. Default: bad.
   */
  gateInsufficientData?: 'bad' | 'good'
  /**
   * How long a gate may be bad, or not answer, until the run reverts. Default: 10.
   */
  gatePatienceMinutes?: number
  /**
   * Who is told how a run ended, as a newline or comma list: issue (a GitHub issue per node group, closed by the
   * next success; needs issues: write), sns:ARN (a message to an SNS topic). A notification that fails is a
   * warning.
   */
  notify?: string | readonly string[]
  /**
   * File for a report of the run: one HTML page with the verdict and a timeline of every node and pod. The JSON
   * report is written beside it. The directory must exist.
   */
  report?: string
}
