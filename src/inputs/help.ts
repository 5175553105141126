/** `--help`, made of the one table. */
import { hang, padEnd } from '../report/text/text-width.ts'
import { type Input, inputsOf } from './inputs.ts'

const headings: Readonly<Record<Input['group'], string>> = {
  what: 'What',
  aws: 'AWS',
  cluster: 'Cluster and tags',
  pace: 'Pace',
  deadlines: 'Deadlines',
  consent: 'Consent',
  output: 'Output',
  slices: 'Slices'
}

const usage = `Upgrades the worker nodes of an Amazon EKS cluster blue/green, and reverts if it fails.

Usage
  eks-node-upgrade plan     --cluster NAME [--group NAME] …   read-only: what would change, and what blocks it
  eks-node-upgrade upgrade  --cluster NAME [--group NAME] …   upgrade, or resume an interrupted run
  eks-node-upgrade finalize --cluster NAME [--group NAME] …   retire the old group of a held upgrade
  eks-node-upgrade revert   --cluster NAME [--group NAME] …   return to the old group
  eks-node-upgrade status   --cluster NAME [--group NAME] …   current state and next step
  eks-node-upgrade lab [SCENARIO | --list] …                  try it on a built-in simulation of AWS and Kubernetes
  eks-node-upgrade --help | --version`

const exits = `Exit codes
  0 upgraded, unchanged, planned, held, or reverted on request · 2 bad input · 3 refused: nothing was changed
  4 reverted after a failure · 5 halted: manual action required · 130 stopped by a signal, in a safe state`

function placeholderOf(input: Input): string {
  const { kind } = input
  switch (kind.is) {
    case 'choice':
      return kind.of.join('|')
    case 'switch':
      return ''
    case 'duration':
      return kind.unit.toUpperCase()
    case 'whole':
      return 'N'
    case 'list':
      return 'LIST'
    case 'path':
      return 'FILE'
    case 'secret':
      return 'TOKEN'
    case 'text':
      return 'TEXT'
  }
}

function defaultWords(input: Input): string {
  if (input.required) return ' Required.'
  if (input.kind.is === 'switch') return ''
  const value = input.default || input.from
  return value === undefined ? '' : ` Default: ${value}.`
}

export function helpText(width: number): string {
  const lines = usage.split('\n')
  const table = inputsOf('cli')
  for (const [group, heading] of Object.entries(headings)) {
    if (!table.some((one) => one.group === group)) continue
    lines.push('', heading)
    for (const input of table.filter((one) => one.group === group)) {
      const head = `  ${padEnd(`--${input.name} ${placeholderOf(input)}`.trim(), 34)} `
      const text = input.description + defaultWords(input)
      // An option that leaves no room beside it has its text below.
      if (head.length > 37) lines.push(head.trimEnd(), ...hang('    ', text, width))
      else lines.push(...hang(head, text, width))
    }
  }
  return [...lines, '', ...exits.split('\n'), ''].join('\n')
}
