/** Machine images in the engine's words, and the port that reads them. It is used only if a run is asked for an image. */

export interface Image {
  id: string
  /** As its owner named it; empty if it has no name. */
  name: string
  /** `x86_64`, `arm64`, … */
  architecture: string
  windows: boolean
  /** Published by Amazon, and not a copy of it in another account. */
  ownedByAmazon: boolean
  /** Account id of the owner. */
  owner: string
  /** `available`, `pending`, … */
  state: string
  deprecatedAt?: number
  /** The device that the image's own content is on, such as `/dev/xvda`. */
  rootDevice?: string
}

/** Errors: `UpgradeError` as those of NodeGroups. */
export interface Images {
  /** Those that exist and that this account may use, deprecated ones included; others are left out. */
  describe(ids: readonly string[]): Promise<readonly Image[]>
  /** Instance id → id of the image that it was launched from. An instance that is gone is left out. */
  ofInstances(instanceIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** The value of an SSM parameter; undefined if it does not exist. */
  parameter(name: string): Promise<string | undefined>
}

/** A launch template names its image by this and the name of an SSM parameter. */
const aliasPrefix = 'resolve:ssm:'

/**
 * The parameter that an image is named by; undefined if it is named by its id.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html#use-an-ssm-parameter-instead-of-an-ami-id
 */
export function aliasOf(imageId: string | undefined): string | undefined {
  return imageId?.startsWith(aliasPrefix) ? imageId.slice(aliasPrefix.length) : undefined
}
