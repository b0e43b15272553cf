import { expect, test } from 'vitest'
import { openOrigin } from './origin.ts'

test('an origin records requests as they came and answers as told', async () => {
  await using origin = await openOrigin(({ body }) => ({
    status: 201,
    headers: { 'x-answer': 'yes' },
    body: `got ${body}`,
  }))
  const response = await fetch(`${origin.url}/a?b=c`, {
    method: 'POST',
    body: 'hello',
    headers: { 'X-Thing': '1' },
  })
  expect(response.status).toBe(201)
  expect(response.headers.get('x-answer')).toBe('yes')
  expect(await response.text()).toBe('got hello')
  expect(origin.requests).toHaveLength(1)
  expect(origin.requests[0]).toMatchObject({
    method: 'POST',
    url: '/a?b=c',
    headers: { 'x-thing': '1' },
  })
})

test('a stopped origin refuses connections', async () => {
  const origin = await openOrigin()
  await origin.stop()
  await origin.stop()
  await expect(fetch(origin.url)).rejects.toThrow()
})
