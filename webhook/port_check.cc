#include "webhook/port_check.h"

#include "net/member_transport.h"

namespace dm::webhook {
namespace {

constexpr auto kGoodFor = std::chrono::seconds(5);
constexpr auto kDeadline = std::chrono::seconds(2);

std::string DialAddress(const std::string& listening) {
  if (listening == "0.0.0.0") return "127.0.0.1";
  if (listening == "::") return "::1";
  return listening;
}

}  // namespace

PortCheck::PortCheck(const CertificateSource& certificates, std::string address, base::Clock& clock)
    : certificates_(certificates), address_(DialAddress(address)), clock_(clock) {}

std::string PortCheck::Dial(const Serving& serving) const {
  net::MemberTransportOptions options;
  options.address = address_;
  options.port = port_;
  options.host_name = serving.host_name;
  options.tls = true;
  options.authority_pem = serving.authority_pem;
  options.max_body_bytes = 1024;
  net::Request request;
  request.target = "/healthz";
  request.timeout = kDeadline;
  const auto response = net::NewMemberTransport(options)->Send(request, {});
  if (!response) return "the own port does not answer: " + response.error().ToString();
  if (response->status != 200) return "the own port answers with status " + std::to_string(response->status);
  return {};
}

std::string PortCheck::Problem() {
  const ServingPtr serving = certificates_.Current();
  if (!serving) return "there is no certificate yet";
  if (serving->authority_pem.empty()) return {};   // nobody told us who vouches for the files: nothing to hold them against
  const base::TimePoint now = clock_.Now();
  {
    auto answer = answer_.Lock();
    if (now < answer->until && answer->serving == serving) return answer->problem;
  }
  std::string problem = Dial(*serving);
  // A failure is looked at again at the next probe.
  answer_.Set({problem, problem.empty() ? now + kGoodFor : now, serving});
  return problem;
}

}  // namespace dm::webhook
