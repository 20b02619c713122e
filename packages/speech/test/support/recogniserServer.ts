/**
 * A vendor's recogniser: it does not listen, but reports what a plot says after a given amount of audio, in the
 * vendor's own messages.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as AudioFormat from "../../src/AudioFormat.ts"
import { durationMs } from "../../src/AudioFormat.ts"
import type * as SpeechToText from "../../src/SpeechToText.ts"
import * as SocketServer from "./socketServer.ts"

/** When something happens: after this many milliseconds of audio, or when the client asks. */
export type When = number | "flush" | "end"

/** What happens. */
export type Step =
  | { readonly when: When; readonly say: SpeechToText.Event }
  | { readonly when: When; readonly send: unknown }
  | { readonly when: When; readonly act: (connection: SocketServer.Connection) => void }

/** The meaning of a client's message. */
export type Heard =
  | { readonly _tag: "Audio"; readonly bytes: Uint8Array }
  | { readonly _tag: "Flush" }
  | { readonly _tag: "End" }
  /** Anything else, and the vendor's answer to it. */
  | { readonly _tag: "Other"; readonly reply?: unknown }

/** The protocol of a vendor, from its side. */
export interface Protocol {
  /** What is sent when a client has connected. */
  readonly hello: ReadonlyArray<unknown>
  readonly hear: (message: SocketServer.Message) => Heard
  /** Answers other than words: acknowledgements of `flush` and `end`. */
  readonly answer: (asked: "flush" | "end", connection: SocketServer.Connection) => void
  readonly say: (event: SpeechToText.Event) => ReadonlyArray<unknown>
  /** The format announced by a client. */
  readonly format: (connection: SocketServer.Connection) => AudioFormat.AudioFormat
}

export interface RecogniserServer extends SocketServer.SocketServer {
  /** The plot for the next connections. */
  readonly play: (plot: ReadonlyArray<Step>) => void
  /** All audio of a connection. */
  readonly audioOf: (connection: SocketServer.Connection) => Uint8Array
}

/** Runs a vendor's recogniser. */
export const make = (
  makeProtocol: () => Protocol,
  options?: SocketServer.Options
): Effect.Effect<RecogniserServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    let plot: ReadonlyArray<Step> = []
    const states = new Map<
      SocketServer.Connection,
      { readonly protocol: Protocol; left: ReadonlyArray<Step>; bytes: number }
    >()
    const run = (connection: SocketServer.Connection, isDue: (when: When) => boolean) => {
      const state = states.get(connection)!
      const due = state.left.filter(({ when }) => isDue(when))
      state.left = state.left.filter(({ when }) => !isDue(when))
      for (const step of due) {
        if ("act" in step) step.act(connection)
        else for (const message of "say" in step ? state.protocol.say(step.say) : [step.send]) connection.send(message)
      }
    }
    const server = yield* SocketServer.make(
      {
        connected: (connection) => {
          const protocol = makeProtocol()
          states.set(connection, { protocol, left: plot, bytes: 0 })
          for (const message of protocol.hello) connection.send(message)
        },
        received: (connection, message) => {
          const state = states.get(connection)!
          const heard = state.protocol.hear(message)
          switch (heard._tag) {
            case "Audio": {
              state.bytes += heard.bytes.length
              const ms = durationMs(state.protocol.format(connection), state.bytes)
              return run(connection, (when) => typeof when === "number" && when <= ms)
            }
            case "Flush":
              run(connection, (when) => when === "flush")
              return state.protocol.answer("flush", connection)
            case "End":
              run(connection, (when) => when === "end")
              return state.protocol.answer("end", connection)
            case "Other":
              if (heard.reply !== undefined) connection.send(heard.reply)
              return
          }
        }
      },
      options
    )
    return {
      ...server,
      play: (next) => void (plot = next),
      audioOf: (connection) => {
        const { protocol } = states.get(connection)!
        return Buffer.concat(
          connection.messages.flatMap((message) => {
            const heard = protocol.hear(message)
            return heard._tag === "Audio" ? [heard.bytes] : []
          })
        )
      }
    }
  })
