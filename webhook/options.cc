#include "webhook/options.h"

namespace dm::webhook {

std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options, std::ostream& out, std::ostream& errors) {
  app::Flags flags("dm-webhook",
                   "Validating admission webhook for DMClusters (pingcap.com/v1alpha1): holds them against the requirements of\n"
                   "TiDB Data Migration and against what the cluster really has.");
  flags.Section("Serving");
  flags.Text("--address", options.address, "address that reviews are served on (POST /validate, HTTPS)");
  flags.Port("--port", options.port, "their port; 0: any free one");
  flags.Number("--workers", options.workers, 1, 256, "reviews that are judged side by side");
  flags.Duration("--drain-delay", options.drain_delay,
                 "how long a stopping replica goes on answering");
  flags.Duration("--stale-after", options.stale_after, "silence of a watch after which this replica is not ready");
  flags.Section("Certificates");
  flags.Choice("--tls-mode", options.tls_mode, {"self", "files"},
               "self: we issue, and keep the caBundle; files: somebody else issues");
  flags.Text("--namespace", options.ns, "namespace of the Service and of the authority's Secret", "POD_NAMESPACE");
  flags.Text("--service", options.service, "Service by which the API server reaches this webhook");
  flags.Text("--ca-secret", options.ca_secret, "Secret that holds the authority (created if absent)");
  flags.Text("--webhook-configuration", options.configuration,
             "ValidatingWebhookConfiguration whose caBundle we keep; empty: hands off");
  flags.List("--url-host", options.hosts,
             "further name or address that callers use (clientConfig.url); repeatable");
  flags.Text("--cluster-domain", options.cluster_domain, "domain of the cluster's DNS");
  flags.Text("--tls-dir", options.tls_dir, "for --tls-mode=files: tls.crt, tls.key and, if there is one, ca.crt");
  app::AddCommonFlags(flags, options.common);
  flags.Footer(
      "SIGTERM: /readyz fails at once, reviews are answered for --drain-delay more, then the port closes; exit code 0.\n"
      "Outside a cluster:  dm-webhook --kubeconfig=… --namespace=dm --url-host=127.0.0.1 --health-address=127.0.0.1");
  return flags.Parse(argc, argv, out, errors);
}

}  // namespace dm::webhook
