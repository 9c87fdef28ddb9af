// Figures that clients push. layout.ts explains the notation.
import { api } from '../layout.js';

export const getTelemetrySubscriptions = api(71, 'GetTelemetrySubscriptions', [0, 0], 0, {
  request: { clientInstanceId: 'uuid' },
  response: {
    throttleTimeMs: 'i32 =0',
    errorCode: 'i16',
    clientInstanceId: 'uuid',
    subscriptionId: 'i32',
    acceptedCompressionTypes: '[i8]',
    pushIntervalMs: 'i32',
    telemetryMaxBytes: 'i32',
    deltaTemporality: 'bool',
    requestedMetrics: '[str]',
  },
});

export const pushTelemetry = api(72, 'PushTelemetry', [0, 0], 0, {
  request: {
    clientInstanceId: 'uuid',
    subscriptionId: 'i32',
    terminating: 'bool',
    compressionType: 'i8',
    metrics: 'bytes',
  },
  response: { throttleTimeMs: 'i32 =0', errorCode: 'i16' },
});
