/**
 * Posts bodies to one address of a provider, with the request that its SDK builds.
 *
 * The SDK builds the request once, because its address and headers are the same for every reply. Building it each time took
 * more of a processor than the request itself: 0.3 ms.
 *
 * @since 0.1.0
 */
import type * as Connections from "./connections.ts"
import * as WireJson from "./wireJson.ts"

/** The part of an SDK's client that builds requests. */
export interface Client {
  buildRequest(options: {
    readonly method: "post"
    readonly path: string
    readonly body: unknown
    readonly stream: true
    readonly headers?: Headers
  }): Promise<{ readonly req: { readonly headers: Headers }; readonly url: string }>
}

/** Makes the SDK's error of an answer: `json` is its body, or `message` is if that is not JSON. */
export type Failing = (status: number, json: object | undefined, message: string | undefined, headers: Headers) => Error

/** What posts to one address need. */
export interface Options {
  /** Only one whose headers depend on neither time nor body. */
  readonly client: Client
  readonly connections: Connections.Connections
  /** Resolved by the SDK. */
  readonly path: string
  /** Headers beside the client's own. */
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly failing: Failing
}

/** Posts a body. Rejects with the SDK's error if the provider refuses it. */
export type Post = (body: object, signal: AbortSignal) => Promise<Response>

/** Makes a post. */
export const make = ({ client, connections, failing, headers, path }: Options): Post => {
  let built: ReturnType<Connections.Connections["post"]> | undefined
  const building = () =>
    client
      .buildRequest({ method: "post", path, body: {}, stream: true, ...(headers && { headers: new Headers(headers) }) })
      .then(({ req, url }) => (built = connections.post(url, req.headers)))
  return async (body, signal) => {
    const response = await (built ?? (await building()))(JSON.stringify(body), signal)
    if (response.ok) return response
    const text = await response.text().catch(() => "")
    const json = WireJson.parse(text)
    throw failing(response.status, json, json === undefined ? text : undefined, response.headers)
  }
}
