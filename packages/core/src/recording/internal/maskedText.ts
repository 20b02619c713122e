/** Masks letters and digits in texts and values, leaving only their shape. */

/** Replacement for a blanked field. */
export const blank = "[redacted]"

/** Replaces letters with `x` and digits with `0`, drops combining marks, and keeps the rest. */
export const mask = (text: string): string =>
  text
    .replace(/[\p{L}\p{Cs}]/gu, "x")
    .replace(/\p{N}/gu, "0")
    .replace(/\p{M}/gu, "")

/** Returns a field name unchanged if it looks like one from a program. Other keys, such as numbers, are masked. */
export const maskName = (name: string): string => (/^[A-Za-z_$][\w$~./-]*$/.test(name) ? name : mask(name))

/** Masks all text in a value, and replaces its numbers with 0. */
export const maskValue = (value: unknown): unknown => maskMembers(value, undefined)

/** The same, but keeps the tag of a value. */
export const maskUnknown = (value: unknown): unknown => maskMembers(value, "_tag")

const maskMembers = (value: unknown, tag: string | undefined): unknown => {
  switch (typeof value) {
    case "string":
      return mask(value)
    case "number":
    case "bigint":
      return 0
    case "symbol":
    case "function":
      return blank
    case "boolean":
    case "undefined":
      return value
    case "object":
      return value === null ? null : maskObject(value, tag)
  }
}

const maskObject = (value: object, tag: string | undefined): unknown => {
  if (Array.isArray(value)) return value.map((member) => maskMembers(member, tag))
  // JSON encodes these through `toJSON`, and bytes by index.
  if ("toJSON" in value && typeof value.toJSON === "function") return maskMembers(value.toJSON(), tag)
  if (ArrayBuffer.isView(value)) return blank
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      maskName(key),
      key === tag && typeof member === "string" ? maskName(member) : maskMembers(member, tag)
    ])
  )
}
