/**
 * The one table of inputs. The action's `with:`, the command line's options, the keys of the Lambda function's event, `--help`,
 * `action.yml` and the tables of the pages all come from it. What does not work yet is not declared.
 */

export type Face = 'action' | 'cli' | 'lambda'

export type InputKind =
  | { is: 'text'; pattern?: RegExp; looks?: string }
  | { is: 'choice'; of: readonly string[] }
  | { is: 'switch' }
  /** A decimal; `none` says that 0 is allowed and means none. */
  | { is: 'duration'; unit: 'minutes' | 'seconds'; none: boolean }
  | { is: 'whole'; least: number; most: number }
  /** Newline or comma list. */
  | { is: 'list'; of: 'names' | 'globs' | 'gates' | 'targets' | 'digests' }
  | { is: 'path' }
  /** Never shown, neither in a problem nor in a command. */
  | { is: 'secret' }

export interface Input {
  name: string
  kind: InputKind
  /** As it is typed; empty: none. */
  default: string
  /** Where an absent value comes from, for people; instead of a default. */
  from?: string
  required?: boolean
  description: string
  faces: readonly Face[]
  group: 'what' | 'aws' | 'cluster' | 'pace' | 'deadlines' | 'consent' | 'output' | 'slices'
}

const everywhere: readonly Face[] = ['action', 'cli', 'lambda']
const lambda: readonly Face[] = ['lambda']
const cli: readonly Face[] = ['cli']

export const modes = ['plan', 'upgrade', 'finalize', 'revert', 'status'] as const

function text(pattern?: RegExp, looks?: string): InputKind {
  return { is: 'text', pattern, looks }
}

function choice(...of: readonly string[]): InputKind {
  return { is: 'choice', of }
}

function minutes(none = false): InputKind {
  return { is: 'duration', unit: 'minutes', none }
}

const runId = text(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/, 'a run id such as 20261124-1045-kfzqb')
const instant = text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'a time such as 2026-11-24T10:45:00.000Z')

/** Longest time that any input may name: GitHub ends a job on a self-hosted runner after five days. */
export const longestMinutes = 5 * 24 * 60

export const inputs: readonly Input[] = [
  {
    name: 'cluster',
    kind: text(/^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/, 'letters, digits, - and _, at most 100'),
    default: '',
    required: true,
    description: 'Name of the EKS cluster.',
    faces: everywhere,
    group: 'what'
  },
  {
    name: 'mode',
    kind: choice(...modes),
    default: 'upgrade',
    description:
      'What to do: plan (read-only), upgrade, finalize (retire the old group of a held upgrade), revert, or status.',
    faces: ['action', 'lambda'],
    group: 'what'
  },
  {
    name: 'group',
    kind: { is: 'list', of: 'names' },
    default: '',
    from: 'the only one',
    description:
      'Node group or groups, as a newline or comma list; * means all. They are upgraded one after the other; the first that is refused, reverted or halted ends the run. If there are several and none is named, the run is refused.',
    faces: everywhere,
    group: 'what'
  },
  {
    name: 'ami',
    kind: text(
      /^(keep|recommended|ami-[0-9a-f]{8,17})$/,
      'keep, recommended, or the ID of an image such as ami-0123456789abcdef0'
    ),
    default: 'keep',
    description:
      'Image of the new nodes: keep (what the launch template of the inactive group says), recommended (the current one of AWS for the version of the cluster, of the same family and architecture), or the ID of an image. If the group follows $Latest or $Default of a launch template of its own, a version with this image is written, and removed again by a revert.',
    faces: everywhere,
    group: 'what'
  },
  {
    name: 'ami-base',
    kind: choice('active', 'inactive'),
    default: '',
    description:
      'With ami, if the two groups differ in more than the image: whose other settings the new template version takes.',
    faces: everywhere,
    group: 'what'
  },
  {
    name: 'when-unchanged',
    kind: choice('stop', 'renew', 'swap-back'),
    default: 'stop',
    description:
      'What to do if nothing was changed: stop (outcome unchanged), renew (both groups are configured alike: replace the nodes anyway), or swap-back (return to the configuration that the inactive group had when it was retired, or to an older one).',
    faces: everywhere,
    group: 'what'
  },
  {
    name: 'expect-plan',
    kind: { is: 'list', of: 'digests' },
    default: '',
    from: 'any plan',
    description:
      'Digest of the plan that was reviewed, as plan gives it (several groups: a list of them). The run is refused if the plan has changed since then. A run that is open already is continued without a comparison.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'hold',
    kind: { is: 'switch' },
    default: 'false',
    description:
      'Stop after verification and keep the outgoing group: outcome held. Then finalize retires it, or revert returns to it.',
    faces: everywhere,
    group: 'what'
  },
  {
    name: 'aws-region',
    kind: text(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'a region such as eu-central-1'),
    default: '',
    from: 'AWS_REGION',
    description: 'AWS region of the cluster.',
    faces: everywhere,
    group: 'aws'
  },
  {
    name: 'role-to-assume',
    kind: text(/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'arn:aws:iam::123456789012:role/NAME'),
    default: '',
    description:
      'ARN of the IAM role to assume: with the job’s OIDC token if the job has id-token: write, otherwise with the ambient credentials. It is refreshed during the run.',
    faces: everywhere,
    group: 'aws'
  },
  {
    name: 'role-session-name',
    kind: text(/^[\w+=,.@-]{2,64}$/, '2 to 64 letters, digits and + = , . @ - _'),
    default: '',
    description: 'Session name of the assumed role, as CloudTrail shows it.',
    faces: everywhere,
    group: 'aws'
  },
  {
    name: 'role-duration-seconds',
    kind: { is: 'whole', least: 900, most: 43_200 },
    default: '',
    description: 'How long each session of the assumed role is valid. It is renewed before it ends.',
    faces: everywhere,
    group: 'aws'
  },
  {
    name: 'role-external-id',
    kind: text(/^[\w+=,.@:/-]{2,1224}$/, '2 to 1224 letters, digits and + = , . @ : / - _'),
    default: '',
    description: 'External ID that the trust policy of the role requires.',
    faces: everywhere,
    group: 'aws'
  },
  {
    name: 'audience',
    kind: text(/^\S+$/, 'a word without blanks'),
    default: '',
    description: 'Audience of the OIDC token. Default: sts.amazonaws.com.',
    faces: ['action'],
    group: 'aws'
  },
  {
    name: 'kubeconfig',
    kind: { is: 'path' },
    default: '',
    description:
      'A kubeconfig file to use instead of the cluster’s own endpoint, for tunnels and bastions. On the command line without a value: KUBECONFIG, or ~/.kube/config.',
    faces: everywhere,
    group: 'cluster'
  },
  {
    name: 'kube-context',
    kind: text(),
    default: '',
    from: 'its current one',
    description: 'Context of the kubeconfig.',
    faces: everywhere,
    group: 'cluster'
  },
  {
    name: 'cluster-tag-key',
    kind: text(),
    default: 'kubernetes.io/cluster/{cluster}',
    description:
      'Tag by which the groups of a cluster are found. If the key contains {cluster}, the value is owned or shared; otherwise the value is the name of the cluster.',
    faces: everywhere,
    group: 'cluster'
  },
  {
    name: 'group-tag-key',
    kind: text(),
    default: 'eks-node-upgrade/group',
    description: 'Tag that holds the name of the node group.',
    faces: everywhere,
    group: 'cluster'
  },
  {
    name: 'color-tag-key',
    kind: text(),
    default: 'eks-node-upgrade/color',
    description: 'Tag that says blue or green.',
    faces: everywhere,
    group: 'cluster'
  },
  {
    name: 'canary-nodes',
    kind: { is: 'whole', least: 0, most: 1000 },
    default: '1',
    description: 'Number of nodes that must become usable before the rest are launched. 0 launches all at once.',
    faces: everywhere,
    group: 'pace'
  },
  {
    name: 'stable-seconds',
    kind: { is: 'duration', unit: 'seconds', none: true },
    default: '30',
    description: 'Seconds a node must stay Ready before it counts. 0 means none.',
    faces: everywhere,
    group: 'pace'
  },
  {
    name: 'soak-minutes',
    kind: minutes(true),
    default: '3',
    description:
      'How long everything must stay as healthy as before the run, until the old group is retired. 0 means none.',
    faces: everywhere,
    group: 'pace'
  },
  {
    name: 'launch-timeout-minutes',
    kind: minutes(),
    default: '15',
    description: 'Deadline for the instances of a wave to be InService.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'join-timeout-minutes',
    kind: minutes(),
    default: '10',
    description:
      'Deadline for the nodes of a wave to become usable once their instances are InService. A late instance is replaced once.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'drain-timeout-minutes',
    kind: minutes(),
    default: '60',
    description: 'Deadline for the drain: all workloads moved.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'pod-timeout-minutes',
    kind: minutes(),
    default: '15',
    description: 'Fail if one workload makes no progress for this long.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'retire-timeout-minutes',
    kind: minutes(),
    default: '30',
    description:
      'Deadline for the outgoing instances to be gone; after it the run is halted. Nothing is lost: run it again.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'revert-timeout-minutes',
    kind: minutes(),
    default: '45',
    description: 'Halt a revert that makes no progress for this long.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'timeout-minutes',
    kind: minutes(),
    default: '300',
    description:
      'Deadline for the whole run. The run begins to revert early enough to meet it. A revert that makes progress is never interrupted.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'lock-timeout-minutes',
    kind: minutes(true),
    default: '0',
    description: 'How long to wait for another run on this cluster before refusing. 0 means not at all.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'on-cancel',
    kind: choice('revert', 'leave'),
    default: 'revert',
    description:
      'What a cancelled workflow run does in its post step: revert, or leave (in a safe state, to be resumed later).',
    faces: ['action'],
    group: 'consent'
  },
  {
    name: 'jobs',
    kind: choice('wait', 'evict'),
    default: 'wait',
    description: 'Pods of Jobs: wait for them until drain-timeout-minutes, then hold and name them; or evict them.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'pods-without-controller',
    kind: choice('refuse', 'evict'),
    default: 'refuse',
    description: 'Pods that nothing would recreate: refuse to begin, or evict them for good.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'emptydir-data',
    kind: choice('delete', 'refuse'),
    default: 'delete',
    description: 'Pods with emptyDir volumes, whose content is lost when they move: delete it, or refuse to begin.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'allow-downtime',
    kind: { is: 'list', of: 'globs' },
    default: '',
    description:
      'List of namespace/kind/name (with * and ?) that may be down for a moment: they are restarted, or evicted if they have no budget. Workloads that can be moved without downtime need no entry.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'gate',
    kind: { is: 'list', of: 'gates' },
    default: '',
    description:
      'Conditions that must be good before the start, while pods move and while the move is verified, one per line: https://… (status 2xx), alarm:NAME (a CloudWatch alarm that is OK), or command:… (exit code 0). A gate that turns bad pauses the drain, and reverts it after gate-patience-minutes.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'gate-insufficient-data',
    kind: choice('bad', 'good'),
    default: 'bad',
    description: 'What an alarm in the state INSUFFICIENT_DATA means.',
    faces: everywhere,
    group: 'consent'
  },
  {
    name: 'gate-patience-minutes',
    kind: minutes(),
    default: '10',
    description: 'How long a gate may be bad, or not answer, until the run reverts.',
    faces: everywhere,
    group: 'deadlines'
  },
  {
    name: 'notify',
    kind: { is: 'list', of: 'targets' },
    default: '',
    description:
      'Who is told how a run ended, as a newline or comma list: issue (a GitHub issue per node group, closed by the next success; needs issues: write), sns:ARN (a message to an SNS topic). A notification that fails is a warning.',
    faces: everywhere,
    group: 'output'
  },
  {
    name: 'report',
    kind: { is: 'path' },
    default: '',
    description:
      'File for a report of the run: one HTML page with the verdict and a timeline of every node and pod. The JSON report is written beside it. The directory must exist.',
    faces: ['action', 'cli'],
    group: 'output'
  },
  {
    name: 'github-token',
    kind: { is: 'secret' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of workflows, which the runner resolves.
    default: '${{ github.token }}',
    description: 'Token for notify: issue. The command line reads GITHUB_TOKEN instead.',
    faces: ['action'],
    group: 'output'
  },
  {
    name: 'diff',
    kind: { is: 'switch' },
    default: 'false',
    description: 'Show the differing lines of long texts such as user data.',
    faces: cli,
    group: 'output'
  },
  {
    name: 'output',
    kind: choice('text', 'json'),
    default: 'text',
    description: 'json prints one JSON document on stdout; everything else goes to stderr.',
    faces: cli,
    group: 'output'
  },
  {
    name: 'yes',
    kind: { is: 'switch' },
    default: 'false',
    description: 'Do not ask. A question is asked only in a terminal.',
    faces: cli,
    group: 'output'
  },
  {
    name: 'step',
    kind: choice('start', 'slice'),
    default: 'slice',
    description:
      'start answers with one event for each node group and does nothing else; slice works on one of them until it is done or the time of the invocation is over.',
    faces: lambda,
    group: 'slices'
  },
  {
    name: 'run-id',
    kind: runId,
    default: '',
    description: 'Continue this run, and no other. If it is over, the answer says how it ended.',
    faces: lambda,
    group: 'slices'
  },
  {
    name: 'new-run-id',
    kind: runId,
    default: '',
    description:
      'Id of a run that this event may begin. An event that is delivered twice then begins one run, not two.',
    faces: lambda,
    group: 'slices'
  },
  {
    name: 'started-at',
    kind: instant,
    default: '',
    description: 'When the first slice began: lock-timeout-minutes and durationSeconds count from there.',
    faces: lambda,
    group: 'slices'
  },
  {
    name: 'lease-seen',
    kind: text(
      /^[^\s@]+@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
      'a version and a time such as 4711@2026-11-24T10:45:00.000Z'
    ),
    default: '',
    description:
      'Which version of the Lease slices have found held, and since when. If nobody renews it for 40 seconds, its holder is dead.',
    faces: lambda,
    group: 'slices'
  },
  {
    name: 'failing-since',
    kind: instant,
    default: '',
    description:
      'Since when slices of an open run have not reached AWS or the cluster. After 15 minutes the answer is halted.',
    faces: lambda,
    group: 'slices'
  }
]

export interface OutputField {
  name: string
  description: string
}

export const outputs: readonly OutputField[] = [
  {
    name: 'outcome',
    description:
      'How the run ended: upgraded, unchanged, planned, held, refused, reverted or halted; with several groups, the worst.'
  },
  { name: 'reason', description: 'Error code; empty when all is well.' },
  { name: 'run-id', description: 'Run ID, as shown in the run tags and the Lease.' },
  {
    name: 'active-group',
    description: 'Auto Scaling group that is active afterwards; while held, the one that serves.'
  },
  { name: 'inactive-group', description: 'Auto Scaling group that is inactive afterwards.' },
  { name: 'nodes', description: 'Names of the active group’s nodes, as a JSON list.' },
  { name: 'pods-moved', description: 'How many pods were moved.' },
  {
    name: 'plan-digest',
    description: 'Digest of the plan, for expect-plan; with several groups, a comma list of their digests.'
  },
  { name: 'summary', description: 'The job summary as Markdown, at most 60,000 bytes, for a comment.' },
  { name: 'duration-seconds', description: 'How long it took.' },
  { name: 'results', description: 'JSON map of node group to the outputs above.' },
  { name: 'report', description: 'File of the HTML report; empty if none was requested or it could not be written.' }
]

export function inputsOf(face: Face): readonly Input[] {
  return inputs.filter(({ faces }) => faces.includes(face))
}
