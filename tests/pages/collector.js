// What this case's own OTLP receiver has; every case has a server, and so a receiver, to itself.

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** The totals: `{ spans, metricPoints, logRecords, resources, rejected, lastRejection, … }`. */
export const received = () => ask('/api/received');

/** The newest spans, the newest first. */
export const spans = (limit = 1000) => ask(`/api/spans?limit=${limit}`);

/** The latest point of each series. */
export const metrics = (limit = 1000) => ask(`/api/metrics?limit=${limit}`);

/** The newest log records, the newest first. */
export const logs = (limit = 1000) => ask(`/api/logs?limit=${limit}`);
