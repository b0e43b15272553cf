import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFilter } from './filter.ts'
import { certificateFormatOf, isItemName } from './names.ts'

const itemName = fc.stringMatching(/^[A-Za-z0-9._~-]{1,200}$/).filter(isItemName)

test('a list of any texts, encoded and quoted as clients do, comes back as it was', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1 })
  fc.assert(
    fc.property(texts, fc.constantFrom(',', ', '), (names, separator) => {
      const list = names.map((name) => `'${encodeURIComponent(name).replaceAll("'", "''")}'`)
      expect(parseFilter(`Name in (${list.join(separator)})`)).toEqual({ kind: 'names', names })
    }),
  )
})

test('a prefix or suffix of any text comes back as it was', () => {
  fc.assert(
    fc.property(fc.constantFrom('startswith', 'endswith'), fc.string(), (operation, text) => {
      const filter = parseFilter(`${operation}(Name,'${text.replaceAll("'", "''")}')`)
      expect(filter).toMatchObject({ text })
    }),
  )
})

test('any text is understood or refused with a code', () => {
  const pieces = fc.constantFrom("'", "''", '(', ')', ',', ' ', 'Name in ', 'startswith', '%', 'a')
  const noise = fc.oneof(
    fc.string(),
    fc.array(pieces).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(noise, (text) => {
      try {
        expect(parseFilter(text)).toHaveProperty('kind')
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^destinations\//) })
      }
    }),
  )
})

test('a long hostile filter is refused quickly', () => {
  const startedMs = performance.now()
  for (const text of [`Name in (${"''".repeat(2000)}`, `startswith(Name,${"'".repeat(3999)}`]) {
    expect(() => parseFilter(text)).toThrow()
  }
  expect(performance.now() - startedMs).toBeLessThan(500)
})

test('a name needs no encoding in a path, and is no other path', () => {
  fc.assert(
    fc.property(itemName, (name) => {
      expect(encodeURIComponent(name)).toBe(name)
      expect(new URL(`https://a.test/v1/${name}`).pathname).toBe(`/v1/${name}`)
    }),
  )
})

test('anything else is no name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      if (/^[A-Za-z0-9._~-]+$/.test(text)) return
      expect(isItemName(text)).toBe(false)
      expect(() => certificateFormatOf(`${text}.p12`)).toThrow()
    }),
  )
})
