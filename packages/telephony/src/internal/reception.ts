/** The server's reception for callers that authenticate in their own way. */
import type * as Entrance from "@antiphon/server/Entrance"
import type * as Calls from "@antiphon/server/Calls"

/**
 * The reception for requests that a carrier has signed. They have no server token, arrive under the host name of a tunnel or proxy, and
 * come from few addresses for many callers. So each socket counts as its own client, by its path, which contains a token.
 */
export const ofCarrier = (reception: Entrance.Reception): Entrance.Reception => ({
  ...ofKnown(reception),
  clientOf: ({ originalUrl }) => originalUrl
})

/** The reception for clients whose token was already checked. */
export const ofKnown = (reception: Entrance.Reception): Entrance.Reception => ({
  ...reception,
  settings: { ...reception.settings, token: undefined, nextToken: undefined, hosts: ["*"] }
})

/** Why calls are refused, for the log. */
export const reasons: Readonly<Record<Calls.Refusal, string>> = {
  Draining: "The server is stopping",
  Full: "Too many calls",
  Memory: "The server is short of memory",
  Rush: "Too many new calls",
  Client: "Too many calls of this client"
}
