#include "kube/api/quantity.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/random.h"

namespace dm::kube::api {
namespace {

constexpr Int128 kNano = 1'000'000'000;

struct Row {
  std::string_view text;
  Int128 nano;
  std::int64_t value;
  std::int64_t milli;
};

// What the real Go code answers for these texts.
TEST(Quantity, VectorsFromApimachinery) {
  const Row rows[] = {
      {"500m", kNano / 2, 1, 500},
      {"0.5", kNano / 2, 1, 500},
      {"1.5Gi", 1610612736 * kNano, 1610612736, 1610612736000},
      {"1e3", 1000 * kNano, 1000, 1000000},
      {"1e-3", kNano / 1000, 1, 1},
      {"200G", 200000000000 * kNano, 200000000000, 200000000000000},
      {"0.1m", kNano / 10000, 1, 1},
      {"0.5Ki", 512 * kNano, 512, 512000},
      {"1.1Ki", 1126400 * (kNano / 1000), 1127, 1126400},
      {"0.1Ki", 102400 * (kNano / 1000), 103, 102400},
      {"1024Ki", 1048576 * kNano, 1048576, 1048576000},
      {"8Ei", std::numeric_limits<std::int64_t>::max() * kNano, std::numeric_limits<std::int64_t>::max(),
       std::numeric_limits<std::int64_t>::max()},
      {"1500m", 3 * kNano / 2, 2, 1500},
      {"2.50", 5 * kNano / 2, 3, 2500},
      {"-1.1", -11 * kNano / 10, -2, -1100},
      {"1e-10", 1, 1, 1},
      {"0.5n", 1, 1, 1},
      {"1.23456789012Gi", 1325607178189280379, 1325607179, 1325607178190},
      {"+1", kNano, 1, 1000},
      {"00012", 12 * kNano, 12, 12000},
      {"5.", 5 * kNano, 5, 5000},
      {".5", kNano / 2, 1, 500},
      {"m", 0, 0, 0},
      {"1Gi", 1073741824 * kNano, 1073741824, 1073741824000},
      {"1073741824", 1073741824 * kNano, 1073741824, 1073741824000},
      {"1E", kNano * kNano * kNano, 1000000000000000000, std::numeric_limits<std::int64_t>::max()},
      {"1E6", 1000000 * kNano, 1000000, 1000000000},
      {"1n", 1, 1, 1},
      {"1u", 1000, 1, 1},
      {"3k", 3000 * kNano, 3000, 3000000},
      {"-0.1n", -1, -1, -1},
  };
  for (const Row& row : rows) {
    const auto quantity = Quantity::Parse(row.text);
    ASSERT_TRUE(quantity) << row.text << ": " << quantity.error().message;
    EXPECT_TRUE(quantity->nano() == row.nano) << row.text << " is " << quantity->ToString();
    EXPECT_EQ(quantity->Value(), row.value) << row.text;
    EXPECT_EQ(quantity->MilliValue(), row.milli) << row.text;
  }
}

TEST(Quantity, DecimalIsNotCappedButValueSaturates) {
  const auto big = Quantity::Parse("100E");
  ASSERT_TRUE(big);
  EXPECT_EQ(big->ToString(), "100E");
  EXPECT_EQ(big->Value(), std::numeric_limits<std::int64_t>::max());
  EXPECT_GT(*big, Quantity::Parse("8Ei").value());
  EXPECT_EQ(Quantity::Parse("-100E").value().Value(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Quantity::Parse("-9Ei").value(), -Quantity::Parse("8Ei").value());
  EXPECT_EQ(Quantity::Parse("99999999999999999999999999999999999999999999Ki").value(), Quantity::Parse("8Ei").value());
}

TEST(Quantity, RefusesWhatGoRefuses) {
  for (const char* text : {"", "1 Gi", " 1", "1 ", "1K", "1ki", "1e", "1e1.5", "1Mi1", "1_000", "0x10", "1..2", "1.2.3", "--1",
                           "1MB", "1gb", "1GiB", "+-1", "1e+-1", "1e 1", "1mm", "1Kii", "i", "Gi1", "1m5", "NaN", "inf", "1,5",
                           "١", "1e9223372036854775808", "8 GB", "1e--1"}) {
    const auto quantity = Quantity::Parse(text);
    ASSERT_FALSE(quantity) << text << " is " << quantity->ToString();
    EXPECT_EQ(quantity.error().code, base::Code::kInvalid);
    EXPECT_NE(quantity.error().message.find("\"" + std::string(text) + "\""), std::string::npos) << quantity.error().message;
    EXPECT_NE(quantity.error().message.find("8Gi"), std::string::npos) << quantity.error().message;
  }
}

// The real Go code hangs on the first one.
TEST(Quantity, ExponentsAndLengthsAreBounded) {
  for (const char* text : {"1e2147483648", "1e9223372036854775807", "1e30", "1e1000000"}) {
    const auto quantity = Quantity::Parse(text);
    ASSERT_FALSE(quantity) << text;
    EXPECT_NE(quantity.error().message.find("too large"), std::string::npos) << quantity.error().message;
  }
  EXPECT_TRUE(Quantity::Parse("1e-2147483648").value().nano() == 1);
  EXPECT_TRUE(Quantity::Parse("1e-9223372036854775808").value().nano() == 1);
  EXPECT_TRUE(Quantity::Parse("0e2147483648").value().IsZero());
  const std::string zeros(1'000'000, '0');
  EXPECT_EQ(Quantity::Parse(zeros + "7." + zeros).value(), Quantity::FromUnits(7));
  EXPECT_EQ(Quantity::Parse("7" + zeros + "e-1000000").value(), Quantity::FromUnits(7));
  EXPECT_TRUE(Quantity::Parse("0." + zeros + "1").value().nano() == 1);
  EXPECT_TRUE(Quantity::Parse("0." + zeros + "1Ei").value().nano() == 1);
  EXPECT_FALSE(Quantity::Parse("1" + zeros));
}

TEST(Quantity, TheEdgeOf128Bits) {
  EXPECT_TRUE(Quantity::Parse("170141183460469231731687303715.884105727").value() == Quantity::Max());
  EXPECT_FALSE(Quantity::Parse("170141183460469231731687303715.884105728"));
  EXPECT_FALSE(Quantity::Parse("170141183460469231731687303715.8841057271"));
  EXPECT_TRUE(Quantity::Parse("-170141183460469231731687303715.884105727").value() == -Quantity::Max());
  EXPECT_EQ(Quantity::Max().ToString(), "170141183460469231731687303715884105727n");
  EXPECT_EQ((-Quantity::Max()).ToString(), "-170141183460469231731687303715884105727n");
}

TEST(Quantity, ArithmeticSaturates) {
  const Quantity one = Quantity::FromUnits(1);
  EXPECT_EQ(one + one, Quantity::FromUnits(2));
  EXPECT_EQ(one - one, Quantity());
  EXPECT_EQ(Quantity::FromMilli(500) * 3, Quantity::FromMilli(1500));
  EXPECT_EQ(Quantity::Max() + one, Quantity::Max());
  EXPECT_EQ(-Quantity::Max() - one, -Quantity::Max());
  EXPECT_EQ(Quantity::Max() * 2, Quantity::Max());
  EXPECT_EQ(Quantity::Max() * -2, -Quantity::Max());
  EXPECT_EQ(-Quantity::Max() * 2, -Quantity::Max());
  EXPECT_EQ(-Quantity::Max() * -2, Quantity::Max());
  EXPECT_LT(one, Quantity::FromMilli(1001));
  EXPECT_TRUE(Quantity::FromMilli(-1).IsNegative());
}

TEST(Quantity, IsWrittenAsAPersonWould) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"0", "0"},           {"16", "16"},        {"0.5", "500m"},      {"8Gi", "8Gi"},   {"1024Mi", "1Gi"}, {"200G", "200G"},
      {"1.5Gi", "1536Mi"},  {"1e3", "1k"},       {"1e-3", "1m"},       {"0.1m", "100u"}, {"1n", "1n"},      {"2.50", "2500m"},
      {"-1.1", "-1100m"},   {"1.1Ki", "1126400m"}, {"1500", "1500"},   {"64Ki", "64Ki"}, {"500Gi", "500Gi"}, {"1Ti", "1Ti"},
      {"8Ei", "9223372036854775807"}, {"100E", "100E"}, {"1000E", "1000E"}, {"-8Gi", "-8Gi"}, {"1", "1"}, {"1023", "1023"}};
  for (const auto& [text, written] : rows) EXPECT_EQ(Quantity::Parse(text).value().ToString(), written) << text;
}

TEST(Quantity, WhatItWritesItReads) {
  base::SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    Int128 nano = 0;
    for (auto digits = random.Below(38); digits > 0; --digits) nano = nano * 10 + static_cast<int>(random.Below(10));
    for (auto shifts = random.Below(6); shifts > 0 && nano < Quantity::Max().nano() / 2048; --shifts) nano *= 1024;
    if (random.Below(2) == 0) nano = -nano;
    const Quantity quantity = Quantity::FromNano(nano);
    const auto read = Quantity::Parse(quantity.ToString());
    ASSERT_TRUE(read) << quantity.ToString();
    ASSERT_EQ(*read, quantity) << quantity.ToString() << " became " << read->ToString();
  }
}

TEST(Quantity, FromJsonTakesStringsAndNumbers) {
  EXPECT_EQ(Quantity::FromJson(" 8Gi\n").value(), Quantity::Parse("8Gi").value());
  EXPECT_EQ(Quantity::FromJson(16).value(), Quantity::FromUnits(16));
  EXPECT_EQ(Quantity::FromJson(-16).value(), Quantity::FromUnits(-16));
  EXPECT_EQ(Quantity::FromJson(0.1).value(), Quantity::FromMilli(100));
  EXPECT_EQ(Quantity::FromJson(1e20).value(), Quantity::Parse("1e20").value());
  EXPECT_EQ(Quantity::FromJson(std::numeric_limits<std::uint64_t>::max()).value(),
            Quantity::Parse("18446744073709551615").value());
  for (const base::Json& value : {base::Json(), base::Json(true), base::Json::array(), base::Json::object({{"a", 1}}),
                                  base::Json("x"), base::Json(1e300)}) {
    const auto quantity = Quantity::FromJson(value);
    ASSERT_FALSE(quantity) << value;
    EXPECT_EQ(quantity.error().code, base::Code::kInvalid);
  }
}

}  // namespace
}  // namespace dm::kube::api
