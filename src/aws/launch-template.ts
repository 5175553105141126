/** One launch template version, read from EC2. */

import type { TemplateRef, TemplateVersion } from '../engine/model/node-group.ts'
import type { AwsAccess, Ec2Calls } from './aws-calls.ts'
import { nameOf, translated } from './aws-error.ts'
import { bottlerocketSettings } from './bottlerocket.ts'
import { templateVersionFrom } from './translation.ts'

/**
 * The template, or its version, does not exist: `InvalidLaunchTemplateId.VersionNotFound` and similar codes.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
const notFound = /^InvalidLaunchTemplate(Id|Name)\.(\w*NotFound\w*|Malformed)/

export function readTemplateVersion(
  calls: Ec2Calls,
  access: AwsAccess,
  ref: TemplateRef
): Promise<TemplateVersion | undefined> {
  // EC2 refuses id and name together.
  const template = ref.id === '' ? { LaunchTemplateName: ref.name } : { LaunchTemplateId: ref.id }
  return translated(access, 'ec2', 'DescribeLaunchTemplateVersions', async () => {
    try {
      const input = { ...template, Versions: [ref.version] }
      const { LaunchTemplateVersions } = await calls.describeLaunchTemplateVersions(input, access.deadlines.read())
      const version = LaunchTemplateVersions?.[0]
      return version && withSettings(templateVersionFrom(version))
    } catch (error) {
      if (notFound.test(nameOf(error))) return undefined
      throw error
    }
  })
}

function withSettings(template: TemplateVersion): TemplateVersion {
  const { UserData } = template.data as { UserData?: unknown }
  const bottlerocket = bottlerocketSettings(UserData)
  return bottlerocket === undefined ? template : { ...template, bottlerocket }
}
