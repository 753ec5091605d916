{{/* Variables of the host: the briefing's, and EAF_* of deploy/configuration.md. */}}
{{- define "eaf.settings" -}}
EAF_LISTEN: "0.0.0.0:8080"
EAF_MANAGEMENT_LISTEN: "0.0.0.0:9090"
EAF_PUBLIC_URL: {{ .Values.publicUrl | quote }}
EAF_DRAIN_SECONDS: {{ .Values.api.drainSeconds | quote }}
EAF_COMPILED_CACHE: /var/cache/eaf
{{- with .Values.api.trustedProxies }}
EAF_TRUSTED_PROXIES: {{ join "," . | quote }}
{{- end }}
EAF_MASTER_KEY_FILE: /run/secrets/master-key/master-key
{{- if .Values.database.urlsSecret }}
EAF_DATABASE_URL_FILE: /run/secrets/database/app
EAF_DATABASE_DIRECT_URL_FILE: /run/secrets/database/direct
EAF_DATABASE_PLATFORM_URL_FILE: /run/secrets/database/platform
EAF_DATABASE_MIGRATE_URL_FILE: /run/secrets/database/migrate
{{- else }}
DB_HOST: {{ include "eaf.databaseHost" . | quote }}
DB_PORT: {{ .Values.database.port | quote }}
DB_NAME: {{ .Values.database.name | quote }}
DB_PASSWORD_FILE: /run/secrets/database/password
{{- with include "eaf.poolerHost" . }}
DB_POOLER_HOST: {{ . | quote }}
DB_POOLER_PORT: {{ ternary 5432 $.Values.database.poolerPort $.Values.database.create | quote }}
{{- end }}
{{- if include "eaf.databaseCaSecret" . }}
DB_SSLROOTCERT: /run/secrets/database-ca/ca.crt
{{- end }}
{{- end }}
{{- if .Values.keycloak.url }}
KEYCLOAK_URL: {{ .Values.keycloak.url | quote }}
KEYCLOAK_REALM: {{ .Values.keycloak.realm | quote }}
KEYCLOAK_CLIENT_ID: {{ .Values.keycloak.clientId | quote }}
KEYCLOAK_CLIENT_SECRET_FILE: /run/secrets/keycloak/client-secret
{{- else }}
EAF_OIDC_CLIENT_SECRET_FILE: /run/secrets/keycloak/client-secret
{{- end }}
{{- if .Values.trust.configMap }}
SSL_CERT_FILE: /etc/eaf/trust/{{ .Values.trust.key }}
{{- end }}
{{- with .Values.proxy.https }}
HTTPS_PROXY: {{ . | quote }}
NO_PROXY: {{ $.Values.proxy.noProxy | quote }}
{{- end }}
{{- range $name, $value := .Values.api.env }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "eaf.databaseHost" -}}
{{- if .Values.database.create }}{{ include "eaf.name" (list . "db") }}-rw.{{ .Release.Namespace }}.svc
{{- else }}{{ required "database.host is missing: database.create is false" .Values.database.host }}
{{- end }}
{{- end }}

{{- define "eaf.poolerHost" -}}
{{- if .Values.database.create }}{{ include "eaf.name" (list . "pooler") }}.{{ .Release.Namespace }}.svc
{{- else }}{{ .Values.database.poolerHost }}
{{- end }}
{{- end }}

{{- define "eaf.databaseCaSecret" -}}
{{- if .Values.database.create }}{{ include "eaf.name" (list . "db") }}-ca
{{- else }}{{ .Values.database.caSecret }}
{{- end }}
{{- end }}

{{/* Secrets that the host reads as files. */}}
{{- define "eaf.secretMounts" -}}
- volume: master-key
  path: /run/secrets/master-key
  secret: {{ include "eaf.name" (list . "master-key") }}
{{- if .Values.database.urlsSecret }}
- volume: database
  path: /run/secrets/database
  secret: {{ .Values.database.urlsSecret }}
{{- else }}
- volume: database
  path: /run/secrets/database
  secret: {{ include "eaf.name" (list . "db-credentials") }}
{{- with include "eaf.databaseCaSecret" . }}
# Without the key of the CA, which is in the same secret.
- volume: database-ca
  path: /run/secrets/database-ca
  secret: {{ . }}
  items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end }}
- volume: keycloak
  path: /run/secrets/keycloak
  secret: {{ include "eaf.name" (list . "keycloak-client") }}
{{- end }}

{{- define "eaf.hostEnvironment" -}}
envFrom:
  - configMapRef: {name: {{ include "eaf.name" (list . "api") }}}
{{- if not .Values.database.urlsSecret }}
env:
  - name: DB_USER
    valueFrom:
      secretKeyRef: {name: {{ include "eaf.name" (list . "db-credentials") }}, key: username}
{{- end }}
{{- end }}

{{- define "eaf.hostMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: compiled, mountPath: /var/cache/eaf}
# Directories, not single files: these are updated when a secret is rotated.
{{- range include "eaf.secretMounts" . | fromYamlArray }}
- {name: {{ .volume }}, mountPath: {{ .path }}, readOnly: true}
{{- end }}
{{- if .Values.trust.configMap }}
- {name: trust, mountPath: /etc/eaf/trust, readOnly: true}
{{- end }}
{{- end }}
