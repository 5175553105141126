/**
 * The launch template version with the image that was asked for: written while the settings are pinned, before anything launches,
 * and removed by a revert. What undoes it was in the record before. It is recognized by its description, so a reply that is lost
 * writes no second one.
 */
import { UpgradeError } from '../model/error.ts'
import { cleanUpAttempts } from '../model/limits.ts'
import type { OpenRun, TemplateWrite } from '../record/record.ts'
import { type Action, actionKey } from '../world/action.ts'
import { stateOf, writtenVersion } from '../world/template-versions.ts'
import type { World } from '../world/world.ts'
import { act, failed, type Step } from './stage.ts'

/** undefined: nothing is missing. */
export function newVersions(world: World, run: OpenRun): Step | undefined {
  const writes = run.templateWrites ?? []
  const gone = writes.find((write) => !stateOf(world, write))
  if (gone) {
    return failed(
      'template-missing',
      `Launch template ${gone.name} (${gone.template}) does not exist any more.`,
      'Create it again, or give the group another one, then plan again.'
    )
  }
  const actions = writes.flatMap((write) => missing(world, run, write))
  return actions.length === 0 ? undefined : act('writing the launch template version', actions)
}

function missing(world: World, run: OpenRun, write: TemplateWrite): readonly Action[] {
  const { template, follows } = write
  const group = run.incoming.name
  const version = writtenVersion(world, write)
  if (version === undefined) return [{ kind: 'add-version', group, version: write }]
  if (follows === '$Latest' || stateOf(world, write)?.default === version) return []
  return [{ kind: 'set-default', group, template, version }]
}

/**
 * Back: the default first, because a default version cannot be removed
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html). A default that others have moved
 * since stays. What cannot be done is named at the end and holds nothing up: nothing depends on it any more.
 */
export function versionsAsFound(world: World, run: OpenRun): readonly Action[] {
  if (run.direction !== 'reverting') return []
  return (run.templateWrites ?? []).flatMap((write): readonly Action[] => {
    const version = writtenVersion(world, write)
    if (version === undefined) return []
    const { template, defaultBefore } = write
    const group = run.incoming.name
    const isDefault = stateOf(world, write)?.default === version
    const action: Action = isDefault
      ? { kind: 'set-default', group, template, version: defaultBefore }
      : { kind: 'remove-version', group, template, version }
    return isHopeless(action, world) ? [] : [action]
  })
}

function isHopeless(action: Action, { observations }: World): boolean {
  const attempt = observations.attempts.get(actionKey(action))
  if (!(attempt?.error instanceof UpgradeError)) return false
  const isDenied = attempt.error.details.code === 'access-denied'
  return attempt.failures >= (isDenied ? cleanUpAttempts.denied : cleanUpAttempts.other)
}
