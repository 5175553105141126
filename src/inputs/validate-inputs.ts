/**
 * Validates a whole input at once, before anything is changed or called: either every value is good, or every problem is
 * named, each with the value as it was given and with what would be right.
 */
import { unreachable } from '../engine/model/error.ts'
import type { Mode, Settings } from '../engine/model/settings.ts'
import { shellWord } from '../engine/model/shell-word.ts'
import { digestPattern } from '../engine/plan/plan-digest.ts'
import { gateEntries } from '../gates/gate.ts'
import { type NotifyTarget, parseTarget } from '../notify/target.ts'
import { nearestWord } from './did-you-mean.ts'
import { gateNames, gateSettings, wrongGates } from './gate-inputs.ts'
import { type Face, type Input, type InputKind, inputsOf, longestMinutes, modes } from './inputs.ts'
import { quoted } from './quoted.ts'

/** What is needed to reach AWS and the cluster; nothing of it changes what the engine decides. */
export interface ConnectionInputs {
  region?: string
  roleToAssume?: string
  roleSessionName?: string
  roleDurationSeconds?: number
  roleExternalId?: string
  audience?: string
  /** Without `path`: what kubectl would read. */
  kubeconfig?: { path?: string; context?: string }
  /** As they were typed; the settings have their names. */
  gates?: readonly string[]
}

/** What a Lambda function's event says of the slice that it is; empty elsewhere. Instants in ms. */
export interface SliceInputs {
  step: 'start' | 'slice'
  runId?: string
  newRunId?: string
  startedAt?: number
  failingSince?: number
  /** Version of a Lease that somebody else holds, and since when it was seen unchanged. */
  leaseSeen?: { version: string; at: number }
}

/** Stands for an option that was given without a value; no command line and no workflow can hold it. */
export const withoutValue = '\u0000'

export interface Inputs {
  /** Without `group`: which groups there are is in `groups`. */
  settings: Settings
  /** `all` if `*` was given; empty: the only one. */
  groups: readonly string[] | 'all'
  connection: ConnectionInputs
  /** Who is told how the run ended. */
  notify: readonly NotifyTarget[]
  output: 'text' | 'json'
  /** File for the HTML report. */
  report?: string
  diff: boolean
  yes: boolean
  slice: SliceInputs
  /** What was given beyond the defaults, as options: a command that continues from here needs the same. */
  typed: Typed
}

export interface Typed {
  /** How to get there and how groups are found: for every command. */
  always: readonly string[]
  /** What concerns an upgrade only. */
  upgrade: readonly string[]
}

/** One thing wrong with the input, as a sentence. */
export type Problem = string

export type ValidatedInputs =
  | { inputs: Inputs; problems?: undefined }
  | { inputs?: undefined; problems: readonly Problem[] }

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

export function unknownWord(what: string, typed: string, candidates: readonly string[], prefix = ''): Problem {
  const meant = nearestWord(typed, candidates)
  const hint = meant === undefined ? '' : ` (did you mean ${prefix}${meant}?)`
  return `${what} ${quoted(prefix + typed)} is unknown${hint}`
}

const number = /^\d+(\.\d+)?$/

/** What is wrong with one value, or undefined. */
function wrong(name: string, kind: InputKind, value: string, face: Face): Problem | undefined {
  const is = (right: string) => `${name} is ${quoted(value)}: ${right}`
  switch (kind.is) {
    case 'text':
      if (value.length > 2048) return is('it is longer than 2048 characters')
      return kind.pattern === undefined || kind.pattern.test(value) ? undefined : is(`it must be ${kind.looks}`)
    case 'path':
    case 'secret':
      return undefined
    case 'choice': {
      if (kind.of.includes(value)) return undefined
      const meant = nearestWord(value, kind.of)
      return is(`it must be ${oneOf(kind.of)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`)
    }
    case 'switch':
      return value === 'true' || value === 'false' ? undefined : is('it must be true or false')
    case 'whole':
      if (/^\d+$/.test(value) && Number(value) >= kind.least && Number(value) <= kind.most) return undefined
      return is(`it must be a whole number from ${kind.least} to ${kind.most}`)
    case 'duration':
      return wrongDuration(kind, value, is)
    case 'list':
      if (kind.of === 'gates') return wrongGates(name, value, face)
      if (kind.of === 'targets') return wrongTargets(name, value)
      return wrongList[kind.of](value, is)
    default:
      return unreachable(kind)
  }
}

function wrongDuration(
  { unit, none }: Extract<InputKind, { is: 'duration' }>,
  value: string,
  is: (right: string) => Problem
): Problem | undefined {
  if (!number.test(value)) return is(`it must be a number of ${unit}, ${none ? '0 or more' : 'greater than 0'}`)
  const amount = Number(value)
  if (amount === 0 && !none) return is(`a deadline must be greater than 0 ${unit}`)
  const most = unit === 'minutes' ? longestMinutes : longestMinutes * 60
  return amount > most ? is(`it must be at most ${most} ${unit}`) : undefined
}

function listed(value: string): string[] {
  const entries = value.split(/[\n\r,]/).map((entry) => entry.trim())
  return [...new Set(entries.filter((entry) => entry !== ''))]
}

function wrongNames(value: string, is: (right: string) => Problem): Problem | undefined {
  const names = listed(value)
  if (names.length === 0) return is('it does not name a group')
  if (names.includes('*') && names.length > 1) return is('* already means all groups; name either groups or *')
  return names.some((name) => name.length > 256) ? is('a tag value has at most 256 characters') : undefined
}

// Parts of Kubernetes names and the two wildcards. Brackets and braces would be taken for globs and are none here.
const globPart = /^[a-z0-9.*?-]+$/

function wrongGlobs(value: string, is: (right: string) => Problem): Problem | undefined {
  const bad = listed(value).filter((entry) => {
    const parts = entry.toLowerCase().split('/')
    return parts.length !== 3 || !parts.every((part) => globPart.test(part))
  })
  if (bad.length === 0) return listed(value).length === 0 ? is('it does not name a workload') : undefined
  return is(`${bad.slice(0, 3).map(quoted).join(', ')} must be namespace/kind/name such as team-a/deployment/ledger`)
}

function wrongTargets(name: string, value: string): Problem | undefined {
  const bad = listed(value).filter((entry) => parseTarget(entry) === undefined)
  if (bad.length === 0) return undefined
  return `${name} is ${bad.slice(0, 3).map(quoted).join(', ')}: it must be issue or sns:arn:aws:sns:REGION:ACCOUNT:TOPIC`
}

function wrongDigests(value: string, is: (right: string) => Problem): Problem | undefined {
  const digests = listed(value)
  if (digests.length > 0 && digests.every((one) => digestPattern.test(one))) return undefined
  return is('it must be the digest that plan gives, such as p1-mq3k7xw2ta5bd6cnf4hj')
}

const wrongList = { names: wrongNames, globs: wrongGlobs, digests: wrongDigests } as const

function relations(value: (name: string) => string): Problem[] {
  const problems: Problem[] = []
  for (const name of ['role-session-name', 'role-duration-seconds', 'role-external-id']) {
    if (value(name) === '' || value('role-to-assume') !== '') continue
    problems.push(`${name} is ${quoted(value(name))}, but no role-to-assume is given: give both or neither`)
  }
  if (value('kube-context') !== '' && value('kubeconfig') === '') {
    problems.push(`kube-context is ${quoted(value('kube-context'))}, but no kubeconfig is given: give both or neither`)
  }
  if (value('ami-base') !== '' && value('ami') === 'keep') {
    problems.push(`ami-base is ${quoted(value('ami-base'))}, but ami is keep: give an image with it, or neither`)
  }
  return [...problems, ...tagKeyProblems(value)]
}

function tagKeyProblems(value: (name: string) => string): Problem[] {
  const names = ['cluster-tag-key', 'group-tag-key', 'color-tag-key']
  const problems: Problem[] = []
  for (const name of names) {
    const key = value(name)
    if (key.replace('{cluster}', value('cluster')).length > 128 || /^aws:/i.test(key)) {
      problems.push(`${name} is ${quoted(key)}: a tag key has at most 128 characters and does not begin with aws:`)
    }
  }
  for (const [index, name] of names.entries()) {
    const same = names.slice(0, index).find((other) => value(other) === value(name))
    if (same !== undefined)
      problems.push(`${name} is ${quoted(value(name))}, as ${same} is: they must be different tags`)
  }
  return problems
}

/**
 * `given` holds what was typed, by input name; an empty text counts as not given, as it does in a workflow.
 * `environment` is read for the region only.
 */
export function validateInputs(
  given: Readonly<Record<string, string>>,
  face: Face,
  environment: Readonly<Record<string, string | undefined>> = {}
): ValidatedInputs {
  const table = inputsOf(face)
  // The default of a secret is an expression that only the runner can resolve.
  const usual = ({ kind, default: text }: Input) => (kind.is === 'secret' ? '' : text)
  const values = new Map(table.map((input) => [input.name, (given[input.name] ?? '').trim() || usual(input)]))
  const value = (name: string) => values.get(name) ?? ''
  const problems = [
    ...Object.keys(given)
      .filter((name) => !values.has(name) && !(face === 'cli' && name === 'mode'))
      .map((name) => unknownWord('input', name, [...values.keys()])),
    ...(face === 'cli' ? modeProblems(given.mode ?? '') : []),
    ...table.flatMap((input) => valueProblems(input, value(input.name), face)),
    ...relations(value),
    ...issueProblems(face, value, environment)
  ]
  if (problems.length > 0) return { problems }
  return { inputs: assemble(face, value, (face === 'cli' ? given.mode : value('mode')) as Mode, environment) }
}

/** The action is given a token; elsewhere it comes from the environment, as GitHub's own tools have it. */
function issueProblems(
  face: Face,
  value: (name: string) => string,
  environment: Readonly<Record<string, string | undefined>>
): Problem[] {
  if (!listed(value('notify')).includes('issue')) return []
  if (face === 'action') {
    return value('github-token') === '' ? ['notify is "issue", but github-token is empty: give both or neither'] : []
  }
  const missing = ['GITHUB_TOKEN', 'GITHUB_REPOSITORY'].filter((name) => !environment[name])
  return missing.length === 0
    ? []
    : [
        `notify is "issue", but ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing in the environment`
      ]
}

function modeProblems(mode: string): Problem[] {
  return (modes as readonly string[]).includes(mode) ? [] : [unknownWord('command', mode, modes)]
}

function valueProblems(input: Input, value: string, face: Face): Problem[] {
  if (value === '') return input.required ? [`${input.name} is empty: name the EKS cluster`] : []
  const problem = wrong(input.name, input.kind, value, face)
  return problem === undefined ? [] : [problem]
}

/** Not repeated in the next command: the engine names them itself, or they belong to this one start. */
const notRepeated = [
  'cluster',
  'group',
  'mode',
  'output',
  'report',
  'diff',
  'yes',
  'lock-timeout-minutes',
  'on-cancel',
  'github-token',
  'expect-plan'
]

function typedOptions(face: Face, value: (name: string) => string): Typed {
  const given = inputsOf(face).filter(({ name, default: usual }) => value(name) !== '' && value(name) !== usual)
  const repeated = given.filter(({ name, group }) => group !== 'slices' && !notRepeated.includes(name))
  // How a workflow reaches AWS and the cluster is not how the person reaches them who pastes the command.
  const own = repeated.filter(({ name, group }) => face !== 'action' || (group !== 'aws' && !name.startsWith('kube')))
  const option = ({ name, kind }: Input) => {
    if (kind.is === 'switch') return value(name) === 'true' ? `--${name}` : `--${name}=false`
    if (value(name) === withoutValue) return `--${name}`
    return `--${name} ${shellWord(shownValue(kind, value(name)))}`
  }
  const isWay = ({ group }: Input) => group === 'aws' || group === 'cluster'
  return { always: own.filter(isWay).map(option), upgrade: own.filter((input) => !isWay(input)).map(option) }
}

/** A gate is repeated by its name: what it hides is not for a log. */
function shownValue(kind: InputKind, value: string): string {
  if (kind.is !== 'list') return value
  return kind.of === 'gates' ? gateNames(value).join(',') : listed(value).join(',')
}

function assemble(
  face: Face,
  value: (name: string) => string,
  mode: Mode,
  environment: Readonly<Record<string, string | undefined>>
): Inputs {
  const minutes = (name: string) => Math.round(Number(value(name)) * 60_000)
  const optional = (name: string) => value(name) || undefined
  const settings: Settings = {
    mode,
    cluster: value('cluster'),
    clusterTagKey: value('cluster-tag-key'),
    groupTagKey: value('group-tag-key'),
    colorTagKey: value('color-tag-key'),
    ami: value('ami'),
    ...(value('ami-base') === '' ? {} : { amiBase: value('ami-base') as Settings['amiBase'] }),
    whenUnchanged: value('when-unchanged') as Settings['whenUnchanged'],
    expectPlan: listed(value('expect-plan')),
    canaryNodes: Number(value('canary-nodes')),
    hold: value('hold') === 'true',
    launchTimeoutMs: minutes('launch-timeout-minutes'),
    joinTimeoutMs: minutes('join-timeout-minutes'),
    stableMs: Math.round(Number(value('stable-seconds')) * 1000),
    drainTimeoutMs: minutes('drain-timeout-minutes'),
    podTimeoutMs: minutes('pod-timeout-minutes'),
    soakMs: minutes('soak-minutes'),
    retireTimeoutMs: minutes('retire-timeout-minutes'),
    revertTimeoutMs: minutes('revert-timeout-minutes'),
    timeoutMs: minutes('timeout-minutes'),
    // Only the action has a post step: a command line or a slice that is stopped leaves a safe state and says how to resume.
    onCancel: (value('on-cancel') || 'leave') as Settings['onCancel'],
    jobs: value('jobs') as Settings['jobs'],
    podsWithoutController: value('pods-without-controller') as Settings['podsWithoutController'],
    emptydirData: value('emptydir-data') as Settings['emptydirData'],
    allowDowntime: listed(value('allow-downtime')).map((glob) => glob.toLowerCase()),
    lockTimeoutMs: minutes('lock-timeout-minutes'),
    ...gateSettings(value)
  }
  const groups = listed(value('group'))
  return {
    settings,
    groups: groups[0] === '*' ? 'all' : groups,
    connection: {
      region: optional('aws-region') ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION,
      roleToAssume: optional('role-to-assume'),
      roleSessionName: optional('role-session-name'),
      roleDurationSeconds:
        optional('role-duration-seconds') === undefined ? undefined : Number(value('role-duration-seconds')),
      roleExternalId: optional('role-external-id'),
      audience: optional('audience'),
      kubeconfig: kubeconfigOf(optional('kubeconfig'), optional('kube-context')),
      ...(value('gate') === '' ? {} : { gates: gateEntries(value('gate')) })
    },
    notify: listed(value('notify')).flatMap((entry) => parseTarget(entry) ?? []),
    output: value('output') === 'json' ? 'json' : 'text',
    report: optional('report'),
    diff: value('diff') === 'true',
    yes: value('yes') === 'true',
    slice: sliceOf(optional),
    typed: typedOptions(face, value)
  }
}

function sliceOf(optional: (name: string) => string | undefined): SliceInputs {
  const instant = (name: string) => (optional(name) === undefined ? undefined : Date.parse(optional(name) ?? ''))
  return {
    step: optional('step') === 'start' ? 'start' : 'slice',
    runId: optional('run-id'),
    newRunId: optional('new-run-id'),
    startedAt: instant('started-at'),
    failingSince: instant('failing-since'),
    leaseSeen: leaseSeenIn(optional('lease-seen'))
  }
}

function leaseSeenIn(text: string | undefined): SliceInputs['leaseSeen'] {
  const [version, time = ''] = text?.split('@') ?? []
  return version === undefined ? undefined : { version, at: Date.parse(time) }
}

function kubeconfigOf(path: string | undefined, context: string | undefined): ConnectionInputs['kubeconfig'] {
  if (path === undefined) return undefined
  return { path: path === withoutValue ? undefined : path, context }
}

/** All problems as lines, with what did not happen. */
export function problemLines(problems: readonly Problem[]): string[] {
  const heading = problems.length === 1 ? 'Invalid input.' : `${problems.length} problems with the input.`
  return [`${heading} Nothing was changed.`, ...problems.map((problem) => `  ${problem}`)]
}
