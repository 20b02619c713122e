/**
 * A vendor's voice: each word of a text is 100 ms of a value that counts the words, in the vendor's own messages. A
 * test can make it stall, break off, or continue after a cancel.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as AudioFormat from "../../src/AudioFormat.ts"
import * as SocketServer from "./socketServer.ts"

/** The meaning of a client's message. */
export type Asked =
  | { readonly _tag: "Text"; readonly id: string; readonly text: string }
  | { readonly _tag: "Flush"; readonly id: string }
  | { readonly _tag: "End"; readonly id: string }
  | { readonly _tag: "Cancel"; readonly id: string }
  | { readonly _tag: "Other" }

/** A word that is spoken. */
export interface SpokenWord {
  readonly text: string
  readonly startMs: number
  readonly endMs: number
  readonly bytes: Uint8Array
}

/** The protocol of a vendor, from its side. */
export interface Protocol {
  readonly ask: (message: SocketServer.Message) => ReadonlyArray<Asked>
  readonly format: (connection: SocketServer.Connection, message: SocketServer.Message) => AudioFormat.AudioFormat
  readonly speak: (id: string, word: SpokenWord) => ReadonlyArray<unknown>
  readonly flushed: (id: string) => ReadonlyArray<unknown>
  readonly done: (id: string) => ReadonlyArray<unknown>
  readonly failed: (id: string, status: 401 | 429 | 500) => unknown
}

/** Its behaviour from now on. */
export interface Manner {
  /** After this many words of a reply something else happens. */
  readonly after?: number | undefined
  readonly then?: "stall" | "drop" | "fail" | "hush" | undefined
  /** Says this many words of a reply after it was cancelled. */
  readonly lateWords?: number | undefined
}

export interface VoiceServer extends SocketServer.SocketServer {
  readonly behave: (manner: Manner) => void
  /** All texts so far, joined. */
  readonly texts: () => string
  /** Number of replies that were ended or cancelled. */
  readonly stopped: () => number
}

export const wordMs = 100

/** Runs a vendor's voice. */
export const make = (
  protocol: Protocol,
  options?: SocketServer.Options
): Effect.Effect<VoiceServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    let manner: Manner = {}
    let texts = ""
    let cancelled = 0
    let ended = 0
    interface Reply {
      held: string
      words: number
      ms: number
      isDead: boolean
    }
    const replies = new Map<SocketServer.Connection, Map<string, Reply>>()
    const replyOf = (connection: SocketServer.Connection, id: string) => {
      const known = replies.get(connection) ?? new Map<string, Reply>()
      replies.set(connection, known)
      const reply = known.get(id) ?? { held: "", words: 0, ms: 0, isDead: false }
      known.set(id, reply)
      return reply
    }
    const send = (connection: SocketServer.Connection, messages: ReadonlyArray<unknown>) =>
      messages.forEach(connection.send)

    const server = yield* SocketServer.make(
      {
        received: (connection, message) => {
          const speak = (id: string, text: string, isWhole: boolean) => {
            const reply = replyOf(connection, id)
            reply.held += text
            const parts = reply.held.match(/\S+\s*/g) ?? []
            const ready = isWhole || /\s$/.test(reply.held) ? parts : parts.slice(0, -1)
            reply.held = ready.length === parts.length ? "" : (parts.at(-1) ?? "")
            const format = protocol.format(connection, message)
            for (const word of ready) {
              if (reply.isDead) return
              // Answers everything, and says nothing.
              if (manner.then === "hush" && reply.words >= (manner.after ?? 0)) return
              if (manner.after !== undefined && reply.words >= manner.after) {
                if (manner.then === "drop") connection.drop()
                if (manner.then === "fail") connection.send(protocol.failed(id, 500))
                reply.isDead = true
                return
              }
              say(connection, id, word.trim(), format)
            }
          }
          for (const asked of protocol.ask(message)) {
            switch (asked._tag) {
              case "Text":
                texts += asked.text
                speak(asked.id, asked.text, false)
                break
              case "Flush":
                speak(asked.id, "", true)
                if (!replyOf(connection, asked.id).isDead) send(connection, protocol.flushed(asked.id))
                break
              case "End":
                ended++
                speak(asked.id, "", true)
                if (!replyOf(connection, asked.id).isDead) send(connection, protocol.done(asked.id))
                break
              case "Cancel": {
                cancelled++
                const format = protocol.format(connection, message)
                for (let i = 0; i < (manner.lateWords ?? 0); i++) say(connection, asked.id, "late", format)
                replyOf(connection, asked.id).isDead = true
                break
              }
              case "Other":
            }
          }
        }
      },
      options
    )
    const say = (connection: SocketServer.Connection, id: string, text: string, format: AudioFormat.AudioFormat) => {
      const reply = replyOf(connection, id)
      const bytes = new Uint8Array(AudioFormat.bytesOf(format, wordMs)).fill(10 + (reply.words % 100))
      const startMs = reply.ms
      reply.ms += wordMs
      reply.words++
      send(connection, protocol.speak(id, { text, startMs, endMs: startMs + wordMs, bytes }))
    }
    return {
      ...server,
      behave: (next) => void (manner = next),
      texts: () => texts,
      stopped: () => cancelled + ended
    }
  })
