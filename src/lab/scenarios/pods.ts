/** What the test suites of kubectl drain, the API server, Cluster API and Karpenter know of single pods and budgets. */

import type { Rule } from '../../engine/model/rules.ts'
import type { Lab } from '../joined/lab.ts'
import {
  barePod,
  budget,
  daemonSet,
  deployment,
  job,
  type PodOptions,
  shopObjects,
  statefulSet
} from '../joined/workloads.ts'
import type { Raw } from '../kubernetes/object.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes, changed, groupName, inTurn, podsOfApp, removed, scaledTo } from './user-actions.ts'

const quick = { soakMs: 5_000, canaryNodes: 0 }
const small = [{ nodes: 3 }]
const web = deployment('web', 4, { readyAfter: '5s', stopsAfter: '2s' })
const everywhere = { tolerations: [{ operator: 'Exists' }] }
const upgraded = [{ expect: { outcome: 'upgraded' } }] as const
const refusedFor = (...rules: Rule[]) =>
  [{ expect: { outcome: 'refused', code: 'plan-blocked', rules, writes: 0 } }] as const

const nodeOf = (lab: Lab, app: string) => podsOfApp(lab, app).map((pod) => pod.spec?.nodeName)

/** Says what is wrong when a pod that was to stay was touched. */
function untouched(...apps: string[]): (lab: Lab) => string[] {
  return (lab) =>
    apps.flatMap((app) =>
      podsOfApp(lab, app).some((pod) => pod.metadata.deletionTimestamp === undefined) ? [] : [`${app} has gone`]
    )
}

function volume(name: string, zone: string): Raw[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `pv-${name}` },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '10Gi' },
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: `vol-${name}` },
        claimRef: { namespace: 'shop', name },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [zone] }] }
            ]
          }
        }
      }
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'shop' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '10Gi' } },
        volumeName: `pv-${name}`
      }
    }
  ]
}

const mounts = (claim: string): Raw => ({
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }]
})

/** One that comes back to a cordoned node, however often it is asked to go. */
const clinging: PodOptions = { readyAfter: '5s', stopsAfter: '1s', pod: everywhere }

export const pods: readonly Scenario[] = [
  {
    name: 'agents-stay',
    story: 'pods of a DaemonSet are left and go with their nodes',
    world: {
      objects: [web, daemonSet('agent', { readyAfter: '1s' }), daemonSet('logs', { readyAfter: '1s' })],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'static-pods-stay',
    story: 'a mirror pod of the kubelet is left',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      {
        before(lab) {
          const [node] = lab.nodesOf(groupName(lab, 'active'))
          const annotations = { 'kubernetes.io/config.mirror': 'abc' }
          const pod = barePod('proxy')
          lab.cluster.create({
            ...pod,
            metadata: { ...pod.metadata, annotations },
            spec: { ...pod.spec, nodeName: node?.metadata.name, tolerations: [{ operator: 'Exists' }] }
          })
        },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'finished-pods-stay',
    story: 'pods that have finished neither move nor hold anything up',
    world: { objects: [web, job('report', 2, { completesAfter: '1s' })], nodeGroups: small },
    settings: quick,
    steps: [{ expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'bare-pod',
    story: 'a pod without a controller refuses the upgrade, and nothing is touched',
    world: { objects: [web, barePod('debug')], nodeGroups: small },
    steps: refusedFor('no-controller'),
    end: 'as-found',
    leaves: ['shop/debug'],
    check: untouched('debug')
  },
  {
    name: 'bare-pod-evicted',
    story: 'a pod without a controller is evicted where that is agreed to',
    world: { objects: [web, barePod('debug')], nodeGroups: small },
    settings: { ...quick, podsWithoutController: 'evict' },
    steps: upgraded,
    end: 'swapped',
    check: (lab) => (podsOfApp(lab, 'debug').length === 0 ? [] : ['debug is still there'])
  },
  {
    name: 'scratch-data',
    story: 'pods with emptyDir move as with every rolling tool',
    world: {
      objects: [deployment('cache', 3, { pod: { volumes: [{ name: 'scratch', emptyDir: {} }] } })],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'scratch-data-refused',
    story: 'pods with emptyDir refuse the upgrade where their data is dear',
    world: {
      objects: [deployment('cache', 3, { pod: { volumes: [{ name: 'scratch', emptyDir: {} }] } })],
      nodeGroups: small
    },
    settings: { emptydirData: 'refuse' },
    steps: refusedFor('emptydir'),
    end: 'as-found'
  },
  {
    name: 'empty-nodes',
    story: 'nodes without any pod that moves are upgraded anyway',
    world: { objects: [daemonSet('agent', { readyAfter: '1s' })], nodeGroups: small },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'singleton-restarted',
    story: 'a single replica is restarted ahead of its old pod and never missing',
    world: { objects: [deployment('ledger', 1, { readyAfter: '10s', stopsAfter: '5s' })], nodeGroups: small },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'singleton-with-budget',
    story: 'a single replica whose budget never allows an eviction is restarted, and its budget kept',
    world: {
      objects: [deployment('ledger', 1, { readyAfter: '10s' }), budget('ledger', { minAvailable: 1 })],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'singleton-back',
    story: 'a restarted singleton that never becomes ready is reverted, and was never missing',
    world: {
      objects: [web, deployment('ledger', 1, { stopsAfter: '5s' }), budget('ledger', { minAvailable: 1 })],
      nodeGroups: [badNodes({ nodes: 3 })]
    },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'pod-timeout' } }],
    end: 'as-found'
  },
  {
    name: 'recreate-refused',
    story: 'a single replica that cannot be surged refuses, with the remedy',
    world: {
      objects: [
        deployment('ledger', 1, { spec: { strategy: { type: 'Recreate' } } }),
        budget('ledger', { minAvailable: 1 })
      ],
      nodeGroups: small
    },
    steps: refusedFor('budget-never-allows'),
    end: 'as-found'
  },
  {
    name: 'recreate-agreed',
    story: 'a single replica that cannot be surged is down for a moment where that is agreed to',
    world: {
      objects: [
        deployment('ledger', 1, { spec: { strategy: { type: 'Recreate' } } }),
        budget('ledger', { minAvailable: 1 })
      ],
      nodeGroups: small
    },
    settings: { ...quick, allowDowntime: ['shop/deployment/ledger'] },
    steps: upgraded,
    mayBeDown: ['shop/Deployment/ledger'],
    end: 'swapped'
  },
  {
    name: 'two-budgets',
    story: 'two budgets on one pod refuse the upgrade',
    world: {
      objects: [web, budget('web', { maxUnavailable: 1 }), budget('web-too', { maxUnavailable: 2 }, { of: 'web' })],
      nodeGroups: small
    },
    steps: refusedFor('two-budgets'),
    end: 'as-found'
  },
  {
    name: 'percentages',
    story: 'budgets in per cent are kept: 90 % of ten, and 10 % that may be missing',
    world: {
      objects: [
        deployment('nine', 10, { readyAfter: '2s' }),
        budget('nine', { minAvailable: '90%' }),
        deployment('tenth', 10, { readyAfter: '2s' }),
        budget('tenth', { maxUnavailable: '10%' })
      ],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'budget-edited',
    story: 'a budget that stops allowing evictions is waited for, and the drain resumes when it allows them again',
    world: { objects: [web, budget('web', { maxUnavailable: 1 })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { stage: 'drain' }, do: changed('PodDisruptionBudget', 'web', { spec: { maxUnavailable: 0 } }) },
          { when: { at: 240_000 }, do: changed('PodDisruptionBudget', 'web', { spec: { maxUnavailable: 2 } }) }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'budget-deleted',
    story: 'a budget that allows nothing and is then deleted no longer holds anything up',
    world: { objects: [web, budget('web', { maxUnavailable: 1 })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { stage: 'drain' }, do: changed('PodDisruptionBudget', 'web', { spec: { maxUnavailable: 0 } }) },
          { when: { at: 240_000 }, do: removed('PodDisruptionBudget', 'web') }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'budget-allows-nothing-for-good',
    story: 'a budget that stops allowing evictions for good makes no progress, and the run reverts',
    world: { objects: [web, budget('web', { maxUnavailable: 1 })], nodeGroups: small },
    settings: { ...quick, podTimeoutMs: 120_000, revertTimeoutMs: 600_000 },
    steps: [
      {
        timedEvents: [
          { when: { moved: 2 }, do: changed('PodDisruptionBudget', 'web', { spec: { maxUnavailable: 0 } }) },
          {
            when: { stage: 'drain', direction: 'reverting' },
            do: changed('PodDisruptionBudget', 'web', { spec: { maxUnavailable: 1 } })
          }
        ],
        expect: { outcome: 'reverted', code: 'budget-never-allows', says: /web/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'unwell-before',
    story: 'what was broken before neither blocks the upgrade nor is blamed on it',
    world: {
      objects: [web, deployment('broken', 2, { readyAfter: 'never' })],
      nodeGroups: small
    },
    settings: quick,
    steps: [{ expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'unwell-with-budget',
    story: 'a budget that was broken before refuses what would be moved: a warning, and the run reverts',
    world: {
      objects: [web, deployment('broken', 2, { readyAfter: 'never' }), budget('broken', { minAvailable: 1 })],
      nodeGroups: small
    },
    settings: quick,
    steps: [{ expect: { outcome: 'reverted', code: 'pod-timeout', warns: /budget-blocked-now/ } }],
    end: 'as-found'
  },
  {
    name: 'unwell-always-allowed',
    story: 'unready pods whose budget always lets the unhealthy go are moved',
    world: {
      objects: [
        web,
        deployment('broken', 3, { readyAfter: 'never' }),
        budget('broken', { minAvailable: 2, unhealthyPodEvictionPolicy: 'AlwaysAllow' })
      ],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'trap-of-the-way-back',
    story: 'in a revert, dead pods whose budget refuses their eviction are deleted only after a minute',
    world: {
      objects: [deployment('web', 4, { stopsAfter: '2s' }), budget('web', { maxUnavailable: 1 })],
      nodeGroups: [{ nodes: 3 }]
    },
    settings: { ...quick, podTimeoutMs: 120_000 },
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 2 },
            do: (lab) => {
              const nodes = new Set(lab.nodesOf(groupName(lab, 'inactive')).map(({ metadata }) => metadata.name))
              for (const pod of podsOfApp(lab, 'web'))
                if (nodes.has(pod.spec?.nodeName))
                  lab.cluster.annotate('Pod', 'shop', pod.metadata.name, { 'simulated/not-ready': 'true' })
            }
          }
        ],
        expect: { outcome: 'reverted', code: 'pod-timeout' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'crash-loop',
    story: 'containers that crash on the new nodes are quoted in the reason',
    world: {
      objects: [web],
      nodeGroups: [{ nodes: 3, green: { tags: { 'simulated/crash-loop': 'GLIBC_2.38 not found' } } }]
    },
    settings: { ...quick, podTimeoutMs: 120_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'pod-timeout', says: /CrashLoopBackOff/ } }],
    end: 'as-found'
  },
  {
    name: 'min-ready-seconds',
    story: 'a replacement counts only when it has been ready for minReadySeconds',
    world: {
      objects: [
        deployment('web', 4, { readyAfter: '2s', spec: { minReadySeconds: 20 } }),
        budget('web', { maxUnavailable: 1 })
      ],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'state-in-order',
    story: 'a StatefulSet moves one pod at a time',
    world: { objects: [statefulSet('db', 3, { readyAfter: '10s', stopsAfter: '5s' })], nodeGroups: small },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'state-with-volumes',
    story: 'pods with volumes wait for detach and attach, in their zones',
    world: {
      objects: [
        ...(['a', 'b', 'c'].flatMap((zone, index) => volume(`data-db-${index}`, `eu-west-1${zone}`)) as never[]),
        statefulSet('db', 3, {
          readyAfter: '5s',
          stopsAfter: '5s',
          spec: {
            volumeClaimTemplates: [
              {
                metadata: { name: 'data' },
                spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } }
              }
            ]
          }
        }),
        budget('db', { maxUnavailable: 1 })
      ],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'deployment-with-volume',
    story: 'a single pod with a volume refuses, because it cannot be in two places',
    world: {
      objects: [
        ...(volume('files', 'eu-west-1a') as never[]),
        deployment('files', 1, { pod: mounts('files') }),
        budget('files', { minAvailable: 1 })
      ],
      nodeGroups: small
    },
    steps: refusedFor('budget-never-allows'),
    end: 'as-found'
  },
  {
    name: 'jobs-waited-for',
    story: 'a Job that ends in time is waited for',
    world: { objects: [web, job('report', 2, { completesAfter: '6m' })], nodeGroups: small },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'jobs-held',
    story: 'a Job that runs on keeps its node: held, and finished when it has ended',
    world: { objects: [web, job('report', 1, { completesAfter: '2h' })], nodeGroups: small },
    settings: { ...quick, drainTimeoutMs: 600_000 },
    steps: [
      { expect: { outcome: 'held', code: 'jobs-run', says: /report/ } },
      {
        before: (lab) => void lab.cluster.remove('Job', 'shop', 'report', { propagationPolicy: 'Background' }),
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'jobs-evicted',
    story: 'Jobs are evicted on request, and begin again elsewhere',
    world: { objects: [web, job('report', 2, { completesAfter: '2h' })], nodeGroups: small },
    settings: { ...quick, jobs: 'evict' },
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'comes-back',
    story: 'a pod that tolerates everything comes back to a cordoned node: moved twice, then named and held',
    world: {
      // The scheduler prefers the nodes with the fewest pods: agents of the new nodes alone make it prefer the old ones.
      objects: [
        web,
        deployment('clinging', 2, clinging),
        ...[1, 2, 3, 4, 5, 6].map((number) =>
          daemonSet(`new-agent-${number}`, { pod: { nodeSelector: { 'lab/group': 'shop-workers-green' } } })
        )
      ],
      nodeGroups: small
    },
    settings: { ...quick, podTimeoutMs: 120_000 },
    steps: [{ expect: { outcome: 'held', says: /clinging/ } }],
    mayBeDown: ['shop/Deployment/clinging'],
    end: 'open'
  },
  {
    name: 'fits-nowhere',
    story: 'a pod that would fit on no new node refuses before anything is touched',
    world: {
      objects: [web, deployment('big', 1, { memory: '12Gi' })],
      nodeGroups: [
        {
          nodes: 3,
          green: {
            tags: { 'k8s.io/cluster-autoscaler/node-template/resources/memory': '7Gi', 'simulated/memory': '7Gi' }
          }
        }
      ]
    },
    steps: refusedFor('fits-nowhere'),
    end: 'as-found'
  },
  {
    name: 'selects-old-nodes',
    story: 'a pod that selects a label which the new nodes lack refuses before anything is touched',
    world: {
      objects: [web, deployment('picky', 2, { pod: { nodeSelector: { disk: 'fast' } } })],
      nodeGroups: [
        {
          nodes: 3,
          blue: { tags: { 'k8s.io/cluster-autoscaler/node-template/label/disk': 'fast' } },
          green: { tags: { 'k8s.io/cluster-autoscaler/node-template/label/disk': 'slow' } }
        }
      ]
    },
    steps: refusedFor('fits-nowhere'),
    end: 'as-found'
  },
  {
    name: 'tainted-nodes',
    story: 'pods follow the taints that both sides have',
    world: {
      objects: [
        deployment('gpu', 3, { pod: { tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }] } })
      ],
      nodeGroups: [
        {
          nodes: 3,
          blue: { tags: { 'k8s.io/cluster-autoscaler/node-template/taint/gpu': 'true:NoSchedule' } },
          green: { tags: { 'k8s.io/cluster-autoscaler/node-template/taint/gpu': 'true:NoSchedule' } }
        }
      ]
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'scaled-up-beyond-room',
    story: 'pods that find no room pause the evictions, and the run continues when there is room',
    world: { objects: [deployment('web', 6, { memory: '6Gi', readyAfter: '2s' })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { moved: 2 }, do: scaledTo('web', 9) },
          { when: { at: 400_000 }, do: scaledTo('web', 5) }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'rollout-meanwhile',
    story: 'a rollout of others during the run is named, not judged',
    world: { objects: [web, deployment('api', 4, { readyAfter: '3s' })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 2 },
            do: changed('Deployment', 'api', { spec: { template: { metadata: { annotations: { release: '2' } } } } })
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'deleted-meanwhile',
    story: 'a workload that is deleted during the run is not missed',
    world: { objects: [web, deployment('old', 6, { readyAfter: '3s' })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 3 },
            do: (lab) => void lab.cluster.remove('Deployment', 'shop', 'old', { propagationPolicy: 'Background' })
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'namespace-ends',
    story: 'a namespace that is being deleted lets its pods go by itself',
    world: { objects: [web, deployment('tmp', 3, { namespace: 'preview', stopsAfter: '20s' })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { stage: 'cordon' }, do: (lab) => void lab.cluster.remove('Namespace', undefined, 'preview') }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    mayBeDown: ['preview/Deployment/tmp'],
    end: 'swapped'
  },
  {
    name: 'ignores-sigterm',
    story: 'pods that ignore SIGTERM take their whole grace, and are waited for',
    world: {
      objects: [deployment('web', 4, { stopsAfter: 'never', pod: { terminationGracePeriodSeconds: 60 } })],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'stuck-terminating',
    story: 'a pod whose containers have ended and that only a finalizer keeps holds nothing up',
    world: { objects: [web, deployment('kept', 2, { readyAfter: '2s' })], nodeGroups: small },
    settings: quick,
    steps: [
      {
        before(lab) {
          const [pod] = podsOfApp(lab, 'kept')
          if (pod)
            lab.cluster.patch('Pod', 'shop', pod.metadata.name, { metadata: { finalizers: ['shop/keep'] } }, 'merge')
        },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'cordoned-before',
    story: 'a node that an operator had cordoned stays cordoned after a revert',
    world: { objects: shopObjects({ readyAfter: undefined }), nodeGroups: [badNodes()] },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [
      {
        before(lab) {
          const [node] = lab.nodesOf(groupName(lab, 'active'))
          if (node) lab.cluster.patch('Node', undefined, node.metadata.name, { spec: { unschedulable: true } }, 'merge')
        },
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'as-found',
    check(lab) {
      const cordoned = lab.nodesOf(groupName(lab, 'active')).filter((node) => node.spec?.unschedulable)
      return cordoned.length === 1 ? [] : [`${cordoned.length} nodes are cordoned, not 1`]
    }
  },
  {
    name: 'foreign-nodes',
    story: 'foreign nodes and pods are not touched, and count as room',
    world: { objects: [web], nodeGroups: small, foreignNodes: 2 },
    settings: quick,
    steps: upgraded,
    end: 'swapped',
    check: (lab) => (nodeOf(lab, 'web').length === 4 ? [] : ['web has not four pods'])
  },
  {
    name: 'own-pod',
    story: 'a run inside a pod on a node that would be emptied refuses',
    world: { objects: [web, statefulSet('runner', 1)], nodeGroups: small },
    steps: [
      {
        ports: { ownPod: { namespace: 'shop', name: 'runner-0' } },
        expect: { outcome: 'refused', rules: ['own-pod'], writes: 0 }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'critical-last',
    story: 'critical pods go last',
    world: {
      objects: [web, deployment('dns', 2, { pod: { priorityClassName: 'system-cluster-critical' }, readyAfter: '2s' })],
      nodeGroups: small
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'workload-scaled-to-zero',
    story: 'a workload that is scaled to zero during the run is not missed',
    world: { objects: [web, deployment('batch', 5, { readyAfter: '3s' })], nodeGroups: small },
    settings: quick,
    steps: [
      { timedEvents: [{ when: { moved: 2 }, do: inTurn(scaledTo('batch', 0)) }], expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  }
]
