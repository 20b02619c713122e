/**
 * Reads an object while a model writes it: the words of the spoken fields as they arrive, and finally the whole object.
 *
 * Each piece costs time in proportion to its length. Text around the object, such as a Markdown fence or the same object
 * again, is ignored.
 */

type Place = "before" | "object" | "key" | "colon" | "value" | "spoken" | "string" | "nested" | "scalar" | "behind"

/** Reads one object. */
export class ObjectText {
  readonly #speak: ReadonlySet<string>
  /** The text of the object so far. */
  readonly #pieces: Array<string> = []
  #place: Place = "before"
  /** The key being read, or the last one read, as written. */
  #key = ""
  #escape = ""
  #depth = 0
  #inString = false
  /** The first half of a surrogate pair written as two escapes. */
  #half = ""
  /** Whether words of another field were spoken before. */
  #spoke = false

  constructor(speak: Iterable<string>) {
    this.#speak = new Set(speak)
  }

  /** Adds a piece, and returns what to speak of it. */
  push(piece: string): string {
    let speech = ""
    let from = this.#place === "before" ? undefined : 0
    let at = 0
    for (; at < piece.length && this.#place !== "behind"; at++) {
      const char = piece[at]!
      speech += this.#place === "spoken" ? this.#say(char) : this.#read(char)
      if (this.#place !== "before") from ??= at
    }
    this.#pieces.push(piece.slice(from ?? at, at))
    return speech
  }

  /** Whether anything was written. */
  get begun(): boolean {
    return this.#pieces.length > 0
  }

  /** The object, or undefined if it is invalid or incomplete. */
  get value(): unknown {
    try {
      // Some models break lines within a text, which JSON does not allow.
      const value: unknown = JSON.parse(this.#pieces.join("").replace(/[\n\r\t]/g, " "))
      return typeof value === "object" && value !== null ? value : undefined
    } catch {
      return undefined
    }
  }

  /** Reads a character that is not spoken. Returns a separator to say before what follows. */
  #read(char: string): string {
    switch (this.#place) {
      case "before":
        if (char === "{") this.#place = "object"
        return ""
      case "object":
        if (char === '"') {
          this.#key = ""
          this.#place = "key"
        } else if (char === "}") this.#place = "behind"
        return ""
      case "key":
        if (char === '"' && this.#escape === "") this.#place = "colon"
        else this.#key += char
        this.#escape = char === "\\" && this.#escape === "" ? char : ""
        return ""
      case "colon":
        if (char === ":") this.#place = "value"
        return ""
      case "value":
        return this.#begin(char)
      case "string":
        if (char === '"' && this.#escape === "") this.#place = "object"
        this.#escape = char === "\\" && this.#escape === "" ? char : ""
        return ""
      case "nested":
        this.#nest(char)
        return ""
      case "scalar":
        if (char === "}") this.#place = "behind"
        else if (char === ",") this.#place = "object"
        return ""
      default:
        return ""
    }
  }

  #begin(char: string): string {
    if (/\s/.test(char)) return ""
    if (char !== '"') {
      this.#place = char === "{" || char === "[" ? "nested" : "scalar"
      if (this.#place === "nested") this.#depth = 1
      else this.#read(char)
      return ""
    }
    if (!this.#speak.has(this.#key)) {
      this.#place = "string"
      return ""
    }
    this.#place = "spoken"
    const gap = this.#spoke ? " " : ""
    this.#spoke = true
    return gap
  }

  #nest(char: string): void {
    if (this.#inString) {
      if (char === '"' && this.#escape === "") this.#inString = false
      this.#escape = char === "\\" && this.#escape === "" ? char : ""
    } else if (char === '"') this.#inString = true
    else if (char === "{" || char === "[") this.#depth++
    else if ((char === "}" || char === "]") && --this.#depth === 0) this.#place = "object"
  }

  /** Reads a character of a spoken field. */
  #say(char: string): string {
    if (this.#escape !== "") {
      this.#escape += char
      const { length } = this.#escape
      if (this.#escape[1] === "u" && length < 6) return ""
      const escape = this.#escape
      this.#escape = ""
      return this.#whole(escape[1] === "u" ? charOf(escape.slice(2)) : (escapes[char] ?? char))
    }
    if (char === "\\") {
      this.#escape = char
      return ""
    }
    if (char === '"') {
      this.#place = "object"
      const half = this.#half
      this.#half = ""
      return half
    }
    return this.#whole(char)
  }

  /** Holds the first half of a surrogate pair until the second one arrives. */
  #whole(char: string): string {
    const text = this.#half + char
    this.#half = ""
    if (!isFirstHalf(text)) return text
    this.#half = text
    return ""
  }
}

const escapes: { readonly [char: string]: string | undefined } = { n: "\n", t: "\t", r: "\r", b: "", f: " " }

const charOf = (hex: string): string => {
  const code = Number.parseInt(hex, 16)
  return Number.isNaN(code) ? "" : String.fromCharCode(code)
}

const isFirstHalf = (text: string): boolean => {
  const code = text.charCodeAt(0)
  return text.length === 1 && code >= 0xd800 && code <= 0xdbff
}
