/** What a person sees who has no cluster and types one word: an upgrade, and one that fails and is put back. */
import { scenarioNamed } from '../../lab/scenarios/all.ts'
import { proberSentence, type Screen, show } from './show.ts'

const acts = [
  { name: 'calm-upgrade', title: 'An upgrade: green has a newer image' },
  { name: 'broken-image', title: 'The same, but payments cannot run on the newer image' }
] as const

/** Both acts within a minute, and slow enough to be followed. */
export const demonstrationSpeed = 20

/** Returns the exit code: 0 where both acts ended as they should. */
export async function demonstrate(speed: number, screen: Screen): Promise<number> {
  const { out } = screen
  const print = (...lines: string[]) => out.write(`${lines.join('\n')}\n`)
  print(
    'A small AWS and a small Kubernetes live in this process: cluster shop, six nodes, sixty pods, two Auto Scaling groups.',
    `Their time runs ${speed} times faster than life. Nothing leaves this machine.`
  )
  let good = true
  for (const [index, { name, title }] of acts.entries()) {
    const scenario = scenarioNamed(name)
    if (!scenario) throw new Error(`there is no scenario ${name}`)
    print('', `=== ${index + 1} of ${acts.length}: ${title}`)
    const played = await show(scenario, speed, screen)
    print('', proberSentence(played))
    for (const failure of played.failures) print(`This should not have been: ${failure}`)
    good &&= played.failures.length === 0
  }
  print(
    '',
    'Seen: the roles of blue and green swapped with every application up; then the same attempt failed, and everything was put back.',
    '',
    'Try next:',
    '  eks-node-upgrade lab --list                    what else can happen',
    '  eks-node-upgrade lab killed-forward            a run that is killed, and gone on with',
    '  eks-node-upgrade lab serve calm-upgrade        this world over HTTP, for every other command, kubectl and the AWS CLI',
    '  eks-node-upgrade plan --cluster NAME           your own cluster; changes nothing'
  )
  return good ? 0 : 1
}
