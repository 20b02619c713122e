/**
 * Telephone calls for voice agents: Twilio, Telnyx, Asterisk and Cartesia's Calls API.
 *
 * @since 0.1.0
 */
export type { Answer, Surroundings } from "./Answer.ts"
export { CarrierError } from "./CarrierError.ts"
export * as AudioSocket from "./AudioSocket.ts"
export * as CallsApi from "./CallsApi.ts"
export * as Signature from "./Signature.ts"
export * as Telnyx from "./Telnyx.ts"
export * as TelnyxAccount from "./TelnyxAccount.ts"
export * as Twilio from "./Twilio.ts"
export * as TwilioAccount from "./TwilioAccount.ts"
