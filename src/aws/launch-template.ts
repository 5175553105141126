/** One launch template version, read from EC2. */

import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling'
import type { TemplateRef, TemplateVersion } from '../engine/model/node-group.ts'
import { nameOf } from './aws-error.ts'
import { called, readDeadline } from './clients.ts'
import { type Element, launchTemplateVersionsFrom } from './launch-template-wire.ts'
import { callAction } from './single-action-client.ts'
import { templateVersionFrom } from './translation.ts'

const text = 0
const anything = 15

const describeVersions = {
  name: 'DescribeLaunchTemplateVersions',
  traits: 0,
  input: [
    3,
    'small',
    'DescribeLaunchTemplateVersionsRequest',
    0,
    ['LaunchTemplateId', 'LaunchTemplateName', 'Versions'],
    [text, text, [64 | text, { xmlName: 'LaunchTemplateVersion' }]]
  ],
  output: anything
}

/** The template, or its version, does not exist: `InvalidLaunchTemplateId.VersionNotFound` and kin. */
const notFound = /^InvalidLaunchTemplate(Id|Name)\.(\w*NotFound\w*|Malformed)/

export async function readTemplateVersion(
  client: AutoScalingClient,
  region: string,
  ref: TemplateRef
): Promise<TemplateVersion | undefined> {
  // EC2 refuses id and name together.
  const template = ref.id === '' ? { LaunchTemplateName: ref.name } : { LaunchTemplateId: ref.id }
  return called(client, 'ec2:DescribeLaunchTemplateVersions', region, async () => {
    try {
      const input = { ...template, Versions: [ref.version] }
      const [version] = launchTemplateVersionsFrom(
        await callAction<Element>(client, describeVersions, input, readDeadline())
      )
      return version && templateVersionFrom(version)
    } catch (error) {
      if (notFound.test(nameOf(error))) return undefined
      throw error
    }
  })
}
