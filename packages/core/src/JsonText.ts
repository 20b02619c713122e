/**
 * Writes any value as text: JSON as Python's `json.dumps` writes it, which is how Line sends tool results and arguments
 * and shows them to models.
 *
 * @since 0.1.0
 */

/** An object of JSON: values of any kind by the names of its members. */
export interface Json {
  readonly [member: string]: unknown
}

/**
 * Writes a value with `", "` and `": "` between members and `\u` escapes outside ASCII. Values that are not JSON become
 * strings. Numbers that are not finite become Python's names, which are not JSON, or `nonFinite` if it is given. Never
 * throws.
 */
export const stringify = (value: unknown, notFinite?: "null"): string => {
  const above = new Set<object>()

  const write = (value: unknown): string => {
    if (typeof value !== "object" || value === null) return scalar(value, notFinite)
    if (above.has(value)) return quote("[Circular]")
    above.add(value)
    try {
      const plain: unknown = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value
      return typeof plain === "object" && plain !== null ? members(plain) : scalar(plain, notFinite)
    } catch {
      // A getter or `toJSON` threw, or the value is nested too deeply for the stack.
      return '"[unserialisable]"'
    } finally {
      above.delete(value)
    }
  }

  const members = (value: object): string => {
    let text = ""
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) text += i === 0 ? write(value[i]) : `, ${write(value[i])}`
      return `[${text}]`
    }
    if (value instanceof Error) return quote(String(value))
    for (const key of Object.keys(value)) {
      const member: unknown = (value as Json)[key]
      if (member === undefined) continue
      text += text === "" ? `${quote(key)}: ${write(member)}` : `, ${quote(key)}: ${write(member)}`
    }
    return `{${text}}`
  }

  return write(value)
}

/** Writes the same for people: letters of every script stay readable, and numbers that are not finite are null. */
export const legible = (value: unknown): string =>
  stringify(value, "null").replace(/\\(?:u([0-9a-f]{4})|[^u])/g, (escape, code?: string) =>
    code === undefined || code < "0080" ? escape : String.fromCharCode(Number.parseInt(code, 16))
  )

const scalar = (value: unknown, notFinite?: "null"): string => {
  switch (typeof value) {
    case "string":
      return quote(value)
    case "number":
      if (Number.isFinite(value)) return String(value)
      return notFinite ?? (Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    case "boolean":
      return String(value)
    default:
      return value === undefined || value === null ? "null" : quote(plainText(value))
  }
}

/** A text that is written as it is: most keys and many values are. */
const isPlain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

const quote = (text: string): string => {
  if (isPlain.test(text)) return `"${text}"`
  const quoted = JSON.stringify(text)
  return quoted.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

// The string form of a function would be its source, which must not leave the process.
const plainText = (value: unknown): string => (typeof value === "function" ? "[Function]" : String(value))

/** Writes a tool result: a string stays as it is, other plain values are written as Python prints them. */
export const resultText = (value: unknown): string | null => {
  if (value === null || value === undefined) return null
  if (typeof value === "string") return value
  if (typeof value === "boolean") return value ? "True" : "False"
  return typeof value === "object" ? stringify(value) : plainText(value)
}
