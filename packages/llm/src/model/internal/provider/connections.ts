/**
 * The connections that a provider's requests share.
 *
 * Node's `fetch` closes a connection after 4 idle seconds. A conversation pauses for longer, so without this every reply
 * would wait for a new connection.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The dispatcher of `fetch`. */
export type Dispatcher = NonNullable<RequestInit["dispatcher"]>

/** Below the shortest time after which a provider is known to close an idle connection by itself, 30 seconds. */
const idleTime: Duration.Input = "25 seconds"

/**
 * Makes connections that are kept for a pause of a conversation, and closed with the scope, as options of `fetch`.
 * There are none if the process reaches the network its own way, such as through a proxy.
 */
export const make = (
  idle: Duration.Input = idleTime
): Effect.Effect<{ readonly dispatcher?: Dispatcher }, never, Scope.Scope> =>
  Effect.suspend(() => {
    const Agent = agentOfFetch()
    if (Agent === undefined) return Effect.succeed({})
    const agent = Effect.sync(() => new Agent({ keepAliveTimeout: Duration.toMillis(idle) }))
    return Effect.map(
      Effect.acquireRelease(agent, (agent) => Effect.promise(() => agent.destroy())),
      (dispatcher) => ({ dispatcher })
    )
  })

type Agent = new (options: { readonly keepAliveTimeout: number }) => Dispatcher

/**
 * The class of the connections of Node's own `fetch`, which takes no others: the undici that a process may have installed
 * is of another version. Its name tells whether the process has put something else in their place.
 */
const agentOfFetch = (): Agent | undefined => {
  // Node loads `fetch` when it is first asked for.
  if (typeof globalThis.Headers !== "function") return undefined
  const current = (globalThis as Record<symbol, unknown>)[Symbol.for("undici.globalDispatcher.1")]
  const made = typeof current === "object" && current !== null ? current.constructor : undefined
  return made?.name === "Agent" ? (made as unknown as Agent) : undefined
}

/**
 * `fetch` that follows redirects only within the same origin, with the request unchanged. Any other redirect is returned as the
 * answer, so that no other host sees the key or the conversation.
 */
export const fetchWithin: typeof fetch = (input, init) => follow(input, init, mostRedirects)

const mostRedirects = 3

const follow = (input: Parameters<typeof fetch>[0], init: RequestInit | undefined, left: number): Promise<Response> =>
  fetch(input, { ...init, redirect: "manual" }).then((response) => {
    const next = left === 0 || input instanceof Request ? undefined : withinOrigin(input, response)
    if (next === undefined) return response
    return (response.body?.cancel() ?? Promise.resolve()).then(() => follow(next, init, left - 1))
  })

/** Where an answer redirects to, if the method and the body may be sent there again. */
const withinOrigin = (from: string | URL, { headers, status }: Response): URL | undefined => {
  if (status !== 307 && status !== 308) return undefined
  const location = headers.get("location")
  const { href, origin } = new URL(from)
  if (location === null || !URL.canParse(location, href)) return undefined
  const to = new URL(location, href)
  return to.origin === origin ? to : undefined
}
