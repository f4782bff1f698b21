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

/// The one directory of this process, in memory where there is one: for files that have to be real. It goes with the
/// process.
enum MemoryDirectory {
  static let path = Result { () throws -> String in
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    let path = "\(parent)/bus-simulation-\(getpid())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { MemoryDirectory.remove() }
    return path
  }

  private static func remove() {
    guard let path = try? path.get() else { return }
    // Nothing depends on it any more.
    try? FileManager.default.removeItem(atPath: path)
  }
}
