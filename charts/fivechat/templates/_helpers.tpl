{{/* The release's name for its objects. */}}
{{- define "fivechat.name" -}}
{{- if contains "fivechat" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-fivechat" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end -}}

{{/* The facts about all components. */}}
{{- define "fivechat.facts" -}}
{{ .Files.Get "files/components.yaml" }}
{{- end -}}

{{/* A component's settings: its own over the defaults. Takes (dict "root" $ "component" NAME). */}}
{{- define "fivechat.settings" -}}
{{ mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (get .root.Values.components .component)) | toYaml }}
{{- end -}}

{{/* Labels that select a component's pods. */}}
{{- define "fivechat.selector" -}}
app.kubernetes.io/name: fivechat
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of every object. */}}
{{- define "fivechat.labels" -}}
{{ include "fivechat.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* The image of a name. Takes (dict "root" $ "name" NAME "whole" IMAGE-OR-EMPTY). */}}
{{- define "fivechat.image" -}}
{{ .whole | default (printf "%s/%s:%s" .root.Values.image.prefix .name (.root.Values.image.tag | default .root.Chart.AppVersion)) }}
{{- end -}}

{{/* What every pod's spec begins with. */}}
{{- define "fivechat.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What every container says of its rights and its last words. */}}
{{- define "fivechat.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Nine tenths of a memory limit in Mi or Gi, as Go reads it. */}}
{{- define "fivechat.memory" -}}
{{- $mi := . | trimSuffix "Mi" -}}
{{- if hasSuffix "Gi" . }}{{ $mi = mul (. | trimSuffix "Gi" | atoi) 1024 }}{{ end -}}
{{ div (mul ($mi | toString | atoi) 9) 10 }}MiB
{{- end -}}

{{/* The secret of a kind and its key: named, or the release's own. */}}
{{- define "fivechat.keys" -}}
{{ include "fivechat.name" . }}-keys
{{- end -}}

{{/* The variables that a component reads from secrets, by name: {secret, key}. Takes root, component. */}}
{{- define "fivechat.secretEnv" -}}
{{- $s := .root.Values.secrets -}}
{{- $stores := .root.Values.stores -}}
FIVECHAT_ASSERTION_KEYS: {secret: {{ $s.assertionKeys.existingSecret | default (include "fivechat.keys" .root) }}, key: {{ $s.assertionKeys.key }}}
{{- if eq .component "gateway" }}
FIVECHAT_OPERATOR_KEY: {secret: {{ $s.operatorKey.existingSecret | default (include "fivechat.keys" .root) }}, key: {{ $s.operatorKey.key }}}
{{- else }}
{{- if and (eq .component "accounts") (or $s.secretKeys.existingSecret (not (and $s.assertionKeys.existingSecret $s.operatorKey.existingSecret))) }}
FIVECHAT_SECRET_KEYS: {secret: {{ $s.secretKeys.existingSecret | default (include "fivechat.keys" .root) }}, key: {{ $s.secretKeys.key }}}
{{- end }}
{{- if include "fivechat.mongodbSecret" .root }}
MONGODB_URI: {secret: {{ include "fivechat.mongodbSecret" .root }}, key: {{ $stores.mongodb.key }}}
{{- end }}
{{- end }}
{{- if $stores.embedded }}
REDIS_URL: {secret: {{ include "fivechat.storesSecret" .root }}, key: {{ $stores.redis.key }}}
{{- else if $stores.redis.existingSecret }}
REDIS_URL: {secret: {{ $stores.redis.existingSecret }}, key: {{ $stores.redis.key }}}
{{- end }}
{{- with $stores.redis.ca.existingSecret }}
REDIS_CA: {secret: {{ . }}, key: {{ $stores.redis.ca.key }}}
{{- end }}
{{- if and (eq .component "mail") .root.Values.mail.relay.existingSecret }}
FIVECHAT_MAIL_RELAY_PASSWORD: {secret: {{ .root.Values.mail.relay.existingSecret }}, key: {{ .root.Values.mail.relay.key }}}
{{- end }}
{{- with (include "fivechat.settings" . | fromYaml).secretEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The secret that holds the password of the embedded stores and the addresses with it. */}}
{{- define "fivechat.storesSecret" -}}
{{ include "fivechat.name" . }}-stores
{{- end -}}

{{/* The secret that holds the URI of MongoDB, empty if the URI is no secret. */}}
{{- define "fivechat.mongodbSecret" -}}
{{- if .Values.stores.embedded }}{{ include "fivechat.storesSecret" . }}{{ else }}{{ .Values.stores.mongodb.existingSecret }}{{ end }}
{{- end -}}

{{/* The URI of MongoDB and the URL of Redis, empty if they are in a secret. */}}
{{- define "fivechat.mongodb" -}}
{{- if not .Values.stores.embedded }}{{ .Values.stores.mongodb.uri }}{{ end }}
{{- end -}}

{{- define "fivechat.redis" -}}
{{- if not .Values.stores.embedded }}{{ .Values.stores.redis.url }}{{ end }}
{{- end -}}

{{/* What all components are told: where it changes, all pods are made anew. */}}
{{- define "fivechat.common" -}}
LOG_LEVEL: {{ .Values.telemetry.logLevel }}
TRACE_SAMPLE_RATIO: {{ .Values.telemetry.sampleRatio | quote }}
MONGODB_DATABASE: {{ .Values.stores.mongodb.database }}
REDIS_NAMESPACE: {{ .Values.stores.redis.namespace | quote }}
{{- if .Values.telemetry.profiles }}
FIVECHAT_PPROF: "true"
{{- end }}
{{- with .Values.telemetry.otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* A component's environment. Takes root, component, fact, settings. */}}
{{- define "fivechat.env" -}}
{{- $name := include "fivechat.name" .root -}}
- {name: GOMEMLIMIT, value: {{ include "fivechat.memory" .settings.resources.limits.memory }}}
{{- range .fact.calls }}
- {name: FIVECHAT_{{ upper . }}_URL, value: "http://{{ $name }}-{{ . }}:8080"}
{{- end }}
{{- if .fact.store }}
{{- with include "fivechat.mongodb" .root }}
- {name: MONGODB_URI, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- with include "fivechat.redis" .root }}
- {name: REDIS_URL, value: {{ . | quote }}}
{{- end }}
{{- range $variable, $_ := include "fivechat.secretEnv" . | fromYaml }}
- {name: {{ $variable }}_FILE, value: /etc/fivechat/secrets/{{ $variable }}}
{{- end }}
{{- if include "fivechat.readsQuotas" . }}
- {name: FIVECHAT_QUOTAS, value: /etc/fivechat/quotas/quotas.json}
{{- end }}
{{- if eq .component "accounts" }}
{{- with .root.Values.signIn.publicUrl }}
- {name: FIVECHAT_PUBLIC_URL, value: {{ . | quote }}}
{{- end }}
{{- with .root.Values.signIn.signUp }}
- {name: FIVECHAT_SIGNUP, value: {{ . | quote }}}
{{- end }}
{{- if .root.Values.signIn.identityProviders.existingSecret }}
- {name: FIVECHAT_IDENTITY_PROVIDERS, value: /etc/fivechat/identity/providers.json}
{{- end }}
{{- end }}
{{- if has .component (list "mail" "tickets") }}
{{- with .root.Values.mail.domain }}
- {name: FIVECHAT_MAIL_DOMAIN, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- if eq .component "files" }}
- {name: FIVECHAT_FILES, value: "file:///var/lib/fivechat/files"}
{{- end }}
{{- if eq .component "mail" }}
{{- with .root.Values.mail }}
{{- if .domain }}
- {name: FIVECHAT_SMTP_ADDR, value: ":2525"}
- {name: FIVECHAT_LMTP_ADDR, value: ":2424"}
{{- end }}
{{- if .tlsSecret }}
- {name: FIVECHAT_SMTP_CERTIFICATE, value: /etc/fivechat/tls/tls.crt}
- {name: FIVECHAT_SMTP_KEY, value: /etc/fivechat/tls/tls.key}
{{- end }}
{{- if .dkim.existingSecret }}
- {name: FIVECHAT_MAIL_DKIM_KEY, value: /etc/fivechat/dkim/key.pem}
- {name: FIVECHAT_MAIL_DKIM_SELECTOR, value: {{ .dkim.selector | quote }}}
{{- end }}
{{- with .relay }}
{{- if .address }}
- {name: FIVECHAT_MAIL_RELAY, value: {{ .address | quote }}}
- {name: FIVECHAT_MAIL_RELAY_TLS, value: {{ .tls | quote }}}
{{- with .user }}
- {name: FIVECHAT_MAIL_RELAY_USER, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .component "gateway" }}
- {name: FIVECHAT_REPLICAS, value: {{ ternary .settings.autoscaling.min .settings.replicas .settings.autoscaling.enabled | quote }}}
{{- with .root.Values.edge }}
{{- with .trustedProxies }}
- {name: FIVECHAT_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
{{- with .corsOrigins }}
- {name: FIVECHAT_CORS_ORIGINS, value: {{ join "," . | quote }}}
{{- end }}
{{- if .demo }}
- {name: FIVECHAT_DEMO, value: "true"}
{{- end }}
{{- if .tlsSecret }}
- {name: FIVECHAT_TLS_CERTIFICATE, value: /etc/fivechat/tls/tls.crt}
- {name: FIVECHAT_TLS_KEY, value: /etc/fivechat/tls/tls.key}
{{- end }}
{{- end }}
{{- end }}
{{- range $variable, $value := .settings.env }}
- {name: {{ $variable }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{/* Whether a component reads the file of quotas: the gateway limits rates, accounts knows the storage limits. */}}
{{- define "fivechat.readsQuotas" -}}
{{- if and .root.Values.edge.quotas (has .component (list "gateway" "accounts")) }}true{{ end -}}
{{- end -}}

{{/* The volumes of a component, and where they are mounted. */}}
{{- define "fivechat.volumes" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
    {{- range $variable, $from := include "fivechat.secretEnv" . | fromYaml }}
      - secret: {name: {{ $from.secret }}, items: [{key: {{ $from.key }}, path: {{ $variable }}}]}
    {{- end }}
{{- if include "fivechat.readsQuotas" . }}
- name: quotas
  configMap: {name: {{ include "fivechat.name" .root }}-quotas}
{{- end }}
{{- if eq .component "accounts" }}
{{- with .root.Values.signIn.identityProviders }}
{{- if .existingSecret }}
- name: identity
  secret: {secretName: {{ .existingSecret }}, defaultMode: 0440, items: [{key: {{ .key }}, path: providers.json}]}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .component "files" }}
- name: files
  persistentVolumeClaim: {claimName: {{ .root.Values.files.existingClaim | default (printf "%s-files" (include "fivechat.name" .root)) }}}
- name: uploads
  emptyDir: {sizeLimit: 2Gi}
{{- end }}
{{- if eq .component "mail" }}
{{- with .root.Values.mail.tlsSecret }}
- name: tls
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .root.Values.mail.dkim }}
{{- if .existingSecret }}
- name: dkim
  secret: {secretName: {{ .existingSecret }}, defaultMode: 0440, items: [{key: {{ .key }}, path: key.pem}]}
{{- end }}
{{- end }}
{{- end }}
{{- if eq .component "gateway" }}
{{- with .root.Values.edge.tlsSecret }}
- name: tls
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end -}}

{{- define "fivechat.mounts" -}}
- {name: secrets, mountPath: /etc/fivechat/secrets, readOnly: true}
{{- if include "fivechat.readsQuotas" . }}
- {name: quotas, mountPath: /etc/fivechat/quotas, readOnly: true}
{{- end }}
{{- if and (eq .component "accounts") .root.Values.signIn.identityProviders.existingSecret }}
- {name: identity, mountPath: /etc/fivechat/identity, readOnly: true}
{{- end }}
{{- if eq .component "files" }}
- {name: files, mountPath: /var/lib/fivechat}
- {name: uploads, mountPath: /tmp}
{{- end }}
{{- if and (eq .component "mail") .root.Values.mail.tlsSecret }}
- {name: tls, mountPath: /etc/fivechat/tls, readOnly: true}
{{- end }}
{{- if and (eq .component "mail") .root.Values.mail.dkim.existingSecret }}
- {name: dkim, mountPath: /etc/fivechat/dkim, readOnly: true}
{{- end }}
{{- if eq .component "gateway" }}
{{- if .root.Values.edge.tlsSecret }}
- {name: tls, mountPath: /etc/fivechat/tls, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}
