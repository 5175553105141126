/** Pods that must not be evicted: nothing would recreate them, or their data would be lost. */
import { type Blocker, count, finding, nameSome } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import type { OutgoingWorkload } from '../planned-moves.ts'
import type { Findings } from './check.ts'

const refusing = ['no-controller', 'orphan-daemonset', 'emptydir'] as const

const remedies: Readonly<Record<(typeof refusing)[number], string>> = {
  'no-controller':
    'Give it a controller such as a Deployment, or accept that it is lost with `--pods-without-controller evict`.',
  'orphan-daemonset':
    'Create its DaemonSet again, or accept that the pods are lost with `--pods-without-controller evict`.',
  emptydir: 'Keep the data on a persistent volume, or accept that it is lost with `--emptydir-data delete`.'
}

export function pods({ moves }: { moves: Pick<PlanFacts['moves'], 'workloads'> }): Findings {
  return { blockers: moves.workloads.flatMap(refused), warnings: [] }
}

function refused({ owner, label, pods }: OutgoingWorkload): readonly Blocker[] {
  return refusing.flatMap((rule) => {
    const those = pods.filter(({ verdict }) => verdict.kind === 'refuse' && verdict.rule === rule)
    const first = those[0]
    if (!first) return []
    const names = nameSome(those.map(({ pod }) => pod.name))
    const reason =
      rule === 'emptydir'
        ? `${count(those.length, 'pod')} with data in an emptyDir, which does not move: ${names}`
        : `${first.verdict.why}: ${names}`
    const object = rule === 'no-controller' ? `${owner.namespace}/${owner.name}` : label
    return [finding(rule, object, reason, remedies[rule])]
  })
}
