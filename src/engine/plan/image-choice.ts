/**
 * Which image the inactive group is to launch if one is asked for, and how it gets it. There are three ways, in this order: the
 * template names an alias, so nothing is written; a template of its own that is followed by `$Latest` or `$Default` gets a version
 * with the image; otherwise it is refused, because setting a template on a group would need ec2:RunInstances and iam:PassRole.
 */
import { aliasOf, type Image } from '../model/image.ts'
import type { Group, TemplateRef, TemplateVersion } from '../model/node-group.ts'
import type { Settings } from '../model/settings.ts'
import { imageIn, type TemplateLookup, templateRefsOf, withImage } from './configuration.ts'
import { familyOf } from './image-family.ts'

/** What was read for the choice. */
export interface ImageLooks {
  /** Instance of the active group → the image that it runs. */
  ofInstances: ReadonlyMap<string, string>
  /** Those that exist, of all that are named here. */
  images: readonly Image[]
  /** Values of SSM parameters; one that does not exist is not there. */
  parameters: ReadonlyMap<string, string>
}

export interface ImageTarget {
  ref: TemplateRef
  /** The version that the group follows now. */
  version: TemplateVersion
  /** As the template names it. */
  written: string
  /** The parameter, if the template names an alias. */
  alias?: string
  /** The id of the image that it means now; undefined if the alias is not known. */
  current?: string
  /** The parameter by which the wanted image was found. */
  parameter?: string
  /** The id of the image that is to be launched; undefined if it could not be found. */
  wanted?: string
}

export interface ImageRequest {
  settings: Pick<Settings, 'ami'>
  inactive: Group
  template: TemplateLookup
  /** Of the control plane, such as `1.33`. */
  serverVersion: string
}

/** One for each template that the group launches from; a version that cannot be read is left out. */
export function imageTargets(request: ImageRequest, looks: ImageLooks): readonly ImageTarget[] {
  const { inactive, template } = request
  const seen = new Set<string>()
  return templateRefsOf(inactive).flatMap((ref) => {
    const version = template(ref)
    const written = version && imageIn(version)
    if (!version || written === undefined || seen.has(`${ref.id}:${ref.version}`)) return []
    seen.add(`${ref.id}:${ref.version}`)
    const alias = aliasOf(written)
    const current = alias === undefined ? written : looks.parameters.get(alias)
    return [{ ref, version, written, alias, current, ...wantedImage(request, looks, alias, current) }]
  })
}

function wantedImage(
  { settings, serverVersion }: ImageRequest,
  looks: ImageLooks,
  alias: string | undefined,
  current: string | undefined
): Pick<ImageTarget, 'wanted' | 'parameter'> {
  // An alias says itself which image is meant.
  if (alias !== undefined) return { wanted: current, parameter: alias }
  if (settings.ami !== 'recommended') return { wanted: settings.ami }
  const image = looks.images.find(({ id }) => id === current)
  const parameter = image && familyOf(image)?.parameter(minor(serverVersion))
  return { parameter, wanted: parameter && looks.parameters.get(parameter) }
}

/** Whether it is known which image the target is to launch, and it is the one that was asked for. */
export function isFound({ wanted }: ImageTarget, ami: string): boolean {
  return wanted !== undefined && (ami === 'recommended' || wanted === ami)
}

/** `1.33` of `v1.33.5-eks-1234` or `1.33+`. */
function minor(version: string): string {
  return /(\d+\.\d+)/.exec(version)?.[1] ?? version
}

/** Parameters that the templates name themselves; to be read first. */
export function aliasesIn(versions: readonly (TemplateVersion | undefined)[]): readonly string[] {
  return [...new Set(versions.flatMap((version) => aliasOf(version && imageIn(version)) ?? []))]
}

/** A look-up in which an alias is what it means now. */
export function withAliases(template: TemplateLookup, { parameters }: ImageLooks): TemplateLookup {
  return (ref) => {
    const version = template(ref)
    const alias = version && aliasOf(imageIn(version))
    const image = alias === undefined ? undefined : parameters.get(alias)
    return version && image ? withImage(version, image) : version
  }
}

export interface Choice {
  targets: readonly ImageTarget[]
  /** What the inactive group is to launch: as its templates are now, but for what is written. */
  lookup: TemplateLookup
  /** Targets that a version is written for, with the version whose content it takes. */
  writes: readonly { target: ImageTarget; image: string; source: TemplateVersion; isCopy: boolean }[]
}

export interface Base {
  /** Content for the group's own template in place of its present one: of the active side, with the words of the inactive one. */
  content: TemplateVersion
  /** The version that it is made from. */
  source: TemplateVersion
}

/** `base`: only with `ami-base: active`. */
export function chooseImages(
  targets: readonly ImageTarget[],
  template: TemplateLookup,
  now: number,
  base?: Base
): Choice {
  const [own] = targets
  const writes = targets.flatMap((target) => {
    const { wanted, version, alias } = target
    if (wanted === undefined || alias !== undefined) return []
    const isCopy = base !== undefined && target === own && !sameContent(base.content, version)
    if (imageIn(version) === wanted && !isCopy) return []
    return [{ target, image: wanted, source: isCopy ? base.source : version, isCopy }]
  })
  const lookup: TemplateLookup = (ref) => {
    const version = template(ref)
    const write = writes.find(({ target }) => target.ref.id === ref.id && target.ref.version === ref.version)
    if (!version || !write) return version
    const content = write.isCopy && base ? base.content : version
    // The version is made by the run, so nothing in it is older than what runs.
    return withImage(
      { ...version, data: content.data, bottlerocket: content.bottlerocket, createdAt: now },
      write.image
    )
  }
  return { targets, lookup, writes }
}

function sameContent(a: TemplateVersion, b: TemplateVersion): boolean {
  const plain = (version: TemplateVersion) => JSON.stringify(withImage(version, '').data)
  return plain(a) === plain(b)
}

/** Ids of all templates that the active group launches from, or launched its instances from. */
export function templatesInUse(active: Group): ReadonlySet<string> {
  const refs = [...templateRefsOf(active), ...active.instances.map((one) => one.template)]
  return new Set(refs.flatMap((ref) => ref?.id ?? []))
}
