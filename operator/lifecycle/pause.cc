// Pause: spec.paused stops every change that we would make; the status goes on being true.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void Pause(Planning& p) {
  if (!p.want.paused) return;
  p.stop = true;
  p.Say("Paused", true, "Paused", "spec.paused is true: nothing is changed until it is taken away");
}

}  // namespace dm::op::lifecycle
