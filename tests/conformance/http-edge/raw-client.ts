import type { TLSSocket } from 'node:tls'
import { type RawMessage, splitAnswers } from './messages.ts'

/** How the bytes of a request are cut into TLS records; a parser sees each record for itself. */
export type Segmentation = 'at once' | 'byte by byte' | 'head, then the rest' | 'in pieces of 7'

/** Everything that came back on one connection until it was closed. */
export interface Conversation {
  readonly answers: readonly RawMessage[]
  /** Bytes behind the last whole answer. */
  readonly rest: string
}

/** Sends and reads until the server closes; the time limit of the test is the failure. */
export async function converse(
  socket: TLSSocket,
  options: { send: string; methods?: readonly string[]; segmentation?: Segmentation },
): Promise<Conversation> {
  const ended = readToEnd(socket)
  for (const piece of cut(options.send, options.segmentation ?? 'at once')) {
    if (socket.writable) socket.write(Buffer.from(piece, 'latin1'))
  }
  const { messages, rest } = splitAnswers(await ended, options.methods ?? [], true)
  return { answers: messages, rest }
}

/** Status numbers, `100` of interim answers left out. */
export function statusesOf(answers: readonly RawMessage[]): number[] {
  return answers.map(({ startLine }) => Number(startLine.split(' ')[1])).filter((one) => one >= 200)
}

/** The value of a header line of an answer. */
export function lineOf(answer: RawMessage | undefined, name: string): string | undefined {
  const prefix = `${name.toLowerCase()}:`
  const line = answer?.lines.find((one) => one.toLowerCase().startsWith(prefix))
  return line?.slice(prefix.length).trim()
}

/** Everything that comes until the peer closes, however it closes. */
export function readToEnd(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(text))
    if (socket.destroyed) resolve(text)
  })
}

/** Resolves with the text so far once it is enough; rejects when the connection closes before. */
export function readUntil(socket: TLSSocket, enough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!enough(text)) return
      socket.off('data', onData).off('close', onClose)
      resolve(text)
    }
    const onClose = () => reject(new Error(`closed after ${JSON.stringify(text)}`))
    socket.on('data', onData).on('close', onClose)
  })
}

function cut(text: string, segmentation: Segmentation): string[] {
  if (segmentation === 'byte by byte') return [...text]
  if (segmentation === 'in pieces of 7') return text.match(/[\s\S]{1,7}/g) ?? []
  const head = text.indexOf('\r\n\r\n')
  if (segmentation === 'at once' || head === -1) return [text]
  return [text.slice(0, head + 4), text.slice(head + 4)]
}
