/** Answers in XML, in the form of the query protocol (`<member>`) and of EC2 (`<item>`, other names). */
export type Wire = 'query' | 'ec2'

const namespaces: Record<string, string> = {
  autoscaling: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/'
}

export function resultXml(service: 'autoscaling' | 'sts' | 'ec2', action: string, result: unknown, id: string): string {
  const namespace = namespaces[service]
  if (service === 'ec2') {
    // An action without a result answers `true`.
    const content = result === undefined ? '<return>true</return>' : fields(result as object, 'ec2', action)
    return `${xmlDeclaration}<${action}Response xmlns="${namespace}"><requestId>${id}</requestId>${content}</${action}Response>`
  }
  const content = `<${action}Result>${fields((result as object | undefined) ?? {}, 'query', action)}</${action}Result>`
  const metadata = `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`
  return `${xmlDeclaration}<${action}Response xmlns="${namespace}">${content}${metadata}</${action}Response>`
}

export function errorXml(service: 'autoscaling' | 'sts' | 'ec2', fault: Fault, id: string): string {
  const [code, message] = [escaped(fault.code), escaped(fault.message)]
  if (service === 'ec2') {
    const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
    return `${xmlDeclaration}<Response><Errors>${error}</Errors><RequestID>${id}</RequestID></Response>`
  }
  const type = fault.status < 500 ? 'Sender' : 'Receiver'
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error>`
  return `${xmlDeclaration}<ErrorResponse xmlns="${namespaces[service]}">${error}<RequestId>${id}</RequestId></ErrorResponse>`
}

interface Fault {
  status: number
  code: string
  message: string
}

const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

function fields(value: object, wire: Wire, parent: string): string {
  return Object.entries(value)
    .filter(([, content]) => content !== undefined)
    .map(([name, content]) => {
      const tag = wire === 'ec2' ? ec2Name(parent, name) : name
      return `<${tag}>${text(content, wire, name)}</${tag}>`
    })
    .join('')
}

function text(value: unknown, wire: Wire, name: string): string {
  if (Array.isArray(value)) {
    const tag = wire === 'query' ? 'member' : areGroupIds(name, value) ? 'groupId' : 'item'
    return value.map((item) => `<${tag}>${text(item, wire, name)}</${tag}>`).join('')
  }
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object' && value !== null) return fields(value, wire, name)
  return escaped(String(value))
}

/** The groups of a template's network interface are plain ids: the only list of EC2 with a tag of its own. */
const areGroupIds = (name: string, value: readonly unknown[]) => name === 'Groups' && typeof value[0] === 'string'

/** Names that differ in EC2 by more than a small first letter. With a dot: only inside that parent. */
const ec2Names: Record<string, string> = {
  AcceleratorManufacturers: 'acceleratorManufacturerSet',
  AcceleratorNames: 'acceleratorNameSet',
  AcceleratorTypes: 'acceleratorTypeSet',
  AllowedInstanceTypes: 'allowedInstanceTypeSet',
  ExcludedInstanceTypes: 'excludedInstanceTypeSet',
  InstanceGenerations: 'instanceGenerationSet',
  Ipv4Prefixes: 'ipv4PrefixSet',
  Ipv6Prefixes: 'ipv6PrefixSet',
  LocalStorageTypes: 'localStorageTypeSet',
  CpuManufacturers: 'cpuManufacturerSet',
  ElasticGpuSpecifications: 'elasticGpuSpecificationSet',
  Groups: 'groupSet',
  Images: 'imagesSet',
  InstanceTypes: 'instanceTypeSet',
  Instances: 'instancesSet',
  Ipv6Addresses: 'ipv6AddressesSet',
  LaunchTemplateVersions: 'launchTemplateVersionSet',
  LaunchTemplates: 'launchTemplates',
  LicenseSpecifications: 'licenseSet',
  NetworkInterfaces: 'networkInterfaceSet',
  PrivateIpAddresses: 'privateIpAddressesSet',
  Public: 'isPublic',
  PublicIpAddress: 'ipAddress',
  Reservations: 'reservationSet',
  SecurityGroupIds: 'securityGroupIdSet',
  StateTransitionReason: 'reason',
  Subnets: 'subnetSet',
  TagSpecifications: 'tagSpecificationSet',
  Tags: 'tagSet',
  'Images.OwnerId': 'imageOwnerId',
  'Images.State': 'imageState',
  'Instances.PublicDnsName': 'dnsName',
  'Instances.SecurityGroups': 'groupSet',
  'Instances.State': 'instanceState',
  'Images.BlockDeviceMappings': 'blockDeviceMapping',
  'Instances.BlockDeviceMappings': 'blockDeviceMapping',
  'LaunchTemplateData.BlockDeviceMappings': 'blockDeviceMappingSet',
  'LaunchTemplateData.SecurityGroups': 'securityGroupSet'
}

const ec2Name = (parent: string, name: string) =>
  ec2Names[`${parent}.${name}`] ?? ec2Names[name] ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}`

/** Escapes also line ends that a parser would change, and replaces characters that XML does not allow. */
const escaped = (value: string) =>
  value
    .replace(/[&<>"\r\n\t]/g, (char) => `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`)
    .replace(forbiddenCharacters, '�')

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids exactly these
const forbiddenCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
