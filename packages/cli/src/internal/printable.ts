/** Makes foreign text safe for a terminal. */
export { line as printable } from "@antiphon/core/Printable"
