/** Launch template versions that a run writes and removes. Each is recognized by its description, so that it is written once. */

import { createHash } from 'node:crypto'
import type { Json, NewTemplateVersion, NodeGroups, TemplateState } from '../engine/model/node-group.ts'
import { withOwnWords } from '../engine/plan/own-words.ts'
import type { AwsAccess, Ec2Calls, NewVersionInput } from './aws-calls.ts'
import { isDenied, nameOf, translated } from './aws-error.ts'
import { writableContent } from './ec2-request.ts'
import { allPages } from './paging.ts'
import { type AwsLaunchTemplateVersion, templateVersionFrom } from './translation.ts'

export type TemplateVersionMethods = Pick<
  NodeGroups,
  'templateState' | 'addTemplateVersion' | 'setDefaultVersion' | 'removeTemplateVersion' | 'deniedTemplateWrites'
>

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const noTemplate = /^InvalidLaunchTemplate(Id|Name)\.(NotFound|Malformed)/

export function templateVersionMethods(calls: Ec2Calls, access: AwsAccess): TemplateVersionMethods {
  return {
    templateState: (id, above) => readState(calls, access, id, above),

    addTemplateVersion: (version) =>
      translated(access, 'ec2', 'CreateLaunchTemplateVersion', async () => {
        await calls.createLaunchTemplateVersion(await newVersion(version, calls, access), access.deadlines.write())
      }),

    setDefaultVersion: (template, version) =>
      translated(access, 'ec2', 'ModifyLaunchTemplate', async () => {
        const input = { LaunchTemplateId: template, DefaultVersion: String(version) }
        await calls.modifyLaunchTemplate(input, access.deadlines.write())
      }),

    // A version that does not exist is told in the answer, not as an error:
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html
    removeTemplateVersion: (template, version) =>
      translated(access, 'ec2', 'DeleteLaunchTemplateVersions', async () => {
        const input = { LaunchTemplateId: template, Versions: [String(version)] }
        await calls.deleteLaunchTemplateVersions(input, access.deadlines.write())
      }),

    deniedTemplateWrites: (version, setsDefault) => deniedWrites(calls, access, version, setsDefault)
  }
}

function readState(calls: Ec2Calls, access: AwsAccess, id: string, above: number): Promise<TemplateState | undefined> {
  return translated(access, 'ec2', 'DescribeLaunchTemplateVersions', async () => {
    const deadline = access.deadlines.read()
    try {
      const [named, newer] = await Promise.all([
        calls.describeLaunchTemplateVersions({ LaunchTemplateId: id, Versions: ['$Latest', '$Default'] }, deadline),
        allPages<AwsLaunchTemplateVersion>(async (NextToken) => {
          const input = { LaunchTemplateId: id, MinVersion: String(above + 1), NextToken }
          const page = await calls.describeLaunchTemplateVersions(input, deadline)
          return { items: page.LaunchTemplateVersions, next: page.NextToken }
        })
      ])
      const versions = named.LaunchTemplateVersions ?? []
      const numbers = versions.map((one) => one.VersionNumber ?? 0)
      if (numbers.length === 0) return undefined
      return {
        id,
        latest: Math.max(...numbers),
        default: versions.find((one) => one.DefaultVersion)?.VersionNumber ?? Math.min(...numbers),
        newer: newer
          .map((one) => ({ version: one.VersionNumber ?? 0, description: one.VersionDescription ?? '' }))
          .filter(({ version }) => version > above)
          .sort((a, b) => a.version - b.version)
      }
    } catch (error) {
      if (noTemplate.test(nameOf(error))) return undefined
      throw error
    }
  })
}

/**
 * Of the same template EC2 takes the content over itself, with settings that nobody here knows. Snapshots of its disks are the
 * exception: they are ignored unless they are named
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html).
 */
async function newVersion(version: NewTemplateVersion, calls: Ec2Calls, access: AwsAccess): Promise<NewVersionInput> {
  const { template, source, image, description, renamed } = version
  const input = { LaunchTemplateId: source.template, Versions: [String(source.version)] }
  const read = await calls.describeLaunchTemplateVersions(input, access.deadlines.write())
  const found = read.LaunchTemplateVersions?.[0]
  const content = found ? asObject(templateVersionFrom(found).data) : {}
  const common = {
    LaunchTemplateId: template,
    VersionDescription: description,
    ClientToken: createHash('sha256').update(`${template} ${description}`).digest('hex')
  }
  if (renamed) {
    const data = asObject(withOwnWords(writableContent(content), renamed.from, renamed.to))
    return { ...common, LaunchTemplateData: { ...data, ImageId: image } }
  }
  const disks = content.BlockDeviceMappings
  const pinned = JSON.stringify(disks ?? null).includes('"SnapshotId"') ? { BlockDeviceMappings: disks } : {}
  return { ...common, SourceVersion: String(source.version), LaunchTemplateData: { ...pinned, ImageId: image } }
}

/**
 * EC2 says before anything is written whether it would be allowed. `DryRunOperation`: it would be.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
 */
async function deniedWrites(
  calls: Ec2Calls,
  access: AwsAccess,
  version: NewTemplateVersion,
  setsDefault: boolean
): Promise<readonly string[]> {
  const dry = { LaunchTemplateId: version.template, DryRun: true }
  const deadline = access.deadlines.write()
  const input = await translated(access, 'ec2', 'DescribeLaunchTemplateVersions', () =>
    newVersion(version, calls, access)
  )
  const attempts: [string, () => Promise<unknown>][] = [
    ['CreateLaunchTemplateVersion', () => calls.createLaunchTemplateVersion({ ...input, DryRun: true }, deadline)],
    ['DeleteLaunchTemplateVersions', () => calls.deleteLaunchTemplateVersions({ ...dry, Versions: ['1'] }, deadline)]
  ]
  if (setsDefault) {
    attempts.push(['ModifyLaunchTemplate', () => calls.modifyLaunchTemplate({ ...dry, DefaultVersion: '1' }, deadline)])
  }
  const answers = attempts.map(([action, attempt]) =>
    attempt().then(
      () => [],
      // What cannot be told now is told when it is written.
      (error: unknown) => (isDenied(error) ? [action] : [])
    )
  )
  return (await Promise.all(answers)).flat()
}

function asObject(value: Json): { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json | undefined })
    : {}
}
