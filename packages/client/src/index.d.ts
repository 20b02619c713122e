/** Calls a voice agent from a web page: the microphone goes to the agent, its voice to the loudspeaker. */

/** Options of a call. */
export interface CallOptions {
  /** The server's token, if it requires one. */
  readonly token?: string | undefined
  /** Id of the call. The server makes one by default. */
  readonly callId?: string | undefined
  /** Id of the agent, for servers with several. */
  readonly agentId?: string | undefined
  /** Passed to the agent with the request of the call. */
  readonly metadata?: { readonly [key: string]: unknown } | undefined
  /** Sample rate of both directions. 16000 by default. */
  readonly sampleRateHz?: 8000 | 16000 | 24000 | 48000 | undefined
  /** Whether to open the microphone at once. True by default; without it the caller types. */
  readonly microphone?: boolean | undefined
  /** The device to use, from `listDevices`. Defaults to the browser's choice. */
  readonly microphoneId?: string | undefined
  readonly muted?: boolean | undefined
  /** Whether the browser cancels the echo of the agent's voice. True by default. */
  readonly echoCancellation?: boolean | undefined
  readonly noiseSuppression?: boolean | undefined
  readonly autoGainControl?: boolean | undefined
  /** Whether there is no echo, because the user wears headphones. False by default. */
  readonly headphones?: boolean | undefined
  /** Called for every event from the first on, with its name. */
  readonly onEvent?: ((event: never, name: string) => void) | undefined
  /** Aborting it hangs up, once the agent is on the line. */
  readonly signal?: AbortSignal | undefined
}

/** How the call ended. `code` is the close code of the socket, or 4000 if the server stopped answering. */
export interface Closed {
  readonly code: number
  readonly reason: string
  readonly byUs: boolean
  readonly wasOpen: boolean
  /** An explanation for the user. */
  readonly meaning: string
}

/** The events of a call, by name. Times are in milliseconds. */
export interface Events {
  /** Words of the caller, as they are recognised. Each one replaces the previous one that is not final. */
  readonly transcript: { readonly text: string; readonly final: boolean }
  readonly user_turn: { readonly state: "started" | "tentative" | "ended" | "abandoned" }
  /** Words that the agent wants to say. */
  readonly agent_text: { readonly turn: number; readonly text: string }
  /** Words of the agent that the caller has heard. Words of `agent_text` that never appear here were cut off. */
  readonly agent_heard: { readonly turn: number; readonly text: string }
  readonly agent_turn: {
    readonly turn: number
    readonly state: "started" | "completed" | "cancelled" | "failed"
  }
  readonly tool: { readonly turn: number; readonly name: string; readonly running: boolean }
  /** The latency of an answer by stage, from the end of the caller's speech. */
  readonly latency: {
    readonly turn: number
    readonly end_of_turn_ms?: number
    readonly first_text_ms?: number
    readonly first_audio_ms?: number
    readonly first_heard_ms?: number
  }
  /** The number of samples of a stream that were played. Exact if `cleared`. */
  readonly played: {
    readonly generation: number
    readonly stream: number
    readonly samples: number
    readonly cleared: boolean
  }
  /** The agent's speech was cut off or paused. */
  readonly clear: { readonly generation: number; readonly stream: number }
  readonly microphone: { readonly state: "on" | "off" | "lost"; readonly detail: string }
  /** The agent presses keys. A page may sound them. */
  readonly dtmf: { readonly buttons: string }
  /** The agent transfers the call. A page may dial. */
  readonly transfer: { readonly target_phone_number: string }
  readonly custom: { readonly metadata: { readonly [key: string]: unknown } }
  /** The server rejected an input; the call continues. */
  readonly warning: { readonly code: string; readonly detail: string }
  /** A fatal problem, which ends the call. */
  readonly error: { readonly code: string; readonly detail: string }
  /** The agent's side has hung up. `closed` follows once the remaining audio has been played. */
  readonly bye: { readonly reason: string }
  readonly closed: Closed
}

/** An open call. */
export interface Call {
  readonly callId: string
  /** Data about the server, such as its recogniser and voice. */
  readonly about: { readonly [key: string]: unknown }
  /** Adds a listener, and returns a function that removes it. `*` receives all events. */
  readonly on: {
    <Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void
    (name: "*", listener: (event: unknown, name: string) => void): () => void
  }
  /** Current root mean square, 0 to 1. Read it whenever you draw. */
  readonly levels: { readonly caller: number; readonly agent: number }
  /** Resolves when the call is over, and never rejects. */
  readonly closed: Promise<Closed>
  readonly isMuted: boolean
  readonly isMicrophoneOn: boolean
  /** Whether the browser plays no sound until the user clicks. Call `resume` in a click handler. */
  readonly isBlocked: boolean
  readonly resume: () => Promise<void>
  /** 1 for the original volume, 0 for silence. Audio played silently still counts as played. */
  readonly setVolume: (gain: number) => void
  /** Fails if the browser cannot choose the device. */
  readonly setLoudspeaker: (deviceId: string) => Promise<void>
  /** Opens another microphone, or one that was lost or off. The event `microphone` reports the result. */
  readonly setMicrophone: (deviceId?: string) => Promise<void>
  readonly closeMicrophone: () => Promise<void>
  /** Replaces the microphone with silence. */
  readonly mute: (on?: boolean) => void
  /** Sends typed text. */
  readonly say: (text: string) => void
  /** Push to talk: presses or releases the key. */
  readonly talk: (pressed: boolean) => void
  /** Presses a key: 0 to 9, `*` or `#`. */
  readonly press: (button: string) => void
  /** Sends an application-defined message. */
  readonly send: (metadata: { readonly [key: string]: unknown }) => void
  readonly hangUp: () => Promise<Closed>
}

/** The server refused the call. */
export declare class CallError extends Error {
  /** Close code of the socket, or the code of the server's error. */
  readonly code: number | string
}

/** Opens a call. Resolves when the agent is on the line, rejects with `CallError`. `url` may be relative to the page. */
export declare const call: (url: string | URL, options?: CallOptions) => Promise<Call>

/** A device. Its label is empty until the page has permission to use a microphone. */
export interface Device {
  readonly deviceId: string
  readonly label: string
}

/** Lists the microphones and loudspeakers. */
export declare const listDevices: () => Promise<{
  readonly microphones: ReadonlyArray<Device>
  readonly loudspeakers: ReadonlyArray<Device>
}>
