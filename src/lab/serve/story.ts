/** Says in lines what happens in a served world, so that the person who keeps it up sees what others do to it. */
import type { AwsCall } from '../aws/http.ts'
import type { Lab } from '../joined/lab.ts'
import type { LabRequest } from '../kubernetes/http.ts'
import { conditionOf, type KubeObject, podReady } from '../kubernetes/object.ts'
import type { StoreChange } from '../kubernetes/store.ts'

export interface Story {
  /** For the servers: what callers ask for, and how it was answered. */
  onCall(call: AwsCall): void
  onRequest(request: LabRequest, code: number): void
  end(): void
}

/** From now on. Reading is not told, writing is. */
export function tellStory({ aws, cluster }: Pick<Lab, 'aws' | 'cluster'>, say: (line: string) => void): Story {
  const refused = new Set<string>()
  const stops = [
    aws.listen({
      onLaunched: ({ id, zone }, { name }) => say(`instance ${id} launched in ${name} (${zone})`),
      onInService: ({ id }, { name }) => say(`instance ${id} of ${name} is in service`),
      onTerminating: ({ id }, { name }) => say(`instance ${id} of ${name} is shutting down`),
      onTerminated: ({ id }, { name }) => say(`instance ${id} of ${name} is terminated`)
    }),
    cluster.store.listen((change) => {
      for (const line of linesOf(change)) say(line)
    })
  ]
  return {
    onCall({ action, input, code }) {
      if (/^(Describe|Get|List)/.test(action)) return
      const about = input.AutoScalingGroupName ?? input.LaunchTemplateName ?? input.LaunchTemplateId ?? input.InstanceId
      say(`AWS: ${action}${about === undefined ? '' : ` ${about}`}${code === undefined ? '' : ` was refused: ${code}`}`)
    },
    onRequest({ info, query }, code) {
      if (info?.subresource !== 'eviction' || query.has('dryRun')) return
      const pod = `${info.namespace}/${info.name}`
      if (code === 201) {
        refused.delete(pod)
        say(`pod ${pod} evicted`)
        // It is asked again and again: once is enough.
      } else if (code === 429 && !refused.has(pod)) {
        refused.add(pod)
        say(`the eviction of pod ${pod} was refused by its disruption budget`)
      }
    },
    end() {
      for (const stop of stops) stop()
    }
  }
}

function linesOf({ type, object, before }: StoreChange): string[] {
  const { name, namespace } = object.metadata
  switch (object.kind) {
    case 'Node':
      return type === 'ADDED'
        ? [`node ${name} joined`]
        : type === 'DELETED'
          ? [`node ${name} is gone`]
          : before
            ? nodeLines(object, before)
            : []
    case 'Pod':
      if (!before || type !== 'MODIFIED') return []
      if (podReady(object) && !podReady(before)) return [`pod ${namespace}/${name} is ready on ${object.spec.nodeName}`]
      return []
    case 'Deployment':
    case 'StatefulSet': {
      const [from, to] = [before?.spec.replicas, object.spec.replicas]
      if (type !== 'MODIFIED' || from === to) return []
      return [`${object.kind.toLowerCase()} ${namespace}/${name} scaled from ${from} to ${to}`]
    }
    case 'Lease': {
      const holder = type === 'DELETED' ? undefined : object.spec?.holderIdentity
      if (namespace === 'kube-node-lease' || holder === before?.spec?.holderIdentity) return []
      return [`lease ${namespace}/${name} ${holder ? `held by ${holder}` : 'released'}`]
    }
    default:
      return []
  }
}

function nodeLines(node: KubeObject, before: KubeObject): string[] {
  const { name } = node.metadata
  const lines: string[] = []
  const [was, is] = [before, node].map((one) => conditionOf(one, 'Ready')?.status)
  if (was !== is && is !== undefined) lines.push(`node ${name} is ${is === 'True' ? 'Ready' : 'not Ready'}`)
  if (Boolean(before.spec?.unschedulable) !== Boolean(node.spec?.unschedulable))
    lines.push(`node ${name} ${node.spec?.unschedulable ? 'cordoned' : 'uncordoned'}`)
  return lines
}
