/**
 * What a recording can be turned into: a trace for ui.perfetto.dev, OTLP in JSON (a request a line), an HdrHistogram interval
 * log, or a summary for people. See docs/recording.md.
 */
export type RecordingFormat = 'perfetto' | 'otlp' | 'hlog' | 'text';

export interface ConvertedRecording {
  /** The result. */
  file: Blob;
  /** The recording was cut; what came before the cut was converted. */
  cut: boolean;
  /** Items that a newer version of the package wrote, and that were passed over. */
  unknown: number;
}

/**
 * Converts a recording, the file that `stop()` gave. The wasm that does it is loaded at the first call. It works in one go:
 * a file of many megabytes takes seconds, for which a worker is a better place.
 *
 * Rejects with a `RecordingError` that says what is wrong with a file that is empty, damaged, of a newer version, or none of
 * Atelier's.
 */
export function convertRecording(
  recording: Blob | ArrayBuffer | Uint8Array,
  format: RecordingFormat,
): Promise<ConvertedRecording>;
