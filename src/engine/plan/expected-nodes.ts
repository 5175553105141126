/**
 * What a node of the incoming group will have, before there is one. Read from the tags that Cluster Autoscaler reads
 * (`k8s.io/cluster-autoscaler/node-template/…`), from the user data, and otherwise from a present node of the same instance type.
 * What none of them says stays unknown.
 * https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.33.0/cluster-autoscaler/cloudprovider/aws/README.md
 */
import type { ClusterView, Node, Placement, Resources, Taint, Workload } from '../model/cluster.ts'
import { hostnameLabel, zoneLabels } from '../model/names.ts'
import type { Color, Group, Json, TemplateVersion } from '../model/node-group.ts'
import { resourceAmount } from '../policy/quantity.ts'
import { fitOf, less, type NodeInfo, plus } from '../policy/scheduling-fit.ts'
import { decodeBase64 } from './own-words.ts'

const templatePrefix = 'k8s.io/cluster-autoscaler/node-template/'

/** Labels that follow from the instance type, so that another node of the type has the same. */
const labelsOfType = [
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/region'
]

type LaunchedTemplate = Pick<TemplateVersion, 'data' | 'bottlerocket'>

/**
 * One for each instance type and zone of the group. `alike`: nodes that were made by the same user data, so the new nodes will have
 * every label that all of them have; `color` is their color, and labels with that word are left out.
 */
export function expectedNodes(
  incoming: Group,
  template: LaunchedTemplate,
  view: ClusterView,
  alike?: { nodes: readonly Node[]; color: Color }
): readonly NodeInfo[] {
  const zones = incoming.zones.length > 0 ? incoming.zones : [undefined]
  const shared = alike ? sharedLabels(alike.nodes, alike.color) : {}
  const bases = instanceTypes(incoming, template.data).map((type) => {
    const sample = type === undefined ? undefined : view.nodes.find((node) => node.instanceType === type)
    const base = nodeOfType(type, sample, incoming, template)
    return { ...base, labels: { ...shared, ...base.labels } }
  })
  return bases.flatMap((base) => zones.map((zone) => reserveDaemonSets(inZone(base, zone), view)))
}

/** Instance types that the group may launch; one that is not known (attribute-based selection) is undefined. */
export function instanceTypes(group: Group, data: Json): readonly (string | undefined)[] {
  const mixed = objectOf(group.mixed)
  const overrides = mixed.Overrides ?? objectOf(mixed.LaunchTemplate).Overrides
  const named = Array.isArray(overrides) ? overrides.map((one) => textOf(objectOf(one).InstanceType)) : []
  if (named.length > 0) return [...new Set(named)]
  return [textOf(objectOf(data).InstanceType)]
}

function nodeOfType(
  type: string | undefined,
  sample: Node | undefined,
  group: Group,
  template: LaunchedTemplate
): NodeInfo {
  const text = userDataOf(template.data)
  const tags = readTemplateTags(group.tags)
  const labels: Record<string, string> = { ...labelsOf(sample) }
  if (type !== undefined) labels['node.kubernetes.io/instance-type'] = type
  Object.assign(labels, labelsInUserData(text, template.bottlerocket), tags.labels)
  // Every new node has one that cannot have been written down.
  labels[hostnameLabel] = ''
  const resources: Resources = { ...sample?.allocatable, ...tags.resources }
  return {
    name: type ?? 'a new node',
    labels,
    labelsComplete: false,
    taints: distinctTaints([...tags.taints, ...taintsInUserData(text, template.bottlerocket)]),
    resources,
    // A resource that the sample does not have (a GPU) is missing on new nodes as well; without a sample it is not known.
    resourcesComplete: sample !== undefined && Object.keys(sample.allocatable).length > 0,
    hostPorts: []
  }
}

function inZone(node: NodeInfo, zone: string | undefined): NodeInfo {
  if (zone === undefined) return node
  const labels = { ...node.labels, ...Object.fromEntries(zoneLabels.map((key) => [key, zone])) }
  return { ...node, labels }
}

/** Takes away what DaemonSets will request on it; only those that certainly run there, so that the rest is never made too small. */
function reserveDaemonSets(node: NodeInfo, view: ClusterView): NodeInfo {
  const certain = view.workloads.filter((one) => one.kind === 'DaemonSet' && runsOn(one, node))
  const requested = certain.reduce<Resources>((sum, one) => plus(sum, { pods: 1, ...one.placement.requests }), {})
  return {
    ...node,
    resources: less(node.resources, requested),
    hostPorts: certain.flatMap((one) => one.placement.hostPorts)
  }
}

function runsOn(daemonSet: Workload, node: NodeInfo): boolean {
  const placement: Placement = { ...daemonSet.placement, requests: {}, hostPorts: [] }
  const fit = fitOf(placement, { ...node, resources: {}, resourcesComplete: false })
  return fit.fits && fit.certain
}

function sharedLabels(nodes: readonly Node[], color: Color): Readonly<Record<string, string>> {
  const first = nodes[0]
  if (!first) return {}
  const ofOneNode = (key: string) => key === hostnameLabel || zoneLabels.includes(key) || labelsOfType.includes(key)
  return Object.fromEntries(
    Object.entries(first.labels).filter(
      ([key, value]) =>
        !ofOneNode(key) &&
        !`${key} ${value}`.toLowerCase().includes(color) &&
        nodes.every((node) => node.labels[key] === value)
    )
  )
}

function labelsOf(sample: Node | undefined): Readonly<Record<string, string>> {
  if (!sample) return {}
  return Object.fromEntries(Object.entries(sample.labels).filter(([key]) => labelsOfType.includes(key)))
}

function readTemplateTags(tags: Group['tags']): {
  labels: Record<string, string>
  taints: Taint[]
  resources: Record<string, number>
} {
  const labels: Record<string, string> = {}
  const taints: Taint[] = []
  const resources: Record<string, number> = {}
  for (const [tag, value] of Object.entries(tags)) {
    if (!tag.startsWith(templatePrefix)) continue
    const [kind = '', ...rest] = tag.slice(templatePrefix.length).split('/')
    const key = rest.join('/')
    if (kind === 'label') labels[key] = value
    if (kind === 'taint') taints.push(...readTaint(key, value))
    const amount = kind === 'resources' ? resourceAmount(key, value) : undefined
    if (amount !== undefined) resources[key] = amount
  }
  return { labels, taints, resources }
}

/** `value:NoSchedule`, as Cluster Autoscaler and the kubelet write it. */
function readTaint(key: string, text: string): readonly Taint[] {
  const cut = text.lastIndexOf(':')
  const effect = text.slice(cut + 1)
  if (effect !== 'NoSchedule' && effect !== 'NoExecute' && effect !== 'PreferNoSchedule') return []
  return [{ key, value: cut < 0 ? '' : text.slice(0, cut), effect }]
}

/** From `--node-labels=a=b,c=d` of the kubelet, and from the table `kubernetes.node-labels` of Bottlerocket's settings. */
export function labelsInUserData(text: string, bottlerocket?: Json): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const list of flagValues(text, 'node-labels')) {
    for (const pair of list.split(',')) {
      const [key = '', value = ''] = pair.split('=')
      // A shell variable is nothing that we could read.
      if (key !== '' && !/[$`{}]/.test(pair)) labels[key] = value
    }
  }
  for (const [key, value] of kubernetesTable(bottlerocket, 'node-labels')) {
    if (typeof value === 'string') labels[key] = value
  }
  return labels
}

/** Bottlerocket takes one taint of a key as text, and any number as a list. */
export function taintsInUserData(text: string, bottlerocket?: Json): readonly Taint[] {
  const taints: Taint[] = []
  for (const list of flagValues(text, 'register-with-taints')) {
    for (const one of list.split(',')) {
      const match = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(one)
      if (match?.[1] && !/[$`{}]/.test(one)) taints.push(...readTaint(match[1], `${match[2] ?? ''}:${match[3]}`))
    }
  }
  for (const [key, value] of kubernetesTable(bottlerocket, 'node-taints')) {
    const values = [value].flat().filter((one) => typeof one === 'string')
    taints.push(...values.flatMap((one) => readTaint(key, one)))
  }
  return taints
}

function flagValues(text: string, flag: string): readonly string[] {
  // A line that is a comment sets nothing.
  const live = text.replace(/^\s*#.*$/gm, '')
  return [...live.matchAll(new RegExp(`--${flag}[= ]["']?([^\\s"'\\]]+)`, 'g'))].map((match) => match[1] ?? '')
}

/** https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/providers/amifamily/bootstrap/bottlerocketsettings.go */
function kubernetesTable(settings: Json | undefined, name: string) {
  return Object.entries(objectOf(objectOf(objectOf(settings).kubernetes)[name]))
}

function userDataOf(data: Json): string {
  const text = textOf(objectOf(data).UserData)
  return text === undefined ? '' : (decodeBase64(text) ?? '')
}

function distinctTaints(taints: readonly Taint[]): readonly Taint[] {
  return [...new Map(taints.map((taint) => [`${taint.key}:${taint.effect}`, taint])).values()]
}

function objectOf(value: Json | undefined): { readonly [key: string]: Json | undefined } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as { readonly [key: string]: Json | undefined }) : {}
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
