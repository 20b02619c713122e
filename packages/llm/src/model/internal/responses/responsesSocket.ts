/**
 * One connection of the Responses API's WebSocket mode: one response at a time, as its events.
 *
 * Written with callbacks, as the platform's WebSocket is. Nothing is documented that cancels a response, so a response that is
 * abandoned closes the connection.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Dispatcher } from "../provider/connections.ts"
import * as WireJson from "../provider/wireJson.ts"
import type { Known } from "./continuation.ts"

/** Where, and who asks. */
export interface Options {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly dispatcher?: Dispatcher
}

/** The connection ended before anything of a response had come. */
export class Unanswered extends Error {}

/** A response that has begun to come: its first event, and all of them as server-sent events. */
export interface Answer {
  readonly first: string
  readonly body: ReadableStream<Uint8Array>
}

interface Asking {
  readonly began: (answer: Answer) => void
  readonly failed: (error: unknown) => void
  readonly ended: (response: unknown) => void
  stream: ReadableStreamDefaultController<Uint8Array> | undefined
}

const utf8 = new TextEncoder()

/** Opens a connection. Rejects if it does not come about, or the signal is aborted first. */
export const open = (options: Options, signal: AbortSignal): Promise<ResponsesSocket> =>
  new Promise((resolve, reject) => {
    const { dispatcher, headers, url } = options
    const socket = new WebSocket(url, { headers, ...(dispatcher === undefined ? undefined : { dispatcher }) })
    socket.binaryType = "arraybuffer"
    const abort = () => {
      socket.close()
      reject(new Unanswered("aborted"))
    }
    signal.addEventListener("abort", abort, { once: true })
    const settle = () => signal.removeEventListener("abort", abort)
    socket.addEventListener("open", () => {
      settle()
      resolve(new ResponsesSocket(socket))
    })
    socket.addEventListener("error", () => {
      settle()
      reject(new Unanswered("not opened"))
    })
    if (signal.aborted) abort()
  })

export class ResponsesSocket {
  /** The last response, if the next one may continue it. */
  known: Known | undefined
  /** When it was last given back, in milliseconds of the clock. */
  idleSince = 0
  readonly #socket: WebSocket
  #asking: Asking | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener("message", ({ data }) => this.#receive(data))
    socket.addEventListener("close", () => this.#closed())
    // What has gone wrong shows when the connection closes.
    socket.addEventListener("error", () => {})
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /**
   * Asks for a response. `ended` hears the whole of it once it has come to its end, and the connection is free again. Aborting
   * closes the connection.
   */
  ask(message: string, signal: AbortSignal, ended: (response: unknown) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const abort = () => this.close()
      signal.addEventListener("abort", abort, { once: true })
      const settle = () => signal.removeEventListener("abort", abort)
      this.#asking = {
        began: resolve,
        failed: (error) => {
          settle()
          reject(error)
        },
        ended: (response) => {
          settle()
          ended(response)
        },
        stream: undefined
      }
      if (signal.aborted || !this.isOpen) this.close()
      else this.#socket.send(message)
    })
  }

  close(): void {
    this.#socket.close()
    this.#closed()
  }

  #receive(data: unknown): void {
    const asking = this.#asking
    if (asking === undefined) return
    const text = typeof data === "string" ? data : new TextDecoder().decode(data as ArrayBuffer)
    if (asking.stream === undefined) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => void (asking.stream = controller),
        cancel: () => {
          // Whoever reads it has enough.
          if (this.#asking === asking) this.close()
        }
      })
      asking.began({ first: text, body })
    }
    // Of several lines each is one of the event.
    asking.stream!.enqueue(utf8.encode(`data: ${text.replaceAll("\n", "\ndata: ")}\n\n`))
    const last = lastOf(text)
    if (last === undefined) return
    this.#asking = undefined
    asking.ended(last.response)
    asking.stream!.close()
  }

  #closed(): void {
    const asking = this.#asking
    this.#asking = undefined
    asking?.failed(new Unanswered("the connection was closed"))
    try {
      // Not an error: the reply is cut off, as when a response over HTTP ends too early.
      asking?.stream?.close()
    } catch {
      // It was cancelled.
    }
  }
}

const endings: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed", "error"])

/** Only what may be an ending is read here: all else is read once, by whoever reads the reply. */
const ending = /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"/

/** The event, if nothing comes after it. */
const lastOf = (text: string): { readonly response: unknown } | undefined => {
  if (!ending.test(text)) return undefined
  const event = WireJson.parse(text)
  if (!Predicate.hasProperty(event, "type") || !endings.has(event.type)) return undefined
  const isWhole = event.type === "response.completed"
  return { response: isWhole && Predicate.hasProperty(event, "response") ? event.response : undefined }
}
