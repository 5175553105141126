/** What a person sees who has no cluster and types one word: an upgrade, and one that fails and is reverted. */
import { scenarioNamed } from '../../lab/scenarios/all.ts'
import { proberSentence, type Screen, show } from './show.ts'

const acts = [
  { name: 'calm-upgrade', title: 'An upgrade: green has a newer image' },
  { name: 'broken-image', title: 'The same, but payments cannot run on the newer image' }
] as const

/** Both acts within a minute, and slow enough to be followed. */
export const demonstrationSpeed = 20

/** Returns the exit code: 0 if both acts ended as expected. */
export async function demonstrate(speed: number, screen: Screen): Promise<number> {
  const { out, program } = screen
  const print = (...lines: string[]) => out.write(`${lines.join('\n')}\n`)
  print(
    'This process simulates AWS and Kubernetes: cluster shop, six nodes, sixty pods, two Auto Scaling groups.',
    `Time runs ${speed} times faster than real time. Nothing leaves this machine.`
  )
  let good = true
  for (const [index, { name, title }] of acts.entries()) {
    const scenario = scenarioNamed(name)
    if (!scenario) throw new Error(`there is no scenario ${name}`)
    print('', `=== ${index + 1} of ${acts.length}: ${title}`)
    const played = await show(scenario, speed, screen)
    print('', proberSentence(played))
    for (const failure of played.failures) print(`Unexpected: ${failure}`)
    good &&= played.failures.length === 0
  }
  print(
    '',
    'First, blue and green swapped roles while every application stayed up. Then the same upgrade failed and was reverted.',
    '',
    'Try next:',
    `  ${program} lab --list`,
    '      every scenario: what else can happen',
    `  ${program} lab killed-forward`,
    '      a run that is killed and resumed',
    `  ${program} lab serve calm-upgrade`,
    '      this simulation over HTTP, for every other command, kubectl and the AWS CLI',
    `  ${program} plan --cluster NAME`,
    '      your own cluster; read-only'
  )
  return good ? 0 : 1
}
