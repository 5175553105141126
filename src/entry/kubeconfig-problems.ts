/** A kubeconfig that was given is read together with the other inputs: what is wrong with it is bad input as well. */
import { UpgradeError } from '../engine/model/error.ts'
import { type Problem, withoutValue } from '../inputs/validate-inputs.ts'

/** `given` holds what was typed, by input name. Reads a file and calls nothing on the network. */
export async function kubeconfigProblems(given: Readonly<Record<string, string>>): Promise<readonly Problem[]> {
  const path = given.kubeconfig?.trim()
  if (!path) return []
  // Reading kubeconfigs takes a library that costs time to load.
  const { readKubeconfig } = await import('../kubernetes/kubeconfig.ts')
  try {
    readKubeconfig({
      path: path === withoutValue ? undefined : path,
      context: given['kube-context']?.trim() || undefined
    })
    return []
  } catch (error) {
    if (error instanceof UpgradeError) return [`kubeconfig: ${error.message.replace(/\.$/, '')}`]
    throw error
  }
}
