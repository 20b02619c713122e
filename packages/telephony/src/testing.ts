/**
 * Fake carriers for tests, over real sockets.
 *
 * @since 0.1.0
 */
export * as FakeAsterisk from "./testing/FakeAsterisk.ts"
export * as FakeTelnyx from "./testing/FakeTelnyx.ts"
export * as FakeTwilio from "./testing/FakeTwilio.ts"
export type { Faults } from "./testing/Faults.ts"
