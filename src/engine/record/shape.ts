/**
 * Shapes of plain values that were read from outside: each says what is wrong with a value, and where. Small on purpose:
 * the engine imports no package, and a record needs no more than this.
 */

/** What is wrong with the value at `path`; undefined if nothing is. */
export type Shape = (value: unknown, path: string) => string | undefined

export const text: Shape = (value, path) => (typeof value === 'string' ? undefined : `${path} is not a text`)
export const amount: Shape = (value, path) => (Number.isFinite(value) ? undefined : `${path} is not a number`)
export const flag: Shape = (value, path) => (typeof value === 'boolean' ? undefined : `${path} is not true or false`)

export function oneOf(...allowed: readonly string[]): Shape {
  return (value, path) =>
    typeof value === 'string' && allowed.includes(value) ? undefined : `${path} is not one of ${allowed.join(', ')}`
}

export function optional(shape: Shape): Shape {
  return (value, path) => (value === undefined ? undefined : shape(value, path))
}

export function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`
    return firstProblem(value.map((item, index) => shape(item, `${path}[${index}]`)))
  }
}

/** Any keys, each with a value of this shape. */
export function mapOf(shape: Shape): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`
    return firstProblem(Object.entries(value).map(([key, item]) => shape(item, `${path}.${key}`)))
  }
}

/** At least these fields; what a later version has added is kept and not judged. */
export function object<Fields extends object>(fields: { readonly [Key in keyof Required<Fields>]: Shape }): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`
    const shapes = Object.entries<Shape>(fields)
    return firstProblem(shapes.map(([key, shape]) => shape(value[key], path === '' ? key : `${path}.${key}`)))
  }
}

export function all(...shapes: readonly Shape[]): Shape {
  return (value, path) => firstProblem(shapes.map((shape) => shape(value, path)))
}

function firstProblem(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
