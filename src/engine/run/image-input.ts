/** Reads what the choice of an image is made of: what runs, what the templates name, what is recommended. Nothing is written. */
import { aliasOf } from '../model/image.ts'
import type { Group, NewTemplateVersion, OwnWords, TemplateVersion } from '../model/node-group.ts'
import type { Ports } from '../model/ports.ts'
import type { Settings } from '../model/settings.ts'
import { imageIn, type TemplateLookup, templateRefsOf } from '../plan/configuration.ts'
import { aliasesIn, type Choice, type ImageLooks, imageTargets } from '../plan/image-choice.ts'
import type { TemplateWrite } from '../record/record.ts'

/** Undefined if no image was asked for: then none of these permissions is needed. */
export async function readImages(
  { active, inactive }: { active: Group; inactive: Group },
  template: TemplateLookup,
  settings: Settings,
  serverVersion: string,
  { images }: Ports
): Promise<ImageLooks | undefined> {
  if (settings.ami === 'keep') return undefined
  const versions = [...templateRefsOf(inactive), ...templateRefsOf(active)].map(template)
  const [ofInstances, parameters] = await Promise.all([
    images.ofInstances(active.instances.map(({ id }) => id)),
    readParameters(aliasesIn(versions), images)
  ])
  const named = versions.flatMap((version) => imageOf(version) ?? [])
  const asked = settings.ami === 'recommended' ? [] : [settings.ami]
  const first = [...named, ...parameters.values(), ...ofInstances.values(), ...asked]
  const looks = { ofInstances, parameters, images: await images.describe([...new Set(first)]) }
  const targets = imageTargets({ settings, inactive, template, serverVersion }, looks)
  const missing = targets.flatMap(({ alias, parameter }) => (alias === undefined ? (parameter ?? []) : []))
  if (missing.length === 0) return looks
  const recommended = await readParameters([...new Set(missing)], images)
  const ids = [...new Set(recommended.values())]
  return {
    ofInstances,
    parameters: new Map([...parameters, ...recommended]),
    images: [...looks.images, ...(await images.describe(ids))]
  }
}

function imageOf(version: TemplateVersion | undefined): string | undefined {
  const image = version && imageIn(version)
  return aliasOf(image) === undefined ? image : undefined
}

async function readParameters(names: readonly string[], images: Ports['images']): Promise<Map<string, string>> {
  const values = await Promise.all(names.map(async (name) => [name, await images.parameter(name)] as const))
  return new Map(values.filter((entry): entry is readonly [string, string] => entry[1] !== undefined))
}

export interface PairWords {
  active: OwnWords
  inactive: OwnWords
}

/** What a run would write, with what undoes it. The description gets the id of the run when it begins: `describedBy`. */
export async function templateWrites(
  choice: Choice,
  { active, inactive }: PairWords,
  { nodeGroups }: Pick<Ports, 'nodeGroups'>
): Promise<readonly TemplateWrite[]> {
  const found = choice.writes.map(async ({ target, image, source, isCopy }) => {
    const { id, name, version: follows } = target.ref
    const state = await nodeGroups.templateState(id, target.version.version)
    if (!state || (follows !== '$Latest' && follows !== '$Default')) return []
    return [
      {
        template: id,
        name: name || target.version.name,
        follows,
        image,
        source: { template: source.id, version: source.version },
        ...(isCopy ? { renamed: { from: active, to: inactive } } : {}),
        description: describedBy('', image),
        latestBefore: state.latest,
        defaultBefore: state.default
      } satisfies TemplateWrite
    ]
  })
  return (await Promise.all(found)).flat()
}

/** The mark by which a run recognizes its version, in words for the console; at most 255 characters. */
export function describedBy(runId: string, image: string): string {
  return `eks-node-upgrade run ${runId}: ${image}`
}

/** Actions among those that the writes take, and their removal, that are denied. */
export async function deniedWrites(
  writes: readonly TemplateWrite[],
  { nodeGroups }: Pick<Ports, 'nodeGroups'>
): Promise<readonly string[]> {
  const denied = await Promise.all(
    writes.map(({ follows, ...write }) =>
      nodeGroups.deniedTemplateWrites(write satisfies NewTemplateVersion, follows === '$Default')
    )
  )
  return [...new Set(denied.flat())]
}
