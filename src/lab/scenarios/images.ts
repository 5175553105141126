/** A new image for the nodes: by an alias that moved, by a template version that the run writes, and refused. */

import type { Image } from '@aws-sdk/client-ec2'
import { LabAwsError } from '../aws/lab-aws-error.ts'
import type { Lab } from '../joined/lab.ts'
import { budget, deployment } from '../joined/workloads.ts'
import type { ImageDescription, NodeGroupDescription, WorldDescription } from '../joined/world.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes } from './user-actions.ts'

const quick = { soakMs: 5_000, canaryNodes: 0 }
const objects = [deployment('web', 4), budget('web', { maxUnavailable: 1 })]

const parameter = '/aws/service/eks/optimized-ami/1.37/amazon-linux-2023/x86_64/standard/recommended/image_id'
const alias = `resolve:ssm:${parameter}`
const [runs, current] = ['ami-0aaaaaaaaaaaaaa01', 'ami-0bbbbbbbbbbbbbb02']

function image(ImageId: string, day: string, details: Partial<Image> = {}): ImageDescription {
  return { ImageId, Name: `amazon-eks-node-al2023-x86_64-standard-1.37-v${day}`, ...details }
}

const images = [image(runs, '20261002'), image(current, '20261119')]

/** Both groups have the image that runs; the parameter of the recommended one may mean another. */
function world(
  group: NodeGroupDescription,
  recommended = current,
  more: Partial<WorldDescription> = {}
): WorldDescription {
  const template = { ImageId: runs }
  const both = {
    blue: { ...group.blue, template: { ...template, ...group.blue?.template } },
    green: { ...group.green, template: { ...template, ...group.green?.template } }
  }
  const nodeGroups = [{ nodes: 3, ownTemplates: true, ...group, ...both }]
  return { objects, images, parameters: { [parameter]: recommended }, nodeGroups, ...more }
}

const recommended = { ...quick, ami: 'recommended' }
const upgraded = [{ expect: { outcome: 'upgraded' } }] as const
const denied = (action: string) =>
  new LabAwsError('ec2', 403, 'UnauthorizedOperation', `You are not authorized to perform: ec2:${action}`)

function versionsOf(lab: Lab, color: 'blue' | 'green') {
  const name = lab.pairs[0]?.[color] ?? ''
  const wanted = lab.aws.world.group(name).launchTemplate
  const line = lab.aws.account.templates.get(wanted?.LaunchTemplateId ?? '')
  if (!line) throw new Error(`${name} has no template`)
  return line
}

/** Green's template has these versions, by their images, and this default. */
function greenHas(expected: readonly string[], defaultVersion = 1): (lab: Lab) => readonly string[] {
  return (lab) => {
    const line = versionsOf(lab, 'green')
    const has = line.versions.map(({ data }) => data.ImageId)
    const same = JSON.stringify(has) === JSON.stringify(expected) && line.defaultVersion === defaultVersion
    return same ? [] : [`green's template has ${has.join(', ')} with default ${line.defaultVersion}`]
  }
}

function greenRuns(expected: string): (lab: Lab) => readonly string[] {
  return (lab) => {
    const wrong = lab.aws.world.group(lab.pairs[0]?.green ?? '').instances.filter(({ imageId }) => imageId !== expected)
    return wrong.map(({ id, imageId }) => `${id} runs ${imageId}`)
  }
}

const follows = (version: string) => ({ green: { version } })

export const imageScenarios: readonly Scenario[] = [
  {
    name: 'ami-recommended',
    story: 'a group that follows the latest version of its own template gets one with the recommended image, once',
    world: world({}),
    settings: recommended,
    steps: [{ expect: { outcome: 'upgraded' } }, { expect: { outcome: 'unchanged', writes: 0 } }],
    end: 'swapped',
    check: (lab) => [...greenHas([runs, current])(lab), ...greenRuns(current)(lab)]
  },
  {
    name: 'ami-current',
    story: 'a nightly run finds the recommended image on all nodes and writes nothing',
    world: world({}, runs),
    settings: recommended,
    steps: [{ expect: { outcome: 'unchanged', writes: 0 } }],
    end: 'as-found'
  },
  {
    name: 'ami-planned',
    story: 'a plan says which image it would write, and writes nothing',
    world: world({}),
    settings: recommended,
    steps: [{ mode: 'plan', expect: { outcome: 'planned', writes: 0 } }],
    end: 'as-found',
    check: greenHas([runs])
  },
  {
    name: 'ami-default-version',
    story: 'a group that follows the default version of its own template gets the new version as its default',
    world: world(follows('$Default')),
    settings: recommended,
    steps: upgraded,
    end: 'swapped',
    check: (lab) => [...greenHas([runs, current], 2)(lab), ...greenRuns(current)(lab)]
  },
  {
    name: 'ami-reverted',
    story: 'a revert removes the version that the run has written',
    world: world(badNodes()),
    settings: { ...recommended, joinTimeoutMs: 60_000, podTimeoutMs: 60_000 },
    steps: [{ expect: { outcome: 'reverted' } }],
    end: 'as-found',
    check: greenHas([runs])
  },
  {
    name: 'ami-default-version-reverted',
    story: 'a revert moves the default version back and removes the version that the run has written',
    world: world({ green: { version: '$Default', tags: { 'simulated/ready-after': 'never' } } }),
    settings: { ...recommended, joinTimeoutMs: 60_000, podTimeoutMs: 60_000 },
    steps: [{ expect: { outcome: 'reverted' } }],
    end: 'as-found',
    check: greenHas([runs])
  },
  {
    name: 'ami-killed-while-writing',
    story: 'a process that is killed right after it has written the version leaves one, and the next start uses it',
    world: world({}),
    settings: recommended,
    steps: [
      { kill: { call: 'CreateLaunchTemplateVersion', count: 1 }, expect: { outcome: 'killed' } },
      { expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped',
    check: greenHas([runs, current])
  },
  {
    name: 'ami-lost-reply',
    story: 'a lost reply to the new version writes no second one',
    world: world({}),
    settings: recommended,
    steps: [
      {
        faults: [{ call: 'CreateLaunchTemplateVersion', from: 1, fault: { kind: 'lose-reply' } }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped',
    check: greenHas([runs, current])
  },
  {
    name: 'ami-newer-version-of-others',
    changedByOthers: ['shop-workers-green versions'],
    story: 'a newer version that others write after it is not removed by the revert',
    world: world({}),
    settings: { ...recommended, launchTimeoutMs: 60_000 },
    steps: [
      {
        timedEvents: [
          {
            when: { stage: 'launch' },
            do(lab) {
              const line = versionsOf(lab, 'green')
              lab.aws.addLaunchTemplateVersion(line, { ...line.versions[0]?.data, ImageId: 'ami-0ddddddddddddddd4' })
            }
          }
        ],
        expect: { outcome: 'reverted' }
      }
    ],
    end: 'as-found',
    check: greenHas([runs, 'ami-0ddddddddddddddd4'])
  },
  {
    name: 'ami-removal-denied',
    changedByOthers: ['shop-workers-green versions'],
    story: 'a version that may not be removed any more is named, and the revert ends',
    world: world(badNodes()),
    settings: { ...recommended, joinTimeoutMs: 60_000, podTimeoutMs: 60_000 },
    steps: [
      {
        faults: [
          {
            call: 'DeleteLaunchTemplateVersions',
            from: 1,
            times: Number.POSITIVE_INFINITY,
            fault: { kind: 'error', error: denied('DeleteLaunchTemplateVersions') }
          }
        ],
        expect: { outcome: 'reverted', warns: /version 2 of this run/ }
      }
    ],
    end: 'as-found',
    check: greenHas([runs, current])
  },
  {
    name: 'ami-writing-denied',
    story: 'a role that may not write template versions is refused by the plan',
    world: world({}),
    settings: recommended,
    steps: [
      {
        faults: [
          {
            call: 'CreateLaunchTemplateVersion',
            fault: { kind: 'error', error: denied('CreateLaunchTemplateVersion') }
          }
        ],
        expect: { outcome: 'refused', rules: ['ami-permissions'] }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'ami-alias-moved',
    story: 'an alias that moved under both groups is a change, and nothing is written to a template',
    world: world({ blue: { template: { ImageId: alias } }, green: { template: { ImageId: alias } } }, runs),
    settings: recommended,
    steps: [
      { expect: { outcome: 'unchanged', writes: 0 } },
      {
        before: (lab) => lab.aws.setParameter(parameter, current),
        expect: { outcome: 'upgraded' }
      },
      { expect: { outcome: 'unchanged', writes: 0 } }
    ],
    end: 'swapped',
    check: (lab) => [...greenHas([alias])(lab), ...greenRuns(current)(lab)]
  },
  {
    name: 'ami-by-id',
    story: 'an image of one’s own is written as the recommended one is',
    world: world({}, runs),
    settings: { ...quick, ami: current },
    steps: upgraded,
    end: 'swapped',
    check: greenHas([runs, current])
  },
  refusedBecause('ami-pinned', 'a group that launches a version by its number', 'ami-template', world(follows('1'))),
  refusedBecause(
    'ami-shared-template',
    'a template that both groups launch from',
    'ami-template',
    world({ ownTemplates: false, ...follows('$Latest') })
  ),
  refusedBecause(
    'ami-parameter-missing',
    'a recommended image that no parameter names',
    'ami-missing',
    world({}, current, { parameters: {} })
  ),
  refusedBecause('ami-not-shared', 'an image that does not exist', 'ami-missing', world({}), 'ami-0eeeeeeeeeeeeeee5'),
  refusedBecause(
    'ami-other-architecture',
    'an image of another architecture',
    'ami-mismatch',
    world({}, current, { images: [image(runs, '20261002'), image(current, '20261119', { Architecture: 'arm64' })] }),
    current
  ),
  refusedBecause(
    'ami-other-family',
    'an image of another family',
    'ami-mismatch',
    world({}, current, {
      images: [
        image(runs, '20261002'),
        image(current, '', { Name: 'bottlerocket-aws-k8s-1.37-x86_64-v1.60.0-5d9ac849' })
      ]
    }),
    current
  ),
  refusedBecause(
    'ami-deprecated',
    'a deprecated image',
    'ami-deprecated',
    world({}, current, {
      images: [image(runs, '20261002'), image(current, '20261119', { DeprecationTime: '2001-01-01T00:00:00.000Z' })]
    }),
    current
  ),
  refusedBecause(
    'ami-custom-image',
    'a recommended image in place of one that AWS does not publish',
    'ami-unknown-family',
    world({}, current, { images: [image(runs, '20261002', { ImageOwnerAlias: undefined, OwnerId: '111122223333' })] })
  ),
  refusedBecause(
    'ami-alias-of-another-image',
    'an image by its id where the template names an alias',
    'ami-alias',
    world({ blue: { template: { ImageId: alias } }, green: { template: { ImageId: alias } } }, runs),
    current
  ),
  refusedBecause(
    'ami-base-not-said',
    'a new image where the groups differ in more than that',
    'ami-base',
    world({ green: { template: { InstanceType: 'm7i.xlarge' } } })
  ),
  {
    name: 'ami-base-active',
    story: 'the new version takes all settings of the active group, with the words of its own group',
    world: world({
      blue: { template: { UserData: encoded('--node-labels color=blue,group=shop-workers-blue') } },
      green: { template: { InstanceType: 'm7i.xlarge' } }
    }),
    settings: { ...recommended, amiBase: 'active' },
    steps: [{ expect: { outcome: 'upgraded' } }, { expect: { outcome: 'unchanged', writes: 0 } }],
    end: 'swapped',
    check(lab) {
      const data = versionsOf(lab, 'green').versions.at(-1)?.data
      const text = Buffer.from(data?.UserData ?? '', 'base64').toString()
      const isRight =
        text === '--node-labels color=green,group=shop-workers-green' && data?.InstanceType === 'm7i.large'
      return isRight ? [] : [`green's version is ${data?.InstanceType} with "${text}"`]
    }
  },
  {
    name: 'ami-base-inactive',
    story: 'the new version keeps the other settings of its own group, if that is said',
    world: world({ green: { template: { InstanceType: 'm7i.xlarge' } } }),
    settings: { ...recommended, amiBase: 'inactive' },
    steps: upgraded,
    end: 'swapped',
    check: (lab) =>
      versionsOf(lab, 'green').versions.at(-1)?.data.InstanceType === 'm7i.xlarge' ? [] : ['the instance type changed']
  }
]

function encoded(text: string): string {
  return Buffer.from(text).toString('base64')
}

function refusedBecause(
  name: string,
  what: string,
  rule:
    | 'ami-template'
    | 'ami-missing'
    | 'ami-mismatch'
    | 'ami-deprecated'
    | 'ami-unknown-family'
    | 'ami-alias'
    | 'ami-base',
  described: WorldDescription,
  ami = 'recommended'
): Scenario {
  const steps = [{ expect: { outcome: 'refused' as const, rules: [rule], writes: 0 } }]
  return { name, story: `${what} is refused`, world: described, settings: { ...quick, ami }, steps, end: 'as-found' }
}
