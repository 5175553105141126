/** Marks of a run without a record that explains them: the record was removed, and only the tags say what was found. */

import type { Node } from '../model/cluster.ts'
import { cordonedByMark, originalsTag, runTag } from '../model/names.ts'
import { commandText } from '../model/next-command.ts'
import type { Group } from '../model/node-group.ts'
import type { Reason } from '../model/report.ts'
import { shellWord } from '../model/shell-word.ts'
import { untagCommand } from '../plan/finding.ts'
import type { NodeGroupPair } from '../plan/node-group-pair.ts'
import { reasonOf } from '../record/recorder.ts'
import type { RunContext } from './run-context.ts'

export function marksWithoutRecord({ ports, group, settings }: RunContext, pair: NodeGroupPair): Reason | undefined {
  const tagged = [pair.blue, pair.green].filter((one) => one.tags[runTag] !== undefined)
  const ids = new Set([pair.blue, pair.green].flatMap((one) => one.instances.map((instance) => instance.id)))
  const cordoned = ports.cluster
    .view()
    .nodes.filter((node) => node.cordonedBy !== undefined && node.instanceId !== undefined && ids.has(node.instanceId))
  if (tagged.length === 0 && cordoned.length === 0) return undefined
  const seen = [
    ...tagged.map((one) => `${one.name} has the tag ${runTag}=${one.tags[runTag]}, ${originalsOf(one)}`),
    ...cordoned.slice(0, 3).map((node) => `${node.name} was cordoned by run ${node.cordonedBy}`)
  ]
  return reasonOf(
    'record-missing',
    `${group} has marks of a run but no record of it: ${seen.join('; ')}. Nothing was changed.`,
    `Restore the record from a backup of ConfigMap kube-system/eks-node-upgrade. Without one, restore the named settings by hand and remove the marks: ${removals(tagged, cordoned).join(' && ')}. Then run ${commandText('plan', settings, group)}.`
  )
}

function originalsOf(group: Group): string {
  const originals = group.tags[originalsTag]
  return originals === undefined ? 'without the tag of its original settings' : `originally ${originals}`
}

function removals(tagged: readonly Group[], cordoned: readonly Node[]): readonly string[] {
  const untag = tagged.flatMap((one) => [untagCommand(one.name, runTag), untagCommand(one.name, originalsTag)])
  if (cordoned.length === 0) return untag
  const nodes = cordoned.map((node) => shellWord(node.name)).join(' ')
  return [...untag, `kubectl uncordon ${nodes}`, `kubectl annotate node ${nodes} ${cordonedByMark}-`]
}
