/** Tells names of callers from what is written for withheld and unknown numbers, which all such callers would share. */
import * as StoredName from "../../internal/storedName.ts"

/** The longest name, in UTF-16 code units. */
export const longest = 300

const withheld = "anonymous blocked private restricted unavailable unknown".split(" ")

const key = (letter: string): string => String("22233344455566677778889999"[letter.charCodeAt(0) - 97])

/** Carriers that allow only numbers spell the words on a keypad: +266696687 is "anonymous". */
const spelled = withheld.map((word) => Array.from(word, key).join(""))

/** Letters and digits of what is written where there is no number. */
const nobody: ReadonlySet<string> = new Set([
  ...withheld,
  ...spelled,
  ..."browser hidden invalid na nobody none null undefined web websocket withheld".split(" "),
  ..."hiddennumber idunavailable nocallerid nonumber notavailable numberwithheld outofarea".split(" "),
  ..."privatenumber unknowncaller unknownnumber withheldnumber".split(" ")
])

/** The name of a caller, or undefined if it could be anybody's, or a database could not keep it. */
export const of = (name: unknown): string | undefined => {
  if (typeof name !== "string" || !StoredName.isStorable(name, longest)) return undefined
  const trimmed = name.trim()
  const address = trimmed.slice(trimmed.lastIndexOf("<") + 1).toLowerCase()
  const [user = "", host = ""] = address.replace(/^(?:sips?|tel):/, "").split("@")
  const bare = user.replace(/[^\p{L}\p{N}]/gu, "")
  // SIP writes anonymous@anonymous.invalid, by RFC 3323.
  const isNowhere = /^(?:[^>;:]*\.)?invalid(?:[>;:]|$)/.test(host)
  return isNowhere || /^0*$/.test(bare) || nobody.has(bare) ? undefined : trimmed
}
