/** Findings of `antiphon doctor`. */
import { isAtLeast } from "../nodeVersion.ts"

/** One finding. `Bad` keeps an agent from working; `Note` is worth knowing. */
export interface Finding {
  readonly verdict: "Good" | "Note" | "Bad"
  readonly what: string
  readonly says: string
}

export const good = (what: string, says: string): Finding => ({ verdict: "Good", what, says })
export const note = (what: string, says: string): Finding => ({ verdict: "Note", what, says })
export const bad = (what: string, says: string): Finding => ({ verdict: "Bad", what, says })

/**
 * Checks the versions of a project's packages: all `@antiphon/*` must match, and `effect` must be the version they were
 * made for.
 */
export const versions = (installed: ReadonlyMap<string, string>, effectRange: string): ReadonlyArray<Finding> => {
  const ours = [...installed].filter(([name]) => name.startsWith("@antiphon/"))
  const different = new Set(ours.map(([, version]) => version))
  const effect = installed.get("effect")
  const wanted = effectRange.replace(/^[~^]/, "")
  const fits =
    effect !== undefined && effect.split(".").slice(0, 2).join(".") === wanted.split(".").slice(0, 2).join(".")
  return [
    effect === undefined
      ? bad("effect", `not installed: npm install effect@${wanted}`)
      : fits && isAtLeast(effect, wanted)
        ? good("effect", effect)
        : bad("effect", `${effect}, but these packages need ${effectRange}: npm install effect@${wanted}`),
    different.size > 1
      ? bad("@antiphon", `the versions differ: ${ours.map(([name, version]) => `${name} ${version}`).join(", ")}`)
      : good("@antiphon", ours.length === 0 ? "no package in this folder" : `${ours.length} packages, ${ours[0]![1]}`)
  ]
}

/** Compares this machine's clock with a server's, in milliseconds. `Date` headers have whole seconds. */
export const clock = (skew: number): Finding =>
  Math.abs(skew) <= 2000
    ? good("clock", "agrees with the provider's")
    : note(
        "clock",
        `${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? "ahead of" : "behind"} the provider's: signatures and tokens may be refused`
      )
