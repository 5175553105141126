/**
 * EC2's filters: a name in kebab case, values with `*` and `?`. The values of one filter are alternatives; all filters
 * must match. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
 */
import type { Filter, Tag } from '@aws-sdk/client-ec2'
import { ec2Error } from './launch-templates.ts'

/** Filters whose name differs from the name of their field. */
const fieldsByFilter: Record<string, readonly string[]> = {
  'instance-state-name': ['State', 'Name'],
  'processor-info.supported-architecture': ['ProcessorInfo', 'SupportedArchitectures'],
  'instance-type': ['InstanceType'],
  architecture: ['Architecture'],
  name: ['Name'],
  state: ['State'],
  'image-id': ['ImageId'],
  'instance-id': ['InstanceId'],
  'subnet-id': ['SubnetId'],
  'vpc-id': ['VpcId'],
  'private-dns-name': ['PrivateDnsName'],
  'launch-template-name': ['LaunchTemplateName']
}

export function filtered<T extends object>(items: readonly T[], filters: readonly Filter[] | undefined): T[] {
  return items.filter((item) => (filters ?? []).every((filter) => fits(item, filter)))
}

function fits(item: object, { Name = '', Values = [] }: Filter): boolean {
  const patterns = Values.map(pattern)
  return valuesOf(item, Name).some((value) => patterns.some((wanted) => wanted.test(value)))
}

function valuesOf(item: object, name: string): string[] {
  const tags = (item as { Tags?: Tag[] }).Tags ?? []
  if (name === 'tag-key') return tags.map(({ Key = '' }) => Key)
  if (name.startsWith('tag:')) {
    return tags.filter(({ Key }) => Key === name.slice('tag:'.length)).map(({ Value = '' }) => Value)
  }
  const path = name === 'availability-zone' ? zonePath(item) : fieldsByFilter[name]
  if (!path) throw ec2Error('InvalidParameterValue', `The filter '${name}' is invalid`)
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], item)
  return [value]
    .flat()
    .filter((one) => one !== undefined)
    .map(String)
}

/** The zone of an instance is a field of its placement. */
const zonePath = (item: object) => ('Placement' in item ? ['Placement', 'AvailabilityZone'] : ['AvailabilityZone'])

function pattern(value: string): RegExp {
  const source = value
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}
