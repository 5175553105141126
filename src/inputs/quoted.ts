import { plainText } from '../report/escape.ts'

/** The value as it was given, in quotes; long ones are cut. */
export function quoted(value: string): string {
  const shown = value.length > 80 ? `${value.slice(0, 80)}…` : value
  return `"${plainText(shown)}"`
}
