/** The API server's moods, the lock and the record, and two at once. */
import type { Lab } from '../joined/lab.ts'
import { budget, deployment, shopObjects } from '../joined/workloads.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes, changed, groupName } from './user-actions.ts'

const quick = { soakMs: 5_000, canaryNodes: 0 }
const objects = [
  deployment('web', 6, { readyAfter: '3s', stopsAfter: '2s' }),
  budget('web', { maxUnavailable: 1 }),
  deployment('api', 6, { readyAfter: '3s' })
]
const small = { objects, nodeGroups: [{ nodes: 3 }] }
/** Set by the scenario that begins. */
const silence = { is: false }
const forEver = Number.POSITIVE_INFINITY
const evictions = 'POST pods/eviction'

const denial = {
  kind: 'Status',
  status: 'Failure',
  message: 'admission webhook "guard.shop.io" denied the request: not on a Friday',
  reason: 'Forbidden',
  code: 403
}
const internal = { kind: 'Status', status: 'Failure', message: 'etcdserver: request timed out', code: 500 }
const raced = {
  kind: 'Status',
  status: 'Failure',
  reason: 'Timeout',
  message: "Timeout: Couldn't update PodDisruptionBudget due to conflicts",
  details: { retryAfterSeconds: 10 },
  code: 504
}
const conflict = {
  kind: 'Status',
  status: 'Failure',
  reason: 'Conflict',
  message: 'the object has been modified',
  code: 409
}

function record(lab: Lab): { key: string; text: string } {
  const map = lab.cluster.find('ConfigMap', 'kube-system', 'eks-node-upgrade')
  const [key = '', text = ''] = Object.entries((map?.data ?? {}) as Record<string, string>)[0] ?? []
  return { key, text }
}

function writeRecord(lab: Lab, change: (text: string) => string | undefined): void {
  const { key, text } = record(lab)
  const data = { [key]: change(text) ?? null }
  lab.cluster.patch('ConfigMap', 'kube-system', 'eks-node-upgrade', { data }, 'merge')
}

/** The Lease of another engine, which renews it for this long. */
function foreignLease(lab: Lab, renewsForMs: number): void {
  const until = lab.clock.now() + renewsForMs
  const spec = () => ({
    holderIdentity: 'somebody else',
    leaseDurationSeconds: 30,
    acquireTime: `${new Date(lab.clock.now()).toISOString().slice(0, -1)}000Z`,
    renewTime: `${new Date(lab.clock.now()).toISOString().slice(0, -1)}000Z`,
    leaseTransitions: 4
  })
  const metadata = { name: 'eks-node-upgrade', namespace: 'kube-system' }
  const before = lab.cluster.find('Lease', metadata.namespace, metadata.name)
  if (before) lab.cluster.remove('Lease', metadata.namespace, metadata.name)
  lab.cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: spec() })
  const renew = (): void => {
    if (lab.clock.now() > until) return
    lab.cluster.patch('Lease', 'kube-system', 'eks-node-upgrade', { spec: spec() }, 'merge')
    lab.clock.after(10_000, renew)
  }
  lab.clock.after(10_000, renew)
}

export const coordination: readonly Scenario[] = [
  {
    name: 'flow-control',
    story: 'the API server slows everybody down, and everybody slows down',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [
          {
            call: evictions,
            from: 1,
            times: 4,
            fault: {
              kind: 'answer',
              status: 429,
              body: 'Too many requests, please try again later.\n',
              headers: { 'retry-after': '5' }
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'budget-race',
    story: 'a 504 of evictions that race for one budget is tried again',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [
          {
            call: evictions,
            from: 0,
            times: 5,
            fault: { kind: 'answer', status: 504, body: raced, headers: { 'retry-after': '10' } }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'server-errors',
    story: 'a 500 of the API server on every second eviction is borne',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [0, 2, 4, 6, 8].map((from) => ({
          call: evictions,
          from,
          fault: { kind: 'answer' as const, status: 500, body: internal }
        })),
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'lost-evictions',
    story: 'replies of evictions that are lost after they took effect move no pod twice',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [{ call: evictions, times: 6, fault: { kind: 'lose-reply' } }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'conflicts',
    story: 'a node that changes at the same moment is cordoned anyway',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [{ call: 'PATCH nodes', times: 3, fault: { kind: 'answer', status: 409, body: conflict } }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'webhook-denies-for-a-while',
    story: 'a webhook that denies evictions for two minutes is asked again',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [{ call: evictions, about: '/web-', times: 12, fault: { kind: 'answer', status: 403, body: denial } }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'webhook-denies',
    story: 'a webhook that denies every eviction of a workload is quoted, and the run reverts',
    world: small,
    settings: { ...quick, podTimeoutMs: 120_000 },
    steps: [
      {
        faults: [
          { call: evictions, about: '/web-', times: forEver, fault: { kind: 'answer', status: 403, body: denial } }
        ],
        expect: { outcome: 'reverted', code: 'eviction-denied', says: /not on a Friday/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'slow-feed',
    story: 'a feed that is five seconds behind breaks nothing',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [{ ports: { feedLagMs: 5_000 }, expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'slow-calls',
    story: 'calls that take three seconds each break nothing',
    world: small,
    settings: quick,
    steps: [{ ports: { latencyMs: 3_000 }, expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'permissions-missing',
    story: 'rights that are missing are all named, and nothing is touched',
    world: small,
    steps: [
      {
        ports: {
          deny: [
            { verb: 'create', resource: 'pods/eviction' },
            { verb: 'patch', resource: 'nodes' }
          ]
        },
        expect: { outcome: 'refused', code: 'plan-blocked', writes: 0 }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'plan-moved',
    story: 'an upgrade that expects another plan than the present one is refused before it asks for the lock',
    world: small,
    steps: [
      {
        settings: { expectPlan: ['p1-aaaaaaaaaaaaaaaaaaaa'] },
        expect: { outcome: 'refused', code: 'plan-moved', rules: ['plan-moved'], says: /what differs/, writes: 0 }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'lock-held',
    story: 'a lock that another run holds refuses, and names the holder',
    world: small,
    steps: [
      {
        before: (lab) => foreignLease(lab, forEver),
        expect: { outcome: 'refused', code: 'lock-held', says: /somebody else/, writes: 0 }
      }
    ],
    end: 'open'
  },
  {
    name: 'lock-dead',
    story: 'a lock whose holder has died is taken over',
    world: small,
    settings: quick,
    steps: [{ before: (lab) => foreignLease(lab, 0), expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'waits-and-looks-again',
    story: 'what changes while a run waits for the lock is seen before anything is written',
    world: small,
    settings: quick,
    steps: [
      {
        before: (lab) => foreignLease(lab, 0),
        timedEvents: [
          { when: { at: 20_000 }, do: changed('PodDisruptionBudget', 'web', { spec: { maxUnavailable: 0 } }) }
        ],
        // The Lease is taken and released.
        expect: { outcome: 'refused', code: 'plan-blocked', rules: ['budget-never-allows'], writes: 2 }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'recovers-after-waiting',
    story: 'the post step waits for the Lease of another engine for two minutes, and then reverts',
    world: small,
    settings: quick,
    steps: [
      { kill: { stage: 'drain' }, expect: { outcome: 'killed' } },
      {
        recovers: true,
        timedEvents: [{ when: { at: 5_000 }, do: (lab) => foreignLease(lab, 60_000) }],
        expect: { outcome: 'reverted', code: 'asked' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'two-engines',
    story: 'of two that are started at once one works, and the other is refused',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        beside: { afterMs: 15_000, expect: { outcome: 'refused', code: 'lock-held' } },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'waits-its-turn',
    story: 'a second run that waits for the lock finds everything done',
    world: small,
    settings: { ...quick, lockTimeoutMs: 3_600_000 },
    steps: [
      {
        beside: { afterMs: 5_000, expect: { outcome: 'unchanged' } },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'revert-beside',
    story: 'a revert that is requested while a run works is refused, and the run continues',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        beside: { mode: 'revert', afterMs: 60_000, expect: { outcome: 'refused', code: 'lock-held' } },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'other-group-open',
    story: 'the upgrade of another node group is refused while one is open',
    world: { objects, nodeGroups: [{ nodes: 3 }, { name: 'batch', nodes: 2 }] },
    settings: quick,
    steps: [
      { settings: { group: 'workers' }, kill: { stage: 'cordon' }, expect: { outcome: 'killed' } },
      { settings: { group: 'batch' }, expect: { outcome: 'refused', code: 'other-run-open', writes: 0 } },
      { settings: { group: 'workers' }, expect: { outcome: 'upgraded' } }
    ],
    end: 'open'
  },
  {
    name: 'record-gone',
    story: 'marks without a record halt, say what they say, and touch nothing',
    world: small,
    settings: quick,
    steps: [
      { kill: { moved: 3 }, expect: { outcome: 'killed' } },
      {
        before: (lab) => void lab.cluster.remove('ConfigMap', 'kube-system', 'eks-node-upgrade'),
        expect: { outcome: 'halted', code: 'record-missing', writes: 0 }
      }
    ],
    end: 'open'
  },
  {
    name: 'record-gone-meanwhile',
    story: 'a record that is deleted during a run is written again',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { moved: 10 }, do: (lab) => void lab.cluster.remove('ConfigMap', 'kube-system', 'eks-node-upgrade') }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'record-newer',
    story: 'a record of a newer version halts and touches nothing',
    world: small,
    settings: quick,
    steps: [
      { kill: { moved: 3 }, expect: { outcome: 'killed' } },
      {
        before: (lab) => writeRecord(lab, (text) => JSON.stringify({ ...JSON.parse(text), version: 99 })),
        expect: { outcome: 'halted', code: 'record-newer', writes: 0 }
      }
    ],
    end: 'open'
  },
  {
    name: 'record-unreadable',
    story: 'a record that does not parse halts and touches nothing',
    world: small,
    settings: quick,
    steps: [
      { kill: { moved: 3 }, expect: { outcome: 'killed' } },
      {
        before: (lab) => writeRecord(lab, () => 'version: 1 # hand-edited'),
        expect: { outcome: 'halted', code: 'record-unreadable', writes: 0 }
      }
    ],
    end: 'open'
  },
  {
    name: 'killed-three-times',
    story: 'a run that is killed three times, the last time during its revert, ends anyway',
    world: { objects: shopObjects({ readyAfter: undefined }), nodeGroups: [badNodes()] },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [
      { kill: { stage: 'launch' }, expect: { outcome: 'killed' } },
      { kill: { stage: 'drain' }, expect: { outcome: 'killed' } },
      { kill: { stage: 'retire', direction: 'reverting' }, expect: { outcome: 'killed' } },
      { expect: { outcome: 'reverted', code: 'pod-timeout' } }
    ],
    end: 'as-found'
  },
  {
    name: 'status-of-open-run',
    story: 'status and plan of an open run describe it and write nothing',
    world: small,
    settings: quick,
    steps: [
      { kill: { moved: 3 }, expect: { outcome: 'killed' } },
      { mode: 'status', expect: { outcome: 'status', writes: 0 } },
      { mode: 'plan', expect: { outcome: 'planned', writes: 0 } },
      { expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  },
  {
    name: 'cancelled-while-launching',
    story: 'a run cancelled while it launches is reverted by the post step',
    world: small,
    steps: [
      { cancel: { stage: 'launch' }, expect: { outcome: 'cancelled' } },
      { recovers: true, expect: { outcome: 'reverted' } }
    ],
    end: 'as-found'
  },
  {
    name: 'finalize-fails',
    story: 'a finalize that cannot verify stays held',
    world: { objects: shopObjects() },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [
      { settings: { hold: true }, expect: { outcome: 'held' } },
      {
        mode: 'finalize',
        before(lab) {
          const [pod] = lab.podsOn(groupName(lab, 'inactive')).filter(({ metadata }) => metadata.labels?.app === 'cart')
          if (pod) lab.cluster.annotate('Pod', 'shop', pod.metadata.name, { 'simulated/not-ready': 'true' })
        },
        expect: { outcome: 'held', code: 'finalize-failed' }
      }
    ],
    end: 'open'
  },
  {
    name: 'second-budget-meanwhile',
    story: 'a second budget that is added during the run is named, and the run reverts',
    world: {
      objects: [deployment('web', 6, { readyAfter: '10s' }), budget('web', { maxUnavailable: 1 })],
      nodeGroups: [{ nodes: 3 }]
    },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 1 },
            do: (lab) => void lab.cluster.apply([budget('web-too', { maxUnavailable: 1 }, { of: 'web' })])
          },
          {
            when: { direction: 'reverting' },
            do: (lab) => void lab.cluster.remove('PodDisruptionBudget', 'shop', 'web-too')
          }
        ],
        expect: { outcome: 'reverted', code: 'two-budgets' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'silent-feed',
    story: 'nothing is decided while the feed has been silent for long, and the run continues when it speaks',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        ports: { isSilent: () => silence.is },
        before: () => {
          silence.is = false
        },
        timedEvents: [
          {
            when: { moved: 20 },
            do(lab) {
              silence.is = true
              lab.clock.after(180_000, () => {
                silence.is = false
              })
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'lease-stalls',
    story: 'a run whose renewals of the lock stall writes nothing until it has it again',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        faults: [{ call: 'PUT leases', from: 6, times: 3, fault: { kind: 'delay', ms: 25_000 } }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'lost-requests',
    story: 'forty writes in a row that never arrive are borne',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        faults: [{ call: /^(POST|PUT|PATCH) /, from: 90, times: 40, fault: { kind: 'lose-request' } }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  }
]
