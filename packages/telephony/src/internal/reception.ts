/** What a server's reception is for callers who prove who they are in a way of their own. */
import type * as Entrance from "@antiphon/server/Entrance"
import type * as Calls from "@antiphon/server/Calls"

/**
 * The reception for requests that are known to be the carrier's: they have a signature instead of the server's token, come under
 * whatever name a tunnel or proxy has, and from a few addresses for all callers. Each socket, whose path has its token, counts as
 * a client of its own.
 */
export const ofCarrier = (reception: Entrance.Reception): Entrance.Reception => ({
  ...ofKnown(reception),
  clientOf: ({ originalUrl }) => originalUrl
})

/** The reception for clients whose token was checked. */
export const ofKnown = (reception: Entrance.Reception): Entrance.Reception => ({
  ...reception,
  settings: { ...reception.settings, token: undefined, nextToken: undefined, hosts: ["*"] }
})

/** Why no call is taken, for the log. */
export const reasons: Readonly<Record<Calls.Refusal, string>> = {
  Draining: "The server is stopping",
  Full: "Too many calls",
  Memory: "The server is short of memory",
  Rush: "Too many new calls",
  Client: "Too many calls of this client"
}
