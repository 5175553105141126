/** Whole runs from end to end: all goes well, or something stops it and it reverts. */

import { budget, deployment, shopObjects } from '../joined/workloads.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes, crashing, resized, scaledTo, tagged, uncordoned, unready } from './user-actions.ts'

const shop = { objects: shopObjects() }
/** Its nodes say when its pods become ready. */
const plainShop = shopObjects({ readyAfter: undefined })
const asked = { soakMs: 60_000 }

export const wholeRuns: readonly Scenario[] = [
  {
    name: 'calm-upgrade',
    story: 'a calm upgrade moves sixty pods without a gap',
    world: shop,
    steps: [{ expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'second-run',
    story: 'a second run finds nothing to do and writes nothing',
    world: shop,
    settings: asked,
    steps: [{ expect: { outcome: 'upgraded' } }, { expect: { outcome: 'unchanged', writes: 0 } }],
    end: 'swapped'
  },
  {
    name: 'plan-only',
    story: 'a plan looks at everything and writes nothing',
    world: shop,
    steps: [{ mode: 'plan', expect: { outcome: 'planned', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'new-pods-never-ready',
    story: 'pods that never become ready on the new nodes are moved back',
    world: { objects: plainShop, nodeGroups: [badNodes()] },
    settings: { ...asked, podTimeoutMs: 120_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'pod-timeout' } }],
    end: 'as-found'
  },
  {
    name: 'broken-image',
    story: 'an application that cannot run on the new image is moved back, and its last words are quoted',
    world: shop,
    settings: { ...asked, podTimeoutMs: 120_000 },
    steps: [
      {
        before: crashing('payments', 'GLIBC_2.38 not found'),
        expect: { outcome: 'reverted', code: 'pod-timeout', says: /payments.*GLIBC_2\.38 not found/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'unready-after-moving',
    story: 'pods that become unready only after most have moved are moved back, and budgets are kept',
    world: shop,
    settings: { ...asked, podTimeoutMs: 120_000 },
    steps: [
      {
        timedEvents: [{ when: { moved: 45 }, do: unready('payments', 3) }],
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'unready-while-verifying',
    story: 'an application that falls ill during verification is moved back',
    world: shop,
    settings: { soakMs: 180_000, podTimeoutMs: 60_000 },
    steps: [
      {
        timedEvents: [{ when: { stage: 'verify' }, do: unready('cart', 2) }],
        expect: { outcome: 'reverted', says: /cart/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'no-capacity',
    story: 'without capacity at launch the run reverts, with the words of AWS',
    world: {
      objects: shopObjects(),
      nodeGroups: [
        {
          green: {
            tags: {
              'simulated/launch-fails':
                'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested.'
            }
          }
        }
      ]
    },
    settings: { launchTimeoutMs: 300_000 },
    steps: [
      { expect: { outcome: 'reverted', code: 'launch-failed', says: /do not have sufficient m7i\.large capacity/ } }
    ],
    end: 'as-found'
  },
  {
    name: 'node-never-joins',
    story: 'a node that never joins is replaced once, and then the run reverts',
    world: { objects: shopObjects(), nodeGroups: [{ green: { tags: { 'simulated/joins-after': 'never' } } }] },
    settings: { joinTimeoutMs: 120_000 },
    steps: [{ expect: { outcome: 'reverted', code: 'join-timeout', says: /second/ } }],
    end: 'as-found'
  },
  {
    name: 'one-late-node',
    story: 'one node that does not join is replaced, and the upgrade continues',
    world: { objects: shopObjects(), nodeGroups: [{ green: { tags: { 'simulated/joins-after': 'never' } } }] },
    settings: { ...asked, joinTimeoutMs: 120_000 },
    steps: [
      {
        timedEvents: [{ when: { at: 60_000 }, do: tagged('inactive', 'simulated/joins-after', undefined) }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped',
    check(lab) {
      const gone = [...lab.aws.account.machines.values()].filter(
        ({ groupName, state }) => groupName === lab.pairs[0]?.inactive && state === 'Terminated'
      )
      return gone.length === 1 ? [] : [`${gone.length} instances were replaced, not 1`]
    }
  },
  {
    name: 'budget-never-allows',
    story: 'a budget that never allows an eviction refuses before anything is touched',
    world: {
      objects: [
        ...shopObjects(),
        deployment('vault', 2, { spec: { strategy: { type: 'Recreate' } } }),
        budget('vault', { minAvailable: 2 })
      ]
    },
    steps: [{ expect: { outcome: 'refused', code: 'plan-blocked', rules: ['budget-never-allows'], writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'held-finalized',
    story: 'held after verification, then finalized',
    world: shop,
    settings: asked,
    steps: [
      { settings: { hold: true }, expect: { outcome: 'held' } },
      { mode: 'finalize', expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  },
  {
    name: 'held-reverted',
    story: 'held after verification, then reverted',
    world: shop,
    settings: asked,
    steps: [
      { settings: { hold: true }, expect: { outcome: 'held' } },
      { mode: 'revert', expect: { outcome: 'reverted', code: 'asked' } }
    ],
    end: 'as-found'
  },
  {
    name: 'held-twice',
    story: 'a second run on a cluster that is held says so again and writes nothing',
    world: shop,
    settings: { ...asked, hold: true },
    steps: [{ expect: { outcome: 'held' } }, { expect: { outcome: 'held', writes: 0 } }],
    end: 'open'
  },
  {
    name: 'others-act',
    story: 'others lower Desired, uncordon a node and scale a workload during the run',
    world: shop,
    settings: asked,
    steps: [
      {
        timedEvents: [
          { when: { stage: 'launch' }, do: resized('active', { desired: 4, min: 4 }) },
          { when: { moved: 10 }, do: uncordoned('active', 2) },
          { when: { moved: 20 }, do: scaledTo('web', 20) }
        ],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'killed-forward',
    story: 'a run killed half-way is resumed by the same command',
    world: shop,
    settings: asked,
    steps: [{ kill: { moved: 20 }, expect: { outcome: 'killed' } }, { expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'killed-back',
    story: 'a run killed during its revert resumes the revert',
    world: { objects: plainShop, nodeGroups: [badNodes()] },
    settings: { ...asked, podTimeoutMs: 60_000 },
    steps: [
      { kill: { stage: 'cordon', direction: 'reverting' }, expect: { outcome: 'killed' } },
      { expect: { outcome: 'reverted', code: 'pod-timeout' } }
    ],
    end: 'as-found'
  },
  {
    name: 'killed-then-reverted',
    story: 'a run killed half-way is reverted on request',
    world: shop,
    steps: [
      { kill: { moved: 30 }, expect: { outcome: 'killed' } },
      { mode: 'revert', expect: { outcome: 'reverted', code: 'asked' } }
    ],
    end: 'as-found'
  },
  {
    name: 'cancelled',
    story: 'a cancelled run leaves a record that goes back, and the post step goes',
    world: shop,
    steps: [
      { cancel: { moved: 20 }, expect: { outcome: 'cancelled' } },
      { recovers: true, expect: { outcome: 'reverted' } }
    ],
    end: 'as-found'
  },
  {
    name: 'cancelled-and-left',
    story: 'a cancelled run that is to be left is resumed later',
    world: shop,
    settings: { ...asked, onCancel: 'leave' },
    steps: [
      { cancel: { moved: 20 }, expect: { outcome: 'cancelled' } },
      { recovers: true, expect: { outcome: 'cancelled' } },
      { expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  },
  {
    name: 'revert-too-late',
    story: 'a revert while the old group is being retired finishes forward and says so',
    world: shop,
    settings: asked,
    steps: [
      { kill: { stage: 'retire', direction: 'retiring' }, expect: { outcome: 'killed' } },
      { mode: 'revert', expect: { outcome: 'upgraded', code: 'asked', says: /too late/ } }
    ],
    end: 'swapped'
  },
  {
    name: 'nothing-open',
    story: 'revert and finalize with nothing open change nothing',
    world: shop,
    steps: [
      { mode: 'revert', expect: { outcome: 'unchanged', writes: 0 } },
      { mode: 'finalize', expect: { outcome: 'unchanged', writes: 0 } }
    ],
    end: 'as-found'
  },
  {
    name: 'back-and-forth',
    story: 'after an upgrade another change goes the other way, from green to blue',
    world: shop,
    settings: asked,
    steps: [
      { expect: { outcome: 'upgraded' } },
      {
        before(lab) {
          const [pair] = lab.pairs
          const line = lab.templates[pair?.name ?? '']
          if (!pair || !line) return
          const [, second] = line.versions
          lab.aws.addLaunchTemplateVersion(line, { ...second?.data, ImageId: 'ami-0123456789abcdef3' })
          const group = lab.aws.world.group(pair.active)
          group.launchTemplate = { LaunchTemplateId: line.id, Version: '3' }
        },
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'open'
  }
]
