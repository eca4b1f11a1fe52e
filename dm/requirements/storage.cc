#include "dm/requirements/storage.h"

namespace dm::requirements {

StorageChoice ChooseStorage(const desired::RolePods* pods, const ClusterView& view, const Policy& policy) {
  StorageChoice choice;
  if (pods == nullptr || !pods->claim) return choice;
  choice.named = pods->claim->storage_class.has_value();
  if (choice.named) choice.name = *pods->claim->storage_class;
  if (choice.named && choice.name.empty()) {
    choice.state = StorageChoice::State::kStatic;
    return choice;
  }
  // One that is there is there, whether or not all are known; which is the default only all of them tell.
  if (choice.named) {
    const auto found = view.classes.find(choice.name);
    choice.storage_class = found == view.classes.end() ? nullptr : found->second.get();
  } else if (view.classes_known) {
    choice.storage_class = view.DefaultClass();
  }
  if (choice.storage_class != nullptr) {
    choice.state = StorageChoice::State::kFound;
    choice.name = choice.storage_class->meta.name;
    choice.disk = JudgeDisk(*choice.storage_class, policy);
    return choice;
  }
  choice.state = !view.classes_known ? StorageChoice::State::kUnknown
                 : choice.named      ? StorageChoice::State::kMissing
                                     : StorageChoice::State::kNoDefault;
  const auto graded = policy.disk_classes.find(choice.name);
  if (choice.named && graded != policy.disk_classes.end()) {
    choice.disk = Disk{graded->second, true, "the policy's diskClasses"};
  }
  return choice;
}

}  // namespace dm::requirements
