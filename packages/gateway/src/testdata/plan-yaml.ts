import { readFileSync } from 'node:fs'
import { devSubaccountId } from '@twinlatch/kit'
import { formatName, parseCertificates } from '@twinlatch/pki'
import { stringify } from 'yaml'
import { gatewaySettings } from '../config.ts'
import type { ManifestFile } from '../document.ts'
import { parseManifests } from '../manifest.ts'
import type { PlanInput, PlanResult } from '../plan/types.ts'

/**
 * The files of a golden case: the shared ones that its first line names, then itself.
 */
export function caseFiles(path: URL): ManifestFile[] {
  const text = readFileSync(path, 'utf8')
  const also = /^# also: (.*)$/m.exec(text)?.[1]?.split(', ') ?? []
  return [
    ...also.map((name) => ({
      name: `${name}.yaml`,
      text: readFileSync(new URL(`shared/${name}.yaml`, new URL('.', path)), 'utf8'),
    })),
    { name: 'case.yaml', text },
  ]
}

/** Documents of `files` as subaccount `dev` stores them, one second apart in order. */
export function planInput(
  files: readonly ManifestFile[],
  settings: Record<string, unknown> = {},
): PlanInput {
  const { documents, problems } = parseManifests(files)
  if (problems.length > 0) throw new Error(JSON.stringify(problems, null, 2))
  return {
    settings: gatewaySettings.parse(settings),
    sets: [
      {
        subaccountId: devSubaccountId,
        documents: documents.map((document, index) => ({
          ...document,
          createdAt: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
        })),
      },
    ],
  }
}

/** A plan as a person can review it: keys never, certificates by their subjects. */
export function planText({ plan, problems, warnings }: PlanResult): string {
  const { settings: _settings, ...shown } = plan
  const json = JSON.stringify({ ...shown, problems, warnings }, (_key, value) =>
    typeof value === 'string' ? shownText(value) : value,
  )
  return stringify(JSON.parse(json), { lineWidth: 110, aliasDuplicateObjects: false })
}

function shownText(value: string): string {
  if (value.startsWith('-----BEGIN CERTIFICATE')) {
    return parseCertificates(value)
      .map((certificate) => `certificate ${formatName(certificate.subject)}`)
      .join(' | ')
  }
  if (value.startsWith('-----BEGIN')) return value.split('\n', 1)[0] ?? ''
  return value.replaceAll(devSubaccountId, 'dev')
}
