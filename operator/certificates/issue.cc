#include "operator/certificates/issue.h"

#include <algorithm>

namespace dm::op::certificates {
namespace {

using base::Result;
using base::WallTime;

constexpr auto kLastHour = std::chrono::hours(1);

bool SignedBy(const Leaf& leaf, const net::KeyPair& authority) {
  return !authority.certificate_pem.empty() && net::CheckKeyPair(leaf.pair, authority.certificate_pem).has_value();
}

class Issuing {
 public:
  Issuing(const DMCluster& want, const Held& held, const std::set<std::string>& marks, WallTime now)
      : want_(want), marks_(marks), now_(now), asked_(want.meta.Annotation(kRotateAuthorityAt)) {
    out_.held = held;
    out_.look_again = now + std::chrono::hours(24 * 30);   // nothing of ours is due later than that without a look
  }

  Result<Issued> Run() {
    if (auto chosen = ChooseAuthorities(); !chosen) return base::Propagate(chosen);
    DropPrevious();
    for (const Purpose purpose : kPurposes) {
      if (auto done = Renew(purpose); !done) return base::Propagate(done, SecretName(want_, purpose));
    }
    Authorities& all = Authorities_();
    const WallTime delivered = LifeOf(all.newest.certificate_pem).MadeAt() + kDelivery;
    const bool early = !all.previous.certificate_pem.empty() && !marks_.empty() && now_ < delivered;
    out_.mark = MarkOf(early ? all.previous : all.newest);
    if (early) LookAt(delivered);
    out_.rotating = !Trusted();
    LookAt(LifeOf(all.newest.certificate_pem).RenewAt());
    for (const auto& [purpose, leaf] : out_.held.leaves) {
      const Life life = LifeOf(leaf.pair.certificate_pem);
      LookAt(life.RenewAt());
      if (!all.previous.certificate_pem.empty()) LookAt(life.MadeAt() + kOverlap);
      out_.until = purpose == Purpose::kMaster ? life.until : std::min(out_.until, life.until);
    }
    return std::move(out_);
  }

 private:
  Authorities& Authorities_() { return *out_.held.authorities; }
  void LookAt(WallTime when) {
    if (when > now_) out_.look_again = std::min(out_.look_again, when);
  }

  // Every pod was started with the newest authority in its bundle.
  bool Trusted() {
    const std::string mark = MarkOf(Authorities_().newest);
    return std::all_of(marks_.begin(), marks_.end(), [&](const std::string& m) { return m == mark; });
  }
  bool AllSignedByNewest() {
    const auto& leaves = out_.held.leaves;
    return leaves.size() == kPurposes.size() &&
           std::all_of(leaves.begin(), leaves.end(), [&](const auto& l) { return SignedBy(l.second, Authorities_().newest); });
  }
  // … and for so long that pods show no others any more.
  bool AllShown(base::Duration since) {
    if (!Trusted() || !AllSignedByNewest()) return false;
    return std::all_of(out_.held.leaves.begin(), out_.held.leaves.end(),
                       [&](const auto& l) { return now_ >= LifeOf(l.second.pair.certificate_pem).MadeAt() + since; });
  }

  Result<void> ChooseAuthorities() {
    if (!out_.held.authorities) {
      auto fresh = NewAuthority(want_.meta.name, now_);
      if (!fresh) return base::Propagate(fresh);
      // The Secret was lost, but not what it signed: whom the pods trust now stays trusted.
      out_.held.authorities = Authorities{std::move(*fresh), {RememberedAuthority(), ""}, asked_};
      out_.write_authorities = true;
      out_.news = "a new authority for this cluster";
      return {};
    }
    Authorities& all = Authorities_();
    const Life life = LifeOf(all.newest.certificate_pem);
    const bool asked = !asked_.empty() && asked_ != all.asked_for;
    if (life.Holds(now_)) {
      if (!asked && now_ < life.RenewAt()) return {};
      // Two changes at once would take away an authority that somebody still needs.
      if (!all.previous.certificate_pem.empty() && !marks_.empty() && !AllShown(kOnDisk)) {
        LookAt(now_ + std::chrono::minutes(1));
        return {};
      }
    }
    auto fresh = NewAuthority(want_.meta.name, now_);
    if (!fresh) return base::Propagate(fresh);
    all = Authorities{std::move(*fresh), std::move(all.newest), asked_};
    out_.write_authorities = true;
    out_.news = "a new authority; it signs when every pod has been restarted with it";
    return {};
  }

  std::string RememberedAuthority() const {
    for (const auto& [purpose, leaf] : out_.held.leaves) {
      const auto bundle = net::SplitBundle(leaf.bundle);
      if (!bundle) continue;
      for (const std::string& certificate : *bundle) {
        if (LifeOf(certificate).Holds(now_) && SignedBy(leaf, {certificate, ""})) return certificate;
      }
    }
    return {};
  }

  void DropPrevious() {
    Authorities& all = Authorities_();
    if (all.previous.certificate_pem.empty()) return;
    if (LifeOf(all.previous.certificate_pem).Holds(now_) && !AllShown(kOverlap)) return;
    all.previous = {};
    out_.write_authorities = true;
    if (out_.news.empty()) out_.news = "the authority before the present one is no longer trusted";
  }

  std::string Bundle() {
    return Authorities_().newest.certificate_pem + Authorities_().previous.certificate_pem;
  }

  // Who signs now: the newest as soon as every pod trusts it.
  const net::KeyPair& Signer() {
    Authorities& all = Authorities_();
    const bool older = !all.previous.key_pem.empty() && LifeOf(all.previous.certificate_pem).Holds(now_ + kLastHour);
    return Trusted() || !older ? all.newest : all.previous;
  }

  // Not usable as it is.
  bool Broken(Purpose purpose, const Leaf& leaf) {
    const Life life = LifeOf(leaf.pair.certificate_pem);
    if (!net::CheckKeyPair(leaf.pair, Bundle()) || !life.Holds(now_) || !life.Holds(now_ + kLastHour)) return true;
    const auto facts = net::ReadCertificate(leaf.pair.certificate_pem);
    const auto wanted = NamesOf(want_, purpose);
    // More names than wanted do no harm; a missing one does.
    const auto lacks = [](const std::vector<std::string>& have, const std::vector<std::string>& need) {
      return std::any_of(need.begin(), need.end(), [&](const auto& n) { return std::find(have.begin(), have.end(), n) == have.end(); });
    };
    return lacks(facts->dns, wanted.dns);
  }

  Result<void> Renew(Purpose purpose) {
    Leaf& leaf = out_.held.leaves[purpose];
    const std::string bundle = Bundle();
    if (leaf.bundle != bundle) {
      leaf.bundle = bundle;
      out_.write_leaves.insert(purpose);
    }
    const net::KeyPair& signer = Signer();
    bool due = leaf.pair.certificate_pem.empty() || Broken(purpose, leaf);
    // While some pods do not trust the only one that can sign, a leaf that works is better than a fresh one.
    const bool distrusted = !Trusted() && &signer == &Authorities_().newest;
    if (!due && !distrusted) due = now_ >= LifeOf(leaf.pair.certificate_pem).RenewAt() || (Trusted() && !SignedBy(leaf, signer));
    if (!due) return {};
    const bool first = leaf.pair.certificate_pem.empty();
    auto pair = net::IssueLeaf(signer, NamesOf(want_, purpose), now_, kLeafLife, Serves(purpose), true);
    if (!pair) return base::Propagate(pair, "issuing a certificate");
    leaf.pair = std::move(*pair);
    out_.write_leaves.insert(purpose);
    if (out_.news.empty()) out_.news = first ? "certificates have been issued" : "certificates have been renewed";
    return {};
  }

  const DMCluster& want_;
  const std::set<std::string>& marks_;
  const WallTime now_;
  const std::string asked_;
  Issued out_;
};

}  // namespace

Result<Issued> Issue(const DMCluster& want, const Held& held, const std::set<std::string>& marks, WallTime now) {
  return Issuing(want, held, marks, now).Run();
}

}  // namespace dm::op::certificates
