/**
 * The answer to a request over Node's HTTP, read piece by piece.
 *
 * `fetch` gives a body as a web stream, which costs more than reading the words in it, so replies are read here without one.
 * Whatever else wants the answer, such as a provider's SDK, sees an ordinary `Response`.
 *
 * @since 0.1.0
 */
import type { IncomingMessage } from "node:http"
import type { Readable } from "node:stream"
import * as Unpacked from "../../../internal/unpacked.ts"

/**
 * Reads the next bytes: all that have come, or only the first of them (`first`), for whoever waits for a beginning. `taken` gets
 * undefined at the end of the body. One read at a time.
 */
export type Read = (
  taken: (bytes: Uint8Array | undefined) => void,
  failed: (cause: unknown) => void,
  first?: boolean
) => void

/** How to read the body of a response; undefined if it has none. */
export const reading = (response: Response): Read | undefined => {
  if (response instanceof Answer) return response.read
  const reader = response.body?.getReader()
  return reader && ((taken, failed) => void reader.read().then(({ value }) => taken(value), failed))
}

/** The type of a response's content, which may be nothing. */
export const contentType = (response: Response): string =>
  response instanceof Answer ? response.contentType : (response.headers.get("content-type") ?? "")

/** Bytes that wait to be read before the provider is asked to pause. */
const mostWaiting = 1 << 20

const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

interface Reader {
  readonly taken: Parameters<Read>[0]
  readonly failed: Parameters<Read>[1]
  readonly first: boolean
}

/** An answer whose head has come. The rest of `Response` is made when somebody asks for it. */
export class Answer implements Response {
  readonly status: number
  readonly url: string
  readonly type = "basic"
  readonly redirected = false
  readonly #message: IncomingMessage
  readonly #bytes: Readable
  #waiting: Array<Uint8Array> = []
  #size = 0
  #reader: Reader | undefined
  #over: "no" | "ended" | "failed" = "no"
  #cause: unknown
  #response: Response | undefined

  constructor(message: IncomingMessage, url: string) {
    this.#message = message
    this.status = message.statusCode!
    this.url = url
    this.#bytes = Unpacked.of(message)
    const fail = (cause?: unknown) => this.#fail(cause)
    this.#bytes.on("data", (bytes: Uint8Array) => this.#take(bytes))
    this.#bytes.on("end", () => this.#end())
    this.#bytes.on("close", fail)
    this.#bytes.on("error", fail)
    if (this.#bytes !== message) message.on("error", fail)
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  get contentType(): string {
    return this.#message.headers["content-type"] ?? ""
  }

  readonly read: Read = (taken, failed, first = false) => {
    if (this.#waiting.length > 0) return taken(this.#next(first))
    if (this.#over === "ended") return taken(undefined)
    if (this.#over === "failed") return failed(this.#cause)
    this.#reader = { taken, failed, first }
  }

  #next(first: boolean): Uint8Array {
    const waiting = this.#waiting
    if (first && waiting.length > 1) {
      const [one] = waiting.splice(0, 1)
      this.#size -= one!.length
      return one!
    }
    this.#waiting = []
    this.#size = 0
    if (this.#bytes.isPaused()) this.#bytes.resume()
    return waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
  }

  /** All that one network chunk holds is read at once: each event of a reply is a chunk of HTTP, which comes by itself. */
  #take(bytes: Uint8Array): void {
    if (this.#waiting.push(bytes) === 1 && this.#reader !== undefined) process.nextTick(this.#give)
    this.#size += bytes.length
    if (this.#size >= mostWaiting) this.#bytes.pause()
  }

  readonly #give = (): void => {
    const reader = this.#reader
    if (reader === undefined || this.#waiting.length === 0) return
    this.#reader = undefined
    reader.taken(this.#next(reader.first))
  }

  #end(): void {
    if (this.#over !== "no") return
    this.#over = "ended"
    this.#settle((reader) => reader.taken(undefined))
  }

  #fail(cause: unknown): void {
    if (this.#over !== "no") return
    this.#over = "failed"
    this.#cause = cause
    this.#settle((reader) => reader.failed(cause))
  }

  /** Tells a reader of the end, behind the last bytes. */
  #settle(tell: (reader: Reader) => void): void {
    this.#give()
    const reader = this.#reader
    if (reader === undefined) return
    this.#reader = undefined
    tell(reader)
  }

  #whole(): Response {
    return (this.#response ??= new Response(bodiless.has(this.status) ? null : this.#stream(), {
      status: this.status,
      statusText: this.statusText,
      headers: Object.entries(this.#message.headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value])
      )
    }))
  }

  /** The body for others. It takes nothing before it is read. */
  #stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pull = (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) =>
      new Promise<void>((resolve, reject) =>
        this.read((bytes) => {
          if (bytes === undefined) controller.close()
          else controller.enqueue(bytes as Uint8Array<ArrayBuffer>)
          resolve()
        }, reject)
      )
    return new ReadableStream({ pull, cancel: () => void this.#message.destroy() }, { highWaterMark: 0 })
  }

  get statusText(): string {
    return this.#message.statusMessage ?? ""
  }
  get headers(): Headers {
    return this.#whole().headers
  }
  get body() {
    return this.#whole().body
  }
  get bodyUsed(): boolean {
    return this.#whole().bodyUsed
  }
  clone(): Response {
    return this.#whole().clone()
  }
  arrayBuffer() {
    return this.#whole().arrayBuffer()
  }
  blob() {
    return this.#whole().blob()
  }
  bytes() {
    return this.#whole().bytes()
  }
  formData() {
    return this.#whole().formData()
  }
  json() {
    return this.#whole().json()
  }
  text() {
    return this.#whole().text()
  }
}
