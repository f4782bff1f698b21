internal import BusProtocol
internal import GRDB
internal import GRDBSQLite

/// A prepared statement that is bound, run and read by position.
///
/// GRDB prepares it, and opens, migrates and commits. The inner loop binds and reads through SQLite's own functions:
/// a job is about thirty values, and a boxed value for each would cost more than SQLite itself.
final class SQLStatement {
  private let statement: Statement
  private let handle: OpaquePointer
  private var parameter: Int32 = 0
  private var column: Int32 = 0
  private var bindFailure: Int32 = SQLITE_OK
  /// What is bound is kept here until it is bound anew: SQLite would ask for memory for each value, and free it again.
  private var kept: UnsafeMutableRawPointer?
  private var keptByteCount = 0
  private let room: Int

  /// Prepares a statement; of what is bound to it at once, `room` bytes are cheap.
  init(_ database: Database, _ sql: String, room: Int = 1024) throws {
    statement = try database.makeStatement(sql: sql)
    handle = statement.sqliteStatement
    self.room = room
  }

  deinit { kept?.deallocate() }

  // MARK: Binding, in the order of the parameters

  @discardableResult func bind(_ value: Int64) -> Self { bound(sqlite3_bind_int64(handle, next(), value)) }
  @discardableResult func bind(_ value: Int) -> Self { bind(Int64(value)) }
  @discardableResult func bind(_ value: UInt64) -> Self { bind(Int64(bitPattern: value)) }
  @discardableResult func bind(_ state: JobState) -> Self { bind(state.code) }
  @discardableResult func bind(_ time: Timestamp) -> Self { bind(time.microseconds) }
  @discardableResult func bindNull() -> Self { bound(sqlite3_bind_null(handle, next())) }

  @discardableResult func bind(_ value: Int64?) -> Self {
    guard let value else { return bindNull() }
    return bind(value)
  }

  @discardableResult func bind(_ text: String?) -> Self {
    guard var text else { return bindNull() }
    return text.withUTF8 { bind(text: UnsafeRawBufferPointer($0)) }
  }

  @discardableResult func bind(_ bytes: [UInt8]) -> Self { bytes.withUnsafeBytes { bind(text: $0) } }

  @discardableResult func bind(blob bytes: [UInt8]) -> Self { bytes.withUnsafeBytes { bind(blob: $0) } }

  @discardableResult func bind<Subject>(_ id: Identifier<Subject>?) -> Self {
    guard let id else { return bindNull() }
    return withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { bind(blob: $0) }
  }

  private func bind(text bytes: UnsafeRawBufferPointer) -> Self {
    let (place, destructor) = keep(bytes)
    return bound(
      sqlite3_bind_text(
        handle, next(), place?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), destructor))
  }

  private func bind(blob bytes: UnsafeRawBufferPointer) -> Self {
    // An empty array may have no address, which would be null.
    guard !bytes.isEmpty else { return bound(sqlite3_bind_zeroblob(handle, next(), 0)) }
    let (place, destructor) = keep(bytes)
    return bound(sqlite3_bind_blob(handle, next(), place, Int32(clamping: bytes.count), destructor))
  }

  /// Where SQLite finds the bytes, and whether it has to take its own copy.
  private func keep(_ bytes: UnsafeRawBufferPointer) -> (UnsafeRawPointer?, sqlite3_destructor_type?) {
    guard bytes.count <= room - keptByteCount else { return (bytes.baseAddress, copying) }
    let memory = kept ?? .allocate(byteCount: room, alignment: 8)
    kept = memory
    let place = memory + keptByteCount
    if let source = bytes.baseAddress { place.copyMemory(from: source, byteCount: bytes.count) }
    keptByteCount += bytes.count
    return (UnsafeRawPointer(place), nil)
  }

  private func next() -> Int32 {
    parameter += 1
    return parameter
  }

  private func bound(_ result: Int32) -> Self {
    if result != SQLITE_OK { bindFailure = result }
    return self
  }

  // MARK: Running

  /// Runs to the end; returns how many rows were changed.
  @discardableResult func run() throws -> Int {
    defer { reset() }
    while try step() {}
    return Int(sqlite3_changes(sqlite3_db_handle(handle)))
  }

  /// Runs to the first row and reads it.
  func first<Value>(_ read: (SQLStatement) throws -> Value) throws -> Value? {
    defer { reset() }
    return try step() ? read(self) : nil
  }

  /// Runs to the end and reads all rows: the caller bounds them by a limit, or by what it asks for.
  func all<Value>(_ read: (SQLStatement) throws -> Value) throws -> [Value] {
    defer { reset() }
    var values: [Value] = []
    while try step() { values.append(try read(self)) }
    return values
  }

  /// Runs on as long as `wantsMore`, or to the end, and reads the rows.
  func all<Value>(_ read: (SQLStatement) throws -> Value, while wantsMore: (Value) -> Bool) throws -> [Value] {
    defer { reset() }
    var values: [Value] = []
    while try step() {
      let value = try read(self)
      values.append(value)
      guard wantsMore(value) else { break }
    }
    return values
  }

  /// Runs to the end and hands over each row.
  func each(_ take: (SQLStatement) throws -> Void) throws {
    defer { reset() }
    while try step() { try take(self) }
  }

  private func step() throws -> Bool {
    column = 0
    guard bindFailure == SQLITE_OK else { throw failure(bindFailure) }
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw failure(code)
    }
  }

  private func reset() {
    sqlite3_reset(handle)
    parameter = 0
    keptByteCount = 0
    bindFailure = SQLITE_OK
  }

  private func failure(_ code: Int32) -> DatabaseError {
    let connection = sqlite3_db_handle(handle)
    let extended = sqlite3_extended_errcode(connection)
    return DatabaseError(
      resultCode: ResultCode(rawValue: extended == SQLITE_OK ? code : extended),
      message: sqlite3_errmsg(connection).map { String(cString: $0) }, sql: statement.sql)
  }

  // MARK: Reading, in the order of the columns

  /// Of the next column's value.
  var byteCount: Int { Int(sqlite3_column_bytes(handle, column)) }

  /// Whether the next column has a value, which is passed over.
  func isPresent() -> Bool {
    defer { column += 1 }
    return sqlite3_column_type(handle, column) != SQLITE_NULL
  }

  func integer() -> Int64 {
    defer { column += 1 }
    return sqlite3_column_int64(handle, column)
  }

  func optionalInteger() -> Int64? {
    guard sqlite3_column_type(handle, column) != SQLITE_NULL else {
      column += 1
      return nil
    }
    return integer()
  }

  func text() -> String? {
    defer { column += 1 }
    guard let bytes = sqlite3_column_text(handle, column) else { return nil }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  /// The bytes of a text, without making a string of them.
  func withText<Value>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Value) rethrows -> Value {
    defer { column += 1 }
    let bytes = sqlite3_column_text(handle, column)
    return try body(UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
  }

  func id<Subject>() -> Identifier<Subject>? {
    defer { column += 1 }
    guard let bytes = sqlite3_column_blob(handle, column), sqlite3_column_bytes(handle, column) == 16 else {
      return nil
    }
    return Identifier(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  func blob() -> [UInt8] {
    defer { column += 1 }
    let bytes = sqlite3_column_blob(handle, column)
    return [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
  }

  func time() -> Timestamp? { optionalInteger().map { Timestamp(microseconds: $0) } }
}

/// SQLite takes its own copy: `SQLITE_TRANSIENT`, a macro that Swift does not see.
private var copying: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
