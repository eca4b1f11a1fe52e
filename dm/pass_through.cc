// Parts of Kubernetes' own objects that are passed through, so that a typo or a value of the wrong kind inside them is told to
// whoever wrote it: the API server refuses it when the StatefulSet is applied, long after the user has gone. Only kinds are
// judged and keys that nobody knows are named; what values mean is the API server's to say, and changes from one to the next.
#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/strings.h"
#include "dm/fields.h"

namespace dm {
namespace {

// A line a type: its name, and its keys with their types. s text, i whole number, b true or false, q quantity, x whole number or
// text, m map of texts, * whatever, another type's name, and [T] a list.
// Source: the core/v1 types of Kubernetes 1.37.
constexpr std::string_view kTypes = R"(
affinity nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAffinity
NodeAffinity requiredDuringSchedulingIgnoredDuringExecution:NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[PreferredNodes]
NodeSelector nodeSelectorTerms:[NodeTerm]
PreferredNodes weight:i preference:NodeTerm
NodeTerm matchExpressions:[Requirement] matchFields:[Requirement]
Requirement key:s operator:s values:[s]
PodAffinity requiredDuringSchedulingIgnoredDuringExecution:[PodTerm] preferredDuringSchedulingIgnoredDuringExecution:[PreferredPods]
PreferredPods weight:i podAffinityTerm:PodTerm
PodTerm labelSelector:LabelSelector namespaces:[s] topologyKey:s namespaceSelector:LabelSelector matchLabelKeys:[s] mismatchLabelKeys:[s]
LabelSelector matchLabels:m matchExpressions:[Requirement]
toleration key:s operator:s value:s effect:s tolerationSeconds:i
localReference name:s
dnsConfig nameservers:[s] searches:[s] options:[DnsOption]
DnsOption name:s value:s
env name:s value:s valueFrom:EnvSource
EnvSource fieldRef:FieldRef resourceFieldRef:ResourceRef configMapKeyRef:KeyRef secretKeyRef:KeyRef fileKeyRef:FileKeyRef
FieldRef apiVersion:s fieldPath:s
ResourceRef containerName:s resource:s divisor:q
KeyRef name:s key:s optional:b
FileKeyRef volumeName:s path:s key:s optional:b
envFrom prefix:s configMapRef:OptionalRef secretRef:OptionalRef
OptionalRef name:s optional:b
container name:s image:s command:[s] args:[s] workingDir:s ports:[Port] envFrom:[envFrom] env:[env] resources:Resources resizePolicy:[ResizePolicy] restartPolicy:s restartPolicyRules:[*] volumeMounts:[volumeMount] volumeDevices:[Device] livenessProbe:Probe readinessProbe:Probe startupProbe:Probe lifecycle:Lifecycle terminationMessagePath:s terminationMessagePolicy:s imagePullPolicy:s securityContext:securityContext stdin:b stdinOnce:b tty:b
Port name:s hostPort:i containerPort:i protocol:s hostIP:s
Resources limits:Amounts requests:Amounts claims:[ResourceClaim]
ResourceClaim name:s request:s
ResizePolicy resourceName:s restartPolicy:s
volumeMount name:s mountPath:s readOnly:b recursiveReadOnly:s subPath:s subPathExpr:s mountPropagation:s
Device name:s devicePath:s
Probe exec:Exec httpGet:HttpGet tcpSocket:TcpSocket grpc:Grpc initialDelaySeconds:i timeoutSeconds:i periodSeconds:i successThreshold:i failureThreshold:i terminationGracePeriodSeconds:i
Exec command:[s]
HttpGet path:s port:x host:s scheme:s httpHeaders:[Header]
Header name:s value:s
TcpSocket port:x host:s
Grpc port:i service:s
Lifecycle postStart:Handler preStop:Handler stopSignal:s
Handler exec:Exec httpGet:HttpGet tcpSocket:TcpSocket sleep:Sleep
Sleep seconds:i
securityContext capabilities:Capabilities privileged:b seLinuxOptions:SeLinux windowsOptions:* runAsUser:i runAsGroup:i runAsNonRoot:b readOnlyRootFilesystem:b allowPrivilegeEscalation:b procMount:s seccompProfile:Profile appArmorProfile:Profile
podSecurityContext seLinuxOptions:SeLinux windowsOptions:* runAsUser:i runAsGroup:i runAsNonRoot:b supplementalGroups:[i] supplementalGroupsPolicy:s fsGroup:i fsGroupChangePolicy:s sysctls:[DnsOption] seccompProfile:Profile appArmorProfile:Profile seLinuxChangePolicy:s
Capabilities add:[s] drop:[s]
SeLinux user:s role:s type:s level:s
Profile type:s localhostProfile:s
volume name:s hostPath:HostPath emptyDir:EmptyDir gcePersistentDisk:* awsElasticBlockStore:* gitRepo:* secret:SecretVolume nfs:Nfs iscsi:* glusterfs:* persistentVolumeClaim:ClaimVolume rbd:* flexVolume:* cinder:* cephfs:* flocker:* downwardAPI:DownwardVolume fc:* azureFile:* configMap:ConfigVolume vsphereVolume:* quobyte:* azureDisk:* photonPersistentDisk:* projected:Projected portworxVolume:* scaleIO:* storageos:* csi:Csi ephemeral:* image:ImageVolume
HostPath path:s type:s
EmptyDir medium:s sizeLimit:q
SecretVolume secretName:s items:[KeyPath] defaultMode:i optional:b
ConfigVolume name:s items:[KeyPath] defaultMode:i optional:b
KeyPath key:s path:s mode:i
Nfs server:s path:s readOnly:b
ClaimVolume claimName:s readOnly:b
DownwardVolume items:[DownwardFile] defaultMode:i
DownwardFile path:s fieldRef:FieldRef resourceFieldRef:ResourceRef mode:i
Projected sources:[Projection] defaultMode:i
Projection secret:ProjectedKeys configMap:ProjectedKeys downwardAPI:DownwardVolume serviceAccountToken:TokenFile clusterTrustBundle:* podCertificate:*
ProjectedKeys name:s items:[KeyPath] optional:b
TokenFile audience:s expirationSeconds:i path:s
Csi driver:s readOnly:b fsType:s volumeAttributes:m nodePublishSecretRef:localReference
ImageVolume reference:s pullPolicy:s
)";

using Keys = std::vector<std::pair<std::string_view, std::string_view>>;   // key, type

const std::map<std::string_view, Keys>& Types() {
  static const auto* types = [] {
    auto* read = new std::map<std::string_view, Keys>;   // never destroyed: threads may outlive main's statics
    for (const std::string_view line : base::Split(kTypes, '\n')) {
      if (line.empty()) continue;
      const auto words = base::Split(line, ' ');
      Keys& keys = (*read)[words[0]];
      for (std::size_t i = 1; i < words.size(); ++i) {
        const std::size_t colon = words[i].find(':');
        keys.emplace_back(words[i].substr(0, colon), words[i].substr(colon + 1));
      }
    }
    return read;
  }();
  return *types;
}

void CheckValue(Fields& fields, std::string_view key, std::string_view type);

// Elements may be alike (arguments of a command), so this is not Fields::Strings.
void CheckScalars(const base::Json& list, std::string_view type, const std::string& path, Decoded& out) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = path + "[" + std::to_string(i) + "]";
    const base::Json alone = {{at, list[i]}};
    Fields element(&alone, "", out);
    if (list[i].is_null()) element.Required(at, "is empty: write a value, or leave the entry out");
    CheckValue(element, at, type);
  }
}

void CheckList(Fields& fields, std::string_view key, std::string_view type) {
  const base::Json* list = fields.Raw(key);
  if (list == nullptr) return;
  if (!list->is_array()) return fields.Problem(key, list, "must be a list, each entry on a line of its own that begins with \"- \"");
  if (type == "*") return;
  if (type.size() == 1) return CheckScalars(*list, type, fields.PathOf(key), fields.out());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string at = fields.PathOf(key) + "[" + std::to_string(i) + "]";
    CheckPassThrough((*list)[i], type, at, fields.out());
  }
}

void CheckValue(Fields& fields, std::string_view key, std::string_view type) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min(), kMost = std::numeric_limits<std::int64_t>::max();
  if (type.front() == '[') return CheckList(fields, key, type.substr(1, type.size() - 2));
  if (type == "Amounts") {
    const Fields amounts = fields.Object(key);
    if (!amounts.present()) return;
    Fields each(amounts.object(), amounts.path(), fields.out());
    for (const auto& [resource, amount] : amounts.object()->items()) each.Amount(resource, "\"1\" or \"1Gi\"", true);
    return;
  }
  if (type.size() > 1) {
    if (const base::Json* value = fields.Raw(key)) CheckPassThrough(*value, type, fields.PathOf(key), fields.out());
    return;
  }
  switch (type.front()) {
    case 's': fields.String(key); break;
    case 'i': fields.Int(key, kLeast, kMost); break;
    case 'b': fields.Bool(key); break;
    case 'q': fields.Amount(key, "\"1\" or \"1Gi\"", true); break;
    case 'm': fields.Map(key, [](const std::string&, const std::string&, const std::string&) {}); break;
    case 'x':
      if (const base::Json* value = fields.Raw(key); value != nullptr && !value->is_string()) fields.Int(key, kLeast, kMost);
      break;
    default: fields.Known(key);
  }
}

// A server-side apply with a field that the API server does not know is refused whole. It may know more than Kubernetes 1.37 does.
void Unknown(Fields& fields, const std::string& key, const base::Json& value, const std::vector<std::string_view>& keys) {
  const std::string nearest = Nearest(key, keys);
  if (nearest.empty()) return fields.Warn(base::Printable(key), &value, "unknown field: a Kubernetes that does not know it either refuses the pods");
  fields.Problem(base::Printable(key), &value, "is no field that Kubernetes knows, and it would refuse the pods: did you mean \"" + nearest + "\"?");
}

}  // namespace

void CheckPassThrough(const base::Json& value, std::string_view kind, const std::string& path, Decoded& out) {
  const auto known = Types().find(kind);
  if (known == Types().end()) return;
  Fields fields(&value, path, out);
  if (!fields.present()) return;
  std::vector<std::string_view> keys;
  for (const auto& [key, type] : known->second) {
    CheckValue(fields, key, type);
    keys.push_back(key);
  }
  for (const auto& [key, inner] : value.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    if (Full(out.problems) || Full(out.unknown)) return;
    Unknown(fields, key, inner, keys);
  }
}

}  // namespace dm
