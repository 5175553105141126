/**
 * What a node of the incoming group will offer, before there is one. Said by the tags that Cluster Autoscaler reads
 * (`k8s.io/cluster-autoscaler/node-template/…`), by the user data, and else by a node of the same instance type that is there.
 * Whatever comes from none of them stays unknown.
 */
import type { ClusterView, Node, Placement, Resources, Taint, Workload } from '../model/cluster.ts'
import type { Color, Group, Json, TemplateVersion } from '../model/node-group.ts'
import { resourceAmount } from '../policy/quantity.ts'
import { fitOf, less, type Offer, plus } from '../policy/scheduling-fit.ts'
import { decodeBase64 } from './configuration.ts'

const templatePrefix = 'k8s.io/cluster-autoscaler/node-template/'

/** Labels that follow from the instance type, so that another node of the type tells them. */
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
const zoneLabels = [
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.ebs.csi.aws.com/zone'
]
/** Every new node has one that nobody can have asked for. */
const hostnameLabel = 'kubernetes.io/hostname'

type LaunchedTemplate = Pick<TemplateVersion, 'data' | 'bottlerocket'>

/**
 * One offer for each instance type and zone of the group. `alike`: nodes that were made by the same user data, so that what they all
 * are labelled with the new ones will be as well; `color` is their color, and labels with that word are not taken over.
 */
export function incomingOffers(
  incoming: Group,
  template: LaunchedTemplate,
  view: ClusterView,
  alike?: { nodes: readonly Node[]; color: Color }
): readonly Offer[] {
  const zones = incoming.zones.length > 0 ? incoming.zones : [undefined]
  const shared = alike ? sharedLabels(alike.nodes, alike.color) : {}
  const bases = instanceTypes(incoming, template.data).map((type) =>
    offerOfType(type, incoming, template, view, shared)
  )
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

function offerOfType(
  type: string | undefined,
  group: Group,
  template: LaunchedTemplate,
  view: ClusterView,
  shared: Readonly<Record<string, string>>
): Offer {
  const sample = type === undefined ? undefined : view.nodes.find((node) => node.instanceType === type)
  const text = userDataOf(template.data)
  const tags = readTemplateTags(group.tags)
  const labels: Record<string, string> = { ...shared, ...labelsOf(sample) }
  if (type !== undefined) labels['node.kubernetes.io/instance-type'] = type
  Object.assign(labels, labelsInUserData(text, template.bottlerocket), tags.labels)
  labels[hostnameLabel] = ''
  const resources: Resources = { ...sample?.allocatable, ...tags.resources }
  return {
    name: type ?? 'a new node',
    labels,
    labelsComplete: false,
    taints: distinctTaints([...tags.taints, ...taintsInUserData(text, template.bottlerocket)]),
    resources,
    // A resource that no node of the type has (a GPU) is not there; without such a node nobody knows.
    resourcesComplete: sample !== undefined && Object.keys(sample.allocatable).length > 0,
    hostPorts: []
  }
}

function inZone(offer: Offer, zone: string | undefined): Offer {
  if (zone === undefined) return offer
  const labels = { ...offer.labels, ...Object.fromEntries(zoneLabels.map((key) => [key, zone])) }
  return { ...offer, labels }
}

/** Takes away what DaemonSets will ask for on it: those that certainly run there, so that the rest is never made too small. */
function reserveDaemonSets(offer: Offer, view: ClusterView): Offer {
  const certain = view.workloads.filter((one) => one.kind === 'DaemonSet' && runsOn(one, offer))
  const asked = certain.reduce<Resources>((sum, one) => plus(sum, { pods: 1, ...one.placement.requests }), {})
  return {
    ...offer,
    resources: less(offer.resources, asked),
    hostPorts: certain.flatMap((one) => one.placement.hostPorts)
  }
}

function runsOn(daemonSet: Workload, offer: Offer): boolean {
  const anything: Placement = { ...daemonSet.placement, requests: {}, hostPorts: [] }
  const fit = fitOf(anything, { ...offer, resources: {}, resourcesComplete: false })
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
