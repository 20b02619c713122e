/**
 * Sends outgoing requests that cannot be turned against the internal network.
 *
 * Addresses are checked during the lookup that the connection uses, so DNS cannot change in between. This uses Node's
 * own API, because `fetch` does not reveal the address it connects to.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Dns from "node:dns"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import type { Readable } from "node:stream"
import * as Unpacked from "../../internal/unpacked.ts"

/** Where requests may go. */
export interface Policy {
  /** Names of hosts; `*.example.com` stands for every name below. */
  readonly allowedHosts: ReadonlyArray<string>
  readonly allowPrivateAddresses: boolean
  readonly maxRedirects: number
}

export interface Request {
  readonly method: string
  readonly url: URL
  readonly headers: { readonly [name: string]: string }
  readonly body: string | undefined
  /** Maximum text of the answer to read; the rest is never downloaded. */
  readonly maxCharacters: number
}

export interface Reply {
  readonly status: number
  readonly text: string
  /** Whether there was more. */
  readonly cut: boolean
}

/** A request got no answer. The message carries neither headers nor the address with its query. */
export class EgressError extends Data.TaggedError("EgressError")<{ readonly kind: string; readonly detail: string }> {
  override get message() {
    return `${this.kind}: ${this.detail}`
  }
}

// Everything that is not the open internet: this host, its neighbours, carriers' internal networks, reserved ranges,
// and IPv6 ranges that embed an IPv4 address. A mapped IPv4 address is judged as the IPv4 address it is.
const inside = new Net.BlockList()
for (const range of [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/32",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8"
]) {
  const [network, prefix] = range.split("/") as [string, string]
  inside.addSubnet(network, Number(prefix), Net.isIPv6(network) ? "ipv6" : "ipv4")
}

/** Whether an address is outside of the open internet. */
const isPrivate = (address: string): boolean => {
  const plain = address.replace(/%.*$/, "")
  const version = Net.isIP(plain)
  return version === 0 || inside.check(plain, version === 6 ? "ipv6" : "ipv4")
}

const forbidden = (detail: string) => new EgressError({ kind: "Forbidden", detail })
const privately = (host: string) => forbidden(`${host} is a private address`)

const guardedLookup: Net.LookupFunction = (host, options, callback) => {
  Dns.lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0)
    if (addresses.some(({ address }) => isPrivate(address))) return callback(privately(host), "", 0)
    if (options.all === true) return callback(null, addresses)
    const [first] = addresses
    return callback(null, first!.address, first!.family)
  })
}

// A kept-alive connection was checked when it was made, so guarded connections are kept separate.
const agents = {
  "http:": { open: new Http.Agent({ keepAlive: true }), guarded: new Http.Agent({ keepAlive: true }) },
  "https:": { open: new Https.Agent({ keepAlive: true }), guarded: new Https.Agent({ keepAlive: true }) }
}

/** Whether a host is on a list of names. */
export const isAllowed = (host: string, allowed: ReadonlyArray<string>): boolean =>
  allowed.some((name) => {
    const entry = name.toLowerCase()
    return entry.startsWith("*.") ? host.endsWith(entry.slice(1)) : host === entry
  })

const refusal = (url: URL, policy: Policy): EgressError | undefined => {
  if (url.protocol !== "http:" && url.protocol !== "https:") return forbidden(`${url.protocol} is not spoken`)
  if (url.username !== "" || url.password !== "") return forbidden("an address with a password in it")
  if (!isAllowed(url.hostname, policy.allowedHosts)) return forbidden(`${url.hostname} is not an allowed host`)
  const literal = url.hostname.replace(/^\[|\]$/g, "")
  if (!policy.allowPrivateAddresses && Net.isIP(literal) !== 0 && isPrivate(literal)) return privately(literal)
  return undefined
}

/** Sends a request and follows its redirects, each checked like the first. */
export const send = (request: Request, policy: Policy, redirects = 0): Effect.Effect<Reply, EgressError> => {
  const refused = refusal(request.url, policy)
  if (refused !== undefined) return Effect.fail(refused)
  return Effect.flatMap(exchange(request, policy), (answer) => {
    if (answer._tag === "Reply") return Effect.succeed(answer.reply)
    if (redirects >= policy.maxRedirects) return Effect.fail(forbidden("too many redirects"))
    const next = follow(request, answer)
    return next instanceof EgressError ? Effect.fail(next) : send(next, policy, redirects + 1)
  })
}

interface Redirect {
  readonly _tag: "Redirect"
  readonly status: number
  readonly location: string
}

const follow = (request: Request, { location, status }: Redirect): Request | EgressError => {
  const url = URL.parse(location, request.url.href)
  if (url === null) return forbidden("a redirect to no address")
  if (request.url.protocol === "https:" && url.protocol === "http:") return forbidden("a redirect to plain HTTP")
  // Like browsers, only 307 and 308 repeat the method and the body.
  const again = status === 307 || status === 308 || request.method === "GET" || request.method === "HEAD"
  // Headers meant for one host are never sent to another.
  const headers = Object.entries(request.headers).filter(
    ([name]) => url.origin === request.url.origin && (again || name.toLowerCase() !== "content-type")
  )
  const kept = again && url.origin !== request.url.origin && request.headers["content-type"] !== undefined
  return {
    ...request,
    url,
    method: again ? request.method : "GET",
    body: again ? request.body : undefined,
    headers: {
      ...Object.fromEntries(headers),
      ...(kept ? { "content-type": request.headers["content-type"]! } : undefined)
    }
  }
}

type Answer = { readonly _tag: "Reply"; readonly reply: Reply } | Redirect

const exchange = (request: Request, policy: Policy): Effect.Effect<Answer, EgressError> =>
  Effect.callback((resume) => {
    const { body, headers, method, url } = request
    const protocol = url.protocol as keyof typeof agents
    const open: typeof Http.request = protocol === "https:" ? Https.request : Http.request
    const guard = policy.allowPrivateAddresses ? "open" : "guarded"
    const failed = (error: unknown) => resume(Effect.fail(egressError(error)))
    let client: Http.ClientRequest
    try {
      client = open(url, {
        method,
        agent: agents[protocol][guard],
        headers: {
          ...headers,
          "accept-encoding": "identity",
          ...(body === undefined ? undefined : { "content-length": Buffer.byteLength(body) })
        },
        ...(policy.allowPrivateAddresses ? undefined : { lookup: guardedLookup })
      })
    } catch (error) {
      failed(error)
      return
    }
    client.on("error", failed)
    client.on("response", (response) => {
      const { headers, statusCode: status = 0 } = response
      if ([301, 302, 303, 307, 308].includes(status) && headers.location !== undefined) {
        response.destroy()
        resume(Effect.succeed({ _tag: "Redirect", status, location: headers.location }))
        return
      }
      const reply = (text: string, cut: boolean) =>
        resume(Effect.succeed({ _tag: "Reply", reply: { status, text, cut } }))
      response.on("error", failed)
      const type = headers["content-type"] ?? ""
      if (isBinary.test(type)) {
        reply(`[${type.split(";", 1)[0]!.trim()}]`, false)
        response.destroy()
        return
      }
      const body = Unpacked.of(response)
      body.on("error", failed)
      read(body, type, request.maxCharacters, (text, cut) => {
        reply(text, cut)
        if (cut) response.destroy()
      })
    })
    client.end(body)
    return Effect.sync(() => client.destroy())
  })

/** What no model can read. */
const isBinary =
  /^\s*(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:pdf|zip|gzip|octet-stream|msword|vnd\.(?:openxml|ms-)))/i

const read = (body: Readable, contentType: string, max: number, done: (text: string, cut: boolean) => void): void => {
  const decoder = decoderOf(contentType)
  let text = ""
  let over = false
  const finish = (cut: boolean) => {
    over = true
    done(cut ? Array.from(text).slice(0, max).join("") : text, cut)
  }
  body.on("data", (bytes: Uint8Array) => {
    if (over) return
    text += decoder.decode(bytes, { stream: true })
    // A character has at most two units, so this is enough for all of them.
    if (text.length <= max || (text.length <= 2 * max && Array.from(text).length <= max)) return
    finish(true)
    body.destroy()
  })
  body.on("end", () => {
    text += decoder.decode()
    if (!over) finish(Array.from(text).length > max)
  })
}

const decoderOf = (contentType = ""): InstanceType<typeof TextDecoder> => {
  try {
    return new TextDecoder(/charset="?([^\s;"]+)/i.exec(contentType)?.[1])
  } catch {
    return new TextDecoder()
  }
}

const egressError = (error: unknown): EgressError => {
  if (error instanceof EgressError) return error
  if (!(error instanceof Error)) return new EgressError({ kind: "Error", detail: String(error) })
  const { code } = error as NodeJS.ErrnoException
  return new EgressError({ kind: code ?? error.name, detail: error.message })
}
