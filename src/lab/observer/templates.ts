/** I9 and I10 for launch templates: a run writes versions only of those that its record names, and a revert leaves none. */
import type { LaunchTemplateLine } from '../aws/state.ts'
import type { Lab } from '../joined/lab.ts'
import type { Raw } from '../kubernetes/object.ts'
import type { PortCall } from '../ports/call-gate.ts'
import type { ObservedCluster } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

const templateCalls = new Set(['CreateLaunchTemplateVersion', 'ModifyLaunchTemplate', 'DeleteLaunchTemplateVersions'])

export interface TemplateChecks {
  before(call: PortCall): void
  ended(outcome: string): void
}

/** `changedByOthers`: with `NAME versions`, others change the template of this name on purpose. */
export function createTemplateChecks(
  lab: Lab,
  observed: ObservedCluster,
  broken: ReportViolation,
  changedByOthers: readonly string[]
): TemplateChecks {
  const lines = () => [...lab.aws.account.templates.values()]
  const atFirst = new Map(
    lines().map((line) => [
      line.id,
      { text: textOf(line), numbers: new Set(line.versions.map(({ number }) => number)) }
    ])
  )

  return {
    before({ name, input }) {
      if (!templateCalls.has(name)) return
      const { LaunchTemplateId: id, Versions = [], DryRun } = input as Raw
      if (DryRun) return
      const isNamed = observed.openRuns().some(({ templates }) => templates.includes(id))
      if (!isNamed) broken('I9', `${name} for template ${id}, which no open run writes a version of`)
      if (name !== 'DeleteLaunchTemplateVersions') return
      const old = Versions.filter((version: string) => atFirst.get(id)?.numbers.has(Number(version)))
      if (old.length > 0)
        broken('I9', `version ${old.join(', ')} of template ${id}, which was there before, is removed`)
    },

    ended(outcome) {
      if (['upgraded', 'held', 'halted', 'cancelled'].includes(outcome)) return
      for (const line of lines()) {
        const was = atFirst.get(line.id)?.text
        if (was === undefined || was === textOf(line) || changedByOthers.includes(`${line.name} versions`)) continue
        broken('I10', `template ${line.name} had ${was} and has ${textOf(line)}`)
      }
    }
  }
}

function textOf({ versions, defaultVersion }: LaunchTemplateLine): string {
  return `versions ${versions.map(({ number }) => number).join(', ')}, default ${defaultVersion}`
}
