internal import BusTopology

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Who listens at an address (Linux), as far as this user may know it.
enum PortHolder {
  /// `pid 4101 (python3)`; nil when nobody says.
  static func find(_ place: ListenAddress.Place) -> String? {
    let sockets =
      switch place {
      case .inet(_, let port), .inet6(_, let port): listening(at: port)
      case .unix: Set<String>()
      }
    guard !sockets.isEmpty else { return nil }
    return entries(of: "/proc").lazy.compactMap { Int32($0) }.first { holds($0, sockets) }.map { pid in
      let name = read("/proc/\(pid)/comm").split(separator: "\n").first ?? "?"
      return "pid \(pid) (\(name))"
    }
  }

  /// The links that lead to sockets listening at a port, as `/proc/net/tcp` has them:
  /// `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode`.
  private static func listening(at port: Int) -> Set<String> {
    let digits = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    var sockets: Set<String> = []
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
      for line in read(file).split(separator: "\n").dropFirst() {
        let words = line.split(separator: " ")
        if words.count > 9, words[3] == "0A", words[1].hasSuffix(suffix) { sockets.insert("socket:[\(words[9])]") }
      }
    }
    return sockets
  }

  private static func holds(_ pid: Int32, _ sockets: Set<String>) -> Bool {
    entries(of: "/proc/\(pid)/fd").contains { entry in
      var buffer = [CChar](repeating: 0, count: 64)
      let count = readlink("/proc/\(pid)/fd/\(entry)", &buffer, buffer.count)
      guard count > 0 else { return false }
      return sockets.contains(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
  }

  private static func entries(of path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
  }

  /// The text of a file of the system, a mebibyte of it at most.
  private static func read(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count < 1 << 20 {
      let count = readBytes(file, &buffer)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

private func readBytes(_ file: Int32, _ buffer: inout [UInt8]) -> Int { read(file, &buffer, buffer.count) }
