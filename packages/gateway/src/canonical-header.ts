/**
 * One form for all header names that a workload may not be able to tell apart: lower case, `-` for
 * every other sign. CGI makes `_` of `-`, and what descends from it does so with `.` and the rest
 * of the signs that a name may hold (gateway.md sections 6.3 and 17; RFC 3875 section 4.1.18).
 */
export function canonicalHeaderName(name: string): string {
  const lower = name.toLowerCase()
  return /^[a-z0-9-]*$/.test(lower) ? lower : lower.replaceAll(/[^a-z0-9]/g, '-')
}
