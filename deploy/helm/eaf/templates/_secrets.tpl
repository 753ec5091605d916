{{/* Secrets of this release, with type and keys. */}}
{{- define "eaf.secrets" -}}
master-key: {type: Opaque, keys: [master-key]}
{{- if or .Values.database.create (not .Values.database.urlsSecret) }}
db-credentials: {type: kubernetes.io/basic-auth, keys: [username, password]}
{{- end }}
keycloak-client: {type: Opaque, keys: [client-secret]}
{{- if and .Values.keycloak.create .Values.database.create }}
keycloak-db: {type: kubernetes.io/basic-auth, keys: [username, password]}
{{- end }}
{{- if and .Values.database.create .Values.database.backup.enabled }}
backup-credentials: {type: Opaque, keys: [access-key-id, secret-access-key]}
{{- end }}
{{- end }}
