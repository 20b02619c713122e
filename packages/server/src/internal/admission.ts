/** Who may open a call: the token of the request, and the page it comes from. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import { createHash, timingSafeEqual } from "node:crypto"
import type { Settings } from "../Settings.ts"

/** Status and detail of the refusal, or undefined where the request is admitted. */
export const refusal = (
  request: HttpServerRequest,
  { allowedOrigins, token }: Settings
): { readonly status: number; readonly detail: string } | undefined => {
  if (token !== undefined && !sameText(bearer(request.headers.authorization), Redacted.value(token))) {
    return { status: 401, detail: "Unauthorized" }
  }
  const { host, origin } = request.headers
  if (origin === undefined || allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return undefined
  return URL.canParse(origin) && new URL(origin).host === host
    ? undefined
    : { status: 403, detail: "Origin not allowed" }
}

const bearer = (header: string | undefined): string => /^Bearer +(.+)$/i.exec(header ?? "")?.[1]?.trim() ?? ""

// Hashed first: the comparison takes the same time whatever the lengths are.
const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
