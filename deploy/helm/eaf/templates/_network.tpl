{{/* Components that this release runs, with the labels of their pods. The operators set those of
database, pooler and keycloak. Poolers have the label of the cluster too, and the jobs that create
instances only these two. */}}
{{- define "eaf.components" -}}
api:
  {{- include "eaf.selector" (list . "api") | nindent 2 }}
frontend:
  {{- include "eaf.selector" (list . "frontend") | nindent 2 }}
{{- if .Values.database.create }}
database: {cnpg.io/cluster: {{ include "eaf.name" (list . "db") }}, app.kubernetes.io/component: database}
pooler: {cnpg.io/poolerName: {{ include "eaf.name" (list . "pooler") }}}
{{- end }}
{{- if .Values.keycloak.create }}
keycloak: {app: keycloak, app.kubernetes.io/instance: {{ include "eaf.name" (list . "keycloak") }}}
{{- end }}
{{- end }}

{{/* NetworkPolicyPeers of a name in an edge: (list $ components name). Empty: not here. */}}
{{- define "eaf.peers" -}}
{{- $ := index . 0 -}}
{{- $components := index . 1 -}}
{{- $name := index . 2 -}}
{{- if hasKey $components $name }}
- podSelector: {matchLabels: {{ get $components $name | toJson }}}
{{- else if hasKey $.Values.network.peers $name }}
{{- $peer := get $.Values.network.peers $name | default dict }}
{{- range $peer.cidrs }}
- ipBlock: {cidr: {{ . }}}
{{- end }}
{{- with $peer.namespaceLabels }}
- namespaceSelector: {matchLabels: {{ toJson . }}}
  {{- with $peer.podLabels }}
  podSelector: {matchLabels: {{ toJson . }}}
  {{- end }}
{{- end }}
{{- else if not (has $name (list "database" "pooler" "keycloak")) }}
{{- fail (printf "network.edges names %s, which is neither a component nor in network.peers" $name) }}
{{- end }}
{{- end }}

{{/* One rule of a policy: (list direction peers ports), direction from or to. */}}
{{- define "eaf.rule" -}}
- {{ index . 0 }}:
    {{- index . 1 | nindent 4 }}
  ports:
    {{- range index . 2 }}
    {{- $port := splitList "/" (toString .) }}
    - {port: {{ index $port 0 }}, protocol: {{ index (append $port "TCP") 1 }}}
    {{- end }}
{{- end }}
