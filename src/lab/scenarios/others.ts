/** Others act at the same time: people at a console, Terraform, AZRebalance. The smallest cases of what went wrong once. */
import { budget, deployment } from '../joined/workloads.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes, groupName, lost, resized } from './user-actions.ts'

const quick = { soakMs: 5_000, canaryNodes: 0, stableMs: 1000 }
const web = deployment('web', 4, { readyAfter: '2s', stopsAfter: '2s' })
const small = [{ nodes: 3 }]
const everywhere = { tolerations: [{ operator: 'Exists' }] }

export const others: readonly Scenario[] = [
  {
    name: 'record-of-another-group',
    story: 'a record of another group that cannot be read keeps nobody from going back',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      { kill: { moved: 2 }, expect: { outcome: 'killed' } },
      {
        mode: 'revert',
        before: (lab) =>
          void lab.cluster.patch(
            'ConfigMap',
            'kube-system',
            'eks-node-upgrade',
            { data: { 'batch-00000000': JSON.stringify({ version: 2, group: 'batch' }) } },
            'merge'
          ),
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'rebalance-kept',
    story: 'an instance that AZRebalance adds for a moment at the end is not kept for good',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { stage: 'retire', direction: 'retiring' },
            do: (lab) => {
              const g = lab.aws.world.group(groupName(lab, 'inactive'))
              for (const one of g.instances) Object.assign(one, { zone: 'eu-west-1a' })
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'open',
    check(lab) {
      const g = lab.aws.world.group(groupName(lab, 'inactive'))
      return g.desired === 3 ? [] : [`Desired was 3 and is ${g.desired}, Max ${g.maxSize}`]
    }
  },
  {
    name: 'pod-clock-while-launching',
    story: 'the time in which moves wait for a lost new node is not held against the pods',
    world: {
      objects: [deployment('slow', 6, { readyAfter: '20s' }), budget('slow', { maxUnavailable: 1 })],
      nodeGroups: [{ nodes: 3, launchAfterMs: 60_000, joinAfterMs: 300_000 }]
    },
    settings: { ...quick, podTimeoutMs: 180_000, joinTimeoutMs: 900_000, launchTimeoutMs: 900_000 },
    steps: [{ timedEvents: [{ when: { moved: 2 }, do: lost('inactive', 0) }], expect: { outcome: 'upgraded' } }],
    mayBeDown: ['shop/Deployment/slow'],
    end: 'swapped'
  },
  {
    name: 'cordon-on-one-stale-look',
    story: 'the first old node is not cordoned on a single look that may be old',
    world: { objects: [web], nodeGroups: [{ nodes: 3, joinAfterMs: 110_000 }] },
    settings: { ...quick, stableMs: 30_000, joinTimeoutMs: 120_000 },
    steps: [
      {
        timedEvents: [
          {
            when: { call: 'TerminateInstanceInAutoScalingGroup', count: 1 },
            do: (lab) => {
              for (let i = 0; i < 8; i++)
                lab.aws.faults.add({ kind: 'stale', action: 'DescribeAutoScalingGroups', times: 1 })
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'old-look-at-retire',
    story: 'in a revert Desired goes to zero on a fresh look only',
    world: {
      objects: [deployment('web', 4, { stopsAfter: '2s' }), budget('web', { maxUnavailable: 1 })],
      nodeGroups: [badNodes({ nodes: 3 })]
    },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [
      {
        timedEvents: [
          {
            when: { stage: 'drain', direction: 'reverting' },
            do: (lab) => {
              lab.clock.after(600, () => {
                const g = lab.aws.world.group(groupName(lab, 'inactive'))
                lab.aws.autoScaling
                  .setInstanceProtection({
                    AutoScalingGroupName: g.name,
                    InstanceIds: g.instances.map((i) => i.id),
                    ProtectedFromScaleIn: false
                  })
                  .catch(() => {})
              })
            }
          }
        ],
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'standby-runaway',
    story: 'an instance in Standby does not make the end of a run raise Desired for ever',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { stage: 'retire', direction: 'retiring' },
            do: (lab) => {
              const g = lab.aws.world.group(groupName(lab, 'inactive'))
              const [one] = g.instances
              if (one)
                lab.aws.autoScaling
                  .enterStandby({
                    AutoScalingGroupName: g.name,
                    InstanceIds: [one.id],
                    ShouldDecrementDesiredCapacity: false
                  })
                  .catch(() => {})
              lab.clock.after(120_000, () =>
                lab.aws.autoScaling
                  .exitStandby({ AutoScalingGroupName: g.name, InstanceIds: [one?.id ?? ''] })
                  .catch(() => {})
              )
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'open',
    check(lab) {
      const n = [...lab.aws.account.machines.values()].filter(({ groupName: g }) => g === lab.pairs[0]?.inactive).length
      const g = lab.aws.world.group(groupName(lab, 'inactive'))
      return n <= 4 ? [] : [`${n} instances were launched for a group of 3; Desired ${g.desired}, Max ${g.maxSize}`]
    }
  },
  {
    name: 'standby-old',
    story: 'an old instance that somebody puts into Standby while pods move, and a revert',
    world: {
      objects: [web],
      nodeGroups: [badNodes({ nodes: 3, min: 1 })].map((g) => ({
        ...g,
        green: { tags: { 'simulated/launch-fails': 'the image does not exist' } }
      }))
    },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { call: 'CreateOrUpdateTags', count: 2 },
            do: (lab) => {
              lab.clock.after(1200, () => {
                const g = lab.aws.world.group(groupName(lab, 'active'))
                const [one] = g.instances
                lab.aws.autoScaling
                  .enterStandby({
                    AutoScalingGroupName: g.name,
                    InstanceIds: [one?.id ?? ''],
                    ShouldDecrementDesiredCapacity: false
                  })
                  .catch(() => {})
                lab.clock.after(120_000, () =>
                  lab.aws.autoScaling
                    .exitStandby({ AutoScalingGroupName: g.name, InstanceIds: [one?.id ?? ''] })
                    .catch(() => {})
                )
              })
            }
          }
        ],
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'open',
    mayBeDown: ['shop/Deployment/web'],
    check(lab) {
      const n = [...lab.aws.account.machines.values()].filter(({ groupName: g }) => g === lab.pairs[0]?.active).length
      const g = lab.aws.world.group(groupName(lab, 'active'))
      return n <= 5 ? [] : [`${n} instances were launched for a group of 3; Desired ${g.desired}, Max ${g.maxSize}`]
    }
  },
  {
    name: 'flap-long-after-cordon',
    story: 'a new node that is NotReady for ten seconds, long after the old ones were cordoned, ends no run',
    world: {
      objects: [deployment('slow', 6, { readyAfter: '60s' }), budget('slow', { maxUnavailable: 1 })],
      nodeGroups: small
    },
    settings: { ...quick, joinTimeoutMs: 120_000 },
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 3 },
            do(lab) {
              const [node] = lab.nodesOf(groupName(lab, 'inactive'))
              const set = (value: string | null) =>
                node && lab.cluster.annotate('Node', undefined, node.metadata.name, { 'simulated/not-ready': value })
              set('true')
              lab.clock.after(10_000, () => set(null))
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'replaced-for-ever',
    story: 'nodes that never join are each replaced once at most',
    world: { objects: [web], nodeGroups: [{ nodes: 3, green: { tags: { 'simulated/joins-after': 'never' } } }] },
    settings: { ...quick, joinTimeoutMs: 120_000, timeoutMs: 7_200_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'join-timeout' } }],
    end: 'as-found',
    check(lab) {
      const n = [...lab.aws.account.machines.values()].filter(({ groupName: g }) => g === lab.pairs[0]?.inactive).length
      return n <= 6 ? [] : [`${n} instances were launched for a group of 3`]
    }
  },
  {
    name: 'node-object-deleted',
    story: 'a Node object that somebody deletes while its machine runs: nothing is terminated with pods on it',
    world: {
      objects: [deployment('web', 6, { readyAfter: '2s', stopsAfter: '2s' }), budget('web', { maxUnavailable: 1 })],
      nodeGroups: small
    },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 4 },
            do: (lab) => {
              const pods = lab.podsOn(groupName(lab, 'active')).filter((p) => p.metadata.labels?.app === 'web')
              const n = pods[0]?.spec?.nodeName
              if (n) lab.cluster.removeNode(n)
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'new-node-object-deleted',
    story: 'a new Node object that somebody deletes while its machine runs is not terminated with pods on it',
    world: {
      objects: [deployment('slow', 6, { readyAfter: '40s', stopsAfter: '2s' }), budget('slow', { maxUnavailable: 1 })],
      nodeGroups: small
    },
    settings: { ...quick, joinTimeoutMs: 60_000 },
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 3 },
            do: (lab) => {
              const pods = lab.podsOn(groupName(lab, 'inactive')).filter((p) => p.metadata.labels?.app === 'slow')
              const n = pods[0]?.spec?.nodeName
              if (n) lab.cluster.removeNode(n)
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    mayBeDown: [],
    end: 'open',
    check: () => []
  },
  {
    name: 'stop-while-record-hangs',
    story: 'a stop does not give the Lease back while its write of the record is under way',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      {
        cancel: { stage: 'drain' },
        faults: [
          {
            call: 'PUT configmaps',
            from: 0,
            times: Number.POSITIVE_INFINITY,
            about: 'reverting',
            fault: { kind: 'delay', ms: 5_000 }
          }
        ],
        expect: { outcome: 'cancelled' }
      },
      { mode: 'upgrade', expect: { outcome: 'reverted' } }
    ],
    end: 'as-found'
  },
  {
    name: 'record-gone-long-stage',
    story: 'a record that is deleted during a long stage is written again at once',
    world: { objects: [web], nodeGroups: [{ nodes: 3, joinAfterMs: 400_000 }] },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { at: 30_000 }, do: (lab) => void lab.cluster.remove('ConfigMap', 'kube-system', 'eks-node-upgrade') }
        ],
        kill: { at: 300_000 },
        expect: { outcome: 'killed' }
      },
      { expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  },
  {
    name: 'post-says-unchanged',
    story: 'the post step that finds no record but marks does not call that unchanged',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      { kill: { moved: 2 }, expect: { outcome: 'killed' } },
      {
        recovers: true,
        before: (lab) => void lab.cluster.remove('ConfigMap', 'kube-system', 'eks-node-upgrade'),
        expect: { outcome: 'halted', code: 'record-missing' }
      }
    ],
    end: 'open'
  },
  {
    name: 'waited-then-unchanged',
    story: 'a run whose record is deleted while the next one waits for the lock is not called ended',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      { kill: { moved: 2 }, expect: { outcome: 'killed' } },
      {
        timedEvents: [
          { when: { at: 10_000 }, do: (lab) => void lab.cluster.remove('ConfigMap', 'kube-system', 'eks-node-upgrade') }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'open'
  },
  {
    name: 'release-lowers-desired',
    story: 'a scale-out of the old group beside the end of a revert keeps its nodes',
    world: { objects: [web], nodeGroups: [{ nodes: 3, min: 2, max: 8 }] },
    settings: quick,
    steps: [
      { kill: { call: 'PUT configmaps', count: 1 }, expect: { outcome: 'killed' } },
      {
        recovers: true,
        expect: { outcome: 'reverted' },
        ports: { latencyMs: 1000 },
        timedEvents: [
          {
            when: { stage: 'release', direction: 'reverting' },
            do: (lab) => resized('active', { max: 8, desired: 5, min: 1 })(lab)
          }
        ]
      }
    ],
    end: 'open',
    check(lab) {
      const g = lab.aws.world.group(groupName(lab, 'active'))
      return g.desired >= 5 ? [] : [`Desired is ${g.desired}, others had raised it to 5`]
    }
  },
  {
    name: 'one-stale-look',
    story: 'a description that is one look old at the end leaves no tags',
    world: { objects: [web], nodeGroups: small },
    settings: quick,
    steps: [
      { cancel: { call: 'CreateOrUpdateTags', count: 2 }, expect: { outcome: 'cancelled' } },
      {
        recovers: true,
        before: (lab) => {
          for (let i = 0; i < 6; i++)
            lab.aws.faults.add({ kind: 'stale', action: 'DescribeAutoScalingGroups', times: 1 })
        },
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'came-back-then-revert',
    story: 'pods that came back twice before are moved by a revert all the same',
    world: {
      objects: [web, deployment('clinging', 4, { readyAfter: '2s', stopsAfter: '1s', pod: everywhere })],
      nodeGroups: small
    },
    settings: { ...quick, podTimeoutMs: 120_000, revertTimeoutMs: 900_000 },
    steps: [{ expect: { outcome: 'held' } }, { mode: 'revert', expect: { outcome: 'reverted' } }],
    mayBeDown: ['shop/Deployment/clinging'],
    end: 'open'
  }
]
