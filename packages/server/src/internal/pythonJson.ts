/** JSON text as Python's `json.dumps` writes it: what Line sends where a tool result or its arguments become text. */

/** The text of a value: `", "` and `": "` between members, `\u` escapes outside ASCII, a string form for what is no JSON. */
export const stringify = (value: unknown): string => write(value, new Set())

const write = (value: unknown, above: Set<object>): string => {
  switch (typeof value) {
    case "string":
      return quote(value)
    case "number":
      return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"
    case "boolean":
      return String(value)
    case "object":
      break
    default:
      return value === undefined ? "null" : quote(String(value))
  }
  if (value === null) return "null"
  if (above.has(value)) return quote("[Circular]")
  if ("toJSON" in value && typeof value.toJSON === "function") return write(value.toJSON(), above)
  above.add(value)
  const text = Array.isArray(value)
    ? `[${value.map((item) => write(item, above)).join(", ")}]`
    : value instanceof Error
      ? quote(String(value))
      : `{${Object.entries(value)
          .filter(([, member]) => member !== undefined)
          .map(([key, member]) => `${quote(key)}: ${write(member, above)}`)
          .join(", ")}}`
  above.delete(value)
  return text
}

const quote = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** The text of a tool result: a string is itself, other plain values are written the way Python prints them. */
export const resultText = (value: unknown): string | null => {
  if (value === null || value === undefined) return null
  if (typeof value === "string") return value
  if (typeof value === "boolean") return value ? "True" : "False"
  return typeof value === "object" ? stringify(value) : String(value)
}
