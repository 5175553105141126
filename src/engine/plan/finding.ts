/** How findings are made, and the commands in them. */
import type { Finding } from '../model/report.ts'
import type { BlockingRule, Rule, WarningRule } from '../model/rules.ts'
import { shellWord } from '../model/shell-word.ts'

export type Blocker = Finding<BlockingRule>
export type Warning = Finding<WarningRule>

export function finding<R extends Rule>(
  rule: R,
  object: string,
  reason: string,
  ...remedies: readonly string[]
): Finding<R> {
  return { rule, object, reason, remedies }
}

/** `aws autoscaling VERB --auto-scaling-group-name GROUP …` */
export function autoscaling(verb: string, group: string, ...rest: readonly string[]): string {
  return ['aws autoscaling', verb, '--auto-scaling-group-name', shellWord(group), ...rest].join(' ')
}

export function describeGroup(name: string): string {
  return `aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names ${shellWord(name)}`
}

export function tagCommand(group: string, key: string, value: string): string {
  // In the CLI's shorthand a comma would begin the next field.
  const tag = `ResourceId=${group},ResourceType=auto-scaling-group,Key=${key},Value=${value},PropagateAtLaunch=false`
  return `aws autoscaling create-or-update-tags --tags ${shellWord(tag)}`
}

export function untagCommand(group: string, key: string): string {
  return `aws autoscaling delete-tags --tags ${shellWord(`ResourceId=${group},ResourceType=auto-scaling-group,Key=${key}`)}`
}

export function kubectl(namespace: string, ...words: readonly string[]): string {
  return ['kubectl', '-n', shellWord(namespace), ...words].join(' ')
}

/** At most `limit` of them by name, the rest as a count. */
export function nameSome(names: readonly string[], limit = 3): string {
  if (names.length <= limit) return names.join(', ')
  return `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
