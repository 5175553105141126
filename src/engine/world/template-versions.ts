/** The launch template versions that a run has written, as they are seen: each has the run's description. */
import type { TemplateState } from '../model/node-group.ts'
import type { OpenRun, TemplateWrite } from '../record/record.ts'
import type { World } from './world.ts'

type Templates = Pick<World, 'templates'>

export function stateOf({ templates }: Templates, { template }: TemplateWrite): TemplateState | undefined {
  return templates.find(({ id }) => id === template)
}

/** The number of the version that the run has written; undefined if it is not there. */
export function writtenVersion(world: Templates, write: TemplateWrite): number | undefined {
  return stateOf(world, write)?.newer.find(({ description }) => description === write.description)?.version
}

/** `template-id:version` that incoming instances must come from now; empty: not compared. */
export function plannedNow(world: Templates, run: OpenRun): readonly string[] {
  const writes = run.templateWrites ?? []
  const isWritten = (planned: string) => writes.some(({ template }) => planned.startsWith(`${template}:`))
  const kept = run.plannedTemplates.filter((planned) => !isWritten(planned))
  return [...kept, ...writes.map((write) => `${write.template}:${writtenVersion(world, write) ?? 'none'}`)]
}
