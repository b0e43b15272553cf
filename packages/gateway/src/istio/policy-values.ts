import { messageOf } from '@twinlatch/kit'
import { z } from 'zod'
import { parseAddressBlock } from '../address-block.ts'
import { filledList } from '../field.ts'
import { compilePathTemplate, isPathTemplate } from '../path-template.ts'
import { parsePolicyKey } from '../policy-key.ts'

/** Most values in one list of a rule: one policy of a large installation, not a database. */
const valuesMax = 20_000

/** A value of a rule in one of the string forms `abc`, `abc*`, `*abc`, `*` (gateway.md 11.4). */
export const text = z.string().min(1, 'an empty value').max(8192)

/** A host in lower case, since hosts are compared without case. */
export const hostText = text.transform((host) => host.toLowerCase())

/** A namespace, in which any `*` stands for any text. */
export const namespaceText = z
  .string()
  .min(1, 'an empty value')
  .regex(/^[a-z0-9*-]+$/, 'not a namespace')
  .max(253)

/** A parser's error as an issue of the field. */
function checked(parse: (value: string) => unknown) {
  return z.string().superRefine((value, context) => {
    try {
      parse(value)
    } catch (error) {
      context.addIssue(messageOf(error))
    }
  })
}

/** An IP address or CIDR block. */
export const addressBlock = checked(parseAddressBlock)

/** A path in a string form, or a path template. */
export const pathValue = text.superRefine((value, context) => {
  if (!isPathTemplate(value)) return
  try {
    compilePathTemplate(value)
  } catch (error) {
    context.addIssue(messageOf(error))
  }
})

/** A port as text. */
export const portText = z
  .string()
  .refine(
    (value) => /^(0|[1-9][0-9]*)$/.test(value) && Number(value) <= 65_535,
    'not a port number',
  )

/** One item of `when`. */
export const condition = z
  .strictObject({
    key: z.string().min(1),
    values: filledList(text).max(valuesMax).optional(),
    notValues: filledList(text).max(valuesMax).optional(),
  })
  .superRefine((value, context) => {
    if (value.values === undefined && value.notValues === undefined) {
      context.addIssue('a condition without values and notValues is refused')
    }
    try {
      const key = parsePolicyKey(value.key)
      for (const field of ['values', 'notValues'] as const) {
        value[field]?.forEach((item, index) => {
          const fault = key.valueFault(item)
          if (fault !== null) {
            context.addIssue({ code: 'custom', path: [field, index], message: fault })
          }
        })
      }
    } catch (error) {
      context.addIssue({ code: 'custom', path: ['key'], message: messageOf(error) })
    }
  })
