// The files that Prometheus and Grafana read. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

inline constexpr int kPrometheusPort = 9090;
inline constexpr int kGrafanaPort = 3000;
inline constexpr const char* kMonitorTlsDir = "/etc/dm-client-tls";

Json PrometheusConfig(const DMCluster& cluster);
Json GrafanaDatasource();
Json GrafanaProvider();    // where its dashboards lie

}  // namespace dm::desired
