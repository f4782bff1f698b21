/// Keeps a second writer out of a log's directory, for as long as this one lives.
///
/// The lock is the kernel's (flock): it goes with the process, however that ends.
struct DirectoryLock {
  private let file: DiskFile

  init(_ directory: SpoolDirectory) throws(SpoolError) {
    file = try directory.open(SpoolDirectory.lockName, .create)
    guard try file.lock() else {
      let holder = String(decoding: try file.read(20, at: 0).prefix { $0 != 10 }, as: UTF8.self)
      throw SpoolError(
        .locked,
        "cannot open the log in \(directory.path): process \(holder.isEmpty ? "of unknown number" : holder) "
          + "writes it; stop that one, or name another directory")
    }
    try file.truncate(to: 0)
    try file.write(Array("\(currentProcess())\n".utf8).span.bytes, at: 0)
  }
}
