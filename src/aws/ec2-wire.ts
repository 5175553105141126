/**
 * Reads answers of the EC2 API from their XML (already parsed) into the shape that the SDK gives them. The SDK's EC2 client would add
 * 760 kB to the bundle for these few. Reading by rule instead of by schema also keeps settings of a launch template that are newer
 * than this code: to miss one would be to miss a change.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html
 */

import type { AwsImage, AwsReservation } from './aws-calls.ts'
import type { AwsLaunchTemplateVersion } from './translation.ts'

/** An element: text, a structure, or several under the same name. */
export type Element = string | readonly Element[] | { readonly [name: string]: Element | undefined }

/** The SDK's names of lists; all others are `fooBarSet` → `FooBars`. */
const lists: Readonly<Record<string, string>> = {
  imagesSet: 'Images',
  instancesSet: 'Instances',
  ipv6AddressesSet: 'Ipv6Addresses',
  privateIpAddressesSet: 'PrivateIpAddresses',
  ipv4PrefixSet: 'Ipv4Prefixes',
  ipv6PrefixSet: 'Ipv6Prefixes',
  licenseSet: 'LicenseSpecifications'
}

const booleans = new Set(
  `AssociateCarrierIpAddress AssociatePublicIpAddress Configured DefaultVersion DeleteOnTermination DisableApiStop
  DisableApiTermination EbsOptimized EnaSrdEnabled EnaSrdUdpEnabled EnableResourceNameDnsAAAARecord
  EnableResourceNameDnsARecord Enabled Encrypted HiddenByDefault IsPrimaryIpv6 Managed Primary PrimaryIpv6
  RequireEncryptionInTransit RequireHibernateSupport`.split(/\s+/)
)

const numbers = new Set(
  `BlockDurationMinutes CoreCount Count DeviceIndex EbsCardIndex EnaQueueCount HttpPutResponseHopLimit Iops
  Ipv4PrefixCount Ipv6AddressCount Ipv6PrefixCount Max MaxSpotPriceAsPercentageOfOptimalOnDemandPrice Min
  NetworkCardIndex OnDemandMaxPricePercentageOverLowestPrice PartitionNumber PrivateIpAddressCount
  SecondaryPrivateIpAddressCount SpotMaxPricePercentageOverLowestPrice TcpEstablishedTimeout ThreadsPerCore Throughput
  UdpStreamTimeout UdpTimeout VersionNumber VolumeInitializationRate VolumeSize`.split(/\s+/)
)

const instants = new Set(['CreateTime', 'ValidUntil'])

/** The versions in a DescribeLaunchTemplateVersions response. */
export function launchTemplateVersionsFrom(response: Element): AwsLaunchTemplateVersion[] {
  const { LaunchTemplateVersions: versions } = structure(response)
  return Array.isArray(versions) ? versions : []
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html */
export function imagesFrom(response: Element): readonly AwsImage[] {
  const { Images: images } = structure(response) as { Images?: readonly Record<string, string>[] }
  return (images ?? []).map((image) => ({
    ImageId: image.ImageId,
    Name: image.Name,
    Architecture: image.Architecture,
    Platform: image.Platform,
    State: image.ImageState,
    OwnerId: image.ImageOwnerId,
    ImageOwnerAlias: image.ImageOwnerAlias,
    DeprecationTime: image.DeprecationTime,
    RootDeviceName: image.RootDeviceName
  }))
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
export function reservationsFrom(response: Element): readonly AwsReservation[] {
  return (structure(response) as { Reservations?: readonly AwsReservation[] }).Reservations ?? []
}

export function pageOf(response: Element): { NextToken?: string } {
  const { NextToken } = structure(response) as { NextToken?: string }
  return NextToken ? { NextToken } : {}
}

function structure(element: Element): Record<string, unknown> {
  if (typeof element === 'string' || Array.isArray(element)) return {}
  const members = Object.entries(element).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.map(([name, member]) => {
      const sdkName = nameOf(name)
      return [sdkName, name.endsWith('Set') ? list(member as Element) : value(sdkName, member as Element)]
    })
  )
}

/**
 * `<fooSet><item>…</item></fooSet>`, with `groupId` instead of `item` for a network interface's groups; empty:
 * `<fooSet/>`.
 */
function list(element: Element): unknown[] {
  if (typeof element === 'string') return []
  const items = Object.values(element)[0] ?? []
  return (Array.isArray(items) ? items : [items]).map((item) => value('', item))
}

function value(name: string, element: Element): unknown {
  if (typeof element !== 'string') return structure(element)
  if (booleans.has(name)) return element === 'true'
  if (numbers.has(name)) return Number(element)
  if (instants.has(name)) return new Date(element)
  return element
}

function nameOf(name: string): string {
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return lists[name] ?? (name.endsWith('Set') ? `${capital.slice(0, -3)}s` : capital)
}
