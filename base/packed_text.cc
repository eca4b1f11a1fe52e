#include "base/packed_text.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

namespace dm::base {
namespace {

constexpr int kRaw = -15;                   // no header and no checksum: it never leaves the process
constexpr int kDefaultMemory = 8;
constexpr std::size_t kWorthwhile = 64;     // shorter texts do not become shorter
constexpr std::size_t kAlike = 6;           // what the sample knows becomes shorter than a sixth

// zlib does not write where its input pointers lead; it says so only from 1.3 on.
Bytef* In(std::string_view text) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data())); }
Bytef* Out(std::string& text) { return reinterpret_cast<Bytef*>(text.data()); }
uInt Size(std::string_view text) { return static_cast<uInt>(text.size()); }

// "" when it cannot be done or would take more than `room` bytes.
std::string Deflate(std::string_view text, const std::string* sample, std::size_t room) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, kDefaultMemory, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string packed(room, '\0');
  bool done = sample == nullptr || deflateSetDictionary(&stream, In(*sample), Size(*sample)) == Z_OK;
  if (done) {
    stream.next_in = In(text);
    stream.avail_in = Size(text);
    stream.next_out = Out(packed);
    stream.avail_out = Size(packed);
    done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  }
  packed.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  packed.shrink_to_fit();
  return packed;
}

bool Inflate(std::string_view packed, const std::string* sample, std::string& text) {
  z_stream stream{};
  if (inflateInit2(&stream, kRaw) != Z_OK) return false;
  bool done = sample == nullptr || inflateSetDictionary(&stream, In(*sample), Size(*sample)) == Z_OK;
  if (done) {
    stream.next_in = In(packed);
    stream.avail_in = Size(packed);
    stream.next_out = Out(text);
    stream.avail_out = Size(text);
    done = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == text.size();
  }
  inflateEnd(&stream);
  return done;
}

}  // namespace

PackedText::PackedText(std::string_view text, Sample sample) : size_(text.size()) {
  if (text.size() > kWorthwhile) packed_ = Deflate(text, sample.get(), text.size() - 1);
  deflated_ = !packed_.empty();
  if (deflated_) {
    sample_ = std::move(sample);
  } else {
    packed_ = text;
  }
}

Result<std::string> PackedText::Unpack() const {
  if (!deflated_) return packed_;
  std::string text(size_, '\0');
  if (!Inflate(packed_, sample_.get(), text)) return Fail(Code::kInternal, "a packed text cannot be unpacked: the memory is damaged");
  return text;
}

PackedText TextPacker::Pack(std::string_view text) {
  const auto sample = sample_.Copy();
  PackedText packed(text, sample);
  const std::size_t known = sample ? sample->size() : 0;
  if (packed.packed_size() > text.size() / kAlike && text.size() > kWorthwhile && known + text.size() <= kMaxSample) {
    // What was packed already keeps the sample that it was packed with.
    std::string longer = sample ? *sample : std::string();
    longer += text;
    auto current = sample_.Lock();
    if (*current == sample) *current = std::make_shared<const std::string>(std::move(longer));   // another thread's was as good
  }
  return packed;
}

}  // namespace dm::base
