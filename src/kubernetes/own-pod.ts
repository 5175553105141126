import { existsSync, readFileSync } from 'node:fs'

const serviceAccountNamespace = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/** The pod that this process runs in, if it does: it must not be on a node that is emptied. */
export function ownPod(
  env: Readonly<Record<string, string | undefined>> = process.env,
  namespaceFile = serviceAccountNamespace
): { namespace: string; name: string } | undefined {
  const name = env.POD_NAME || env.HOSTNAME
  if (!name || !existsSync(namespaceFile)) return undefined
  const namespace = readFileSync(namespaceFile, 'utf8').trim()
  return namespace ? { namespace, name } : undefined
}
