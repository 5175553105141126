/** The image that was asked for: it must exist and run on these nodes, and its group's launch template must be able to take it. */
import type { Image } from '../../model/image.ts'
import type { Json } from '../../model/node-group.ts'
import { shellWord } from '../../model/shell-word.ts'
import { skewProblem } from '../../policy/version-skew.ts'
import { runDiffers } from '../comparison.ts'
import { groupFields } from '../configuration.ts'
import { autoscaling, type Blocker, finding } from '../finding.ts'
import { type ImageTarget, templatesInUse } from '../image-choice.ts'
import { familyInName } from '../image-family.ts'
import type { PlanFacts } from '../plan-facts.ts'
import { type Findings, nothing } from './check.ts'

type Asked = Pick<
  PlanFacts,
  | 'settings'
  | 'active'
  | 'inactive'
  | 'nodes'
  | 'runs'
  | 'launches'
  | 'images'
  | 'choice'
  | 'compared'
  | 'serverVersion'
  | 'deniedTemplateWrites'
  | 'now'
>

export function image(facts: Asked): Findings {
  const { choice } = facts
  if (!choice) return nothing
  const unfit = choice.targets.flatMap((target) => wantedImage(target, facts))
  if (unfit.length > 0) return { blockers: unfit, warnings: [] }
  const blockers = [
    ...choice.writes.flatMap(({ target }) => writable(target, facts)),
    ...base(facts),
    ...permissions(facts)
  ]
  return { blockers, warnings: [] }
}

function wantedImage(target: ImageTarget, facts: Asked): readonly Blocker[] {
  const { settings, images, inactive } = facts
  const { wanted, alias, parameter } = target
  if (alias !== undefined && settings.ami !== 'recommended' && wanted !== settings.ami)
    return [aliasMeans(target, facts)]
  if (wanted === undefined) {
    if (parameter === undefined) return [unknownFamily(target, facts)]
    const reason = `there is no SSM parameter ${parameter}${alias === undefined ? '' : ', by which its launch template names the image'}`
    const look = `aws ssm get-parameter --name ${shellWord(parameter)}`
    return [finding('ami-missing', inactive.group.name, reason, look)]
  }
  const found = images?.images.find(({ id }) => id === wanted)
  const look = `aws ec2 describe-images --image-ids ${wanted} --include-deprecated`
  if (!found) {
    return [
      finding('ami-missing', wanted, 'there is no such image in this region, or this account may not use it', look)
    ]
  }
  if (found.state !== 'available') {
    return [finding('ami-missing', wanted, `the image is ${found.state || 'in no known state'}`, look)]
  }
  const { deprecatedAt } = found
  if (deprecatedAt !== undefined && deprecatedAt <= facts.now) {
    const reason = `the image ${found.name} is deprecated since ${new Date(deprecatedAt).toISOString().slice(0, 10)}`
    return [finding('ami-deprecated', wanted, reason, 'Name a newer image, or use `--ami recommended`.')]
  }
  return [...mismatch(found, target, facts), ...rootSnapshot(found, target, facts)]
}

function aliasMeans({ alias = '', current }: ImageTarget, { settings, inactive }: Asked): Blocker {
  const means = current === undefined ? 'does not exist' : `means ${current} now`
  const reason = `its launch template names the image by the SSM parameter ${alias}, which ${means}, and ${settings.ami} was asked for`
  const follow = 'Use `--ami recommended`: it follows the parameter.'
  return finding('ami-alias', inactive.group.name, reason, follow, `aws ssm get-parameter --name ${shellWord(alias)}`)
}

function unknownFamily({ current = '' }: ImageTarget, { inactive, images }: Asked): Blocker {
  const image = images?.images.find(({ id }) => id === current)
  const seen = image
    ? `its image ${current} (${image.name || 'without a name'}, of account ${image.owner}) is none that AWS publishes for EKS`
    : `its image ${current} does not exist any more`
  const reason = `${seen}, so it is not known which one is recommended in its place`
  const name = 'Name the image itself once: `--ami ami-…`.'
  const alias = 'Or name the image in the launch template by an SSM parameter: `resolve:ssm:NAME`.'
  return finding('ami-unknown-family', inactive.group.name, reason, name, alias)
}

/** What runs now says what fits: the image that the template has, else the nodes of the active group. */
function mismatch(wanted: Image, { current }: ImageTarget, facts: Asked): readonly Blocker[] {
  const present = facts.images?.images.find(({ id }) => id === current)
  const architecture = present?.architecture ?? nodeArchitecture(facts)
  const problems: string[] = []
  if (architecture !== undefined && wanted.architecture !== architecture) {
    problems.push(`it is for ${wanted.architecture || 'an unknown architecture'}, and the nodes are ${architecture}`)
  }
  if (present && wanted.windows !== present.windows) {
    problems.push(
      `it is ${wanted.windows ? 'Windows' : 'Linux'}, and the nodes run ${present.windows ? 'Windows' : 'Linux'}`
    )
  }
  const family = familyInName(wanted.name)
  const was = present && familyInName(present.name)
  if (family && was && family.name !== was.name) {
    problems.push(`it is ${family.name}, and the nodes run ${was.name}, whose user data is another one`)
  }
  const skew = family && skewProblem(family.kubernetes, facts.serverVersion)
  if (skew) problems.push(skew)
  return problems.map((reason) =>
    finding('ami-mismatch', wanted.id, reason, 'Name an image of the same family and architecture.')
  )
}

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-arch */
const kubernetesArchitectures: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'arm64' }

function nodeArchitecture({ nodes }: Asked): string | undefined {
  return kubernetesArchitectures[nodes[0]?.labels['kubernetes.io/arch'] ?? '']
}

/** The root volume comes from the image, unless the template names a snapshot for it: then an old one would boot. */
function rootSnapshot({ rootDevice }: Image, { version }: ImageTarget, { inactive }: Asked): readonly Blocker[] {
  const { BlockDeviceMappings: mappings } = version.data as { BlockDeviceMappings?: readonly Json[] }
  const root = (mappings ?? []).find((one) => (one as { DeviceName?: Json }).DeviceName === rootDevice)
  const snapshot = (root as { Ebs?: { SnapshotId?: string } } | undefined)?.Ebs?.SnapshotId
  if (rootDevice === undefined || snapshot === undefined) return []
  const reason = `its launch template creates the root volume ${rootDevice} from ${snapshot}, so the new image would not be what boots`
  return [
    finding('ami-root-snapshot', inactive.group.name, reason, 'Remove SnapshotId from this device in the template.')
  ]
}

function writable({ ref, version }: ImageTarget, { active, inactive }: Asked): readonly Blocker[] {
  const name = inactive.group.name
  const template = ref.name || version.name || ref.id
  const isShared = templatesInUse(active.group).has(ref.id)
  const isNumber = ref.version !== '$Latest' && ref.version !== '$Default'
  if (!isShared && !isNumber) return []
  const reason = isShared
    ? `it launches from ${template}, as ${active.group.name} does, so a new version could reach the active group as well`
    : `it launches version ${ref.version} of ${template} by its number, so a new version would not reach it`
  const why = 'This run does not do that itself: it would need ec2:RunInstances and iam:PassRole.'
  return [finding('ami-template', name, `${reason}. ${why}`, ...ownTemplateCommands(ref.id, name, isShared, inactive))]
}

function ownTemplateCommands(
  id: string,
  group: string,
  isShared: boolean,
  { group: { mixed } }: Asked['inactive']
): readonly string[] {
  const own = `${group}-template`
  const follow = (template: string) =>
    autoscaling('update-auto-scaling-group', group, `--launch-template ${shellWord(`${template},Version=$Latest`)}`)
  const inPolicy =
    'In its mixed instances policy set LaunchTemplateSpecification to a template of its own with Version $Latest.'
  if (!isShared) return [mixed === undefined ? follow(`LaunchTemplateId=${id}`) : inPolicy]
  const data = `"$(aws ec2 describe-launch-template-versions --launch-template-id ${id} --versions '$Latest' --query 'LaunchTemplateVersions[0].LaunchTemplateData')"`
  const create = `aws ec2 create-launch-template --launch-template-name ${shellWord(own)} --launch-template-data ${data}`
  return [mixed === undefined ? `${create} && ${follow(`LaunchTemplateName=${own}`)}` : inPolicy]
}

/** Only for what a version would be written for, and only settings that are the template's. */
function base({ settings, choice, inactive, runs, launches, compared }: Asked): readonly Blocker[] {
  if (settings.amiBase !== undefined || !launches || choice?.writes.length === 0) return []
  if (compared?.verdict === 'unchanged') return []
  const ofGroup: readonly string[] = Object.values(groupFields)
  const fields = new Set(runs.flatMap((run) => runDiffers(run, launches)))
  const others = [...fields].filter((field) => field !== 'image' && !ofGroup.includes(field)).sort()
  if (others.length === 0) return []
  const reason = `it differs from what the active group runs in more than the image: ${others.join(', ')}`
  return [
    finding(
      'ami-base',
      inactive.group.name,
      reason,
      'Take these settings from the active group with `--ami-base active`.',
      'Or keep those of this group with `--ami-base inactive`.'
    )
  ]
}

function permissions({ deniedTemplateWrites: denied = [], inactive }: Asked): readonly Blocker[] {
  if (denied.length === 0) return []
  const reason = `the new version of its launch template takes ${denied.map((action) => `ec2:${action}`).join(', ')}, which is denied`
  return [finding('ami-permissions', inactive.group.name, reason, 'Attach examples/iam-policy-ami.json to the role.')]
}
