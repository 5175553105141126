/** `lab serve`: keeps a scenario's world up, says how to reach it, and shows what happens in it. */
import { serveLab } from '../../lab/serve.ts'
import type { Scenario } from '../../lab/simulation/scenario.ts'
import type { Screen } from './show.ts'

/** Until Ctrl-C. */
export async function serve(scenario: Scenario, speed: number, { out, program }: Screen): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  const say = (line: string) => out.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`)
  const served = await serveLab(scenario, { speed, say })
  const { clusterName } = served.lab
  const group = served.lab.pairs[0]
  out.write(
    [
      `${scenario.name}: ${scenario.story}`,
      `Its AWS and its Kubernetes are up, ${speed === 1 ? 'as fast as life' : `${speed} times as fast as life`}. In another terminal:`,
      '',
      ...Object.entries(served.env).map(([key, value]) => `export ${key}=${value}`),
      '',
      'kubectl get nodes,pods -A',
      'aws autoscaling describe-auto-scaling-groups',
      ...(group
        ? [`aws autoscaling set-desired-capacity --auto-scaling-group-name ${group.active} --desired-capacity 7`]
        : []),
      `${program} plan --cluster ${clusterName}`,
      `${program} upgrade --cluster ${clusterName}`,
      '',
      'What happens in it is shown here. Ctrl-C ends it, and nothing of it remains.',
      ''
    ].join('\n')
  )
  await stopped
  await served.close()
  out.write('The lab has ended.\n')
  return 0
}
