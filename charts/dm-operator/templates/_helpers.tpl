{{- define "dm.name" -}}{{ .Release.Name | trunc 45 | trimSuffix "-" }}{{- end }}
{{- define "dm.operator" -}}{{ include "dm.name" . }}-operator{{- end }}
{{- define "dm.webhook" -}}{{ include "dm.name" . }}-webhook{{- end }}
{{- define "dm.policy" -}}{{ include "dm.name" . }}-policy{{- end }}
{{- define "dm.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end }}
{{- define "dm.selector" -}}
app.kubernetes.io/name: dm-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}
{{- define "dm.labels" -}}
app.kubernetes.io/name: dm-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: dm-operator
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{/* What satisfies the Pod Security Standard "restricted"; a podSecurityContext of the values, {} too, stands in its place. */}}
{{- define "dm.podSecurity" -}}
{{- if kindIs "map" .podSecurityContext -}}
{{ toYaml .podSecurityContext }}
{{- else -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- end }}
{{- define "dm.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
{{/* Knobs that both Deployments share: .knobs is operator or webhook of the values. */}}
{{- define "dm.scheduling" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .knobs.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .knobs.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .knobs.affinity }}
affinity: {{- toYaml .knobs.affinity | nindent 2 }}
{{- else }}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "dm.selector" (dict "root" .root "component" .component) | nindent 6 }}
{{- end }}
{{- with .knobs.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
