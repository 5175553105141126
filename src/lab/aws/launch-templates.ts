/** Launch templates and their versions, and which version a specification means. */

import type { LaunchTemplateSpecification } from '@aws-sdk/client-auto-scaling'
import type { LaunchTemplate, LaunchTemplateVersion, ResponseLaunchTemplateData } from '@aws-sdk/client-ec2'
import { templateId } from './identifiers.ts'
import { LabAwsError } from './lab-aws-error.ts'
import type { Account, LabTemplateVersion, LaunchTemplateLine } from './state.ts'

export function createLine(
  account: Account,
  name: string,
  data: ResponseLaunchTemplateData,
  details: { id?: string; description?: string; createdAt?: number } = {}
): LaunchTemplateLine {
  if (lineOf(account, { LaunchTemplateName: name })) {
    throw ec2Error('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.')
  }
  const line: LaunchTemplateLine = {
    id: details.id ?? templateId(account.ids),
    name,
    createdAt: details.createdAt ?? account.clock.now(),
    defaultVersion: 1,
    latestVersion: 0,
    versions: []
  }
  account.templates.set(line.id, line)
  addVersion(account, line, data, details)
  return line
}

export function addVersion(
  account: Account,
  line: LaunchTemplateLine,
  data: ResponseLaunchTemplateData,
  details: { description?: string; createdAt?: number; clientToken?: string } = {}
): LabTemplateVersion {
  const version: LabTemplateVersion = {
    number: Math.max(line.latestVersion, ...line.versions.map((one) => one.number)) + 1,
    createdAt: details.createdAt ?? account.clock.now(),
    description: details.description,
    clientToken: details.clientToken,
    data: structuredClone(data)
  }
  line.versions.push(version)
  line.latestVersion = version.number
  return version
}

type Named = Pick<LaunchTemplateSpecification, 'LaunchTemplateId' | 'LaunchTemplateName'>

export function lineOf(account: Account, named: Named): LaunchTemplateLine | undefined {
  if (named.LaunchTemplateId) return account.templates.get(named.LaunchTemplateId)
  return [...account.templates.values()].find((line) => line.name === named.LaunchTemplateName)
}

/** Throws EC2's error if there is none. */
export function lineFor(account: Account, named: Named): LaunchTemplateLine {
  const line = lineOf(account, named)
  if (line) return line
  if (named.LaunchTemplateId) {
    throw ec2Error(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${named.LaunchTemplateId}, does not exist.`
    )
  }
  throw ec2Error(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${named.LaunchTemplateName}, does not exist.`
  )
}

/**
 * The version that `$Latest`, `$Default`, a number or nothing (the default) means now.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
 */
export function versionOf(line: LaunchTemplateLine, version: string | undefined): LabTemplateVersion | undefined {
  if (version === '$Latest') return line.versions.at(-1)
  const number = version === undefined || version === '$Default' ? line.defaultVersion : Number(version)
  return line.versions.find((one) => one.number === number)
}

export function describeLine(account: Account, line: LaunchTemplateLine): LaunchTemplate {
  return {
    LaunchTemplateId: line.id,
    LaunchTemplateName: line.name,
    CreateTime: new Date(line.createdAt),
    CreatedBy: `arn:aws:iam::${account.id}:root`,
    DefaultVersionNumber: line.defaultVersion,
    LatestVersionNumber: line.versions.at(-1)?.number ?? 0,
    Tags: []
  }
}

export function describeVersion(
  account: Account,
  line: LaunchTemplateLine,
  version: LabTemplateVersion
): LaunchTemplateVersion {
  return {
    LaunchTemplateId: line.id,
    LaunchTemplateName: line.name,
    VersionNumber: version.number,
    ...(version.description !== undefined && { VersionDescription: version.description }),
    CreateTime: new Date(version.createdAt),
    CreatedBy: `arn:aws:iam::${account.id}:root`,
    DefaultVersion: version.number === line.defaultVersion,
    LaunchTemplateData: structuredClone(version.data)
  }
}

export const ec2Error = (code: string, message: string, status = 400) => new LabAwsError('ec2', status, code, message)
