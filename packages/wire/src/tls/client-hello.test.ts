import { once } from 'node:events'
import { createServer } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseClientHello } from './client-hello.ts'

/** What a real client sends first. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const bytes = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      socket.once('data', (chunk: Buffer) => {
        socket.destroy()
        resolve(chunk)
      })
    })
  })
  connect({ host: '127.0.0.1', port, ...options }).on('error', () => {})
  const hello = await bytes
  server.close()
  return hello
}

let real: Buffer
beforeAll(async () => {
  real = await helloOf({ servername: 'Poster.Mtls.Localhost', ALPNProtocols: ['h2', 'http/1.1'] })
})

interface Parts {
  readonly extensions?: readonly (readonly [number, Buffer])[]
  readonly version?: number
  readonly tail?: Buffer
}

/** A minimal hello; every part can be wrong. */
function buildHello({ extensions, version = 0x0303, tail = Buffer.alloc(0) }: Parts): Buffer {
  const list = (extensions ?? []).map(([type, value]) =>
    Buffer.concat([uint16(type), vector16(value)]),
  )
  const body = Buffer.concat([
    uint16(version),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    vector16(uint16(0x1301)),
    Buffer.from([1, 0]),
    extensions === undefined ? Buffer.alloc(0) : vector16(Buffer.concat(list)),
    tail,
  ])
  return record(Buffer.concat([Buffer.from([1, 0]), uint16(body.length), body]))
}

const uint16 = (value: number) => Buffer.from([value >> 8, value & 0xff])
const vector16 = (value: Buffer) => Buffer.concat([uint16(value.length), value])
const record = (payload: Buffer) => Buffer.concat([Buffer.from([22, 3, 1]), vector16(payload)])
const serverName = (name: string, type = 0) =>
  vector16(Buffer.concat([Buffer.from([type]), vector16(Buffer.from(name, 'latin1'))]))

/** The same message in records of `size` bytes each. */
function refragment(hello: Buffer, size: number): Buffer {
  const payload = hello.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < payload.length; at += size) {
    records.push(record(payload.subarray(at, at + size)))
  }
  return Buffer.concat(records)
}

describe('a ClientHello', () => {
  test('of a real client yields its server name in lower case and its protocols', () => {
    expect(parseClientHello(real)).toEqual({
      kind: 'hello',
      hello: { serverName: 'poster.mtls.localhost', alpn: ['h2', 'http/1.1'] },
    })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'without SNI and ALPN says so (%s)',
    async (version) => {
      const hello = await helloOf({ minVersion: version, maxVersion: version })
      expect(parseClientHello(hello)).toEqual({
        kind: 'hello',
        hello: { serverName: null, alpn: [] },
      })
    },
  )

  test('may end before its extensions, as old clients do', () => {
    expect(parseClientHello(buildHello({}))).toMatchObject({ kind: 'hello' })
  })

  test('may be followed by other records', () => {
    const more = Buffer.concat([real, Buffer.from([20, 3, 3, 0, 1, 1])])
    expect(parseClientHello(more)).toEqual(parseClientHello(real))
  })

  test('in any prefix is incomplete and asks for no more bytes than it has', () => {
    for (let length = 0; length < real.length; length += 1) {
      const result = parseClientHello(real.subarray(0, length))
      expect(result.kind).toBe('incomplete')
      if (result.kind !== 'incomplete') return
      expect(result.needBytes).toBeGreaterThan(length)
      expect(result.needBytes).toBeLessThanOrEqual(real.length)
    }
  })

  test.each([1, 2, 3, 4, 5, 100])('in records of %i bytes is the same hello', (size) => {
    expect(parseClientHello(refragment(real, size), 65_536)).toEqual(parseClientHello(real))
  })
})

describe('in as many records as it may have', () => {
  /** One byte of message in each record; the message says how long it is. */
  const records = (count: number, announced: number) => {
    const message = Buffer.alloc(count, 7)
    message.writeUInt32BE((1 << 24) | announced)
    return Buffer.concat([...message].map((byte) => record(Buffer.from([byte]))))
  }

  test('a hello costs no more than its bytes, whenever the next one comes', () => {
    const whole = records(2_700, 9_000)
    const begin = process.cpuUsage()
    let tries = 0
    for (let have = 6; have <= whole.length; tries += 1) {
      const result = parseClientHello(whole.subarray(0, have), 65_536)
      if (result.kind !== 'incomplete') break
      have = Math.max(have + 6, result.needBytes)
    }
    const { user, system } = process.cpuUsage(begin)
    expect(tries).toBeLessThan(50)
    expect((user + system) / 1000).toBeLessThan(100)
  })

  test('one that cannot end within the limit any more is refused before it tried', () => {
    expect(parseClientHello(records(2_000, 9_000))).toMatchObject({
      kind: 'fault',
      fault: { kind: 'hello-too-large' },
    })
  })
})

describe('refused', () => {
  test.each<[string, Buffer, string]>([
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'not-tls'],
    ['an SSLv2 hello', Buffer.from([0x80, 0x2e, 1, 3, 1]), 'not-tls'],
    ['a TLS alert', Buffer.from([21, 3, 1, 0, 2, 2, 0]), 'not-tls'],
    ['record version 2.x', Buffer.from([22, 2, 0, 0, 4]), 'hello-malformed'],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), 'hello-malformed'],
    ['a record above 2^14', Buffer.from([22, 3, 1, 0x40, 1]), 'hello-malformed'],
    ['another message', record(Buffer.from([2, 0, 0, 0])), 'hello-malformed'],
    ['another version', buildHello({ version: 0x0200 }), 'hello-malformed'],
    [
      'bytes after the extensions',
      buildHello({ extensions: [], tail: Buffer.from([0]) }),
      'hello-malformed',
    ],
    [
      'a second message in the record',
      record(Buffer.concat([buildHello({}).subarray(5), Buffer.from([1])])),
      'hello-malformed',
    ],
    [
      'another record in between',
      Buffer.concat([record(buildHello({}).subarray(5, 15)), Buffer.from([21, 3, 1, 0, 2, 2, 0])]),
      'hello-malformed',
    ],
    [
      'an extension twice',
      buildHello({
        extensions: [
          [0, serverName('a')],
          [0, serverName('b')],
        ],
      }),
      'hello-malformed',
    ],
    [
      'an extension that runs past its end',
      buildHello({ tail: Buffer.from([0, 5, 0, 0, 0, 9, 1]) }),
      'hello-malformed',
    ],
    [
      'a name of another type',
      buildHello({ extensions: [[0, serverName('a', 1)]] }),
      'hello-malformed',
    ],
    ['an empty name', buildHello({ extensions: [[0, serverName('')]] }), 'hello-malformed'],
    ['a name with NUL', buildHello({ extensions: [[0, serverName('a\0b')]] }), 'hello-malformed'],
    [
      'a name with a space',
      buildHello({ extensions: [[0, serverName('a b')]] }),
      'hello-malformed',
    ],
    [
      'a name above 255 bytes',
      buildHello({ extensions: [[0, serverName('a'.repeat(256))]] }),
      'hello-malformed',
    ],
    [
      'an empty protocol list',
      buildHello({ extensions: [[16, vector16(Buffer.alloc(0))]] }),
      'hello-malformed',
    ],
    [
      'an empty protocol name',
      buildHello({ extensions: [[16, vector16(Buffer.from([0]))]] }),
      'hello-malformed',
    ],
    ['a message above the limit', record(Buffer.from([1, 0, 0x40, 1])), 'hello-too-large'],
    ['a message of 16 MB', record(Buffer.from([1, 0xff, 0xff, 0xff])), 'hello-too-large'],
  ])('%s', (_name, bytes, kind) => {
    expect(parseClientHello(bytes)).toMatchObject({ kind: 'fault', fault: { kind } })
  })

  test.each([
    ['just within the limit', 0, 'incomplete'],
    ['one byte above it', 1, 'fault'],
  ])('a record %s', (_name, more, kind) => {
    const bytes = record(Buffer.alloc(1, 1)).fill(uint16(16_384 - 5 + more), 3, 5)
    expect(parseClientHello(bytes).kind).toBe(kind)
  })

  test('names what was sent instead, and quotes nothing of it', () => {
    const result = parseClientHello(Buffer.from('POST /token?secret HTTP/1.1\r\n'))
    expect(result).toEqual({
      kind: 'fault',
      fault: { kind: 'not-tls', detail: 'plain HTTP (POST) on a TLS port' },
    })
  })
})

describe('for any bytes', () => {
  test('it answers, and asks only for bytes that it does not have', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const result = parseClientHello(bytes)
        if (result.kind === 'incomplete') expect(result.needBytes).toBeGreaterThan(bytes.length)
      }),
    )
  })

  test('mutations of a real hello yield a hello, a fault or a wish for more, never a crash', () => {
    const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const bytes = Buffer.from(real)
        for (const [at, value] of mutations) bytes[at % bytes.length] = value
        const result = parseClientHello(bytes)
        if (result.kind !== 'hello') return
        expect(result.hello.serverName ?? '').toMatch(/^[a-z0-9._-]*$/)
      }),
      { numRuns: 2_000 },
    )
  })

  test('splitting into records changes nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (size) => {
        expect(parseClientHello(refragment(real, size), 1 << 20)).toEqual(parseClientHello(real))
      }),
    )
  })
})
