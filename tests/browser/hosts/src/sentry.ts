// A page that traces all its requests: they get headers that the widget's server must allow.
import * as Sentry from '@sentry/browser';

Sentry.init({
  dsn: 'https://key@errors.example/1',
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 1,
  tracePropagationTargets: [/.*/],
  beforeSend: () => null,
  beforeSendTransaction: () => null,
});
