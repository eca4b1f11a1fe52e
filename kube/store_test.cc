#include "kube/store.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kube/api/object_meta.h"

namespace dm::kube {
namespace {

struct Thing {
  api::ObjectMeta meta;
  int value = 0;
};

std::shared_ptr<const Thing> Make(const std::string& name, const std::string& version, int value = 0) {
  auto thing = std::make_shared<Thing>();
  thing->meta.ns = "ns";
  thing->meta.name = name;
  thing->meta.resource_version = version;
  thing->value = value;
  return thing;
}

std::string Show(const Change<Thing>& change) {
  const char* kind = change.kind == ChangeKind::kAdded ? "+" : change.kind == ChangeKind::kModified ? "~" : "-";
  const std::string before = change.before ? change.before->meta.resource_version : "";
  const std::string now = change.now ? change.now->meta.resource_version : "";
  return kind + change.any().meta.Key() + "[" + before + ">" + now + "]" + (change.initial ? "!" : "");
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    store_.OnChange([this](const Change<Thing>& change) { seen_.push_back(Show(change)); });
  }
  std::vector<std::string> Seen() { return std::exchange(seen_, {}); }

  Store<Thing> store_;
  std::vector<std::string> seen_;
};

using Strings = std::vector<std::string>;

TEST_F(StoreTest, ItemsAreFoundByKeyAndByWhatTheirKeysBeginWith) {
  EXPECT_TRUE(store_.WithPrefix("").empty());
  store_.Replace({Make("b", "1"), Make("a-2", "2"), Make("a-1", "3"), Make("a", "4")}, "5");
  const auto names = [this](const std::string& prefix) {
    Strings found;
    for (const auto& item : store_.WithPrefix(prefix)) found.push_back(item->meta.name);
    return found;
  };
  EXPECT_EQ(names("ns/a-"), (Strings{"a-1", "a-2"}));
  EXPECT_EQ(names("ns/a"), (Strings{"a", "a-1", "a-2"}));
  EXPECT_EQ(names("ns/c"), Strings());
  EXPECT_EQ(names("").size(), store_.Size());
  EXPECT_EQ(store_.Find("ns/b")->meta.resource_version, "1");
  EXPECT_EQ(store_.Find("ns/c"), nullptr);
  // What was found stays as it was.
  const auto before = store_.Find("ns/b");
  store_.Upsert(Make("b", "6"), "6");
  EXPECT_EQ(before->meta.resource_version, "1");
  EXPECT_EQ(store_.Find("ns/b")->meta.resource_version, "6");
}

TEST_F(StoreTest, FirstListIsInitialLaterOnesAreNews) {
  EXPECT_FALSE(store_.Synced());
  EXPECT_FALSE(store_.Read()->synced);
  store_.Replace({Make("a", "1"), Make("b", "2")}, "5");
  EXPECT_EQ(Seen(), (Strings{"+ns/a[>1]!", "+ns/b[>2]!"}));
  EXPECT_TRUE(store_.Synced());
  EXPECT_EQ(store_.Read()->resource_version, "5");

  // c is new, b changed, a is gone; what a was last is told.
  store_.Replace({Make("b", "6"), Make("c", "7")}, "8");
  EXPECT_EQ(Seen(), (Strings{"~ns/b[2>6]", "+ns/c[>7]", "-ns/a[1>]"}));
}

TEST_F(StoreTest, TheSameVersionIsNoChange) {
  store_.Replace({Make("a", "1")}, "5");
  Seen();
  store_.Replace({Make("a", "1")}, "6");
  store_.Upsert(Make("a", "1"), "7");
  EXPECT_EQ(Seen(), Strings{});
  EXPECT_EQ(store_.Read()->resource_version, "7");
  store_.Replace({Make("a", "")}, "8");
  EXPECT_EQ(Seen(), (Strings{"~ns/a[1>]"})) << "without a version nobody can know";
}

TEST_F(StoreTest, UpsertAndErase) {
  store_.Replace({}, "1");
  store_.Upsert(Make("a", "2"), "2");
  store_.Upsert(Make("a", "3"), "3");
  store_.Erase("ns/a", "4");
  store_.Erase("ns/a", "5");
  EXPECT_EQ(Seen(), (Strings{"+ns/a[>2]", "~ns/a[2>3]", "-ns/a[3>]"}));
  EXPECT_EQ(store_.Read()->resource_version, "5");
  EXPECT_EQ(store_.Read()->Find("ns/a"), nullptr);
}

TEST_F(StoreTest, DuplicatesInAListTheLastCounts) {
  store_.Replace({Make("a", "1", 1), Make("a", "2", 2)}, "3");
  EXPECT_EQ(store_.Read()->items.size(), 1u);
  EXPECT_EQ(store_.Read()->Find("ns/a")->value, 2);
}

TEST_F(StoreTest, SnapshotsAreImmutableAndShared) {
  store_.Replace({Make("a", "1")}, "1");
  const auto before = store_.Read();
  EXPECT_EQ(before, store_.Read()) << "nothing changed: the same snapshot";
  store_.Upsert(Make("b", "2"), "2");
  store_.Erase("ns/a", "3");
  EXPECT_EQ(before->items.size(), 1u);
  EXPECT_NE(before->Find("ns/a"), nullptr);
  EXPECT_EQ(before->resource_version, "1");
  EXPECT_EQ(store_.Read()->items.size(), 1u);
  EXPECT_NE(store_.Read()->Find("ns/b"), nullptr);
}

TEST_F(StoreTest, HandlersSeeTheNewSnapshot) {
  std::size_t size = 99;
  store_.OnChange([&](const Change<Thing>&) { size = store_.Read()->items.size(); });
  store_.Upsert(Make("a", "1"), "1");
  EXPECT_EQ(size, 1u);
  store_.Erase("ns/a", "2");
  EXPECT_EQ(size, 0u);
}

TEST(Store, AHandlerThatThrowsKeepsNoOtherFromBeingTold) {
  Store<Thing> store;
  int told = 0;
  store.OnChange([](const Change<Thing>&) { throw std::runtime_error("no"); });
  store.OnChange([&](const Change<Thing>&) { ++told; });
  store.Replace({Make("a", "1"), Make("b", "1")}, "1");
  EXPECT_EQ(told, 2);
}

TEST(Store, WaitSynced) {
  Store<Thing> store;
  EXPECT_FALSE(store.WaitSynced({}, std::chrono::milliseconds(5)));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(store.WaitSynced(stop.get_token(), std::chrono::seconds(5)));
  std::jthread later([&] { store.Replace({}, "1"); });
  EXPECT_TRUE(store.WaitSynced({}, std::chrono::seconds(5)));
}

TEST(Store, ReadersAndAWriterAtOnce) {
  Store<Thing> store;
  store.Replace({Make("x", "1")}, "1");
  std::jthread writer([&](std::stop_token stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      store.Upsert(Make("n" + std::to_string(i % 50), std::to_string(i)), std::to_string(i));
      if (i % 7 == 0) store.Erase("ns/n" + std::to_string(i % 11), std::to_string(i));
    }
  });
  for (int i = 0; i < 2000; ++i) {
    const auto snapshot = store.Read();
    ASSERT_NE(snapshot->Find("ns/x"), nullptr);
    for (const auto& [key, item] : snapshot->items) ASSERT_EQ(item->meta.Key(), key);
  }
}

}  // namespace
}  // namespace dm::kube
