#include "chain/store/sqlite.h"

namespace p2p::chain {

namespace {

/// How long a statement waits for another process's short lock (a checkpoint, a reader's recovery)
/// before it is an error. Writers never meet: the directory lock sees to that.
constexpr int kBusyMilliseconds = 5000;

Code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Code::corrupt;
    case SQLITE_CANTOPEN:
      return Code::not_found;
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return Code::permission;
    case SQLITE_BUSY:
      return Code::timeout;
    case SQLITE_FULL:
    default:
      return Code::io;
  }
}

std::filesystem::path log_of(std::filesystem::path file) { return file += "-wal"; }

/// A file's name as a URI (https://www.sqlite.org/uri.html).
std::string uri_of(const std::filesystem::path& file, std::string_view parameter) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "file:";
  for (const char c : file.string()) {
    if (c == '%' || c == '?' || c == '#') {
      out += {'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]};
    } else {
      out += c;
    }
  }
  return out.append("?").append(parameter);
}

}  // namespace

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(ByteView bytes) {
  // A null pointer would bind NULL, which an empty string is not.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  if (statement_ != nullptr) {
    sqlite3_bind_blob64(statement_, next_++, data, bytes.size(), SQLITE_STATIC);
  }
  return *this;
}

Query& Query::bind(std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  if (statement_ != nullptr) {
    sqlite3_bind_text64(statement_, next_++, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  return *this;
}

Query& Query::bind(std::uint64_t number) {
  if (statement_ != nullptr) {
    sqlite3_bind_int64(statement_, next_++, static_cast<sqlite3_int64>(number));
  }
  return *this;
}

Result<bool> Query::step() {
  if (statement_ == nullptr) return fail(database_.error("prepare a statement of"));
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return fail(database_.error("use"));
}

Result<void> Query::run() {
  P2P_CHECK(step());
  return {};
}

ByteView Query::bytes(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Query::text(int column) const { return as_text(bytes(column)); }

std::uint64_t Query::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Open how,
                                                 const std::string& vfs) {
  int access = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  std::string name = file.string();
  std::string system = vfs;
  const char* first = "";
  switch (how) {
    case Open::read:
      access |= SQLITE_OPEN_READONLY;
      break;
    case Open::write:
      access |= SQLITE_OPEN_READWRITE;
      break;
    case Open::create:
      access |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
    case Open::read_alone: {
      access |= SQLITE_OPEN_READONLY;
      std::error_code none;
      const auto size = std::filesystem::file_size(log_of(file), none);
      if (!none && size > 0) {
        // Without locks, and with the log's index in memory of our own.
        system = "unix-none";
        first = "PRAGMA locking_mode = EXCLUSIVE";
      } else {
        // SQLite insists on opening a log, which it cannot make here, unless the file is declared
        // immutable.
        access |= SQLITE_OPEN_URI;
        name = uri_of(file, "immutable=1");
      }
      break;
    }
  }
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(name.c_str(), &handle, access, system.empty() ? nullptr : system.c_str());
  if (handle == nullptr) return fail(Code::io, "open", file.string(), "no memory");
  std::unique_ptr<Database> out(new Database(handle, file.string()));
  if (result != SQLITE_OK) return fail(out->error("open"));
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  P2P_CHECK(out->execute(first));
  return out;
}

Database::~Database() {
  for (const Prepared& prepared : prepared_) sqlite3_finalize(prepared.statement);
  sqlite3_close(handle_);
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(error("use"));
  return {};
}

Query Database::query(std::string_view sql) {
  for (const Prepared& prepared : prepared_) {
    // One that is being stepped through (a visitor asks again) gets a twin.
    if (prepared.sql == sql && sqlite3_stmt_busy(prepared.statement) == 0) {
      return Query(*this, prepared.statement);
    }
  }
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                     &statement, nullptr);
  if (statement != nullptr) prepared_.push_back({std::string(sql), statement});
  return Query(*this, statement);
}

Error Database::error(std::string_view doing) const {
  const int code = sqlite3_extended_errcode(handle_);
  std::string why = sqlite3_errmsg(handle_);
  if (const std::string general = sqlite3_errstr(code); general != why) why += " (" + general + ")";
  return Error(code_of(code), std::string(doing), name_, std::move(why));
}

}  // namespace p2p::chain
