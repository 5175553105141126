import { existsSync, readFileSync } from 'node:fs'

const serviceAccountNamespace = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/**
 * The pod that this process runs in, if it does: it must not be on a node that is emptied. Name and namespace are in the
 * environment if the pod's manifest puts them there. Otherwise a pod's host name is its name, unless it uses the network of
 * its node, and the namespace lies beside the token of its service account, unless that is not mounted.
 */
export function ownPod(
  env: Readonly<Record<string, string | undefined>> = process.env,
  namespaceFile = serviceAccountNamespace
): { namespace: string; name: string } | undefined {
  const name = env.POD_NAME || env.HOSTNAME
  const namespace = env.POD_NAMESPACE || (existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '')
  return name && namespace ? { namespace, name } : undefined
}
