/** Who a request comes from: the address of the peer, or what a proxy says of it that the settings trust. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import { BlockList, isIP, isIPv4 } from "node:net"

/** Names the client of a request, for limits that are counted per client. */
export type Namer = (request: Pick<HttpServerRequest, "headers" | "remoteAddress">) => string

/** What is counted together if the address is not known: nobody gets around a limit by hiding it. */
const unknown = "unknown"

/**
 * Makes what names clients. `X-Forwarded-For` counts only if the peer is a proxy on the list, and then the last address in it
 * that is no such proxy: everything before was written by somebody whom nobody trusts.
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

/** An address without the brackets, port and mapping that it may be written with. */
const plain = (text: string): string =>
  text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^::ffff:(?=\d+\.)/i, "")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")

/** Whoever has an address of IPv6 has the other 2^64 of its network too. */
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
