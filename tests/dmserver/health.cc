// What a master says of its health: etcd's words, as recorded.
#include "tests/dmserver/answering_master.h"

namespace dm::standin {

net::Response HandleHealth(const AnsweringMaster& master, std::string_view path) {
  const bool removed = master.Removed();
  const bool led = !removed && master.AwaitQuorum(master.times().health);
  if (path == "/livez") return PlainText(200, "ok\n");
  if (path == "/readyz") {
    return led ? PlainText(200, "ok\n")
               : PlainText(503, "[+]data_corruption ok\n[+]serializable_read ok\n[-]linearizable_read failed: "
                                "etcdserver: request timed out\n\n");
  }
  const std::string reason = removed ? "RANGE ERROR:etcdserver: server stopped" : led ? "" : "RAFT NO LEADER";
  return PlainText(led ? 200 : 503, base::DumpJson({{"health", led ? "true" : "false"}, {"reason", reason}}));
}

net::Response JsonResponse(int status, const base::Json& body, std::string_view content_type, int indent) {
  return {status, {{"Content-Type", std::string(content_type)}}, base::DumpJson(body, indent)};
}

net::Response PlainText(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

}  // namespace dm::standin
