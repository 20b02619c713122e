/** Texts and values with their letters and digits masked, so that their shape is all that is left. */

/** What is written in place of a blanked field. */
export const blank = "[redacted]"

/** Puts `x` for letters and `0` for digits, drops accents that stand alone, and keeps the rest. */
export const mask = (text: string): string =>
  text
    .replace(/[\p{L}\p{Cs}]/gu, "x")
    .replace(/\p{N}/gu, "0")
    .replace(/\p{M}/gu, "")

/** The name of a field as it is, if it is one that a program gives. A key that is none, such as a number, is masked. */
export const maskName = (name: string): string => (/^[A-Za-z_$][\w$~./-]*$/.test(name) ? name : mask(name))

/** Masks all text in a value, and puts 0 for its numbers. */
export const maskValue = (value: unknown): unknown => maskMembers(value, undefined)

/** The same, but for the tag of a value, which tells what kind of thing it is. */
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
  // JSON writes these by what they give, and bytes by their places.
  if ("toJSON" in value && typeof value.toJSON === "function") return maskMembers(value.toJSON(), tag)
  if (ArrayBuffer.isView(value)) return blank
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      maskName(key),
      key === tag && typeof member === "string" ? maskName(member) : maskMembers(member, tag)
    ])
  )
}
