/**
 * Serves voice calls from web pages.
 *
 * @since 0.1.0
 */
export * as BrowserVoice from "./BrowserVoice.ts"
export * as ClientFiles from "./ClientFiles.ts"
export * as VoiceWire from "./VoiceWire.ts"
