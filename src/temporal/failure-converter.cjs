// CommonJS because the SDK loads it by path, into the workflow sandbox too (give the same path to `bundleWorkflowCode`).
// Messages and stack traces are written by people and programs and may name paths and hosts: without this option
// they stand in plain text in every history, because payload codecs see payloads only.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
