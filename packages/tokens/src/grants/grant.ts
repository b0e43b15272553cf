import type { BindingClient } from '../binding.ts'
import type { Form } from '../form.ts'
import type { AccessToken } from '../token.ts'

/** One grant type: decides whether `client` gets what `form` asks for, and mints it. */
export interface Grant {
  readonly grantType: string
  run(request: {
    form: Form
    client: BindingClient
    mint: (client: BindingClient) => Promise<AccessToken>
  }): Promise<AccessToken>
}
