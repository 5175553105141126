/** The settings of both groups after release, compared with those that the run found: what the report says of them. */
import type { Capacity } from '../model/node-group.ts'
import type { OpenRun } from '../record/record.ts'
import { stateOf, writtenVersion } from '../world/template-versions.ts'
import type { Side, World } from '../world/world.ts'

interface ComparedSetting {
  /** As it was found. */
  text: string
  /** What it is now, if it is not as found. */
  now?: string
}

export interface SettingsComparison {
  /** In words, those that are as they were found. */
  asFound: readonly string[]
  total: number
  /** In words, those that are not: others have changed them since, or they cannot be restored yet. */
  different: readonly string[]
}

export function compareSettings(world: World, run: OpenRun): SettingsComparison {
  const all: ComparedSetting[] = [world.outgoing, world.incoming].flatMap((side) => [
    // After an upgrade the sizes follow the role, so only a revert restores them.
    ...(run.direction === 'reverting' ? [sizes(side)] : []),
    suspendedProcesses(side),
    protectionOfNew(side),
    protectionOfInstances(side)
  ])
  if (run.direction === 'reverting') all.push(...templates(world, run))
  return {
    asFound: all.filter(({ now }) => now === undefined).map(({ text }) => text),
    total: all.length,
    different: all.flatMap(({ text, now }) => (now === undefined ? [] : [`${text} when found, now ${now}`]))
  }
}

function templates(world: World, run: OpenRun): readonly ComparedSetting[] {
  return (run.templateWrites ?? []).map((write) => {
    const ours = writtenVersion(world, write)
    const text = `launch template ${write.name}: default version ${write.defaultBefore}, none of this run`
    const now = stateOf(world, write)
    if (!now) return { text, now: 'it does not exist' }
    if (ours === undefined && now.default === write.defaultBefore) return { text }
    const left = ours === undefined ? '' : `, version ${ours} of this run`
    return { text, now: `default version ${now.default}${left}` }
  })
}

/** In words, the same for both groups as the record has them. */
export function foundSettings({ outgoing, incoming }: Pick<OpenRun, 'outgoing' | 'incoming'>): readonly string[] {
  return [outgoing, incoming].flatMap(({ name, capacity, suspended, newInstancesProtected, protectedInstances }) => [
    `${name}: ${sizeWords(capacity)}`,
    `${name}: suspended processes ${processWords(suspended)}`,
    `${name}: scale-in protection of new instances ${switchWords(newInstancesProtected)}`,
    `${name}: scale-in protection of ${protectedInstances.length} instances`
  ])
}

const sizeWords = ({ min, max, desired }: Capacity) => `min ${min}, max ${max}, desired ${desired}`
const processWords = (processes: readonly string[]) => [...processes].sort().join(', ') || 'none'
const switchWords = (on: boolean) => (on ? 'on' : 'off')

function sizes({ group, original }: Side): ComparedSetting {
  return compared(`${group.name}: `, sizeWords(original.capacity), sizeWords(group.capacity))
}

function suspendedProcesses({ group, original }: Side): ComparedSetting {
  return compared(
    `${group.name}: suspended processes `,
    processWords(original.suspended),
    processWords(group.suspended)
  )
}

function protectionOfNew({ group, original }: Side): ComparedSetting {
  const found = switchWords(original.newInstancesProtected)
  return compared(
    `${group.name}: scale-in protection of new instances `,
    found,
    switchWords(group.newInstancesProtected)
  )
}

/** Instances that have left the group count as found. If the group protects new instances, it may have more of them now. */
function protectionOfInstances({ group, original, instances }: Side): ComparedSetting {
  const text = `${group.name}: scale-in protection of ${original.protectedInstances.length} instances`
  const wrong = instances.filter((instance) => {
    const wasProtected = original.protectedInstances.includes(instance.id)
    if (instance.protectedFromScaleIn) return !wasProtected && !original.newInstancesProtected
    return wasProtected
  })
  if (wrong.length === 0) return { text }
  const words = wrong.map(
    ({ id, protectedFromScaleIn }) => `${id} ${protectedFromScaleIn ? 'has it' : 'has it no more'}`
  )
  return { text, now: words.join(', ') }
}

function compared(label: string, found: string, now: string): ComparedSetting {
  return { text: `${label}${found}`, ...(now === found ? {} : { now }) }
}
