/**
 * ONNX Runtime for Linux (since 1.30) writes down what it is used for, below ~/.cache/Microsoft and the folder of temporary files, and sends it
 * to mobile.events.data.microsoft.com, unless this variable says no before its first session. Set in the main thread: that of a worker is a
 * copy, which machine code does not see. Who sets it to something else keeps that.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1'
