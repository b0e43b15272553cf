import { DatabaseError } from 'pg'
import { describe, expect, test } from 'vitest'
import { isStoreUnavailable, StoreError } from '../errors.ts'
import { translatePostgresError } from './postgres-error.ts'

function reported(code: string): DatabaseError {
  const error = new DatabaseError('something about a row', 21, 'error')
  error.code = code
  error.detail = 'Failing row contains (hunter2).'
  error.where = 'unnamed portal with parameters: $1 = hunter2'
  return error
}

describe('what PostgreSQL reports', () => {
  test.each([
    ['40001', 'store/conflict', true],
    ['40P01', 'store/conflict', true],
    ['55P03', 'store/busy', true],
    ['57014', 'store/busy', true],
    ['53300', 'store/busy', true],
    ['53100', 'store/disk-full', true],
    ['25006', 'store/read-only', true],
    ['58030', 'store/io', true],
    ['57P01', 'store/unreachable', true],
    ['57P03', 'store/unreachable', true],
    ['08006', 'store/unreachable', true],
    ['23505', 'store/duplicate', false],
    ['28P01', 'store/cannot-open', false],
    ['3D000', 'store/cannot-open', false],
    ['XX001', 'store/corrupt', false],
  ])('%s is %s, and unavailable: %s', (code, expected, unavailable) => {
    const error = translatePostgresError(reported(code))
    expect(error).toMatchObject({ code: expected })
    expect(isStoreUnavailable(error)).toBe(unavailable)
  })

  test.each(['23502', '42601', '42P01', '22P02'])('%s is our bug, and stays what it is', (code) => {
    expect(translatePostgresError(reported(code))).toBeInstanceOf(DatabaseError)
  })

  test.each(['23505', '23502', '53100'])('%s quotes no value', (code) => {
    const error = translatePostgresError(reported(code)) as Error
    const texts = [error, error.cause ?? error].map((one) => JSON.stringify(one) + String(one))
    expect(texts.join()).not.toContain('hunter2')
  })
})

test.each([
  ['a refused connection', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })],
  ['a reset one', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['one that took too long', new Error('timeout exceeded when trying to connect')],
])('%s is a database out of reach, with its reason as the cause', (_name, error) => {
  const translated = translatePostgresError(error) as StoreError
  expect(translated).toBeInstanceOf(StoreError)
  expect(translated.code).toBe('store/unreachable')
  expect((translated.cause as Error).message).not.toBe('')
})
