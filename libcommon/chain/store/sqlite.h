// A thin owner of SQLite's handles. Private to chain/store.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::chain {

class Database;

/// A prepared statement in one use: bind, step, read; reset when it goes out of scope, so that no
/// read transaction stays open.
class Query {
 public:
  Query(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  /// Binds the next parameter. Bytes and text are not copied: they must outlive the query.
  Query& bind(ByteView bytes);
  Query& bind(std::string_view text);
  Query& bind(std::uint64_t number);  ///< below 2^63

  /// True: a row is there. The read functions below borrow from it until the next step.
  Result<bool> step();
  /// For statements that return nothing.
  Result<void> run();

  ByteView bytes(int column) const;
  std::string_view text(int column) const;
  std::uint64_t number(int column) const;
  bool is_null(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

class Database {
 public:
  enum class Open {
    read,
    write,
    create,
    /// For reading where nothing can be written, not even SQLite's own locks and shared memory
    /// (chain.db-shm). The caller keeps writers out. What stands in the write-ahead log is seen.
    read_alone,
  };

  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Open how,
                                                const std::string& vfs);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements without parameters or rows.
  Result<void> execute(const char* sql);
  /// Statements are prepared once and kept.
  Query query(std::string_view sql);
  /// The last failure, with the extended code's meaning.
  Error error(std::string_view doing) const;

 private:
  Database(sqlite3* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  friend class Query;

  struct Prepared {
    std::string sql;
    sqlite3_stmt* statement;
  };
  sqlite3* handle_;
  std::string name_;
  std::vector<Prepared> prepared_;
};

}  // namespace p2p::chain
