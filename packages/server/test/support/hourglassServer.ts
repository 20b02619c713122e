/** A server with the hourglass on it, over a socket and over HTTP, beside Line's wire. */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { Effect, Stream } from "effect"
import * as LineApp from "../../src/line/LineApp.ts"
import * as Mount from "../../src/Mount.ts"
import * as Hourglass from "./hourglass.ts"
import * as HttpClient from "./httpClient.ts"
import * as Server from "./server.ts"

const protocols = [
  LineApp.make(),
  Mount.socket("/hourglass", Hourglass.protocol),
  Mount.requests("/hourglass/:key", Hourglass.protocol)
]

export const serve = (factory: Agent.Factory<unknown>, settings?: Parameters<typeof Server.serve>[1]) =>
  // Calls without a socket do not end with their test, and the server must not wait for them.
  Effect.map(Server.serve(factory, { drainTimeout: Server.millis(50), ...settings }, { protocols }), (server) => ({
    ...server,
    hourglass: `ws://127.0.0.1:${server.port}/hourglass`,
    /** Sends a line over HTTP, about the call of a key. */
    ask: (key: string, line: string, headers?: Record<string, string>) =>
      HttpClient.post(`${server.http}/hourglass/${key}`, line, headers)
  }))

/** Says one piece, then never ends. */
export const endless: Agent.Factory<unknown> = () =>
  Effect.succeed(
    Agent.make(
      Agent.route({
        UserTurnEnded: (event) => Stream.concat(Stream.make(Event.sendText(`${Event.text(event)}?`)), Stream.never)
      })
    )
  )
