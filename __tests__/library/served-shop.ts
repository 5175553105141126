/** The lab's shop over real sockets, for programs that know nothing of the lab. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveAws } from '../../src/lab/aws/http.ts'
import { hurriedClock } from '../../src/lab/clock.ts'
import { createLab } from '../../src/lab/joined/lab.ts'
import { budget, deployment } from '../../src/lab/joined/workloads.ts'
import { serveKubernetes } from '../../src/lab/kubernetes/http.ts'

export interface ServedShop {
  /** What reaches its AWS, and nothing else. */
  env: Readonly<Record<string, string>>
  kubeconfig: string
  close(): Promise<void>
}

export async function serveShop(): Promise<ServedShop> {
  const clock = hurriedClock({ speed: 20 })
  const objects = [deployment('web', 6), budget('web', { maxUnavailable: 2 }), deployment('api', 3)]
  const pace = { launchAfterMs: 2_000, joinAfterMs: 2_000, terminateAfterMs: 2_000 }
  const lab = createLab({ clock, world: { objects, nodeGroups: [{ nodes: 2, ...pace }] } })
  await lab.settled()
  const [aws, kubernetes] = await Promise.all([serveAws(lab.aws), serveKubernetes(lab.cluster)])
  const folder = mkdtempSync(join(tmpdir(), 'served-shop-'))
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig)
  return {
    env: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIALAB',
      AWS_SECRET_ACCESS_KEY: 'not-a-secret'
    },
    kubeconfig,
    async close() {
      clock.stop()
      await Promise.all([aws.close(), kubernetes.close()])
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
