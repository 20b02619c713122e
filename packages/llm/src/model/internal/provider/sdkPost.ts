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
    const text = await beginning(response).catch(() => "")
    const json = WireJson.parse(text)
    const told = json !== undefined && isShallow(json) ? json : undefined
    const error = failing(response.status, told, json === undefined ? text : undefined, response.headers)
    // OpenAI's SDK keeps the body only if it has an `error`. Many servers have none.
    throw Object.assign(error, { body: json ?? text })
  }
}

/** `fetch` for OpenAI's SDK, where refusals have an `error`, because the SDK keeps nothing else of them. */
export const explained =
  (send: typeof fetch): typeof fetch =>
  async (input, init) => {
    const response = await send(input, init)
    if (response.ok) return response
    const text = await beginning(response).catch(() => "")
    const { headers, status } = response
    return new Response(JSON.stringify({ error: WireJson.parse(text) ?? text }), { headers, status })
  }

/** The longest body of a refusal to read, in characters. */
const longest = 200_000

/** Whether an SDK can write a body into its message. */
const isShallow = (json: object): boolean => {
  try {
    return JSON.stringify(json) !== ""
  } catch {
    return false
  }
}

const beginning = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ""
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length > longest) break
  }
  return text
}
