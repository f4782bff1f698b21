internal import BusStore
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The file of a world's store, in memory where there is a directory of it.
///
/// Opening it takes longer than a world does. So most worlds have one that an earlier world has left, emptied, and each
/// busd a store of its own over the connection to it; in some worlds each busd opens a file, as it does outside.
final class StoreFiles {
  private let file: File
  private let isOpenedAnew: Bool

  /// One in so many seeds opens its file anew with each busd.
  private static let openedAnewIn: UInt64 = 32
  private static let idle = Mutex(Idle())

  /// Whoever takes one out is its only user.
  private struct Idle: Sendable { nonisolated(unsafe) var files: [File] = [] }

  init(seed: UInt64) throws {
    isOpenedAnew = seed.isMultiple(of: StoreFiles.openedAnewIn)
    let idle = isOpenedAnew ? nil : StoreFiles.idle.withLock { $0.files.popLast() }
    file = try idle ?? File()
  }

  /// A store for the busd that starts.
  func open(random: @escaping () -> Double) throws(StoreError) -> SQLiteJobStore {
    guard !isOpenedAnew else { return try SQLiteJobStore(path: file.path, random: random) }
    return try SQLiteJobStore(over: file.connection(), random: random)
  }

  /// Takes a store from a busd that ended, or died.
  func close(_ store: SQLiteJobStore) throws(StoreError) {
    if isOpenedAnew { try store.close() } else { store.leave() }
  }

  /// Gives the file to another world; only after its last store was closed.
  func release() throws(StoreError) {
    guard !isOpenedAnew else { return }
    try file.connection().clear()
    nonisolated(unsafe) let file = file
    StoreFiles.idle.withLock { $0.files.append(file) }
  }
}

/// A file, and the directory that goes with it.
private final class File {
  let path: String
  private let directory: String
  private var opened: StoreConnection?

  private static let count = Atomic<Int>(0)
  /// A store without jobs: making the tables takes longer still.
  private static let template = Result { () throws -> Data in
    let path = "\(try MemoryDirectory.path.get())/template"
    let store = try SQLiteJobStore(path: path, random: { 0.5 })
    try store.close()
    let data = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.removeItem(atPath: path)
    return data
  }

  init() throws {
    let number = File.count.wrappingAdd(1, ordering: .relaxed).newValue
    directory = "\(try MemoryDirectory.path.get())/\(number)"
    path = "\(directory)/jobs.db"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try File.template.get().write(to: URL(filePath: path))
  }

  deinit {
    // Nothing depends on it any more.
    try? FileManager.default.removeItem(atPath: directory)
  }

  func connection() throws(StoreError) -> StoreConnection {
    if let opened { return opened }
    let connection = try StoreConnection(path: path)
    opened = connection
    return connection
  }
}
