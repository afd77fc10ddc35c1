/**
 * Limits: the size of everything that comes in over HTTP. test/line/collector/http-limits.test.ts tries each at the limit
 * and one past it. Pure.
 */
import { EVENT_TYPES } from '../alert/types.ts'

/** A contract with its calendars and checks, bytes. */
export const MAX_CONTRACT_BYTES = 1024 * 1024
/** A provider's statement of a window, bytes: as many lines as it may have, a hundred characters each. */
export const MAX_STATEMENT_BYTES = 1024 * 1024
/** Fields of one form: each is read before anybody knows whether it is wanted. */
export const MAX_FORM_FIELDS = 1_000
/** Any other body, bytes. */
export const MAX_BODY_BYTES = 64 * 1024
/** What somebody writes beside a deed, characters. */
export const MAX_REASON_CHARS = 1_000
/** What somebody writes beside "it fails for me", characters. */
export const MAX_REPORT_CHARS = 500
/** The whole query of an address, characters. */
export const MAX_QUERY_CHARS = 2_048
/** One name, id or cursor in an address, characters. */
export const MAX_NAME_CHARS = 128
/** Any secret that is sent, characters: several times what ours have. */
export const MAX_TOKEN_CHARS = 256
/** Contracts that one account is confined to. */
export const MAX_PERSON_CONTRACTS = 100
export const MAX_URL_CHARS = 2_048
/** Event types one webhook may name: each once, and `*`. */
export const MAX_WEBHOOK_TYPES = EVENT_TYPES.length + 1

/** Contracts that one webhook made by hand may name. */
export const MAX_WEBHOOK_CONTRACTS = 100

/** Secrets that wait to be shown on the page that their form sends to; past it the oldest is not shown. */
export const MAX_SHOWN_ONCE = 100

export const MAX_PAGE_ITEMS = 500
export const DEFAULT_PAGE_ITEMS = 100

const DAY_MS = 86_400_000
export const MAX_TIMELINE_MS = 400 * DAY_MS
export const DEFAULT_TIMELINE_MS = DAY_MS
/** Segments in one answer, the service's and every vantage's together. */
export const MAX_TIMELINE_SEGMENTS = 20_000

/** Latencies are read sample by sample. */
export const MAX_LATENCY_MS = 35 * DAY_MS
export const MIN_LATENCY_STEP_MS = 1_000
export const MAX_LATENCY_POINTS = 2_000

/** Facts that wait for one slow reader; past it the stream ends and the reader comes back. */
export const MAX_QUEUED_EVENTS = 1_000
/** Facts read at once while a stream catches up. */
export const REPLAY_EVENTS = 500
/** Live streams of all tokens but owners', of one of these tokens, and of owners. */
export const MAX_STREAMS = 256
export const MAX_STREAMS_OF_TOKEN = 16
export const MAX_OWNER_STREAMS = 64
export const HEARTBEAT_MS = 15_000
