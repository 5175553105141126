/** Families of the images that AWS publishes for EKS, read from an image's name, and the SSM parameter of each one's current image. */
import type { Image } from '../model/image.ts'

export type FamilyName = 'AL2023' | 'AL2' | 'Bottlerocket' | 'Windows'

export interface ImageFamily {
  name: FamilyName
  /** Of Kubernetes, such as `1.33`. */
  kubernetes: string
  /** The parameter of the current image for this version of Kubernetes. */
  parameter(kubernetes: string): string
}

type Reader = (name: string) => ImageFamily | undefined

/** `amazon-eks-node-al2023-x86_64-standard-1.33-v20261119`; an accelerated one may have a driver's version: `nvidia-560`. */
const al2023: Reader = (name) => {
  const [, architecture, variant = '', kubernetes] =
    /^amazon-eks-node-al2023-(x86_64|arm64)-([a-z]+)(?:-\d+)?-(\d+\.\d+)-v\d+/.exec(name) ?? []
  if (!architecture || !kubernetes) return undefined
  return {
    name: 'AL2023',
    kubernetes,
    parameter: (version) =>
      `/aws/service/eks/optimized-ami/${version}/amazon-linux-2023/${architecture}/${variant}/recommended/image_id`
  }
}

/** `amazon-eks-node-1.32-v20261119`, `amazon-eks-arm64-node-…`, `amazon-eks-gpu-node-…`. */
const al2: Reader = (name) => {
  const [, variant, kubernetes] = /^amazon-eks-(arm64-|gpu-)?node-(\d+\.\d+)-v\d+/.exec(name) ?? []
  if (!kubernetes) return undefined
  const suffix = variant ? `-${variant.slice(0, -1)}` : ''
  return {
    name: 'AL2',
    kubernetes,
    parameter: (version) => `/aws/service/eks/optimized-ami/${version}/amazon-linux-2${suffix}/recommended/image_id`
  }
}

/** `bottlerocket-aws-k8s-1.33-nvidia-x86_64-v1.50.0-5d9ac849`; in names the other architecture is aarch64, in parameters arm64. */
const bottlerocket: Reader = (name) => {
  const [, kubernetes, variant = '', architecture] =
    /^bottlerocket-aws-k8s-(\d+\.\d+)((?:-[a-z]+)*)-(x86_64|aarch64|arm64)-v\d+/.exec(name) ?? []
  if (!kubernetes) return undefined
  const wanted = architecture === 'x86_64' ? 'x86_64' : 'arm64'
  return {
    name: 'Bottlerocket',
    kubernetes,
    parameter: (version) => `/aws/service/bottlerocket/aws-k8s-${version}${variant}/${wanted}/latest/image_id`
  }
}

/** `Windows_Server-2022-English-Core-EKS_Optimized-1.33-2026.11.10`. */
const windows: Reader = (name) => {
  const [, system, kubernetes] =
    /^(Windows_Server-\d{4}-English-(?:Core|Full))-EKS_Optimized-(\d+\.\d+)-/.exec(name) ?? []
  if (!system || !kubernetes) return undefined
  return {
    name: 'Windows',
    kubernetes,
    parameter: (version) => `/aws/service/ami-windows-latest/${system}-EKS_Optimized-${version}/image_id`
  }
}

const readers: readonly Reader[] = [al2023, al2, bottlerocket, windows]

/**
 * undefined: it is not one of them, or a copy of one in another account, which may hold anything.
 * https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
 * https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id-bottlerocket.html
 * https://docs.aws.amazon.com/eks/latest/userguide/retrieve-windows-ami-id.html
 */
export function familyOf(image: Image): ImageFamily | undefined {
  return image.ownedByAmazon ? familyInName(image.name) : undefined
}

/** What its name says, whoever owns it: a copy usually keeps the name. */
export function familyInName(name: string): ImageFamily | undefined {
  for (const read of readers) {
    const family = read(name)
    if (family) return family
  }
  return undefined
}
