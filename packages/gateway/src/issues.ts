import type { ProblemItem } from '@twinlatch/kit'
import { z } from 'zod'
import { nearestName } from './nearest-name.ts'

type Path = readonly PropertyKey[]

/** Where a document came from, for its problems. */
export interface Origin {
  readonly file?: string | undefined
  readonly index?: number | undefined
}

/** Problem at `path` of a document that came from `origin`. */
export function problemAt(origin: Origin, path: Path | string, message: string): ProblemItem {
  return {
    // A whole document, or a whole file.
    path: (typeof path === 'string' ? path : jsonPath(path)) || '$',
    message,
    ...(origin.file === undefined ? {} : { file: origin.file }),
    ...(origin.index === undefined ? {} : { document: origin.index }),
  }
}

/** JSON path as Kubernetes writes it: `spec.servers[0].hosts`, `metadata.labels["a.b/c"]`. */
export function jsonPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(part))) {
      text += text === '' ? String(part) : `.${String(part)}`
    } else text += `[${JSON.stringify(String(part))}]`
  }
  return text
}

/** Every fault that `schema` found in `body`, one item each, unknown fields with the nearest name. */
export function problemsOf(
  error: z.ZodError,
  schema: z.ZodType,
  body: unknown,
  origin: Origin,
): ProblemItem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = fieldNamesAt(schema, issue.path)
      return issue.keys.map((key) =>
        problemAt(origin, [...issue.path, key], describeUnknown(key, known)),
      )
    }
    return [problemAt(origin, issue.path, describe(issue, valueAt(body, issue.path)))]
  })
}

function describeUnknown(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known)
  const shown = JSON.stringify(key.slice(0, 80))
  if (nearest !== null) return `unknown field ${shown}; did you mean "${nearest}"?`
  return `unknown field ${shown}; known here: ${[...known].sort().join(', ')}`
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
    return issue.code === 'invalid_type' ? `missing (expected ${issue.expected})` : 'missing'
  }
  if (issue.code === 'invalid_type') return `expected ${issue.expected}, got ${typeName(value)}`
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    const nearest = typeof value === 'string' ? nearestName(value, allowed) : null
    const hint = nearest === null ? '' : `; did you mean "${nearest}"?`
    return `${JSON.stringify(value)?.slice(0, 80)} is not one of ${allowed.join(', ')}${hint}`
  }
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'not a name for this field'
  return issue.message
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

function valueAt(body: unknown, path: Path): unknown {
  let value = body
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = Reflect.get(value, part)
  }
  return value
}

function fieldNamesAt(schema: z.ZodType, path: Path): string[] {
  let current: z.core.$ZodType = unwrap(schema)
  for (const part of path) {
    if (current instanceof z.ZodObject) current = unwrap(current.shape[String(part)])
    else if (current instanceof z.ZodArray) current = unwrap(current.element)
    else if (current instanceof z.ZodRecord) current = unwrap(current.valueType)
    else return []
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : []
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType {
  let current = schema ?? z.unknown()
  while (true) {
    if (current instanceof z.ZodOptional || current instanceof z.ZodNullable) {
      current = current.unwrap()
    } else if (current instanceof z.ZodPrefault || current instanceof z.ZodDefault) {
      current = current.unwrap()
    } else if (current instanceof z.ZodPipe) {
      // `preprocess` has its schema behind the transform, every other pipe before it.
      current = current.in instanceof z.ZodTransform ? current.out : current.in
    } else return current
  }
}
