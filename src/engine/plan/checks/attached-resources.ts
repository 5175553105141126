/** What belongs to an Auto Scaling group must exist for both groups, otherwise the upgrade would lose it. Sizes follow the role. */
import { shellWord } from '../../model/shell-word.ts'
import { autoscaling, type Blocker, count, finding, nameSome, tagCommand, type Warning } from '../finding.ts'
import { placeholders } from '../own-words.ts'
import type { GroupSide, PlanFacts } from '../plan-facts.ts'
import type { Findings } from './check.ts'

type Sides = Pick<PlanFacts, 'active' | 'inactive'>

/** One kind of resource: its names on a side, and how a missing one is added to the inactive group. */
interface Kind {
  rule: Blocker['rule']
  noun: string
  names(side: GroupSide): readonly string[]
  remedy(name: string, sides: Sides): string
}

const kinds: readonly Kind[] = [
  {
    rule: 'policy-missing',
    noun: 'scaling policies',
    names: ({ companions }) => companions.policies,
    remedy: (name, sides) =>
      created('put-scaling-policy', 'describe-policies', `--policy-names ${shellWord(name)}`, sides)
  },
  {
    rule: 'schedule-missing',
    noun: 'scheduled actions',
    names: ({ companions }) => companions.scheduledActions,
    remedy: (name, sides) => {
      const named = `--scheduled-action-names ${shellWord(name)}`
      return created('put-scheduled-update-group-action', 'describe-scheduled-actions', named, sides)
    }
  },
  {
    rule: 'hook-missing',
    noun: 'lifecycle hooks',
    names: ({ companions }) => companions.hooks.map((one) => `${one.name} (${one.transition})`),
    remedy: (_name, sides) => created('put-lifecycle-hook', 'describe-lifecycle-hooks', '', sides)
  },
  {
    rule: 'target-group-missing',
    noun: 'target groups or load balancers',
    names: trafficOf,
    remedy: (name, { inactive }) => attach(inactive.group.name, name)
  },
  {
    // https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.33.0/cluster-autoscaler/cloudprovider/aws/README.md
    rule: 'autoscaler-tag-missing',
    noun: 'tags for Cluster Autoscaler',
    names: ({ group }) => Object.keys(group.tags).filter((key) => key.startsWith('k8s.io/cluster-autoscaler/')),
    remedy: (key, { active, inactive }) => tagCommand(inactive.group.name, key, active.group.tags[key] ?? '')
  }
]

export function attachedResources(sides: Sides): Findings {
  return { blockers: kinds.flatMap((kind) => missing(kind, sides)), warnings: sharedTargets(sides) }
}

function missing({ rule, noun, names, remedy }: Kind, sides: Sides): readonly Blocker[] {
  const lacks = lacking(sides, names)
  if (lacks.length === 0) return []
  const { active, inactive } = sides
  const reason = `it lacks ${noun} that ${active.group.name} has: ${nameSome(lacks, 5)}`
  const remedies = new Set(lacks.map((name) => remedy(name, sides)))
  return [finding(rule, inactive.group.name, reason, ...remedies)]
}

/** Names that the active group has and the inactive one lacks; a name may contain the group's own name and color. */
function lacking({ active, inactive }: Sides, names: Kind['names']): readonly string[] {
  const plain = (side: GroupSide, name: string) => placeholders(name, { name: side.group.name, color: side.color })
  const there = new Set(names(inactive).flatMap((name) => [name, plain(inactive, name)]))
  return names(active).filter((name) => !there.has(name) && !there.has(plain(active, name)))
}

function created(create: string, describe: string, named: string, { active, inactive }: Sides): string {
  const command = autoscaling(describe, active.group.name, ...(named === '' ? [] : [named]))
  return `Create it for ${inactive.group.name} with ${create}, as \`${command}\` shows it.`
}

function trafficOf({ group, companions }: GroupSide): readonly string[] {
  return [...new Set([...group.targetGroups, ...group.loadBalancers, ...companions.trafficSources])]
}

function attach(group: string, source: string): string {
  if (isTargetGroup(source)) {
    return autoscaling('attach-load-balancer-target-groups', group, `--target-group-arns ${shellWord(source)}`)
  }
  if (source.startsWith('arn:')) {
    return autoscaling('attach-traffic-sources', group, `--traffic-sources Identifier=${shellWord(source)}`)
  }
  return autoscaling('attach-load-balancers', group, `--load-balancer-names ${shellWord(source)}`)
}

function sharedTargets({ active, inactive }: Sides): readonly Warning[] {
  const both = trafficOf(active).filter((one) => trafficOf(inactive).includes(one))
  if (both.length === 0) return []
  const sources = count(both.length, both.some(isTargetGroup) ? 'target group' : 'load balancer')
  const reason = `both groups register their instances in ${sources}, and the run does not wait until new instances are healthy there: ${nameSome(both)}`
  const commands = both
    .filter(isTargetGroup)
    .slice(0, 3)
    .map((arn) => `aws elbv2 describe-target-health --target-group-arn ${shellWord(arn)}`)
  const remedies = commands.length > 0 ? commands : ['Watch the health of the new instances in the load balancer.']
  return [finding('target-groups', active.group.name, reason, ...remedies)]
}

function isTargetGroup(source: string): boolean {
  return source.includes(':targetgroup/')
}
