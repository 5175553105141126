/** What of the whole situation stands in the way: where this process runs, versions, credentials, the match of nodes and instances. */
import type { ClusterView, Node } from '../model/cluster.ts'
import type { Color, Group } from '../model/node-group.ts'
import type { Finding } from '../model/report.ts'
import { shellWord } from '../model/shell-word.ts'
import { skewProblem } from '../policy/version-skew.ts'
import { type Launches, runDiffers } from './comparison.ts'
import { type ActiveRun, configurationOf, type TemplateLookup } from './configuration.ts'
import { finding, kubectl, nameSome } from './finding.ts'

/** None of a group's instances is a node here: then this is the wrong cluster, whatever the tags say. */
export function nodesMissing(
  active: Group,
  nodes: readonly Node[],
  view: ClusterView,
  cluster: string
): { blockers: readonly Finding[]; warnings: readonly Finding[] } {
  const known = new Set(nodes.map((node) => node.instanceId))
  const missing = active.instances.map(({ id }) => id).filter((id) => !known.has(id))
  if (missing.length === 0) return { blockers: [], warnings: [] }
  const look = "kubectl get nodes -o custom-columns='NAME:.metadata.name,ID:.spec.providerID'"
  if (nodes.length === 0) {
    const reason = `none of its ${active.instances.length} instances is a node of this cluster (${cluster}): is it the right one?`
    return { blockers: [finding('wrong-cluster', active.name, reason, look)], warnings: [] }
  }
  const nameless = namelessNodes(active, missing, view)
  if (nameless.length > 0) {
    const reason = `${nameSome(missing)} ${missing.length === 1 ? 'is' : 'are'} no node of this cluster, and ${nameSome(nameless)} ${nameless.length === 1 ? 'tells' : 'tell'} no instance (spec.providerID): the pods there might be overlooked`
    return { blockers: [finding('provider-id-missing', active.name, reason, look)], warnings: [] }
  }
  const reason = `${nameSome(missing)} ${missing.length === 1 ? 'is' : 'are'} no node of this cluster and will be terminated with the rest`
  return { blockers: [], warnings: [finding('instance-without-node', active.name, reason, look)] }
}

/** Nodes that might be one of these instances, because they look like it and say of themselves no instance. */
function namelessNodes(active: Group, missing: readonly string[], view: ClusterView): readonly string[] {
  const wanted = active.instances.filter(({ id }) => missing.includes(id))
  return view.nodes
    .filter(
      ({ instanceId, instanceType, zone }) =>
        instanceId === undefined && wanted.some((one) => one.type === instanceType && one.zone === zone)
    )
    .map(({ name }) => name)
}

/** Emptying the node that this process runs on would end the upgrade half-way. */
export function ownPodInTheWay(
  ownPod: { namespace: string; name: string } | undefined,
  view: ClusterView,
  outgoing: ReadonlySet<string>
): readonly Finding[] {
  if (!ownPod) return []
  const pod = view.pods.find((one) => one.namespace === ownPod.namespace && one.name === ownPod.name)
  if (!pod?.nodeName || !outgoing.has(pod.nodeName)) return []
  const reason = `this process runs in it, on ${pod.nodeName}, which is to be emptied: it would evict itself`
  return [
    finding(
      'own-pod',
      `${pod.namespace}/${pod.name}`,
      reason,
      `kubectl cordon ${shellWord(pod.nodeName)}   (then start this again on another node group, or outside the cluster)`,
      kubectl(pod.namespace, 'delete pod', shellWord(pod.name))
    )
  ]
}

/** The kubelet that incoming nodes will have: of the same image as now, or as the image's alias says. Unknown is not judged. */
export function kubeletSkew(
  inactive: Group,
  nodes: readonly Node[],
  runs: readonly ActiveRun[],
  launches: Launches | undefined,
  serverVersion: string
): readonly Finding[] {
  const image = launches?.written.image
  const sameImage = image !== undefined && runs.some((run) => run.written.image === image)
  const version = versionInAlias(image ?? '') ?? (sameImage ? nodes[0]?.kubeletVersion : undefined)
  const problem = version && skewProblem(version, serverVersion)
  if (!problem) return []
  const usual = `/aws/service/eks/optimized-ami/${serverVersion}/amazon-linux-2023/x86_64/standard/recommended/image_id`
  const server = /^v?(\d+\.\d+)/.exec(serverVersion)?.[1] ?? serverVersion
  const same = versionInAlias(image ?? '') && image?.replace('resolve:ssm:', '').replace(version, server)
  const remedy = `aws ssm get-parameter --name ${shellWord(same || usual)}`
  return [finding('version-skew', inactive.name, problem, remedy)]
}

/** `resolve:ssm:/aws/service/eks/optimized-ami/1.33/…`, `…/bottlerocket/aws-k8s-1.33/…` */
export function versionInAlias(image: string): string | undefined {
  if (!image.startsWith('resolve:ssm:')) return undefined
  return /(?:optimized-ami\/|aws-k8s-|EKS_Optimized-|eks(?:-pro)?\/[\d.]+\/)(\d+\.\d+)/.exec(image)?.[1]
}

/** After a revert the failed version is still what `$Latest` means: the active group's next node would be of it. */
export function followsLatest(
  active: Group,
  color: Color,
  runs: readonly ActiveRun[],
  lookup: TemplateLookup
): readonly Finding[] {
  const ref = active.template
  if (!ref || /^\d+$/.test(ref.version)) return []
  const followed = lookup(ref)
  if (!followed || runs.length === 0) return []
  const next = {
    fields: configurationOf(active, followed, { name: active.name, color }, lookup),
    written: configurationOf(active, followed, undefined, lookup)
  }
  const differing = [...new Set(runs.flatMap((run) => runDiffers(run, next)))]
  if (differing.length === 0) return []
  const reason = `it follows ${ref.version} of ${ref.name || ref.id}, which is version ${followed.version} now and differs from what it runs (${differing.join(', ')}): its next node would not be like the others`
  const version = runs[0]?.template.version ?? 'NUMBER'
  const pin = `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${shellWord(active.name)} --launch-template LaunchTemplateId=${ref.id},Version=${version}`
  return [finding('follows-latest', active.name, reason, pin)]
}

/** Times that end before the forecast does. */
export function timesTooShort(
  times: { credentialsExpireAt?: number; timeoutMs: number; now: number },
  estimateMs: number
): readonly Finding[] {
  const { credentialsExpireAt, timeoutMs, now } = times
  const found: Finding[] = []
  if (credentialsExpireAt !== undefined && credentialsExpireAt < now + estimateMs) {
    const reason = `the AWS credentials end in ${minutes(credentialsExpireAt - now)}, and the upgrade takes about ${minutes(estimateMs)}; it would begin to put everything back before`
    found.push(finding('credentials-end', 'credentials', reason, '--role-to-assume ARN   (refreshed during the run)'))
  }
  if (timeoutMs < estimateMs) {
    const reason = `the run may take ${minutes(timeoutMs)}, and the upgrade takes about ${minutes(estimateMs)}`
    found.push(
      finding('timeout-short', 'timeout-minutes', reason, `--timeout-minutes ${Math.ceil(estimateMs / 30_000)}`)
    )
  }
  return found
}

function minutes(ms: number): string {
  return `${Math.max(0, Math.round(ms / 60_000))} min`
}
