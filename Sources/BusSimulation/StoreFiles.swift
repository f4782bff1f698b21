internal import BusStore
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Glibc)
  @preconcurrency internal import Glibc
#else
  @preconcurrency internal import Darwin
#endif

/// The directory of a world's store, in memory where there is a directory of it; goes with the world.
final class StoreFiles {
  let path: String
  private let directory: String

  private static let count = Atomic<Int>(0)
  private static let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
  /// A store without jobs: making the tables takes longer than a world does.
  private static let template = Result { () throws -> Data in
    let path = "\(parent)/bus-simulation-\(getpid()).template"
    let store = try SQLiteJobStore(path: path, random: { 0.5 })
    try store.close()
    let data = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.removeItem(atPath: path)
    return data
  }

  init() throws {
    let number = StoreFiles.count.wrappingAdd(1, ordering: .relaxed).newValue
    directory = "\(StoreFiles.parent)/bus-simulation-\(getpid())-\(number)"
    path = "\(directory)/jobs.db"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try StoreFiles.template.get().write(to: URL(filePath: path))
  }

  deinit {
    // Nothing depends on it any more.
    try? FileManager.default.removeItem(atPath: directory)
  }
}
