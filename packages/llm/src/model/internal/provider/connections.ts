/**
 * The connections that a provider's requests share.
 *
 * Node's `fetch` closes a connection after 4 idle seconds. A conversation pauses for longer, so without this every reply
 * would wait for a new connection. It also takes more of a processor than a short reply, so requests go over `node:http`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Url from "node:url"
import { Answer } from "./answer.ts"

/** How requests reach a provider. */
export interface Connections {
  /**
   * `fetch` over these connections. It follows redirects only within the same origin, with the request unchanged. Any other
   * redirect is returned as the answer, so that no other host sees the key or the conversation.
   */
  readonly fetch: typeof fetch
  /** Prepares posts to one address: what they have in common is read once. */
  readonly post: (url: string, headers: Headers) => (body: string, signal: AbortSignal) => Promise<Response>
}

/** How long connections are waited for, and kept. */
export interface Times {
  /** By default below the shortest time after which a provider is known to close an idle connection by itself, 30 seconds. */
  readonly idle?: Duration.Input | undefined
  /** Longest wait for a new connection. As in Node's `fetch` by default. */
  readonly connect?: Duration.Input | undefined
  /** Longest wait for the next bytes of an answer. As in Node's `fetch` by default. */
  readonly silence?: Duration.Input | undefined
}

/**
 * Makes connections that are kept for a pause of a conversation, and closed with the scope. If the process reaches the network
 * its own way, such as through a proxy, requests go there instead.
 */
export const make = ({ connect = "10 seconds", idle = "25 seconds", silence = "5 minutes" }: Times = {}): Effect.Effect<
  Connections,
  never,
  Scope.Scope
> =>
  Effect.suspend(() => {
    if (!isNodesOwn()) return Effect.succeed(connectionsOf(fetch))
    const options = { keepAlive: true, timeout: Duration.toMillis(idle), scheduling: "lifo" } as const
    const agents = Effect.sync(() => ({ "http:": new Http.Agent(options), "https:": new Https.Agent(options) }))
    const limits = { connect: Duration.toMillis(connect), silence: Duration.toMillis(silence) }
    return Effect.map(
      Effect.acquireRelease(agents, (agents) =>
        Effect.sync(() => Object.values(agents).forEach((agent) => agent.destroy()))
      ),
      (agents) => {
        const network = { agents, ...limits }
        return connectionsOf(fetchOver(network), network)
      }
    )
  })

/** Agents, and how long they wait in milliseconds. */
interface Network {
  readonly agents: Readonly<Record<"http:" | "https:", Http.Agent>>
  readonly connect: number
  readonly silence: number
}

const connectionsOf = (send: typeof fetch, network?: Network): Connections => ({
  fetch: (input, init) => follow(send, input, init, mostRedirects),
  post: (url, headers) => {
    const request = (body: string, signal: AbortSignal): RequestInit => ({ method: "POST", headers, body, signal })
    if (network === undefined) return (body, signal) => follow(send, url, request(body, signal), mostRedirects)
    const target = targetOf(network, url, "POST", headers)
    return (body, signal) =>
      exchange(target, body, signal).then((response) =>
        isRedirect(response) ? followed(send, url, request(body, signal), response, mostRedirects) : response
      )
  }
})

/** Whether `fetch` is Node's own, and its connections too. Something else may have been put in the place of either. */
const isNodesOwn = (): boolean => {
  // Node loads `fetch` when it is first asked for.
  if (typeof globalThis.Headers !== "function" || !String(globalThis.fetch).includes("internal/deps/undici"))
    return false
  const current = (globalThis as Record<symbol, unknown>)[Symbol.for("undici.globalDispatcher.1")]
  return typeof current === "object" && current !== null && current.constructor.name === "Agent"
}

const mostRedirects = 3

const follow = (
  send: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  left: number
): Promise<Response> =>
  send(input, { ...init, redirect: "manual" }).then((response) =>
    input instanceof Request || !isRedirect(response) ? response : followed(send, input, init, response, left)
  )

const isRedirect = ({ status }: Response): boolean => status === 307 || status === 308

/** Follows a redirect, if the method and the body may be sent there again. */
const followed = (
  send: typeof fetch,
  from: string | URL,
  init: RequestInit | undefined,
  response: Response,
  left: number
): Promise<Response> | Response => {
  const location = response.headers.get("location")
  const { href, origin } = new URL(from)
  if (left === 0 || location === null || !URL.canParse(location, href)) return response
  const to = new URL(location, href)
  if (to.origin !== origin) return response
  return (response.body?.cancel() ?? Promise.resolve()).then(() => follow(send, to, init, left - 1))
}

/** `fetch` for the requests that our providers' SDKs make; any other takes the ordinary way. */
const fetchOver =
  (network: Network): typeof fetch =>
  (input, init = {}) => {
    const { body, headers, method = "GET", signal } = init
    if (input instanceof Request || (body != null && typeof body !== "string")) return fetch(input, init)
    const target = targetOf(network, String(input), method, new Headers(headers))
    return exchange(target, body ?? undefined, signal ?? undefined)
  }

/** Where a request goes, and what is said first. */
interface Target {
  readonly url: string
  readonly network: Network
  readonly open: typeof Http.request
  readonly options: Http.RequestOptions
  readonly headers: ReadonlyArray<string>
}

const targetOf = (network: Network, address: string, method: string, given: Headers): Target => {
  const url = new URL(address)
  const protocol = url.protocol as keyof Network["agents"]
  const headers: Array<string> = []
  for (const [name, value] of [
    ["host", url.host],
    ["accept", "*/*"]
  ] as const) {
    if (!given.has(name)) headers.push(name, value)
  }
  given.forEach((value, name) => void headers.push(name, value))
  return {
    url: address,
    network,
    open: protocol === "https:" ? Https.request : Http.request,
    options: { ...Url.urlToHttpOptions(url), agent: network.agents[protocol], method },
    headers
  }
}

/** Sends a request. A connection that the provider closed just before is replaced, once. */
const exchange = (target: Target, body: string | undefined, signal: AbortSignal | undefined): Promise<Response> =>
  new Promise((resolve, reject) => {
    const headers =
      body === undefined ? target.headers : [...target.headers, "content-length", String(Buffer.byteLength(body))]
    const attempt = (again: boolean): void => {
      const request = target.open({ ...target.options, headers })
      let answered = false
      const abort = () => void request.destroy()
      const late = (what: string) => () =>
        void request.destroy(Object.assign(new Error(`the ${what} took too long`), { code: "ETIMEDOUT" }))
      request.on("response", (message) => {
        answered = true
        resolve(new Answer(message, target.url))
      })
      request.on("error", (cause: NodeJS.ErrnoException) => {
        if (answered) return
        const wasClosed = request.reusedSocket && (cause.code === "ECONNRESET" || cause.code === "EPIPE")
        if (again && wasClosed && signal?.aborted !== true) attempt(false)
        else reject(signal?.aborted === true ? signal.reason : cause)
      })
      request.on("socket", (socket) => {
        if (!socket.connecting) return
        const timer = setTimeout(late("connection"), target.network.connect)
        const made = () => clearTimeout(timer)
        socket.once(target.options.protocol === "https:" ? "secureConnect" : "connect", made)
        request.once("close", made)
      })
      request.setTimeout(target.network.silence, late("answer"))
      signal?.addEventListener("abort", abort)
      request.once("close", () => signal?.removeEventListener("abort", abort))
      request.end(body)
    }
    if (signal?.aborted === true) reject(signal.reason)
    else attempt(true)
  })
