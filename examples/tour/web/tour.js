// The guided tour: makes the runtime, and joins the parts of the page to it.

import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { showFindings } from './findings.js';
import { showGallery } from './gallery.js';
import { takeIn } from './intake.js';
import { showLine } from './line.js';
import { mountPanel } from './panel.js';
import { createPipeline } from './pipeline.js';
import { chosenSetup, showSetup } from './setup.js';
import { defineTasks } from './tasks.js';
import { EXPORTED, showTelemetry } from './telemetry.js';

/** How often spans leave for the receiver, in milliseconds: soon enough to watch. */
const SPANS_EVERY_MS = 1000;
/** How often metrics leave for the receiver, in milliseconds. */
const METRICS_EVERY_MS = 5000;

const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
const otlp = exportOtlp(runtime, {
  signals: EXPORTED,
  resource: { 'service.name': 'atelier-tour' },
  scheduleDelayMs: SPANS_EVERY_MS,
  metricIntervalMs: METRICS_EVERY_MS,
});

const setup = chosenSetup();
const tasks = await defineTasks(runtime, setup);
const pipeline = createPipeline(runtime, tasks, setup);

showLine(runtime, document.getElementById('line'));
showGallery(pipeline);
showSetup(setup);
showFindings(runtime, setup);
showTelemetry(otlp, pipeline);
takeIn(pipeline);
mountPanel(runtime, document.getElementById('panel'));

// For the curious, and for tests.
window.tour = { runtime, otlp, photos: pipeline.photos };
