/** A run as the engine would tell it, for the tests of everything that shows one. */
import type { Event, Finding, Plan, Progress, Result, StageName } from '../../src/engine/model/report.ts'

/** What people, or attackers, may call a node, a pod or a group. */
export const nasty = 'a::error::x%0A::b|c<script>`d`\n::set-output name=x::y\r\u001b[31mred\u001b[2J\u202e##[error]z'

export const startAt = Date.UTC(2026, 10, 24, 10, 0, 0)

export function samplePlan(overrides: Partial<Plan> = {}): Plan {
  return {
    cluster: 'shop',
    group: 'workers',
    active: { name: 'shop-workers-blue', nodes: 6, instanceTypes: ['m7i.large'], template: 'shop-workers 41' },
    inactive: { name: 'shop-workers-green', template: 'shop-workers 42' },
    comparison: 'change',
    changes: [
      { field: 'image', from: 'ami-0a1 (1.33.3-20261002)', to: 'ami-0f7 (1.33.5-20261119)' },
      { field: 'user data', from: '', to: '', lines: ['-max-pods=29', '+max-pods=58'] }
    ],
    moves: [],
    podsToMove: 58,
    workloadsToMove: 11,
    daemonSetPods: 6,
    emptyDirPods: 0,
    estimateMs: 6 * 60_000,
    longest: 'payments (budget allows 1 of 6 at a time)',
    blockers: [],
    warnings: [],
    ...overrides
  }
}

export const sampleBlockers: readonly Finding[] = [
  {
    rule: 'budget-never-allows',
    object: 'team-a/ledger',
    reason: 'its budget never allows an eviction (minAvailable 1 of 1 replica)',
    remedies: [
      'let it be restarted instead:   --allow-downtime team-a/deployment/ledger',
      'or give it a second replica:   kubectl -n team-a scale deployment/ledger --replicas 2'
    ]
  },
  {
    rule: 'fits-nowhere',
    object: 'team-b/report-7xk',
    reason: '2 pods fit on no new node: they ask for 12 GiB, the new nodes offer 7.1 GiB each',
    remedies: ['the old nodes are m7i.xlarge, template 42 says m7i.large']
  }
]

const order: readonly StageName[] = ['freeze', 'launch', 'cordon', 'drain', 'verify', 'retire', 'release']

export function sampleProgress(overrides: Partial<Progress> = {}): Progress {
  const details = [
    'settings of both groups recorded and pinned',
    '6 of 6 nodes usable (1 canary first)',
    '6 of 6 old nodes cordoned'
  ]
  return {
    at: startAt + 252_000,
    elapsedMs: 252_000,
    group: 'workers',
    outgoing: 'blue',
    incoming: 'green',
    direction: 'forward',
    revertPossible: true,
    stages: order.map((stage, index) => ({
      stage,
      state: index < 3 ? 'done' : index === 3 ? 'active' : 'todo',
      detail: details[index] ?? (index === 3 ? '41 of 58 pods' : ''),
      elapsedMs: [2000, 139_000, 1000, 110_000][index] ?? 0
    })),
    workloads: [
      { workload: 'payments', moved: 4, total: 6, waiting: 'waiting for payments-7d9-x2k to become ready (12 s)' },
      { workload: 'ledger', moved: 0, total: 1, waiting: 'restarting: new pod starts on ip-10-0-3-7' },
      { workload: 'search', moved: 8, total: 8, waiting: '' }
    ],
    podsMoved: 41,
    podsTotal: 58,
    waiting: [{ what: 'payments', seen: 'payments-7d9-x2k is not ready', sinceAt: startAt + 240_000 }],
    ...overrides
  }
}

export function started(overrides: Partial<Extract<Event, { kind: 'started' }>> = {}): Event {
  return {
    kind: 'started',
    at: startAt,
    runId: 'r-1',
    mode: 'upgrade',
    cluster: 'shop',
    group: 'workers',
    outgoing: 'shop-workers-blue',
    incoming: 'shop-workers-green',
    colors: { outgoing: 'blue', incoming: 'green' },
    direction: 'forward',
    resumed: false,
    found: ['shop-workers-blue: min 3, max 12, desired 6', 'shop-workers-blue: suspended processes none'],
    ...overrides
  }
}

export function sampleResult(overrides: Partial<Result> = {}): Result {
  return {
    outcome: 'upgraded',
    mode: 'upgrade',
    cluster: 'shop',
    group: 'workers',
    runId: 'r-1',
    startedAt: startAt,
    endedAt: startAt + 724_000,
    activeGroup: 'shop-workers-green',
    inactiveGroup: 'shop-workers-blue',
    nodes: ['ip-10-0-1-1', 'ip-10-0-2-1'],
    podsMoved: 58,
    plan: samplePlan(),
    stages: order.map((stage, index) => ({
      direction: index > 4 ? 'retiring' : 'forward',
      stage,
      startedAt: startAt + index * 100_000,
      endedAt: startAt + (index + 1) * 100_000,
      detail: `${stage} is done`,
      failed: false
    })),
    guarded: [],
    timeline: [
      { at: startAt, text: 'froze both groups' },
      { at: startAt + 200_000, text: 'cordoned node ip-10-0-1-9' }
    ],
    restored: [],
    differences: [],
    warnings: [],
    ...overrides
  }
}

export function revertedResult(overrides: Partial<Result> = {}): Result {
  return sampleResult({
    outcome: 'reverted',
    reason: {
      code: 'pod-timeout',
      message: 'payments made no progress for 15 min: payments-7d9-x2k is not ready (CrashLoopBackOff, exit 1)',
      hint: 'kubectl -n shop logs payments-7d9-x2k --previous'
    },
    activeGroup: 'shop-workers-blue',
    inactiveGroup: 'shop-workers-green',
    stages: [
      {
        direction: 'forward',
        stage: 'drain',
        startedAt: startAt,
        endedAt: startAt + 900_000,
        detail: '41 of 58 pods',
        failed: true
      },
      {
        direction: 'reverting',
        stage: 'uncordon',
        startedAt: startAt + 900_000,
        endedAt: startAt + 901_000,
        detail: '6 of 6 old nodes uncordoned',
        failed: false
      },
      {
        direction: 'reverting',
        stage: 'drain',
        startedAt: startAt + 901_000,
        endedAt: startAt + 990_000,
        detail: '41 of 41 pods back',
        failed: false
      }
    ],
    restored: ['shop-workers-blue: Min 6', 'shop-workers-blue: AZRebalance active'],
    next: 'upgrade --cluster shop',
    ...overrides
  })
}
