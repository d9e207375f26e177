{{/* What a schema cannot say: each mistake is one line, and nothing is made. Included by the first template. */}}
{{- define "fivechat.validate" -}}
{{- $s := .Values.stores -}}
{{- $mongodb := or $s.mongodb.uri $s.mongodb.existingSecret -}}
{{- $redis := or $s.redis.url $s.redis.existingSecret -}}
{{- if and $s.redis.ca.existingSecret (not $redis) }}{{ fail "stores.redis.ca: there is no Redis with TLS: name one with url or existingSecret" }}{{ end -}}
{{- if and $s.redis.ca.existingSecret $s.redis.url (not (hasPrefix "rediss" $s.redis.url)) }}{{ fail "stores.redis.ca: the URL of a Redis with TLS begins with rediss" }}{{ end -}}
{{- if or (contains "@" $s.redis.url) (contains "sentinel_password" $s.redis.url) }}{{ fail "stores.redis.url: a URL with a password belongs in a secret: name one with stores.redis.existingSecret" }}{{ end -}}
{{- if and $s.embedded (or $mongodb $redis) }}{{ fail "stores: embedded stores and named ones exclude each other" }}{{ end -}}
{{- if not (or $s.embedded $mongodb) }}{{ fail "stores.mongodb: name a replica set with uri or existingSecret, or try Fivechat out with stores.embedded=true" }}{{ end -}}
{{- if and $s.mongodb.uri $s.mongodb.existingSecret }}{{ fail "stores.mongodb: uri and existingSecret exclude each other" }}{{ end -}}
{{- if and $s.redis.url $s.redis.existingSecret }}{{ fail "stores.redis: url and existingSecret exclude each other" }}{{ end -}}
{{- if contains "@" $s.mongodb.uri }}{{ fail "stores.mongodb.uri: a URI with a password belongs in a secret: name one with stores.mongodb.existingSecret" }}{{ end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}{{ fail "ingress.host: an Ingress needs a host" }}{{ end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}{{ fail "httpRoute.parentRefs: an HTTPRoute needs a Gateway to hang on" }}{{ end -}}
{{- if and .Values.signIn.identityProviders.existingSecret (not .Values.signIn.publicUrl) }}{{ fail "signIn.publicUrl: identity providers need the address at which browsers reach the gateway" }}{{ end -}}
{{- if and (or .Values.ingress.enabled .Values.httpRoute.enabled) (not .Values.edge.trustedProxies) (not .Values.edge.acceptSharedAddress) }}{{ fail "edge.trustedProxies: behind an Ingress or HTTPRoute all callers have the proxy's address and share its quotas: name the proxies' CIDRs, or accept that with edge.acceptSharedAddress=true" }}{{ end -}}
{{- range $name, $_ := include "fivechat.facts" . | fromYaml }}
{{- $c := include "fivechat.settings" (dict "root" $ "component" $name) | fromYaml }}
{{- if gt (int $c.autoscaling.min) (int $c.autoscaling.max) }}{{ fail (printf "components.%s.autoscaling: min %d is above max %d" $name (int $c.autoscaling.min) (int $c.autoscaling.max)) }}{{ end -}}
{{- end }}
{{- include "fivechat.usable" (dict "root" . "at" "secrets.assertionKeys" "secret" .Values.secrets.assertionKeys.existingSecret "key" .Values.secrets.assertionKeys.key "least" 32 "list" true) -}}
{{- include "fivechat.usable" (dict "root" . "at" "secrets.secretKeys" "secret" .Values.secrets.secretKeys.existingSecret "key" .Values.secrets.secretKeys.key "least" 32 "list" true) -}}
{{- include "fivechat.usable" (dict "root" . "at" "secrets.operatorKey" "secret" .Values.secrets.operatorKey.existingSecret "key" .Values.secrets.operatorKey.key "least" 20) -}}
{{- include "fivechat.usable" (dict "root" . "at" "stores.mongodb" "secret" $s.mongodb.existingSecret "key" $s.mongodb.key "least" 10) -}}
{{- include "fivechat.usable" (dict "root" . "at" "stores.redis" "secret" $s.redis.existingSecret "key" $s.redis.key "least" 8) -}}
{{- include "fivechat.usable" (dict "root" . "at" "stores.redis.ca" "secret" $s.redis.ca.existingSecret "key" $s.redis.ca.key "least" 20) -}}
{{- end -}}

{{/* A named secret must be there and long enough, where a cluster can be asked: while rendering alone, none can. */}}
{{- define "fivechat.usable" -}}
{{- if and .secret (lookup "v1" "Namespace" "" .root.Release.Namespace) -}}
{{- $found := lookup "v1" "Secret" .root.Release.Namespace .secret -}}
{{- if not $found }}{{ fail (printf "%s.existingSecret: there is no secret %s in the namespace %s" .at .secret .root.Release.Namespace) }}{{ end -}}
{{- $value := get ($found.data | default dict) .key | b64dec -}}
{{- if not $value }}{{ fail (printf "%s.key: the secret %s has no key %s" .at .secret .key) }}{{ end -}}
{{- $least := .least -}}{{- $at := .at -}}{{- $secret := .secret -}}{{- $key := .key -}}
{{- range ternary (splitList "," $value) (list $value) (.list | default false) -}}
{{- if lt (len .) $least }}{{ fail (printf "%s: what the secret %s has under %s is shorter than %d bytes" $at $secret $key $least) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
