#include "libp2p/mdns/dns.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/endian.h"

namespace p2p::libp2p::mdns {

namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxName = 255;
/// Pointers have 14 bits: what stands behind cannot be pointed to.
constexpr std::size_t kMaxPointer = 0x3fff;

constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kOpcode = 0x7800;
constexpr std::uint16_t kAuthoritative = 0x0400;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_label(const std::string& a, const std::string& b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool same_labels(std::span<const std::string> a, std::span<const std::string> b) {
  return std::ranges::equal(a, b, same_label);
}

std::size_t encoded_size(const Name& name) {
  std::size_t size = 1;
  for (const std::string& label : name.labels()) size += 1 + label.size();
  return size;
}

class Writer {
 public:
  Bytes out;

  Result<void> name(const Name& name) {
    if (encoded_size(name) > kMaxName) return fail(Code::limit, "a domain name is too long");
    const std::span<const std::string> labels = name.labels();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto suffix = labels.subspan(i);
      const auto known = std::ranges::find_if(
          written_, [&](const Written& w) { return same_labels(w.labels, suffix); });
      if (known != written_.end()) {
        append_be(out, static_cast<std::uint16_t>(0xc000 | known->offset));
        return {};
      }
      if (labels[i].empty() || labels[i].size() > kMaxLabel) {
        return fail(Code::limit, "a domain name's label has a bad length");
      }
      if (out.size() <= kMaxPointer) written_.push_back({suffix, out.size()});
      out.push_back(static_cast<std::uint8_t>(labels[i].size()));
      append(out, labels[i]);
    }
    out.push_back(0);
    return {};
  }

  Result<void> record(const Record& record) {
    P2P_CHECK(name(record.name));
    append_be(out, static_cast<std::uint16_t>(record.type));
    append_be(out, record.klass);
    append_be(out, record.ttl);
    const std::size_t size_at = out.size();
    append_be(out, std::uint16_t{0});
    P2P_CHECK(data(record));
    const std::size_t size = out.size() - size_at - 2;
    if (size > 0xffff) return fail(Code::limit, "a DNS record is too long");
    store_be(out.data() + size_at, static_cast<std::uint16_t>(size));
    return {};
  }

 private:
  struct Written {
    std::span<const std::string> labels;  // of the message that is being encoded
    std::size_t offset;
  };

  Result<void> data(const Record& record) {
    switch (record.type) {
      case Type::ptr:
        return name(record.target);
      case Type::srv:
        append_be(out, std::uint32_t{0});  // priority and weight
        append_be(out, record.port);
        return name(record.target);
      case Type::txt:
        if (record.texts.empty()) out.push_back(0);  // at least one string, RFC 6763 6.1
        for (const std::string& text : record.texts) {
          if (text.size() > 255) return fail(Code::limit, "a TXT string is longer than 255 bytes");
          out.push_back(static_cast<std::uint8_t>(text.size()));
          append(out, text);
        }
        return {};
      default:
        append(out, record.data);
        return {};
    }
  }

  std::vector<Written> written_;
};

std::unexpected<Error> short_message() { return fail(Code::parse, "the DNS message is cut short"); }

class Reader {
 public:
  explicit Reader(ByteView whole) : whole_(whole) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return whole_.size() - at_; }

  template <class T>
  Result<T> number() {
    if (left() < sizeof(T)) return short_message();
    const T value = load_be<T>(whole_.data() + at_);
    at_ += sizeof(T);
    return value;
  }

  Result<ByteView> bytes(std::size_t size) {
    if (left() < size) return short_message();
    const ByteView view = whole_.subspan(at_, size);
    at_ += size;
    return view;
  }

  Result<Name> name() {
    std::vector<std::string> labels;
    std::size_t size = 1;
    std::size_t cursor = at_;
    // Each pointer must lead before the piece it stands in, so that there is an end.
    std::size_t piece = at_;
    std::optional<std::size_t> after;
    while (true) {
      if (cursor >= whole_.size()) return short_message();
      const std::size_t length = whole_[cursor++];
      if (length == 0) break;
      if (length >= 0xc0) {
        if (cursor >= whole_.size()) return short_message();
        const std::size_t target = ((length & 0x3f) << 8) | whole_[cursor++];
        if (!after) after = cursor;
        if (target >= piece) return fail(Code::parse, "a DNS name points forward");
        cursor = piece = target;
        continue;
      }
      if (length > kMaxLabel) return fail(Code::parse, "a DNS label of an unknown kind");
      if (whole_.size() - cursor < length) return short_message();
      size += 1 + length;
      if (size > kMaxName) return fail(Code::limit, "a DNS name is longer than 255 bytes");
      labels.push_back(to_text(whole_.subspan(cursor, length)));
      cursor += length;
    }
    at_ = after.value_or(cursor);
    return Name(std::move(labels));
  }

  Result<Record> record() {
    Record record;
    P2P_TRY(record.name, name());
    P2P_TRY(const auto type, number<std::uint16_t>());
    record.type = static_cast<Type>(type);
    P2P_TRY(record.klass, number<std::uint16_t>());
    P2P_TRY(record.ttl, number<std::uint32_t>());
    P2P_TRY(const auto size, number<std::uint16_t>());
    if (left() < size) return short_message();
    const std::size_t end = at_ + size;
    P2P_CHECK(data(record, end));
    if (at_ != end) return fail(Code::parse, "a DNS record's data does not fill its length");
    return record;
  }

 private:
  Result<void> data(Record& record, std::size_t end) {
    switch (record.type) {
      case Type::srv: {
        P2P_CHECK(number<std::uint32_t>());
        P2P_TRY(record.port, number<std::uint16_t>());
        P2P_TRY(record.target, name());
        return {};
      }
      case Type::ptr: {
        P2P_TRY(record.target, name());
        return {};
      }
      case Type::txt:
        while (at_ < end) {
          P2P_TRY(const auto size, number<std::uint8_t>());
          P2P_TRY(const ByteView text, bytes(size));
          if (at_ > end) return fail(Code::parse, "a TXT string runs past its record");
          if (size > 0) record.texts.push_back(to_text(text));
        }
        return {};
      default: {
        P2P_TRY(const ByteView raw, bytes(end - at_));
        if ((record.type == Type::a && raw.size() != 4) ||
            (record.type == Type::aaaa && raw.size() != 16)) {
          return fail(Code::parse, "an address record of a wrong size");
        }
        record.data = to_bytes(raw);
        return {};
      }
    }
  }

  ByteView whole_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  std::vector<std::string> labels;
  while (!text.empty()) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabel) {
      return fail(Code::invalid_argument, "a domain name's label has a bad length");
    }
    labels.emplace_back(label);
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  }
  Name name(std::move(labels));
  if (encoded_size(name) > kMaxName) {
    return fail(Code::invalid_argument, "a domain name is longer than 255 bytes");
  }
  return name;
}

Name Name::child(std::string label) const {
  std::vector<std::string> labels;
  labels.reserve(labels_.size() + 1);
  labels.push_back(std::move(label));
  labels.insert(labels.end(), labels_.begin(), labels_.end());
  return Name(std::move(labels));
}

bool Name::is_child_of(const Name& parent) const {
  return labels_.size() == parent.labels_.size() + 1 &&
         same_labels(std::span(labels_).subspan(1), parent.labels_);
}

std::string Name::text() const {
  std::string text;
  for (const std::string& label : labels_) {
    if (!text.empty()) text += '.';
    for (const char c : label) {
      const auto byte = static_cast<unsigned char>(c);
      if (c > ' ' && c <= '~' && c != '.' && c != '\\') {
        text += c;
      } else {
        const std::string digits = std::to_string(1000 + byte);
        text += '\\' + digits.substr(1);
      }
    }
  }
  return text;
}

bool Name::operator==(const Name& other) const { return same_labels(labels_, other.labels_); }

Result<Bytes> encode(const Message& message) {
  Writer writer;
  append_be(writer.out, message.id);
  append_be(writer.out,
            message.response ? std::uint16_t{kResponse | kAuthoritative} : std::uint16_t{0});
  const std::size_t counts[] = {message.questions.size(), message.answers.size(),
                                message.authorities.size(), message.additionals.size()};
  for (const std::size_t count : counts) {
    if (count > kMaxEntries) return fail(Code::limit, "a DNS message with too many entries");
    append_be(writer.out, static_cast<std::uint16_t>(count));
  }
  for (const Question& question : message.questions) {
    P2P_CHECK(writer.name(question.name));
    append_be(writer.out, static_cast<std::uint16_t>(question.type));
    append_be(writer.out, question.klass);
  }
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (const Record& record : *section) P2P_CHECK(writer.record(record));
  }
  if (writer.out.size() > kMaxMessage) return fail(Code::limit, "a DNS message over 9,000 bytes");
  return std::move(writer.out);
}

Result<Message> decode(ByteView data) {
  if (data.size() > kMaxMessage) return fail(Code::limit, "a DNS message over 9,000 bytes");
  Reader reader(data);
  Message message;
  P2P_TRY(message.id, reader.number<std::uint16_t>());
  P2P_TRY(const auto flags, reader.number<std::uint16_t>());
  if (flags & kOpcode) return fail(Code::parse, "a DNS message that is no query");
  message.response = (flags & kResponse) != 0;
  std::uint16_t counts[4];
  for (std::uint16_t& count : counts) {
    P2P_TRY(count, reader.number<std::uint16_t>());
    if (count > kMaxEntries) return fail(Code::limit, "a DNS message with too many entries");
  }
  for (std::uint16_t i = 0; i < counts[0]; ++i) {
    Question question;
    P2P_TRY(question.name, reader.name());
    P2P_TRY(const auto type, reader.number<std::uint16_t>());
    question.type = static_cast<Type>(type);
    P2P_TRY(question.klass, reader.number<std::uint16_t>());
    message.questions.push_back(std::move(question));
  }
  std::vector<Record>* sections[] = {&message.answers, &message.authorities, &message.additionals};
  for (std::size_t section = 0; section < 3; ++section) {
    for (std::uint16_t i = 0; i < counts[section + 1]; ++i) {
      P2P_TRY(Record record, reader.record());
      sections[section]->push_back(std::move(record));
    }
  }
  return message;
}

}  // namespace p2p::libp2p::mdns
