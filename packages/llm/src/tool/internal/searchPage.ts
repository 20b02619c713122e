/**
 * Reads the hits of DuckDuckGo's page without scripts. The page is untrusted text: reading it takes time in proportion
 * to its length, whatever it contains.
 */

/** A search result. */
export interface Hit {
  readonly title: string
  readonly body: string
  readonly url: string
}

// A tag never contains another `<`, so a search that fails at one continues after it.
const link = /<a\b[^<>]*>/g
const anyTag = /<\w[^<>]*>/g
const end = /<\/(?:a|td|div)>/g

/** Reads the hits of a page, without advertisements. */
export const hitsOf = (page: string): ReadonlyArray<Hit> => {
  const links = linksOf(page)
  return links.flatMap(({ href, title, to }, index) => {
    const url = targetOf(textOf(href))
    if (url === undefined) return []
    return [{ title: textOf(title), body: textOf(snippetOf(page.slice(to, links[index + 1]?.from))), url }]
  })
}

interface Link {
  readonly href: string
  readonly title: string
  readonly from: number
  readonly to: number
}

const linksOf = (page: string): ReadonlyArray<Link> => {
  const links: Array<Link> = []
  link.lastIndex = 0
  for (let tag = link.exec(page); tag !== null; tag = link.exec(page)) {
    const href = attribute(tag[0], "href")
    if (href === undefined || !hasClass(tag[0], "result__a")) continue
    const close = page.indexOf("</a>", link.lastIndex)
    if (close < 0) break
    const to = close + "</a>".length
    links.push({ href, title: page.slice(link.lastIndex, close), from: tag.index, to })
    link.lastIndex = to
  }
  return links
}

const snippetOf = (html: string): string => {
  for (const tag of html.matchAll(anyTag)) {
    if (!hasClass(tag[0], "result__snippet")) continue
    const from = tag.index + tag[0].length
    end.lastIndex = from
    const to = end.exec(html)?.index
    return to === undefined ? "" : html.slice(from, to)
  }
  return ""
}

const attribute = (tag: string, name: "class" | "href"): string | undefined => {
  const from = tag.search(name === "class" ? /\bclass="/ : /\bhref="/)
  if (from < 0) return undefined
  const begin = tag.indexOf('"', from) + 1
  const close = tag.indexOf('"', begin)
  return close < 0 ? undefined : tag.slice(begin, close)
}

const hasClass = (tag: string, name: string): boolean => attribute(tag, "class")?.split(/\s/).includes(name) === true

/** Links go through a redirect that contains the address; links of advertisements do not. */
const targetOf = (href: string): string | undefined => {
  const url = URL.parse(href, "https://duckduckgo.com")
  if (url === null || url.pathname === "/y.js") return undefined
  return url.pathname === "/l/" ? (url.searchParams.get("uddg") ?? undefined) : url.href
}

const named: { readonly [name: string]: string } = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }

const textOf = (html: string): string =>
  html
    .replace(/<[^<>]*>/g, "")
    .replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,10}));/gi, (all, hex: string, decimal: string, name: string) => {
      if (name !== undefined) return named[name.toLowerCase()] ?? all
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : all
    })
    .replace(/\s+/g, " ")
    .trim()
