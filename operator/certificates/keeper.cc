#include "operator/certificates/keeper.h"

#include <algorithm>

#include "base/strings.h"
#include "operator/certificates/cert_manager.h"
#include "operator/certificates/secrets.h"

namespace dm::op::certificates {
namespace {

using base::Code;
using base::Result;

std::string DependsOn(const DMCluster& want, const std::set<std::string>& marks) {
  std::string text = want.meta.uid + "/" + std::to_string(want.meta.generation) + "/" + want.meta.Annotation(kRotateAuthorityAt);
  for (const std::string& mark : marks) text += "/" + mark;
  return text;
}

Standing Blocked(Obstacle obstacle) {
  Standing standing;
  standing.reason = std::move(obstacle.reason);
  standing.message = std::move(obstacle.message);
  standing.look_again = Keeper::kRetry;
  return standing;
}

Standing Failed(const base::Error& error) {
  std::string message = error.ToString();
  if (error.code == Code::kDenied) message += " (the chart's value rbac.certificates gives the operator this right)";
  return Blocked({"CertificatesFailed", std::move(message)});
}

bool Passing(const base::Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout || error.code == Code::kConflict; }

}  // namespace

Result<Standing> Keeper::LookOwn(const DMCluster& want, const std::set<std::string>& marks, std::stop_token stop) const {
  const auto files = SecretFiles::Read(client_, want, stop);
  if (!files) return base::Propagate(files);
  if (files->obstacle()) return Blocked(*files->obstacle());
  const auto now = clock_.Wall();
  const auto issued = Issue(want, files->held(), marks, now);
  if (!issued) return base::Propagate(issued);
  if (auto written = files->Write(client_, want, *issued, stop); !written) return base::Propagate(written);
  Standing standing;
  standing.usable = true;
  standing.mark = issued->mark;
  standing.written = issued->write_authorities || !issued->write_leaves.empty();
  standing.news = issued->news;
  standing.reason = issued->rotating ? "RotatingAuthority" : "Issued";
  standing.message = issued->rotating ? "a new authority is trusted beside the old one; it signs when every pod has been replaced"
                                      : "issued by this cluster's own authority, renewed before " + base::FormatRfc3339(issued->until).substr(0, 10);
  standing.look_again = std::max<base::Duration>(issued->look_again - now, std::chrono::seconds(1));
  return standing;
}

Result<Standing> Keeper::LookCertManager(const DMCluster& want, std::stop_token stop) const {
  const auto requested = Request(client_, want, std::move(stop));
  if (!requested) return base::Propagate(requested);
  Standing standing;
  if (requested->obstacle) {
    standing = Blocked(*requested->obstacle);
  } else {
    standing.usable = true;
    standing.reason = "Issued";
    standing.message = "issued and renewed by cert-manager";
    standing.look_again = kKeep;
  }
  standing.written = requested->written;
  if (requested->written) standing.news = "Certificates have been requested from cert-manager";
  return standing;
}

Result<Standing> Keeper::Look(const DMCluster& want, const std::set<std::string>& marks, std::stop_token stop) const {
  return want.issuer == Issuer::kCertManager ? LookCertManager(want, std::move(stop)) : LookOwn(want, marks, std::move(stop));
}

Standing Keeper::Keep(const DMCluster& want, const std::set<std::string>& marks, std::stop_token stop) {
  const std::string key = want.meta.Key();
  const std::string depends = DependsOn(want, marks);
  const auto now = clock_.Now();
  std::optional<Kept> before;
  {
    auto kept = kept_.Lock();
    if (const auto it = kept->find(key); it != kept->end()) before = it->second;
  }
  if (before && before->looked_at == depends && now < before->until) {
    Standing standing = before->standing;
    standing.look_again = before->until - now;
    return standing;
  }
  auto looked = Look(want, marks, std::move(stop));
  Standing standing;
  if (looked) {
    standing = std::move(*looked);
  } else if (before && before->standing.usable && Passing(looked.error())) {
    // What was there a moment ago is there still, as far as anybody knows.
    standing = before->standing;
    standing.look_again = kRetry;
  } else {
    standing = Failed(looked.error());
  }
  standing.look_again = std::min(standing.look_again, kKeep);
  Kept fresh{depends, now + standing.look_again, standing};
  fresh.standing.written = false;     // told once
  fresh.standing.news.clear();
  (*kept_.Lock())[key] = std::move(fresh);
  return standing;
}

void Keeper::Forget(const std::string& cluster) { kept_.Lock()->erase(cluster); }

}  // namespace dm::op::certificates
