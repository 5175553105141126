/**
 * Calls about tags: at most fifty per group and twenty-five per call. The last write wins.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
 */

import type {
  CreateOrUpdateTagsType,
  DeleteTagsType,
  DescribeTagsType,
  Tag,
  TagDescription,
  TagsType
} from '@aws-sdk/client-auto-scaling'
import { putTag, tagsOf } from './group.ts'
import { LabAwsError, validationError } from './lab-aws-error.ts'
import { groupNamed } from './lookup.ts'
import { page, pageRequest } from './paging.ts'
import type { Account, LabGroup } from './state.ts'

const tagsPerGroup = 50
const tagsPerCall = 25

export function tagActions(account: Account) {
  return {
    createOrUpdateTags(input: CreateOrUpdateTagsType): void {
      const tags = input.Tags ?? []
      checkCall(tags)
      const groups = tags.map((tag) => groupNamed(account, tag.ResourceId))
      tags.forEach(checkTag)
      for (const group of new Set(groups)) {
        const own = tags.filter((tag) => tag.ResourceId === group.name).map((tag) => tag.Key ?? '')
        if (new Set([...group.tags.keys(), ...own]).size > tagsPerGroup) {
          const message = `Exceeded maximum number of tags for ${group.name}: ${tagsPerGroup}`
          throw new LabAwsError('autoscaling', 400, 'LimitExceeded', message)
        }
      }
      tags.forEach((tag, index) => {
        putTag(groups[index] as LabGroup, tag)
      })
    },

    deleteTags(input: DeleteTagsType): void {
      const tags = input.Tags ?? []
      checkCall(tags)
      const groups = tags.map((tag) => groupNamed(account, tag.ResourceId))
      // A tag that does not exist is not an error, and the value is ignored.
      tags.forEach((tag, index) => {
        groups[index]?.tags.delete(tag.Key ?? '')
      })
    },

    describeTags(input: DescribeTagsType): TagsType {
      const all = [...account.groups.values()].flatMap(tagsOf)
      const kept = all.filter((tag) =>
        (input.Filters ?? []).every(({ Name, Values = [] }) => Values.includes(String(fieldOf(tag, Name))))
      )
      const { items, NextToken } = page('autoscaling', kept, pageRequest(input, 50))
      return { Tags: items, NextToken }
    }
  }
}

function fieldOf(tag: TagDescription, name: string | undefined): unknown {
  if (name === 'auto-scaling-group') return tag.ResourceId
  if (name === 'key') return tag.Key
  if (name === 'value') return tag.Value
  if (name === 'propagate-at-launch') return tag.PropagateAtLaunch
  throw validationError(`Filter type ${name} is not correct.`)
}

function checkCall(tags: readonly Tag[]): void {
  if (tags.length > 0 && tags.length <= tagsPerCall) return
  throw validationError(
    `1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length between 1 and ${tagsPerCall}, inclusive`
  )
}

function checkTag(tag: Tag): void {
  const key = tag.Key ?? ''
  if (tag.ResourceType !== undefined && tag.ResourceType !== 'auto-scaling-group') {
    throw validationError(`Invalid resource type '${tag.ResourceType}'. Supported resource type: 'auto-scaling-group'`)
  }
  if (key.length < 1 || [...key].length > 128) throw validationError('Tag key must have length between 1 and 128')
  if ([...(tag.Value ?? '')].length > 256) throw validationError('Tag value must have length of at most 256')
  if (key.toLowerCase().startsWith('aws:')) throw validationError(`Tag keys starting with 'aws:' are reserved: ${key}`)
}
