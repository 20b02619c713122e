/** Sends the signed events of a fake Telnyx to a webhook. */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import { generateKeyPairSync, sign } from "node:crypto"

export interface Events {
  /** The key for verifying events: 32 bytes in base64. */
  readonly publicKey: string
  /** Sends an event, to the webhook of the application unless the call has its own. Returns the HTTP status. */
  readonly send: (type: string, payload: object, webhook?: string) => Effect.Effect<number>
  /** Returns a name never returned before. */
  readonly newId: (prefix: string) => string
}

export interface Options {
  readonly webhook: () => string
  readonly signs?: "wrong" | "never" | undefined
  readonly repeats?: boolean | undefined
}

/** Bytes of an Ed25519 key, at the end of its DER form. */
const keyBytes = 32

export const make = (clock: Clock, options: Options): Events => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const signing = options.signs === "wrong" ? generateKeyPairSync("ed25519").privateKey : privateKey
  let count = 0
  const newId = (prefix: string) => `${prefix}:${++count}`
  const signature = (body: string): Record<string, string> => {
    if (options.signs === "never") return {}
    const timestamp = String(Math.floor(clock.currentTimeMillisUnsafe() / 1000))
    return {
      "telnyx-timestamp": timestamp,
      "telnyx-signature-ed25519": sign(null, Buffer.from(`${timestamp}|${body}`), signing).toString("base64")
    }
  }
  return {
    publicKey: publicKey.export({ format: "der", type: "spki" }).subarray(-keyBytes).toString("base64"),
    send: (event_type, payload, webhook = options.webhook()) =>
      Effect.promise(async (signal) => {
        const body = JSON.stringify({ data: { event_type, id: newId("event"), payload } })
        const headers = { "content-type": "application/json", ...signature(body) }
        if (options.repeats === true) await fetch(webhook, { method: "POST", headers, body, signal })
        return (await fetch(webhook, { method: "POST", headers, body, signal })).status
      }),
    newId
  }
}
