/** Parses the XML subset used in instructions to a carrier: elements, attributes and text. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: ReadonlyArray<Element>
  readonly text: string
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }
const plain = (text: string): string => text.replace(/&(\w+);/g, (all, name) => entities[name] ?? all)

interface Open {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Array<Element>
  text: string
}

/** Parses a document. Undefined if it is not well-formed, which a carrier would reject too. */
export const parse = (document: string): Element | undefined => {
  const root: Open = { name: "", attributes: {}, children: [], text: "" }
  const open: Array<Open> = [root]
  const tokens = document.matchAll(/<\?[^<>]*>|<(\/?)([\w:]+)((?:\s+[\w:]+="[^"]*")*)\s*(\/?)>|[^<]+/g)
  for (const [all, closing, name, attributes = "", selfClosing] of tokens) {
    const parent = open.at(-1)!
    if (name === undefined) {
      if (!all.startsWith("<?")) parent.text += plain(all)
      continue
    }
    if (closing === "/") {
      const last = open.pop()
      if (last?.name !== name || open.length === 0) return undefined
      open.at(-1)!.children.push({ ...last, text: last.text.trim() })
      continue
    }
    const pairs = [...attributes.matchAll(/(?<![\w:])([\w:]+)="([^"]*)"/g)].map(([, key, value]) => [
      key!,
      plain(value!)
    ])
    const element: Open = { name, attributes: Object.fromEntries(pairs), children: [], text: "" }
    if (selfClosing === "/") parent.children.push(element)
    else open.push(element)
  }
  return open.length === 1 && root.children.length === 1 ? root.children[0] : undefined
}
