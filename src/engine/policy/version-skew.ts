/** The version skew that Kubernetes supports: https://kubernetes.io/releases/version-skew-policy/#kubelet */

import { kubeletMinorsOlder } from '../model/limits.ts'

/**
 * What is wrong with a kubelet of this version beside this control plane, or undefined. Versions as either says it: `1.33`,
 * `v1.33.5-eks-1234`. What cannot be read is not judged.
 */
export function skewProblem(kubeletVersion: string, serverVersion: string): string | undefined {
  const kubelet = minorOf(kubeletVersion)
  const server = minorOf(serverVersion)
  if (!kubelet || !server || kubelet.major !== server.major) return undefined
  const told = `kubelet ${kubeletVersion} beside control plane ${serverVersion}`
  if (kubelet.minor > server.minor) return `${told}: a kubelet may not be newer than the control plane`
  if (server.minor - kubelet.minor > kubeletMinorsOlder) {
    return `${told}: a kubelet may be at most ${kubeletMinorsOlder} minor versions older`
  }
  return undefined
}

function minorOf(version: string): { major: number; minor: number } | undefined {
  const match = /^v?(\d+)\.(\d+)/.exec(version)
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined
}
