import { z } from 'zod'
import type { Connection } from './http.ts'

const binding = z.looseObject({
  name: z.string(),
  instanceId: z.string(),
  clientId: z.string(),
  createdAt: z.string(),
})
const shown = z.looseObject({
  service: z.looseObject({
    name: z.string(),
    instance_name: z.string(),
    label: z.string(),
    plan: z.string(),
    tags: z.array(z.string()),
    credentials: z.record(z.string(), z.unknown()),
  }),
})

/** A binding without its credentials. */
export type BindingBody = z.infer<typeof binding>
/** A binding as an entry of `VCAP_SERVICES`, with its credentials; showing one is audited. */
export type ShownBinding = z.infer<typeof shown>

/** Calls of `/api/bindings`. */
export interface BindingClient {
  /** 409 if the name is taken. */
  create(body: { name: string; credentialType?: 'binding-secret' | 'x509' }): Promise<BindingBody>
  list(): Promise<BindingBody[]>
  show(name: string): Promise<ShownBinding>
  /** Its access tokens are worth nothing from then on. */
  delete(name: string): Promise<void>
}

/** A client of the bindings behind `connection`. */
export function createBindingClient(connection: Connection): BindingClient {
  return {
    create: ({ name, credentialType = 'binding-secret' }) =>
      connection.json(
        { method: 'POST', path: '/api/bindings', json: { name, credentialType } },
        binding,
      ),
    list: () => connection.json({ method: 'GET', path: '/api/bindings' }, z.array(binding)),
    show: (name) =>
      connection.json({ method: 'GET', path: `/api/bindings/${encodeURIComponent(name)}` }, shown),
    delete: async (name) => {
      await connection.text({
        method: 'DELETE',
        path: `/api/bindings/${encodeURIComponent(name)}`,
      })
    },
  }
}
