/** Auto Scaling in all its moods, and what others do to the groups during a run. */

import { budget, deployment, shopObjects } from '../joined/workloads.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes, groupName, lost, podsOfApp, resized, silenced, uncordoned } from './user-actions.ts'

const quick = { soakMs: 5_000, canaryNodes: 0 }
/** Its nodes say when its pods become ready. */
const objects = [deployment('web', 6, { stopsAfter: '2s' }), budget('web', { maxUnavailable: 1 }), deployment('api', 6)]
const small = { objects, nodeGroups: [{ nodes: 3 }] }
const upgraded = [{ expect: { outcome: 'upgraded' } }] as const
const forEver = Number.POSITIVE_INFINITY

export const groups: readonly Scenario[] = [
  {
    name: 'throttled',
    story: 'an AWS that throttles every third call is borne',
    world: small,
    settings: quick,
    steps: [
      {
        before(lab) {
          for (let after = 2; after < 200; after += 3)
            lab.aws.faults.add({ kind: 'throttle', service: 'autoscaling', after, times: 1 })
        },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'aws-away',
    story: 'an AWS that is away for two minutes while pods move is waited for',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 10 },
            do: (lab) => {
              lab.aws.faults.add({ kind: 'unavailable', times: -1 })
              lab.clock.after(120_000, () => lab.aws.faults.clear())
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'busy-group',
    story: 'ScalingActivityInProgress is tried again until the group is free',
    world: {
      objects,
      nodeGroups: [
        {
          nodes: 3,
          green: { extras: { behavior: { busyWhileScaling: true } } },
          blue: { extras: { behavior: { busyWhileScaling: true } } }
        }
      ]
    },
    settings: { soakMs: 5_000 },
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'lost-replies',
    story: 'every reply of a write to AWS is lost once, and the end is the same',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [
          'UpdateAutoScalingGroup',
          'SuspendProcesses',
          'SetInstanceProtection',
          'CreateOrUpdateTags',
          'TerminateInstanceInAutoScalingGroup',
          'ResumeProcesses',
          'DeleteTags'
        ].map((call) => ({ call, fault: { kind: 'lose-reply' as const } })),
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'late-replies',
    story: 'replies of AWS that come seven seconds late change nothing',
    world: small,
    settings: quick,
    steps: [
      {
        faults: [
          {
            call: /^(UpdateAutoScalingGroup|SetInstanceProtection)$/,
            times: forEver,
            fault: { kind: 'delay', ms: 7_000 }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'stale-groups',
    story: 'descriptions that are one look old break nothing',
    world: small,
    settings: quick,
    steps: [
      {
        before(lab) {
          for (let after = 12; after < 120; after += 4)
            lab.aws.faults.add({ kind: 'stale', action: 'DescribeAutoScalingGroups', after, times: 1 })
        },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'denied-action',
    story: 'one action that is denied ends the upgrade, and the revert needs none of it',
    world: small,
    settings: quick,
    steps: [
      {
        before: (lab) => lab.aws.faults.add({ kind: 'deny', action: 'SetInstanceProtection', times: 8 }),
        expect: { outcome: 'reverted', code: 'access-denied' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'credentials-expire',
    story: 'credentials that cannot be renewed leave time for the revert',
    world: {
      objects: [deployment('slow', 12, { readyAfter: '4m' }), budget('slow', { maxUnavailable: 1 })],
      nodeGroups: [{ nodes: 3 }]
    },
    settings: { ...quick },
    steps: [
      {
        ports: { credentialsEndAfterMs: 30 * 60_000 },
        expect: { outcome: 'reverted', code: 'time-over', says: /credentials/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'time-over',
    story: 'a run that takes too long begins to go back in time',
    world: {
      objects: [deployment('slow', 12, { readyAfter: '4m' }), budget('slow', { maxUnavailable: 1 })],
      nodeGroups: [{ nodes: 3 }]
    },
    settings: { ...quick, timeoutMs: 40 * 60_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'time-over' } }],
    end: 'as-found'
  },
  {
    name: 'desired-lowered',
    story: 'an operator who lowers Desired of the old group loses no node, and the size is restored',
    world: { objects, nodeGroups: [badNodes({ nodes: 3 })] },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [
      {
        timedEvents: [{ when: { stage: 'launch' }, do: resized('active', { min: 1, desired: 1 }) }],
        expect: { outcome: 'reverted', code: 'pod-timeout' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'incoming-lowered',
    story: 'an operator who lowers Desired of the new group during the drain loses no node',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        timedEvents: [{ when: { moved: 20 }, do: resized('inactive', { min: 0, desired: 2 }) }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'scaled-out-meanwhile',
    story: 'nodes that were added to the old group before it cordoned are not forgotten',
    world: { objects, nodeGroups: [{ nodes: 3, max: 8 }] },
    settings: { soakMs: 5_000 },
    steps: [
      {
        timedEvents: [{ when: { stage: 'launch' }, do: resized('active', { desired: 5 }) }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped',
    check(lab) {
      const { desired } = lab.aws.world.group(groupName(lab, 'inactive'))
      return desired >= 5 ? [] : [`the new group has ${desired} nodes, and the old one had grown to 5`]
    }
  },
  {
    name: 'node-opened',
    story: 'a cordoned node that an operator uncordons is cordoned again',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        timedEvents: [
          { when: { moved: 10 }, do: uncordoned('active', 3) },
          { when: { moved: 30 }, do: uncordoned('active', 3) }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'old-node-lost',
    story: 'an old node that is lost while pods move is named and blocks nothing',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [{ timedEvents: [{ when: { moved: 10 }, do: silenced('active', 1) }], expect: { outcome: 'upgraded' } }],
    mayBeDown: ['shop/Deployment/ledger', 'shop/Deployment/admin'],
    end: 'swapped'
  },
  {
    name: 'new-instance-lost',
    story: 'a new instance that is lost while pods move is replaced by its group',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [{ timedEvents: [{ when: { moved: 20 }, do: lost('inactive', 1) }], expect: { outcome: 'upgraded' } }],
    mayBeDown: ['shop/Deployment/ledger', 'shop/Deployment/admin'],
    end: 'swapped'
  },
  {
    name: 'old-instance-lost',
    story: 'an old instance that is lost before the new nodes are there stops nothing',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [{ timedEvents: [{ when: { stage: 'launch' }, do: lost('active', 2) }], expect: { outcome: 'upgraded' } }],
    mayBeDown: ['shop/Deployment/ledger', 'shop/Deployment/admin'],
    end: 'swapped'
  },
  {
    name: 'no-capacity-in-a-zone',
    story: 'a zone of old nodes in which no new one can be had is waited for, and then the run reverts',
    world: {
      objects,
      nodeGroups: [
        {
          nodes: 3,
          green: {
            tags: {
              'simulated/launch-fails':
                'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested.',
              'simulated/launch-fails-in': 'eu-west-1b'
            }
          }
        }
      ]
    },
    settings: quick,
    steps: [{ expect: { outcome: 'reverted', code: 'launch-timeout', says: /eu-west-1b/ } }],
    end: 'as-found'
  },
  {
    name: 'fatal-launch-error',
    story: 'an image that does not exist fails at once, in the words of AWS',
    world: {
      objects,
      nodeGroups: [
        {
          nodes: 3,
          green: { tags: { 'simulated/launch-fails': "The image id '[ami-0f7e57ab1edf00d02]' does not exist" } }
        }
      ]
    },
    settings: quick,
    steps: [{ expect: { outcome: 'reverted', code: 'launch-failed', says: /does not exist/ } }],
    end: 'as-found'
  },
  {
    name: 'dies-at-launch',
    story: 'instances that die at launch for a key that may not be used are reported with the reason of EC2',
    world: {
      objects,
      nodeGroups: [
        { nodes: 3, green: { extras: { behavior: { diesAtLaunch: 'Client.InternalError: Client error on launch' } } } }
      ]
    },
    settings: { ...quick, launchTimeoutMs: 300_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'launch-failed', says: /Client error on launch/ } }],
    end: 'as-found'
  },
  {
    name: 'slow-instances',
    story: 'instances that take nine minutes to join are waited for',
    world: { objects, nodeGroups: [{ nodes: 3, launchAfterMs: 120_000, joinAfterMs: 540_000 }] },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'two-active',
    story: 'two groups that both have instances refuse',
    world: { objects, nodeGroups: [{ nodes: 3, green: { input: { MaxSize: 2, DesiredCapacity: 2 } } }] },
    steps: [{ expect: { outcome: 'refused', writes: 0 } }],
    end: 'open'
  },
  {
    name: 'two-blues',
    story: 'two blue groups refuse, and both are named',
    world: { objects, nodeGroups: [{ nodes: 3, green: { tags: { 'eks-node-upgrade/color': 'blue' } } }] },
    steps: [{ expect: { outcome: 'refused', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'no-change',
    story: 'a new group that would launch what runs already is left alone',
    world: { objects, nodeGroups: [{ nodes: 3, green: { template: { ImageId: 'ami-0a11ce5eedf00d001' } } }] },
    steps: [{ expect: { outcome: 'unchanged', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'no-change-renewed',
    story: 'nodes are renewed on request, although nothing changed',
    world: { objects, nodeGroups: [{ nodes: 3, green: { template: { ImageId: 'ami-0a11ce5eedf00d001' } } }] },
    settings: { ...quick, whenUnchanged: 'renew' },
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'swap-back',
    story: 'after an upgrade the run returns to the old configuration only on request',
    world: small,
    settings: quick,
    steps: [
      { expect: { outcome: 'upgraded' } },
      { expect: { outcome: 'unchanged', writes: 0 } },
      { settings: { whenUnchanged: 'swap-back' }, expect: { outcome: 'upgraded' } }
    ],
    end: 'as-found'
  },
  {
    name: 'policy-missing',
    story: 'a scaling policy that only the active group has refuses',
    world: {
      objects,
      nodeGroups: [
        { nodes: 3, blue: { extras: { policies: [{ PolicyName: 'cpu', PolicyType: 'TargetTrackingScaling' }] } } }
      ]
    },
    steps: [{ expect: { outcome: 'refused', code: 'plan-blocked', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'refresh-running',
    story: 'an instance refresh that runs refuses',
    world: {
      objects,
      nodeGroups: [{ nodes: 3, blue: { extras: { refreshes: [{ InstanceRefreshId: 'r-1', Status: 'InProgress' }] } } }]
    },
    steps: [{ expect: { outcome: 'refused', code: 'plan-blocked', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'suspended-before',
    story: 'processes that others had suspended stay suspended, forward',
    world: {
      objects,
      nodeGroups: [
        {
          nodes: 3,
          blue: { extras: { suspended: ['AZRebalance'] } },
          green: { extras: { suspended: ['AZRebalance', 'ScheduledActions'] } }
        }
      ]
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'suspended-before-back',
    story: 'processes that others had suspended stay suspended, back',
    world: {
      objects,
      nodeGroups: [
        {
          nodes: 3,
          blue: { extras: { suspended: ['ReplaceUnhealthy'] } },
          green: { extras: { suspended: ['AZRebalance'] }, tags: { 'simulated/ready-after': 'never' } }
        }
      ]
    },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [{ expect: { outcome: 'reverted' } }],
    end: 'as-found'
  },
  {
    name: 'protected-before',
    story: 'instances that were protected before are protected after a revert',
    world: {
      objects,
      nodeGroups: [{ ...badNodes({ nodes: 3 }), blue: { input: { NewInstancesProtectedFromScaleIn: true } } }]
    },
    settings: { ...quick, podTimeoutMs: 60_000 },
    steps: [{ expect: { outcome: 'reverted' } }],
    end: 'as-found',
    check(lab) {
      const open = lab.aws.world.group(groupName(lab, 'active')).instances.filter(({ isProtected }) => !isProtected)
      return open.length === 0 ? [] : [`${open.length} instances have lost their protection`]
    }
  },
  {
    name: 'load-balancer-check',
    story: 'old nodes that fail a load balancer check while they empty are not replaced',
    world: {
      objects: shopObjects(),
      nodeGroups: [
        {
          blue: { input: { HealthCheckType: 'ELB', HealthCheckGracePeriod: 0 } },
          green: { input: { HealthCheckType: 'ELB', HealthCheckGracePeriod: 0 } }
        }
      ]
    },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 30 },
            do(lab) {
              for (const { id } of lab.aws.world.group(groupName(lab, 'active')).instances)
                lab.aws.world.failLoadBalancerCheck(id)
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'termination-hook',
    story: 'a hook that holds leaving instances for a minute is waited for',
    world: {
      objects,
      nodeGroups: [
        {
          nodes: 3,
          ...(Object.fromEntries(
            ['blue', 'green'].map((color) => [
              color,
              {
                extras: {
                  hooks: [
                    {
                      LifecycleHookName: 'drain',
                      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
                      HeartbeatTimeout: 300,
                      answersAfterMs: 60_000
                    }
                  ]
                }
              }
            ])
          ) as object)
        }
      ]
    },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'retire-takes-too-long',
    story: 'instances that do not end in time halt the run, and the same command continues it',
    world: { objects, nodeGroups: [{ nodes: 3, terminateAfterMs: 45 * 60_000 }] },
    settings: quick,
    steps: [{ expect: { outcome: 'halted', code: 'retire-timeout' } }, { expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'group-deleted',
    story: 'a group that is deleted during the run halts it',
    world: small,
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { stage: 'launch' },
            do: (lab) => void lab.aws.account.groups.delete(groupName(lab, 'inactive'))
          }
        ],
        expect: { outcome: 'halted', code: 'group-not-found' }
      }
    ],
    end: 'open'
  },
  {
    name: 'one-node',
    story: 'a group of one node is upgraded',
    world: { objects: [deployment('web', 2, { readyAfter: '3s' })], nodeGroups: [{ nodes: 1 }] },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'two-node-groups',
    story: 'with two node groups and none named both are named, and nothing is touched',
    world: { objects, nodeGroups: [{ nodes: 3 }, { name: 'batch', nodes: 2 }] },
    steps: [{ expect: { outcome: 'refused', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'the-other-group',
    story: 'the node group that is named is upgraded, and the other is not touched',
    world: { objects, nodeGroups: [{ nodes: 3 }, { name: 'batch', nodes: 2 }] },
    settings: { ...quick, group: 'batch' },
    steps: upgraded,
    end: 'open',
    check(lab) {
      const [workers, batch] = lab.pairs
      const count = (name = '') => lab.aws.world.group(name).instances.length
      const found = [count(workers?.active), count(workers?.inactive), count(batch?.active), count(batch?.inactive)]
      const pods = podsOfApp(lab, 'web').length
      return found.join() === '3,0,0,2' && pods === 6 ? [] : [`instances ${found.join()}, web ${pods}`]
    }
  },
  {
    name: 'marked-unhealthy',
    story: 'old instances that are marked unhealthy while they are drained are not replaced',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 10 },
            do(lab) {
              for (const { id } of lab.aws.world.group(groupName(lab, 'active')).instances.slice(0, 2))
                lab.aws.autoScaling
                  .setInstanceHealth({ InstanceId: id, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false })
                  .catch(() => {})
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'new-node-flaps',
    story: 'a new node that is NotReady for a minute while pods move is borne',
    world: { objects: shopObjects() },
    settings: quick,
    steps: [
      {
        timedEvents: [
          {
            when: { moved: 20 },
            do(lab) {
              const [node] = lab.nodesOf(groupName(lab, 'inactive'))
              const set = (value: string | null) =>
                node && lab.cluster.annotate('Node', undefined, node.metadata.name, { 'simulated/not-ready': value })
              set('true')
              lab.clock.after(60_000, () => set(null))
            }
          }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    mayBeDown: ['shop/Deployment/ledger', 'shop/Deployment/admin'],
    end: 'swapped'
  },
  {
    name: 'uneven-zones',
    story: 'a group whose zones are uneven stays as it is while it is upgraded',
    world: { objects, nodeGroups: [{ nodes: 4 }] },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'old-group-held-at-max',
    story: 'a group at its own Max is upgraded, and Max goes with the role',
    world: { objects, nodeGroups: [{ nodes: 3, max: 3 }] },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  },
  {
    name: 'odd-names',
    story: 'names that mean something to shells, consoles and tables do no harm',
    world: { objects, nodeGroups: [{ name: 'a|b <c> `d` ::e', nodes: 2 }] },
    settings: quick,
    steps: upgraded,
    end: 'swapped'
  }
]
