import { check, skip } from '../expect.ts'
import { setTag } from '../ground.ts'
import { checkNoWrites, type EndToEndScenario, mark, onGround } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkRestored, checkSwapped, readSettings } from '../snapshot.ts'
import type { Testbed } from '../testbed.ts'
import { checkExit, runCli, tail } from '../tool.ts'
import { shop } from '../workloads.ts'

const parameter = '/aws/service/eks/optimized-ami/1.37/amazon-linux-2023/x86_64/standard/recommended/image_id'

export const images: EndToEndScenario = {
  name: 'images',
  what: 'an alias that moves, an image that is written into a template version, and one that is reverted',
  async run(testbed, keep) {
    const group = 'images'
    const found: Record<'old' | 'fresh' | 'own' | 'broken', string> = { old: '', fresh: '', own: '', broken: '' }
    await onGround(
      testbed,
      keep,
      { group, nodes: 3, workloads: shop(`shop-${group}`, '1s') },
      async ({ ground, observer, before }) => {
        const recommended = { options: { ami: 'recommended' } }
        let since = await mark(testbed)
        checkExit(
          'upgrade while the alias means what runs',
          await runCli(testbed, 'upgrade', recommended),
          0,
          'unchanged'
        )
        await checkNoWrites(testbed, since)

        await testbed.aws.emulator('PUT', '/_emulator/parameters', { name: parameter, value: found.fresh })
        since = await mark(testbed)
        const plan = await runCli(testbed, 'plan', recommended)
        checkExit('plan after the alias has moved', plan, 0, found.fresh)
        check('it says that nothing is written', plan.output.includes('nothing is written'), tail(plan.output, 8))
        await checkNoWrites(testbed, since)

        observer.start()
        checkExit('upgrade after the alias has moved', await runCli(testbed, 'upgrade', recommended), 0)
        checkCalm(observer)
        checkPlaced(observer, ground.green, ground.blue)
        checkSwapped(before, await readSettings(testbed, ground))
        skip('all new instances run what the alias means', 'the emulator does not resolve aliases at a launch')

        const own = { options: { ami: found.own, 'ami-base': 'active' } }
        observer.start()
        checkExit('upgrade to an image by its id', await runCli(testbed, 'upgrade', own), 0)
        checkCalm(observer)
        checkPlaced(observer, ground.blue, ground.green)
        await checkImages(testbed, ground.blue, found.own)
        await checkVersion(testbed, `${ground.blue}-own`, { ImageId: found.own, InstanceType: 'm7i.large' })
        await followOwnTemplate(testbed, ground.green, found.fresh)
        since = await mark(testbed)
        checkExit('the same again', await runCli(testbed, 'upgrade', own), 0, 'unchanged')
        await checkNoWrites(testbed, since)

        await setTag(testbed, ground.green, 'simulated/ready-after', 'never')
        const settled = await readSettings(testbed, ground)
        const broken = { options: { ami: found.broken, 'ami-base': 'active', 'pod-timeout-minutes': '0.15' } }
        const reverted = await runCli(testbed, 'upgrade', broken)
        checkExit('upgrade to an image on which no pod becomes ready', reverted, 4, 'reverted')
        checkRestored(settled, await readSettings(testbed, ground))
        await checkNothingLeft(testbed)
        // The emulator cannot delete versions. What the revert could not do must be named, and it must not stop it.
        check('the version that is left is named', /version 2 of this run/.test(reverted.output), tail(reverted.output))
      },
      async (ground) => {
        const [own = '', broken = '', fresh = '', other = ''] = await linuxImages(testbed)
        const [old = ''] = await runningImages(testbed, ground.blue)
        Object.assign(found, { old, fresh, own, broken })
        await testbed.aws.emulator('PUT', '/_emulator/parameters', { name: parameter, value: old })
        await followOwnTemplate(testbed, ground.green, `resolve:ssm:${parameter}`)
        await followOwnTemplate(testbed, ground.blue, other, 'm7i.xlarge')
      }
    )
  }
}

/** Ids of Linux images for the architecture of the nodes. */
async function linuxImages({ aws }: Testbed): Promise<readonly string[]> {
  const { Images = [] } = await aws.ec2.describeImages({})
  const fit = Images.filter(({ Name = '', Architecture }) => Architecture === 'x86_64' && /^al20/.test(Name))
  return fit.map(({ ImageId = '' }) => ImageId).filter((id) => /^ami-[0-9a-f]{8,17}$/.test(id))
}

/** A template of the group's own, which it follows by its latest version. */
async function followOwnTemplate(
  { aws }: Testbed,
  group: string,
  image: string,
  InstanceType: 'm7i.large' | 'm7i.xlarge' = 'm7i.large'
): Promise<void> {
  const name = `${group}-own`
  await aws.ec2.deleteLaunchTemplate({ LaunchTemplateName: name }).catch(() => {})
  const data = { ImageId: image, InstanceType }
  await aws.ec2.createLaunchTemplate({ LaunchTemplateName: name, LaunchTemplateData: data })
  const LaunchTemplate = { LaunchTemplateName: name, Version: '$Latest' }
  await aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: group, LaunchTemplate })
}

async function runningImages({ aws }: Testbed, group: string): Promise<readonly string[]> {
  const { AutoScalingGroups = [] } = await aws.autoScaling.describeAutoScalingGroups({ AutoScalingGroupNames: [group] })
  const ids = (AutoScalingGroups[0]?.Instances ?? []).map(({ InstanceId = '' }) => InstanceId)
  const { Reservations = [] } = await aws.ec2.describeInstances({ InstanceIds: ids })
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ ImageId = '' }) => ImageId))
}

async function checkImages(testbed: Testbed, group: string, image: string): Promise<void> {
  const run = await runningImages(testbed, group)
  check(`all instances of ${group} run ${image}`, run.length === 3 && run.every((one) => one === image), run)
}

async function checkVersion({ aws }: Testbed, name: string, expected: Readonly<Record<string, string>>): Promise<void> {
  const input = { LaunchTemplateName: name, Versions: ['$Latest'] }
  const { LaunchTemplateVersions = [] } = await aws.ec2.describeLaunchTemplateVersions(input)
  const { VersionNumber, LaunchTemplateData: data, VersionDescription = '' } = LaunchTemplateVersions[0] ?? {}
  check(
    `${name} has a version of the run with these settings`,
    VersionNumber === 2 && VersionDescription.startsWith('eks-node-upgrade run ') && isLike(data, expected),
    { VersionNumber, VersionDescription, ...data }
  )
}

function isLike(data: object | undefined, expected: Readonly<Record<string, string>>): boolean {
  const has = new Map<string, unknown>(Object.entries(data ?? {}))
  return Object.entries(expected).every(([key, value]) => has.get(key) === value)
}
