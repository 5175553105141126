/** What a kubelet writes into a pod's status about containers and addresses. */
import type { KubeObject, Raw } from './object.ts'

export interface PodState {
  phase: 'Running' | 'Succeeded' | 'Failed'
  ready: boolean
  exitCode?: number
  reason?: string
  /** The last words of a container that cannot run. */
  crash?: string
}

export function crashed(message: string): PodState {
  return { phase: 'Running', ready: false, crash: message }
}

export function containerStatuses(pod: Raw, want: PodState, now: string): Raw {
  const one = (container: Raw, state: PodState) => containerStatus(pod, container, state, now)
  const begun: PodState = { phase: 'Succeeded', ready: true, reason: 'Completed' }
  const inits = (pod.spec.initContainers ?? []).map((container: Raw) =>
    one(container, container.restartPolicy === 'Always' ? want : begun)
  )
  return {
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: pod.spec.containers.map((container: Raw) => one(container, want))
  }
}

function containerStatus(pod: Raw, { name, image }: Raw, want: PodState, now: string): Raw {
  const running = want.phase === 'Running'
  const containerID = `simulated://${pod.metadata.uid}/${name}`
  const startedAt = pod.status.startTime
  const base = { name, image, imageID: image, containerID, ready: want.ready, restartCount: 0, started: running }
  if (want.crash !== undefined) {
    const terminated = { exitCode: 1, reason: 'Error', message: want.crash, startedAt, finishedAt: now, containerID }
    const message = `back-off 5m0s restarting failed container=${name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    return {
      ...base,
      started: false,
      restartCount: 5,
      state: { waiting: { reason: 'CrashLoopBackOff', message } },
      lastState: { terminated }
    }
  }
  if (running) return { ...base, state: { running: { startedAt } }, lastState: {} }
  const terminated = {
    exitCode: want.exitCode ?? 0,
    reason: want.reason ?? 'Completed',
    startedAt,
    finishedAt: now,
    containerID
  }
  return { ...base, state: { terminated }, lastState: {} }
}

export function addressOf(node: KubeObject | Raw): string {
  const known = node.status?.addresses?.find((one: Raw) => one.type === 'InternalIP')?.address
  if (known) return known
  // EC2 names a machine after its address.
  const named = /^ip-(\d+)-(\d+)-(\d+)-(\d+)\./.exec(node.metadata.name)
  if (named) return named.slice(1).join('.')
  const hash = fnv(node.metadata.name)
  return `192.168.${(hash >>> 8) & 255}.${1 + (hash % 250)}`
}

export function podAddress(uid: string): string {
  const hash = fnv(uid)
  return `10.${64 + ((hash >>> 24) % 64)}.${(hash >>> 8) & 255}.${1 + (hash % 250)}`
}

function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash
}
