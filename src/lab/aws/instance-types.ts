/** A small table of instance types: their description by EC2, and the number of pods of a node. */
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2'

type Size = readonly [size: string, vcpus: number, gibPerVcpuTimesVcpus: number, interfaces: number, addresses: number]

// A node has at most interfaces × (addresses − 1) + 2 pods. The numbers are the same within a generation:
// https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/providers/instancetype/zz_generated.vpclimits.go
const sizes: readonly Size[] = [
  ['medium', 1, 1, 2, 4],
  ['large', 2, 2, 3, 10],
  ['xlarge', 4, 4, 4, 15],
  ['2xlarge', 8, 8, 4, 15],
  ['4xlarge', 16, 16, 8, 30],
  ['8xlarge', 32, 32, 8, 30]
]
const families: readonly (readonly [family: string, gibPerVcpu: number, architecture: 'x86_64' | 'arm64'])[] = [
  ['m5', 4, 'x86_64'],
  ['m6i', 4, 'x86_64'],
  ['m7i', 4, 'x86_64'],
  ['c7i', 2, 'x86_64'],
  ['r7i', 8, 'x86_64'],
  ['t3', 4, 'x86_64'],
  ['m6g', 4, 'arm64'],
  ['m7g', 4, 'arm64'],
  ['c7g', 2, 'arm64'],
  ['r7g', 8, 'arm64']
]

const typesByName: ReadonlyMap<string, InstanceTypeInfo> = new Map(
  families.flatMap(([family, gib, architecture]) =>
    sizes.map(([size, vcpus, share, interfaces, addresses]) => {
      const name = `${family}.${size}` as InstanceTypeInfo['InstanceType'] & string
      return [name, describe(name, vcpus, gib * share, interfaces, addresses, architecture)] as const
    })
  )
)

function describe(
  name: InstanceTypeInfo['InstanceType'],
  vcpus: number,
  gib: number,
  interfaces: number,
  addresses: number,
  architecture: 'x86_64' | 'arm64'
): InstanceTypeInfo {
  return {
    InstanceType: name,
    CurrentGeneration: true,
    SupportedUsageClasses: ['on-demand', 'spot'],
    ProcessorInfo: { SupportedArchitectures: [architecture] },
    VCpuInfo: { DefaultVCpus: vcpus },
    MemoryInfo: { SizeInMiB: gib * 1024 },
    NetworkInfo: { MaximumNetworkInterfaces: interfaces, Ipv4AddressesPerInterface: addresses, Ipv6Supported: true }
  }
}

export const instanceType = (name: string) => typesByName.get(name)
export const knownInstanceTypes = () => [...typesByName.values()]
