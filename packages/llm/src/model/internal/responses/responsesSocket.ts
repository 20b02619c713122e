/**
 * A connection in the WebSocket mode of the Responses API: one response at a time, as its events.
 *
 * Written with callbacks, like the platform's WebSocket. There is no documented way to cancel a response, so abandoning
 * one closes the connection.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as WireJson from "../provider/wireJson.ts"
import type { Known } from "./continuation.ts"

/** The address and the credentials. */
export interface Options {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
}

/** The connection closed before the first event of a response. */
export class Unanswered extends Error {}

/** A response that has started: its first event, and all events as server-sent events. */
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

/** Opens a connection. Rejects if opening fails or the signal is aborted first. */
export const open = (options: Options, signal: AbortSignal): Promise<ResponsesSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(options.url, { headers: options.headers })
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
  /** When the connection was last released, in milliseconds of the clock. */
  idleSince = 0
  readonly #socket: WebSocket
  #asking: Asking | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener("message", ({ data }) => this.#receive(data))
    socket.addEventListener("close", () => this.#closed())
    // The close event reports what went wrong.
    socket.addEventListener("error", () => {})
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /**
   * Requests a response. `ended` receives the complete response once it has arrived, when the connection is free again.
   * Aborting closes the connection.
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
          // The reader wants no more.
          if (this.#asking === asking) this.close()
        }
      })
      asking.began({ first: text, body })
    }
    // Each line of the text becomes a data line of the same event.
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
      // Not an error: the reply is cut off, as if a response over HTTP ended too early.
      asking?.stream?.close()
    } catch {
      // The reader has cancelled it.
    }
  }
}

const endings: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed", "error"])

/** Parses only events that may be the last one. Whoever reads the reply parses all others. */
const ending = /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"/

/** The event, if it is the last one. */
const lastOf = (text: string): { readonly response: unknown } | undefined => {
  if (!ending.test(text)) return undefined
  const event = WireJson.parse(text)
  if (!Predicate.hasProperty(event, "type") || !endings.has(event.type)) return undefined
  const isWhole = event.type === "response.completed"
  return { response: isWhole && Predicate.hasProperty(event, "response") ? event.response : undefined }
}
