/**
 * Requests of the AWS query protocol and of EC2's variant: a form whose names are paths (`Tags.member.1.Key`,
 * `Filter.1.Value.2`), read into the shape that the SDK was called with.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonParameters.html
 */
const numbers = new Set(
  `BlockDurationMinutes BreachThreshold Cooldown CoreCount Count DefaultCooldown DefaultInstanceWarmup
  DesiredCapacity DeviceIndex DurationSeconds EbsCardIndex EnaQueueCount EstimatedInstanceWarmup
  HealthCheckGracePeriod HeartbeatTimeout HttpPutResponseHopLimit Iops Ipv4PrefixCount Ipv6AddressCount
  Ipv6PrefixCount Max MaxCapacityBuffer MaxHealthyPercentage MaxInstanceLifetime MaxRecords MaxResults MaxSize
  MaxSpotPriceAsPercentageOfOptimalOnDemandPrice MetricIntervalLowerBound MetricIntervalUpperBound MetricValue Min
  MinAdjustmentMagnitude MinAdjustmentStep MinHealthyPercentage MinSize MinimumSessionTokenSize NetworkCardIndex
  OnDemandBaseCapacity OnDemandMaxPricePercentageOverLowestPrice OnDemandPercentageAboveBaseCapacity
  PartitionNumber Period PrivateIpAddressCount ScalingAdjustment SchedulingBufferTime
  SecondaryPrivateIpAddressCount SpotInstancePools SpotMaxPricePercentageOverLowestPrice TargetValue
  TcpEstablishedTimeout ThreadsPerCore Throughput UdpStreamTimeout UdpTimeout VolumeInitializationRate VolumeSize`.split(
    /\s+/
  )
)
const booleans = new Set(
  `AssociateCarrierIpAddress AssociatePublicIpAddress CapacityRebalance Configured DeleteOnTermination
  DisableApiStop DisableApiTermination DisableScaleIn DryRun EbsOptimized EnaSrdEnabled EnaSrdUdpEnabled
  EnableResourceNameDnsAAAARecord EnableResourceNameDnsARecord Enabled Encrypted ForceDelete HonorCooldown
  IncludeDeletedGroups IncludeDeprecated IncludeDisabled IncludeInstances IncludeManagedResources
  IncludeUnsupportedInRegion NewInstancesProtectedFromScaleIn Primary PrimaryIpv6 PropagateAtLaunch
  ProtectedFromScaleIn RequireEncryptionInTransit RequireHibernateSupport ResolveAlias ReturnData
  ShouldDecrementDesiredCapacity ShouldRespectGracePeriod SkipZonalShiftValidation ZonalShiftEnabled`.split(/\s+/)
)
const instants = new Set(['EndTime', 'StartTime', 'Time', 'ValidUntil'])

/** EC2 calls a list by the name of one of its members. */
const ec2Lists: Record<string, string> = {
  'NetworkInterfaces.SecurityGroupId': 'Groups',
  AcceleratorManufacturer: 'AcceleratorManufacturers',
  AcceleratorName: 'AcceleratorNames',
  AcceleratorType: 'AcceleratorTypes',
  AllowedInstanceType: 'AllowedInstanceTypes',
  CpuManufacturer: 'CpuManufacturers',
  ExcludedInstanceType: 'ExcludedInstanceTypes',
  ExecutableBy: 'ExecutableUsers',
  InstanceGeneration: 'InstanceGenerations',
  Ipv4Prefix: 'Ipv4Prefixes',
  Ipv6Prefix: 'Ipv6Prefixes',
  LocalStorageType: 'LocalStorageTypes',
  BlockDeviceMapping: 'BlockDeviceMappings',
  Filter: 'Filters',
  ImageId: 'ImageIds',
  InstanceId: 'InstanceIds',
  InstanceType: 'InstanceTypes',
  LaunchTemplateId: 'LaunchTemplateIds',
  LaunchTemplateName: 'LaunchTemplateNames',
  LaunchTemplateVersion: 'Versions',
  LicenseSpecification: 'LicenseSpecifications',
  NetworkInterface: 'NetworkInterfaces',
  Owner: 'Owners',
  SecurityGroup: 'SecurityGroups',
  SecurityGroupId: 'SecurityGroupIds',
  SubnetId: 'SubnetIds',
  Tag: 'Tags',
  TagSpecification: 'TagSpecifications',
  Value: 'Values'
}
const ec2Names: Record<string, string> = { SetDefaultVersion: 'DefaultVersion' }

interface Tree {
  [name: string]: Tree | string
}

export function readForm(form: URLSearchParams, dialect: 'query' | 'ec2'): Record<string, unknown> {
  const tree: Tree = Object.create(null)
  for (const [path, value] of form) {
    if (path !== 'Action' && path !== 'Version') plant(tree, path.split('.'), value)
  }
  return read(tree, dialect) as Record<string, unknown>
}

function plant(tree: Tree, path: readonly string[], value: string): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    tree[name] = value
    return
  }
  const below = tree[name]
  const branch: Tree = typeof below === 'object' ? below : Object.create(null)
  tree[name] = branch
  plant(branch, rest, value)
}

function read(node: Tree | string, dialect: 'query' | 'ec2', name = ''): unknown {
  if (typeof node === 'string') return typed(name, node)
  const list = listOf(node)
  if (list) return list.map((item) => read(item, dialect, name))
  const entries = Object.entries(node).map(([key, value]) => {
    const own = nameOf(key, value, dialect, name)
    // An empty list of the query protocol is a name without a value.
    return [own, value === '' && /s$|member$/.test(own) && dialect === 'query' ? [] : read(value, dialect, own)]
  })
  return Object.fromEntries(entries)
}

/** The members in their order, if this is a list: `.member.N` or, in EC2, `.N`. */
function listOf(node: Tree): (Tree | string)[] | undefined {
  const members = typeof node.member === 'object' ? node.member : node
  const keys = Object.keys(members)
  if (keys.length === 0 || !keys.every((key) => /^\d+$/.test(key))) return undefined
  return keys.sort((a, b) => Number(a) - Number(b)).map((key) => members[key] ?? '')
}

function nameOf(key: string, value: Tree | string, dialect: 'query' | 'ec2', parent: string): string {
  if (dialect === 'query') return key
  const isList = typeof value === 'object' && listOf(value)
  const plural = isList ? (ec2Lists[`${parent}.${key}`] ?? ec2Lists[key]) : undefined
  return plural ?? ec2Names[key] ?? key
}

function typed(name: string, value: string): unknown {
  if (numbers.has(name)) return Number(value)
  if (booleans.has(name)) return value === 'true'
  if (instants.has(name)) return new Date(value)
  return value
}
