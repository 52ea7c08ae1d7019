// The wire's rules.
//
// One message carries everything that arose for a worker in one turn of the page's loop; the worker answers with what has
// finished by the end of its own turn. A message is one flat array: a mark, then entries, each a small integer for its
// kind and then its fields, so that an entry costs little more than what it holds. A call is named by its place (`slot`)
// in the page's table, which no other call gets before the worker has answered. Methods are named by numbers that the
// page introduces before their first use. page.js and harness.js are the two ends.

/** Begins every message of this protocol: pages and workers may send each other messages of their own. */
export const MARK = 0x1a7e11e7;

/** What both ends must agree on: the page refuses a worker that speaks another version. */
export const VERSION = 2;

/**
 * How many numbers say where a call's span stands: four words of the trace id, two of the span id, the flags. Of a text the
 * wasm would have to hand over a copy, call by call; the worker makes one where a handler wants it.
 */
export const PLACE_LENGTH = 7;

/** Page to worker: the kinds of entries, the flags of a call. */
export const TO_WORKER = {
  CALL: 1, // slot, method, flags, number, args; then key if KEY, place if TRACE (see PLACE_LENGTH)
  CANCEL: 2, // slot, reason: as thrown.js packs it, or nothing
  METHOD: 3, // method, name
  PING: 4, // answer, if you can
  ASK: 5, // say whether your script has run and exposes nothing

  TRANSFER_RESULT: 1,
  KEY: 2,
  TRACE: 4,
  TIMED: 8, // the page wants to know when the handler ran
};

/**
 * Worker to page: the kinds of entries. An answer has the call's number beside its slot, so that one that comes late, or
 * twice, is nobody else's.
 */
export const TO_PAGE = {
  RESULT: 1, // slot, number, value
  FAILURE: 2, // slot, number, the error's description (see thrown.js)
  THROWN: 3, // slot, number, value: the handler threw something that is no error
  TIMES: 4, // started, ended: milliseconds since the epoch, for the answer that follows
  SPANS: 5, // slot, spans and how many were lost, log records and how many were lost (see spans.js), for the answer that follows
  READY: 6, // version, names of handlers that a task's own members hide
  ALIVE: 7, // the answer to a ping
  UNREADABLE: 8, // a message from the page could not be read, and its calls are lost
  FAULT: 9, // name, message, stack, file, line: the worker has crashed, and answers no more
  CLOSED: 10, // slots of the calls whose handlers have begun: the worker closes itself, and answers no more
  UNEXPOSED: 11, // the answer to ASK: the script has run, and exposes nothing
};
