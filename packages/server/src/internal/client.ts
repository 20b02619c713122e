/** Identifies the client of a request: by the peer's address, or by the header of a trusted proxy. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import { BlockList, isIP, isIPv4 } from "node:net"

/** Identifies the client of a request, for limits per client. */
export type Namer = (request: Pick<HttpServerRequest, "headers" | "remoteAddress">) => string

/** Common name of all clients with unknown addresses, so that hiding an address does not evade limits. */
const unknown = "unknown"

/**
 * Makes a function that identifies clients. `X-Forwarded-For` counts only if the peer is a trusted proxy; the client is
 * then the last address in it that is not a trusted proxy, because everything before could be forged.
 */
export const namer = (trustedProxies: ReadonlyArray<string>): Namer => {
  const proxies = listOf(trustedProxies)
  const isProxy = (address: string) => proxies.check(address, isIPv4(address) ? "ipv4" : "ipv6")
  return ({ headers, remoteAddress }) => {
    const peer = plain(Option.getOrElse(remoteAddress, () => unknown))
    if (isIP(peer) === 0) return unknown
    if (!isProxy(peer)) return clientOf(peer)
    const forwarded = (headers["x-forwarded-for"] ?? "").split(",").map(plain).toReversed()
    const first = forwarded.find((address) => isIP(address) === 0 || !isProxy(address))
    return first === undefined || isIP(first) === 0 ? clientOf(peer) : clientOf(first)
  }
}

/** Whether a text names proxies: an address, or a range such as `10.0.0.0/8`. */
export const isRange = (text: string): boolean => {
  const [address = "", bits, ...more] = text.split("/")
  const most = isIP(address) === 4 ? 32 : 128
  return (
    more.length === 0 && isIP(address) !== 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most))
  )
}

const listOf = (ranges: ReadonlyArray<string>): BlockList => {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = "", bits] = range.split("/")
    const family = isIPv4(address) ? "ipv4" : "ipv6"
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** Normalises an address: without brackets, port and IPv4 mapping. */
const plain = (text: string): string =>
  text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^::ffff:(?=\d+\.)/i, "")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")

/** The owner of an IPv6 address has all 2^64 addresses of its network. */
const clientOf = (address: string): string => (isIPv4(address) ? address : networkOf(address))

const networkOf = (address: string): string => {
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, "")}]`)
  const [front = [], back = []] = hostname
    .slice(1, -1)
    .split("::")
    .map((half) => (half === "" ? [] : half.split(":")))
  const groups = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => "0"), ...back]
  return `${groups.slice(0, 4).join(":")}::/64`
}
