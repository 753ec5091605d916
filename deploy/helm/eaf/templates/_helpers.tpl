{{/* metadata: (list $ component suffix); the name is the release's, so that two installations fit
into one namespace. */}}
{{- define "eaf.metadata" -}}
{{- $ := index . 0 -}}
name: {{ include "eaf.name" (list $ (index . 2)) }}
namespace: {{ $.Release.Namespace }}
labels:
  {{- include "eaf.labels" (list $ (index . 1)) | nindent 2 }}
{{- end }}

{{- define "eaf.name" -}}
{{- $ := index . 0 -}}
{{- printf "%s-%s" $.Release.Name (index . 1) | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "eaf.labels" -}}
{{- $ := index . 0 -}}
{{ include "eaf.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: dcm
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version }}
{{- end }}

{{/* Labels that select the pods of a component: (list $ component). */}}
{{- define "eaf.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: eaf
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Image: (list $ image). */}}
{{- define "eaf.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
{{- $name := printf "%s/%s" $.Values.image.registry $image.repository -}}
{{- if $image.digest }}{{ printf "%s@%s" $name $image.digest }}
{{- else }}{{ printf "%s:%s" $name ($image.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/* Host names of the public addresses. */}}
{{- define "eaf.host" -}}{{ (urlParse .Values.publicUrl).host }}{{- end }}
{{- define "eaf.keycloakHost" -}}{{ (urlParse .Values.keycloak.url).host }}{{- end }}

{{/* Common fields of a pod's spec: (list $ component). No user id: the images have a numeric one, and
OpenShift assigns its own. */}}
{{- define "eaf.podSpec" -}}
{{- $ := index . 0 -}}
{{- $selector := include "eaf.selector" . -}}
serviceAccountName: {{ include "eaf.name" . }}
automountServiceAccountToken: false
# Else variables such as DB_PORT could come from services of the namespace.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
{{- with $.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
{{- end }}

{{- define "eaf.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
