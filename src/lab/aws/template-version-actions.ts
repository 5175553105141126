/** Writing launch template versions: what a client does that gives a group another image. */
import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateVersionRequest,
  CreateLaunchTemplateVersionResult,
  DeleteLaunchTemplateVersionsRequest,
  DeleteLaunchTemplateVersionsResult,
  LaunchTemplateErrorCode,
  ModifyLaunchTemplateRequest,
  ModifyLaunchTemplateResult,
  ResponseLaunchTemplateData
} from '@aws-sdk/client-ec2'
import { addVersion, describeLine, describeVersion, ec2Error, lineFor, versionOf } from './launch-templates.ts'
import type { Account, LaunchTemplateLine } from './state.ts'

export function templateVersionActions(account: Account) {
  return {
    createLaunchTemplateVersion(input: CreateLaunchTemplateVersionRequest): CreateLaunchTemplateVersionResult {
      const line = lineFor(account, input)
      const source = input.SourceVersion === undefined ? undefined : versionOf(line, input.SourceVersion)
      if (input.SourceVersion !== undefined && !source) {
        throw ec2Error(
          'InvalidLaunchTemplateId.VersionNotFound',
          `Could not find the specified version ${input.SourceVersion} for the launch template with ID ${line.id}.`
        )
      }
      // EC2 takes a request with the same token for the same request.
      const same = line.versions.find((one) => one.clientToken !== undefined && one.clientToken === input.ClientToken)
      const data = { ...withoutSnapshots(source?.data), ...contentOf(input.LaunchTemplateData) }
      const details = { description: input.VersionDescription, clientToken: input.ClientToken }
      const version = same ?? addVersion(account, line, data, details)
      return { LaunchTemplateVersion: describeVersion(account, line, version) }
    },

    modifyLaunchTemplate(input: ModifyLaunchTemplateRequest): ModifyLaunchTemplateResult {
      const line = lineFor(account, input)
      const version = versionOf(line, input.DefaultVersion)
      if (!version) {
        throw ec2Error('InvalidLaunchTemplateId.VersionNotFound', `Could not find the version ${input.DefaultVersion}.`)
      }
      line.defaultVersion = version.number
      return { LaunchTemplate: describeLine(account, line) }
    },

    /** The default version cannot be deleted; what cannot be is told, and the call succeeds. */
    deleteLaunchTemplateVersions(input: DeleteLaunchTemplateVersionsRequest): DeleteLaunchTemplateVersionsResult {
      const line = lineFor(account, input)
      const answers = (input.Versions ?? []).map((number) => deleteVersion(line, Number(number)))
      const told = (code: string | undefined) => answers.filter((one) => one.code === code)
      return {
        SuccessfullyDeletedLaunchTemplateVersions: told(undefined).map((one) => idOf(line, one.number)),
        UnsuccessfullyDeletedLaunchTemplateVersions: answers
          .filter(({ code }) => code !== undefined)
          .map(({ number, code, message }) => ({
            ...idOf(line, number),
            ResponseError: { Code: code as LaunchTemplateErrorCode, Message: message }
          }))
      }
    }
  }
}

const idOf = (line: LaunchTemplateLine, number: number) => ({
  LaunchTemplateId: line.id,
  LaunchTemplateName: line.name,
  VersionNumber: number
})

function deleteVersion(line: LaunchTemplateLine, number: number): { number: number; code?: string; message?: string } {
  const index = line.versions.findIndex((one) => one.number === number)
  if (index === -1) return { number, code: 'launchTemplateVersionDoesNotExist', message: 'The version does not exist.' }
  if (number === line.defaultVersion) {
    return { number, code: 'unexpectedError', message: 'The default version cannot be deleted.' }
  }
  line.versions.splice(index, 1)
  return { number }
}

/** Snapshots of the source's disks are not taken over: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html */
function withoutSnapshots(data: ResponseLaunchTemplateData | undefined): ResponseLaunchTemplateData {
  const mappings = data?.BlockDeviceMappings?.map(({ Ebs, ...device }) => {
    const { SnapshotId: _, ...disk } = Ebs ?? {}
    return Ebs ? { ...device, Ebs: disk } : device
  })
  return { ...data, ...(mappings ? { BlockDeviceMappings: mappings } : {}) }
}

/** A request and a description have the same fields for the content of a template. */
export const contentOf = (data: CreateLaunchTemplateRequest['LaunchTemplateData']) =>
  structuredClone(data ?? {}) as ResponseLaunchTemplateData
