{{/* Paths of the host; all others are pages of the frontend. The management port is not public. */}}
{{- define "eaf.apiPaths" -}}
- /api
- /auth
- /docs
{{- end }}

{{/* Keycloak's public paths: without /admin and the master realm. */}}
{{- define "eaf.keycloakPaths" -}}
- /realms/{{ .Values.keycloak.realm }}
- /resources
{{- end }}

{{/* Secret with the certificate: (list $ web|keycloak). */}}
{{- define "eaf.tlsSecret" -}}
{{- include "eaf.name" (list (index . 0) (ternary "tls" "keycloak-tls" (eq (index . 1) "web"))) -}}
{{- end }}

{{/* Parent of a route: (list $ listener). */}}
{{- define "eaf.parent" -}}
{{- $ := index . 0 -}}
{{- $gateway := $.Values.gateway -}}
{{- if $gateway.create -}}
name: {{ include "eaf.name" (list $ "gateway") }}
sectionName: {{ index . 1 }}
{{- else -}}
name: {{ required "gateway.name is missing: gateway.create is false" $gateway.name }}
{{- with $gateway.namespace }}
namespace: {{ . }}
{{- end }}
sectionName: {{ $gateway.sectionName }}
{{- end }}
{{- end }}
