/**
 * The platform's end of a call: a WebSocket client that keeps what it receives, and waits for conditions rather than
 * for time.
 */
import { Effect } from "effect"
import { WebSocket } from "ws"
import type { ClientOptions } from "ws"

/** A message of the server, as the tests look at it. */
export interface Message {
  readonly type: string
  readonly content?: string
  readonly responding_to?: string | null
  readonly reason?: string
}

export interface Client {
  readonly ws: WebSocket
  /** Every JSON message so far, in order. */
  readonly messages: ReadonlyArray<Message>
  /** Every frame so far, as it arrived. */
  readonly frames: ReadonlyArray<string>
  readonly send: (message: object | string | Uint8Array) => void
  /** Sends a user turn of one message. */
  readonly say: (text: string) => void
  /** Waits until the messages so far meet a condition, which is checked at each message. */
  readonly until: (what: string, condition: () => boolean) => Effect.Effect<void>
  /** Waits for a message with this content. */
  readonly hear: (content: string) => Effect.Effect<void>
  /** Waits until the socket is closed, and returns the close code. */
  readonly closed: Effect.Effect<number>
}

/** Dies with what it waited for if a wait takes longer than it ever should on a slow machine. */
const patiently = <A>(what: string, wait: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.timeoutOrElse(wait, {
    duration: "15 seconds",
    orElse: () => Effect.die(new Error(`Waited in vain for ${what}.`))
  })

/** Waits until a condition returns a value. */
export const until = <A>(what: string, condition: () => A | undefined | false): Effect.Effect<A> => {
  const poll: Effect.Effect<A> = Effect.suspend(() => {
    const found = condition()
    return found === undefined || found === false
      ? Effect.andThen(Effect.sleep("5 millis"), poll)
      : Effect.succeed(found)
  })
  return patiently(what, poll)
}

/** A rejected upgrade, as an HTTP response. */
export interface Refusal {
  readonly status: number
  readonly body: string
  readonly headers: Record<string, string | Array<string> | undefined>
}

/** Options of a socket, and the subprotocols it offers. */
export interface Options extends ClientOptions {
  readonly protocols?: ReadonlyArray<string> | undefined
}

const opened = (address: string, { protocols = [], ...options }: Options = {}) =>
  Effect.callback<WebSocket, Refusal>((resume) => {
    const ws = new WebSocket(address, [...protocols], { perMessageDeflate: false, ...options })
    ws.on("error", () => {})
    ws.once("open", () => resume(Effect.succeed(ws)))
    ws.once("unexpected-response", (_, response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => {
        resume(Effect.fail({ status: response.statusCode ?? 0, body, headers: response.headers }))
      })
    })
  })

/** Opens a socket without sending anything. It is dropped with the scope. */
export const connect = (address: string, options?: Options) =>
  Effect.map(
    Effect.acquireRelease(opened(address, options), (ws) => Effect.sync(() => ws.terminate())),
    (ws): Client => {
      const messages: Array<Message> = []
      const frames: Array<string> = []
      let code: number | undefined
      const waiting = new Set<() => void>()
      const ask = () => {
        for (const waiter of waiting) waiter()
      }
      const wait = (what: string, condition: () => boolean) =>
        patiently(
          what,
          Effect.callback<void>((resume) => {
            const waiter = () => {
              if (!condition()) return
              waiting.delete(waiter)
              resume(Effect.void)
            }
            waiting.add(waiter)
            waiter()
            return Effect.sync(() => waiting.delete(waiter))
          })
        )
      ws.on("message", (data: Buffer) => {
        const text = data.toString()
        frames.push(text)
        // A wire of lines has frames, but no messages.
        if (text.startsWith("{")) messages.push(JSON.parse(text) as Message)
        ask()
      })
      ws.once("close", (closeCode) => {
        code = closeCode
        ask()
      })
      const send = (message: object | string | Uint8Array) =>
        ws.send(typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message))
      return {
        ws,
        messages,
        frames,
        send,
        say: (text) => {
          send({ type: "user_state", value: "speaking" })
          send({ type: "message", content: text })
          send({ type: "user_state", value: "idle" })
        },
        until: wait,
        hear: (content) => wait(`"${content}"`, () => messages.some((message) => message.content === content)),
        closed: Effect.map(
          wait("the close of the socket", () => code !== undefined),
          () => code!
        )
      }
    }
  )

/** Opens a call: a socket with its start message sent. */
export const call = (
  address: string,
  start: { readonly call_id?: string; readonly [key: string]: unknown } = {},
  options?: Options
) => Effect.tap(connect(address, options), (client) => Effect.sync(() => client.send({ type: "start", ...start })))

/** The rejection of the upgrade. */
export const refused = (address: string, options?: Options) => Effect.flip(Effect.scoped(connect(address, options)))
