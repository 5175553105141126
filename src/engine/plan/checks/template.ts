/** The launch templates: what the active instances were launched from, and what the inactive group would launch. */
import type { Group } from '../../model/node-group.ts'
import { shellWord } from '../../model/shell-word.ts'
import { runDiffers } from '../comparison.ts'
import { configurationOf } from '../configuration.ts'
import { autoscaling, type Blocker, describeGroup, finding, nameSome, type Warning } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import type { Findings } from './check.ts'

type Templates = Pick<PlanFacts, 'active' | 'inactive' | 'runs' | 'unknownInstances' | 'incomingTemplate' | 'template'>

export function template(facts: Templates): Findings {
  // Without a launch template there is nothing to read; group-settings.ts says so.
  const unknown = facts.active.group.launchConfiguration ? [] : templateUnknown(facts)
  const isMissing = !facts.incomingTemplate && !facts.inactive.group.launchConfiguration
  const missing = isMissing ? [templateMissing(facts.inactive.group)] : []
  return { blockers: [...unknown, ...missing], warnings: followsLatest(facts) }
}

function templateUnknown({ active, unknownInstances: ids }: Templates): readonly Blocker[] {
  if (ids.length === 0) return []
  const reason = `it cannot be read what ${nameSome(ids)} ${ids.length === 1 ? 'was' : 'were'} launched from: no template version is known for ${ids.length === 1 ? 'it' : 'them'}, or the version was deleted`
  const command = `aws autoscaling describe-auto-scaling-instances --instance-ids ${ids.slice(0, 5).join(' ')}`
  return [finding('template-unknown', active.group.name, reason, command)]
}

function templateMissing(group: Group): Blocker {
  const ref = group.template
  if (!ref) return finding('template-missing', group.name, 'it has no launch template', describeGroup(group.name))
  const reason = `its launch template ${ref.name || ref.id} has no version ${ref.version}`
  const command = `aws ec2 describe-launch-template-versions --launch-template-id ${shellWord(ref.id)}`
  return finding('template-missing', group.name, reason, command)
}

/** After a revert the failed version is still what `$Latest` means: the next node of the active group would be of it. */
function followsLatest({ active: { group, color }, runs, template: lookup }: Templates): readonly Warning[] {
  const ref = group.template
  if (!ref || /^\d+$/.test(ref.version)) return []
  const followed = lookup(ref)
  if (!followed || runs.length === 0) return []
  const next = {
    fields: configurationOf(group, followed, { name: group.name, color }, lookup),
    written: configurationOf(group, followed, undefined, lookup)
  }
  const fields = [...new Set(runs.flatMap((run) => runDiffers(run, next)))]
  if (fields.length === 0) return []
  const reason = `it follows ${ref.version} of ${ref.name || ref.id}, now version ${followed.version}, which differs from what its nodes run (${fields.join(', ')}): its next node would differ from the others`
  const version = runs[0]?.template.version ?? 'NUMBER'
  const pinned = `--launch-template LaunchTemplateId=${ref.id},Version=${version}`
  return [finding('follows-latest', group.name, reason, autoscaling('update-auto-scaling-group', group.name, pinned))]
}
